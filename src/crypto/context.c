/* The isolated OpenSSL context. */
#include "crypto/context.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *context;
static bool started;

static void start(void)
{
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
    context = OSSL_LIB_CTX_new();
    if (context && !OSSL_PROVIDER_load(context, "default")) {
        OSSL_LIB_CTX_free(context);
        context = NULL;
    }
    __atomic_store_n(&started, true, __ATOMIC_RELEASE);
}

bool hf_ossl_started(void)
{
    return __atomic_load_n(&started, __ATOMIC_ACQUIRE);
}

OSSL_LIB_CTX *hf_ossl(void)
{
    (void)pthread_once(&once, start);
    return context;
}

hf_err hf_fail_ossl(hf_err err, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    char reason[160] = "unknown reason";

    if (code)
        ERR_error_string_n(code, reason, sizeof(reason));
    ERR_clear_error();
    return hf_fail(err, "%s: %s", what, reason);
}

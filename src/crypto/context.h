/*
 * The process's one isolated OpenSSL library context: no configuration file, default provider only,
 * every algorithm fetched once. So that an OpenSSL provider which calls us cannot recurse, and no
 * operation pays for a context or a fetch.
 */
#ifndef HF_CRYPTO_CONTEXT_H
#define HF_CRYPTO_CONTEXT_H

#include "base/error.h"

#include <openssl/types.h>
#include <stdbool.h>

/* The context, made on first use and kept until the process ends. NULL when OpenSSL cannot start. */
OSSL_LIB_CTX *hf_ossl(void);

/* Has it been made? */
bool hf_ossl_started(void);

/* Record OpenSSL's own error of this thread as the detail: "what: reason". */
hf_err hf_fail_ossl(hf_err err, const char *what);

#endif

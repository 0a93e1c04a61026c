/* libcurl, loaded when something is fetched. */
#include "collateral/libcurl.h"
#include "base/library.h"

#include <pthread.h>
#include <stdbool.h>

static struct hf_libcurl loaded;
static bool ready;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static hf_err load(struct hf_libcurl *out)
{
    void *library = NULL;

    HF_TRY(hf_library_load("libcurl.so.4", "libcurl4", &library));
#define LOAD(type, name, args) HF_TRY(hf_library_function(library, "curl_" #name, &out->name));
    HF_LIBCURL(LOAD)
    return out->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? HF_OK
                                                             : hf_fail(HF_E_INTERNAL, "libcurl does not start");
}

hf_err hf_libcurl_load(const struct hf_libcurl **out)
{
    hf_err err = HF_OK;

    (void)pthread_mutex_lock(&lock);
    if (!ready)
        err = load(&loaded);
    ready = err == HF_OK;
    (void)pthread_mutex_unlock(&lock);
    *out = &loaded;
    return err;
}

/* The part of libcurl that is used, loaded when something is fetched: with what it needs it is thirty libraries. */
#ifndef HF_COLLATERAL_LIBCURL_H
#define HF_COLLATERAL_LIBCURL_H

#include "base/error.h"

#include <curl/curl.h>

/* clang-format off */
#define HF_LIBCURL(X) \
    X(CURLcode,       global_init,   (long)) \
    X(CURL *,         easy_init,     (void)) \
    X(void,           easy_cleanup,  (CURL *)) \
    X(void,           easy_reset,    (CURL *)) \
    X(CURLcode,       easy_setopt,   (CURL *, CURLoption, ...)) \
    X(CURLcode,       easy_perform,  (CURL *)) \
    X(CURLcode,       easy_getinfo,  (CURL *, CURLINFO, ...)) \
    X(const char *,   easy_strerror, (CURLcode)) \
    X(struct curl_slist *, slist_append, (struct curl_slist *, const char *)) \
    X(void,           slist_free_all, (struct curl_slist *)) \
    X(CURLU *,        url,           (void)) \
    X(void,           url_cleanup,   (CURLU *)) \
    X(CURLUcode,      url_set,       (CURLU *, CURLUPart, const char *, unsigned)) \
    X(CURLUcode,      url_get,       (const CURLU *, CURLUPart, char **, unsigned)) \
    X(time_t,         getdate,       (const char *, const time_t *)) \
    X(void,           free,          (void *))
/* clang-format on */

struct hf_libcurl {
#define HF_LIBCURL_MEMBER(type, name, args) type(*name) args;
    HF_LIBCURL(HF_LIBCURL_MEMBER)
#undef HF_LIBCURL_MEMBER
};

/* Load and start it, once for the process. HF_E_UNSUPPORTED names the package. */
hf_err hf_libcurl_load(const struct hf_libcurl **out);

#endif

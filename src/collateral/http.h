/*
 * GET over HTTPS, as collateral needs it: whatever the other side does, it ends, within a time, a size and a number of
 * tries, and only whole answers count. Plain HTTP is for this machine's own addresses, unless it was asked for.
 */
#ifndef HF_COLLATERAL_HTTP_H
#define HF_COLLATERAL_HTTP_H

#include "base/bytes.h"

struct hf_http_options {
    const char *ca_file; /* trust these certificates (PEM) instead of the system's; NULL: the system's */
    bool insecure_http;  /* plain HTTP to any host */
    uint32_t answer_ms;  /* for one answer, from connecting to its last byte; 0: 30 s */
    uint32_t total_ms;   /* for all tries of one GET, waiting included; 0: 120 s */
    uint32_t tries;      /* 0: 5 */
    uint32_t backoff_ms; /* before the second try, doubled for each further; 0: 1 s */
    size_t max;          /* bytes of an answer; 0: 16 MiB */
    /* Before each request: wait for this host's turn. NULL: no waiting. An error ends the GET. */
    hf_err (*turn)(void *arg, const char *host);
    /* It waits, and why: "429 from kdsintf.amd.com: again in 10 s". NULL: silently. */
    void (*say)(void *arg, const char *text);
    void *arg;
};

struct hf_http_reply {
    bool unchanged;      /* the ETag still holds: no body */
    struct hf_buf body;
    struct hf_buf chain; /* the issuer chain of a header, PEM; empty without one */
    char etag[128];
};
void hf_http_reply_free(struct hf_http_reply *reply);

struct hf_http;
hf_err hf_http_new(const struct hf_http_options *options, struct hf_http **out);
void hf_http_free(struct hf_http **http);

/*
 * Tries again, after a pause that grows and jitters or that Retry-After says: 408, 429, 500, 502, 503, 504, no or a
 * lost connection, an answer that is slow or cut. `etag`: of what is there already; NULL or "": none.
 *
 *   HF_E_ARG         a URL that is none, or holds a password; plain HTTP to another machine
 *   HF_E_NOT_FOUND   404, 410
 *   HF_E_DENIED      401, 403, 407
 *   HF_E_BUSY        429 to the end
 *   HF_E_LIMIT       more than max bytes
 *   HF_E_TIMEOUT     no whole answer in time
 *   HF_E_UNAVAILABLE anything else: no connection, a certificate that is not trusted, redirected too often, 400, 5xx
 */
hf_err hf_http_get(struct hf_http *http, const char *url, const char *etag, struct hf_http_reply *out);

#endif

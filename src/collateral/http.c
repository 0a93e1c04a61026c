/* GET over HTTPS by libcurl. */
#include "collateral/http.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "collateral/libcurl.h"
#include "crypto/cipher.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define REDIRECTS 5
#define CHAIN_MAX ((size_t)64 << 10)
#define RETRY_MAX_S 86400
#define SLOW_BYTES 100L /* a second, */
#define SLOW_S 10L      /* for so long: too slow */

struct hf_http {
    const struct hf_libcurl *curl;
    CURL *easy;
    struct hf_http_options opt;
    char *ca_file;
    bool down; /* the last GET found nobody: the next one tries only once */
};

/* One answer as it comes in. */
struct answer {
    struct hf_http_reply *reply;
    size_t max;
    hf_err err; /* of ours, that made us stop */
    long status;
    uint32_t retry_after_s; /* UINT32_MAX: not said */
    const struct hf_libcurl *curl;
};

void hf_http_reply_free(struct hf_http_reply *reply)
{
    hf_buf_free(&reply->body);
    hf_buf_free(&reply->chain);
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

hf_err hf_http_new(const struct hf_http_options *options, struct hf_http **out)
{
    HF_CLEANUP(hf_http_free) struct hf_http *http = NULL;

    HF_TRY(hf_alloc(sizeof(*http), &http));
    http->opt = *options;
    http->opt.answer_ms = or_default(options->answer_ms, 30000);
    http->opt.total_ms = or_default(options->total_ms, 120000);
    http->opt.tries = or_default(options->tries, 5);
    http->opt.backoff_ms = or_default(options->backoff_ms, 1000);
    http->opt.max = options->max ? options->max : (size_t)16 << 20;
    if (options->ca_file)
        HF_TRY(hf_strdup(options->ca_file, &http->ca_file));
    HF_TRY(hf_libcurl_load(&http->curl));
    http->easy = http->curl->easy_init();
    if (!http->easy)
        return hf_fail(HF_E_MEMORY, "libcurl: no handle");
    *out = hf_take(http);
    return HF_OK;
}

void hf_http_free(struct hf_http **http)
{
    if (*http && (*http)->easy)
        (*http)->curl->easy_cleanup((*http)->easy);
    if (*http)
        hf_free(&(*http)->ca_file);
    hf_free(http);
}

/* ---- addresses ---- */

static bool is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    char inner[64];
    size_t n = strlen(host);

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (n < 3 || n >= sizeof(inner) || host[0] != '[')
        return false;
    memcpy(inner, host + 1, n - 2);
    inner[n - 2] = 0;
    return inet_pton(AF_INET6, inner, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* May we go there? As libcurl itself reads the address, since it is what goes there. */
static hf_err judge_url(const struct hf_http *http, const char *url, CURLU *u, char host[256])
{
    const struct hf_libcurl *curl = http->curl;
    char *scheme = NULL, *name = NULL, *user = NULL, *password = NULL;
    bool whole = curl->url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                 curl->url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                 curl->url_get(u, CURLUPART_HOST, &name, 0) == CURLUE_OK && strlen(name) < 256;
    bool secret = curl->url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK ||
                  curl->url_get(u, CURLUPART_PASSWORD, &password, 0) == CURLUE_OK;
    bool https = whole && strcmp(scheme, "https") == 0;
    bool http_ok = whole && strcmp(scheme, "http") == 0 && (http->opt.insecure_http || is_loopback(name));

    (void)snprintf(host, 256, "%s", whole ? name : "");
    curl->free(scheme);
    curl->free(name);
    curl->free(user);
    curl->free(password);
    if (secret)
        return hf_fail(HF_E_ARG, "an address with a user or a password in it");
    if (!whole)
        return hf_fail(HF_E_ARG, "\"%.200s\" is no address of a host", url);
    if (!https && !http_ok)
        return hf_fail(HF_E_ARG, "\"%.200s\": only https is fetched from other machines", url);
    return HF_OK;
}

static hf_err check_url(const struct hf_http *http, const char *url, char host[256])
{
    CURLU *u = http->curl->url();
    hf_err err = u ? judge_url(http, url, u, host) : hf_fail(HF_E_MEMORY, "libcurl: no memory for an address");

    http->curl->url_cleanup(u);
    return err;
}

/* ---- one request ---- */

static size_t take_body(char *bytes, size_t one, size_t n, void *arg)
{
    struct answer *a = arg;

    (void)one; /* 1 */
    if (a->reply->body.n + n > a->max)
        a->err = hf_fail(HF_E_LIMIT, "the answer is larger than %zu bytes", a->max);
    else
        a->err = hf_buf_add(&a->reply->body, (struct hf_bytes){(const uint8_t *)bytes, n});
    return a->err == HF_OK ? n : 0;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* An issuer chain is PEM, percent-encoded (Intel's PCS). What is malformed is left out: the verifier will miss it. */
static void take_chain(struct answer *a, const char *text, size_t n)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {.max = CHAIN_MAX};

    for (size_t i = 0; i < n; i++) {
        bool escaped = text[i] == '%' && i + 2 < n && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        uint8_t c = (uint8_t)text[i];

        if (escaped)
            c = (uint8_t)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
        i += escaped ? 2 : 0;
        if (hf_buf_add(&pem, (struct hf_bytes){&c, 1}) != HF_OK)
            return;
    }
    hf_buf_free(&a->reply->chain);
    a->reply->chain = pem;
    pem = (struct hf_buf){0};
}

/* Seconds, or a date (RFC 9110, 10.2.3). */
static void take_retry_after(struct answer *a, const char *text)
{
    char *end = NULL;
    unsigned long long seconds = strtoull(text, &end, 10);
    time_t date;

    if (end != text && (*end == 0 || *end == '\r' || *end == '\n' || *end == ' ')) {
        a->retry_after_s = seconds < RETRY_MAX_S ? (uint32_t)seconds : RETRY_MAX_S;
        return;
    }
    date = a->curl->getdate(text, NULL);
    if (date < 0)
        return;
    date -= hf_now();
    a->retry_after_s = date < 0 ? 0 : date < RETRY_MAX_S ? (uint32_t)date : RETRY_MAX_S;
}

static bool header_is(const char *line, size_t n, const char *name, const char **value, size_t *value_n)
{
    size_t m = strlen(name);

    if (n <= m || strncasecmp(line, name, m) != 0 || line[m] != ':')
        return false;
    for (m++; m < n && (line[m] == ' ' || line[m] == '\t'); m++)
        ;
    while (n > m && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' '))
        n--;
    *value = line + m;
    *value_n = n - m;
    return true;
}

static size_t take_header(char *line, size_t one, size_t n, void *arg)
{
    /* the last three are those of PCS version 3 and of some caches */
    static const char *const chains[] = {"TCB-Info-Issuer-Chain", "SGX-Enclave-Identity-Issuer-Chain",
                                         "SGX-PCK-CRL-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain",
                                         "SGX-QE-Identity-Issuer-Chain", "SGX-PCK-Certificate-Issuer-Chain"};
    struct answer *a = arg;
    const char *value;
    size_t value_n;
    char text[128];

    (void)one; /* 1 */
    for (size_t i = 0; i < HF_COUNT(chains); i++) {
        if (header_is(line, n, chains[i], &value, &value_n))
            take_chain(a, value, value_n);
    }
    if (header_is(line, n, "ETag", &value, &value_n) && value_n < sizeof(a->reply->etag))
        (void)snprintf(a->reply->etag, sizeof(a->reply->etag), "%.*s", (int)value_n, value);
    if (header_is(line, n, "Retry-After", &value, &value_n) && value_n < sizeof(text)) {
        (void)snprintf(text, sizeof(text), "%.*s", (int)value_n, value);
        take_retry_after(a, text);
    }
    return n;
}

static CURLcode set_options(struct hf_http *http, const char *url, bool local, struct curl_slist *headers,
                            struct answer *a, char error[CURL_ERROR_SIZE])
{
    const struct hf_libcurl *curl = http->curl;
    CURL *e = http->easy;
    CURLcode rc = CURLE_OK;

    curl->easy_reset(e);
#define SET(option, value) rc = rc != CURLE_OK ? rc : curl->easy_setopt(e, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_ERRORBUFFER, error);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L); /* each step is judged by us */
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (http->ca_file) {
        SET(CURLOPT_CAINFO, http->ca_file);
        SET(CURLOPT_CAPATH, (char *)NULL);
    }
    if (local)
        SET(CURLOPT_PROXY, ""); /* this machine is not reached through another */
    SET(CURLOPT_USERAGENT, "holdfast/" HF_VERSION);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)http->opt.answer_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)http->opt.answer_ms);
    SET(CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
    SET(CURLOPT_LOW_SPEED_TIME, SLOW_S);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)http->opt.max);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, a);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, a);
#undef SET
    return rc;
}

static hf_err fail_transfer(const struct hf_http *http, const char *host, CURLcode rc, const char *error)
{
    const char *said = error[0] ? error : http->curl->easy_strerror(rc);

    switch (rc) {
    case CURLE_OPERATION_TIMEDOUT:
        return hf_fail(HF_E_TIMEOUT, "%s: %s", host, said);
    case CURLE_FILESIZE_EXCEEDED:
        return hf_fail(HF_E_LIMIT, "%s: the answer is larger than %zu bytes", host, http->opt.max);
    case CURLE_OUT_OF_MEMORY:
        return hf_fail(HF_E_MEMORY, "%s: %s", host, said);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return hf_fail(HF_E_UNAVAILABLE, "%s is not trusted: %s (--ca-file names certificates to trust)", host, said);
    default:
        return hf_fail(HF_E_UNAVAILABLE, "%s: %s", host, said);
    }
}

/* Failures that another try may mend. */
static bool may_pass(CURLcode rc)
{
    switch (rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_CONNECT_ERROR:
        return true;
    default:
        return false;
    }
}

/* One request, no redirect followed. *again: it may go better in a while. */
static hf_err request(struct hf_http *http, const char *url, const char *host, const char *etag, struct answer *a,
                      bool *again)
{
    const struct hf_libcurl *curl = http->curl;
    char error[CURL_ERROR_SIZE] = "";
    char condition[160];
    struct curl_slist *headers = NULL;
    CURLcode rc;

    *again = false;
    if (http->opt.turn)
        HF_TRY(http->opt.turn(http->opt.arg, host));
    a->reply->body.n = a->reply->chain.n = 0;
    a->reply->etag[0] = 0;
    a->retry_after_s = UINT32_MAX;
    a->err = HF_OK;
    a->status = 0;
    if (etag && etag[0]) {
        (void)snprintf(condition, sizeof(condition), "If-None-Match: %s", etag);
        headers = curl->slist_append(NULL, condition);
    }
    rc = set_options(http, url, is_loopback(host), headers, a, error);
    if (rc == CURLE_OK)
        rc = curl->easy_perform(http->easy);
    curl->slist_free_all(headers);
    if (a->err != HF_OK)
        return a->err;
    if (rc != CURLE_OK) {
        *again = may_pass(rc);
        return fail_transfer(http, host, rc, error);
    }
    (void)curl->easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &a->status);
    return HF_OK;
}

/* ---- tries ---- */

static hf_err fail_status(const struct answer *a, const char *host)
{
    long status = a->status;

    if (status == 404 || status == 410)
        return hf_fail(HF_E_NOT_FOUND, "%s has no such thing (HTTP %ld)", host, status);
    if (status == 401 || status == 403 || status == 407)
        return hf_fail(HF_E_DENIED, "%s does not let us (HTTP %ld)", host, status);
    if (status == 429 && a->retry_after_s != UINT32_MAX)
        return hf_fail(HF_E_BUSY, "%s wants fewer requests (HTTP 429): none for %u s", host, a->retry_after_s);
    if (status == 429)
        return hf_fail(HF_E_BUSY, "%s wants fewer requests (HTTP 429)", host);
    return hf_fail(HF_E_UNAVAILABLE, "%s answered with HTTP %ld", host, status);
}

static bool status_may_pass(long status)
{
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

/* From one address to the one that it names, as far as each may be gone to. */
static hf_err follow(struct hf_http *http, const char *first, const char *etag, struct answer *a, char host[256],
                     bool *again)
{
    char url[2048];

    (void)snprintf(url, sizeof(url), "%s", first);
    for (unsigned hop = 0; hop <= REDIRECTS; hop++) {
        char *next = NULL;

        HF_TRY(check_url(http, url, host));
        HF_TRY(request(http, url, host, etag, a, again));
        if (a->status / 100 != 3 || a->status == 304)
            return HF_OK;
        (void)http->curl->easy_getinfo(http->easy, CURLINFO_REDIRECT_URL, &next);
        if (!next || strlen(next) >= sizeof(url))
            return hf_fail(HF_E_UNAVAILABLE, "%s redirects to nowhere (HTTP %ld)", host, a->status);
        (void)snprintf(url, sizeof(url), "%s", next);
    }
    return hf_fail(HF_E_UNAVAILABLE, "%s redirects more than %d times", host, REDIRECTS);
}

/* How long before the next try: what the server says, else twice the last time; and a bit more, so that many clients
 * do not come back together. */
static uint32_t pause_ms(const struct hf_http *http, const struct answer *a, unsigned tried)
{
    uint32_t base = http->opt.backoff_ms << (tried < 8 ? tried : 8);
    uint8_t jitter = 0;

    if (a->retry_after_s != UINT32_MAX)
        base = a->retry_after_s * 1000;
    (void)hf_random(&jitter, 1);
    return base + base / 4 * jitter / 255;
}

static void wait_ms(const struct hf_http *http, uint32_t ms)
{
    const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    char text[700];

    (void)snprintf(text, sizeof(text), "%.500s: again in %u.%u s", hf_err_detail(), (unsigned)(ms / 1000),
                   (unsigned)(ms % 1000 / 100));
    if (http->opt.say)
        http->opt.say(http->opt.arg, text);
    (void)nanosleep(&t, NULL);
}

static hf_err get(struct hf_http *http, const char *url, const char *etag, struct hf_http_reply *reply)
{
    uint64_t until = hf_monotonic_ms() + http->opt.total_ms;
    struct answer a = {.reply = reply, .max = http->opt.max, .curl = http->curl};
    char host[256] = "";

    for (unsigned tried = 0;; tried++) {
        bool again = false;
        hf_err err = follow(http, url, etag, &a, host, &again);
        uint32_t ms;

        http->down &= err != HF_OK;
        if (err == HF_OK && (a.status == 200 || (a.status == 304 && etag && etag[0]))) {
            reply->unchanged = a.status == 304;
            return HF_OK;
        }
        if (err == HF_OK) {
            err = fail_status(&a, host);
            again = status_may_pass(a.status);
        }
        ms = pause_ms(http, &a, tried);
        if (!again || http->down || tried + 1 >= http->opt.tries || hf_monotonic_ms() + ms > until) {
            http->down = again && a.status == 0;
            return err;
        }
        wait_ms(http, ms);
    }
}

hf_err hf_http_get(struct hf_http *http, const char *url, const char *etag, struct hf_http_reply *out)
{
    HF_CLEANUP(hf_http_reply_free) struct hf_http_reply reply = {0};

    HF_TRY(get(http, url, etag, &reply));
    *out = reply;
    reply = (struct hf_http_reply){0};
    return HF_OK;
}

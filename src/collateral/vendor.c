/* Addresses of the vendors' services. */
#include "collateral/vendor.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#define V4 "/certification/v4/"
#define INTEL_CERTIFICATES "https://certificates.trustedservices.intel.com"

hf_err hf_wanted_add(struct hf_wanted_list *list, const char *what, const char *url, ...)
{
    struct hf_wanted w = {0};
    va_list args;
    int n;

    va_start(args, url);
    n = vsnprintf(w.url, sizeof(w.url), url, args);
    va_end(args);
    if (n <= 0 || (size_t)n >= sizeof(w.url))
        return hf_fail(HF_E_LIMIT, "the address of the %s has %d bytes, at most %zu are possible", what, n,
                       sizeof(w.url) - 1);
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->item[i].url, w.url) == 0)
            return HF_OK;
    }
    if (list->n == HF_WANTED_MAX)
        return hf_fail(HF_E_LIMIT, "more than %d things to fetch", HF_WANTED_MAX);
    (void)snprintf(w.what, sizeof(w.what), "%s", what);
    list->item[list->n++] = w;
    return HF_OK;
}

static bool is_hex(const char *text, size_t n)
{
    return strlen(text) == n && strspn(text, "0123456789abcdefABCDEF") == n;
}

static hf_err one_of(const char *name, const char *value, const char *a, const char *b)
{
    if (value && (strcmp(value, a) == 0 || strcmp(value, b) == 0))
        return HF_OK;
    return hf_fail(HF_E_ARG, "%s \"%.40s\": it is %s or %s", name, value ? value : "", a, b);
}

hf_err hf_wanted_intel(struct hf_wanted_list *list, const char *fmspc, const char *ca, const char *tee)
{
    char upper[13] = "";

    if (!is_hex(fmspc, 12))
        return hf_fail(HF_E_ARG, "an FMSPC has 12 hex digits, \"%.40s\" has not", fmspc);
    HF_TRY(one_of("CA", ca, "processor", "platform"));
    HF_TRY(one_of("TEE", tee, "sgx", "tdx"));
    for (size_t i = 0; i < 12; i++)
        upper[i] = (char)toupper((unsigned char)fmspc[i]);
    HF_TRY(hf_wanted_add(list, "TCB info", HF_INTEL_API "/%s" V4 "tcb?fmspc=%s", tee, upper));
    HF_TRY(hf_wanted_add(list, "QE identity", HF_INTEL_API "/%s" V4 "qe/identity", tee));
    HF_TRY(hf_wanted_add(list, "PCK revocation list", HF_INTEL_API "/sgx" V4 "pckcrl?ca=%s&encoding=der", ca));
    return hf_wanted_add(list, "root revocation list", HF_INTEL_ROOT_CRL);
}

/* ---- AMD ---- */

static const char *const products[] = {"Milan", "Genoa", "Turin"};

struct part {
    const char *name, *parameter;
    bool turin; /* Turin alone has it */
};
static const struct part parts[] = {
    {"bl", "blSPL", false}, {"tee", "teeSPL", false}, {"snp", "snpSPL", false}, {"ucode", "ucodeSPL", false},
    {"fmc", "fmcSPL", true},
};

/* "bl=4,tee=0,snp=22,ucode=213" as the query of a VCEK's address: every part once, in the order of the service. */
static hf_err tcb_query(const char *tcb, bool turin, struct hf_buf *out)
{
    uint64_t level[HF_COUNT(parts)];
    bool given[HF_COUNT(parts)] = {false};

    for (const char *at = tcb; *at;) {
        size_t n = strcspn(at, ",");
        size_t name = strcspn(at, "=,");
        char number[8] = "";
        size_t i = 0;

        while (i < HF_COUNT(parts) && (strlen(parts[i].name) != name || strncmp(parts[i].name, at, name) != 0))
            i++;
        if (i == HF_COUNT(parts) || name >= n || n - name > sizeof(number) || given[i] || (parts[i].turin && !turin))
            return hf_fail(HF_E_ARG, "TCB \"%.80s\": wanted bl=N,tee=N,snp=N,ucode=N%s, each once", tcb,
                           turin ? ",fmc=N" : "");
        memcpy(number, at + name + 1, n - name - 1);
        HF_TRY(hf_text_u64(number, 255, parts[i].name, &level[i]));
        given[i] = true;
        at += n + (at[n] == ',');
    }
    for (size_t i = 0; i < HF_COUNT(parts); i++) {
        if (parts[i].turin && !turin)
            continue;
        if (!given[i])
            return hf_fail(HF_E_ARG, "TCB \"%.80s\": %s is missing", tcb, parts[i].name);
        HF_TRY(hf_buf_printf(out, "%s%s=%02u", out->n ? "&" : "?", parts[i].parameter, (unsigned)level[i]));
    }
    return HF_OK;
}

/* Turin's hardware id has 8 bytes, in a field of 64. */
static hf_err check_chip(const char *chip_id, bool turin, size_t *digits)
{
    size_t n = strlen(chip_id);

    *digits = turin ? 16 : 128;
    if (is_hex(chip_id, *digits))
        return HF_OK;
    if (turin && is_hex(chip_id, 128) && strspn(chip_id + 16, "0") == 112)
        return HF_OK;
    return hf_fail(HF_E_ARG, "a chip id of %zu characters: %zu hex digits are needed", n, *digits);
}

hf_err hf_wanted_amd(struct hf_wanted_list *list, const char *product, const char *signer, const char *chip_id,
                     const char *tcb)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf query = {0};
    bool turin = strcmp(product, "Turin") == 0;
    bool known = false;
    size_t digits = 0;
    char *text = NULL;

    for (size_t i = 0; i < HF_COUNT(products); i++)
        known |= strcmp(product, products[i]) == 0;
    if (!known)
        return hf_fail(HF_E_ARG, "product \"%.40s\": Milan, Genoa and Turin are known", product);
    HF_TRY(one_of("signer", signer, "vcek", "vlek"));
    if (!chip_id != !tcb || (chip_id && strcmp(signer, "vcek") != 0))
        return hf_fail(HF_E_ARG, "a VCEK needs chip id and TCB; a VLEK is not fetched: its cloud has it");
    if (chip_id) {
        HF_TRY(check_chip(chip_id, turin, &digits));
        HF_TRY(tcb_query(tcb, turin, &query));
        HF_TRY(hf_buf_text(&query, &text));
        HF_TRY(hf_wanted_add(list, "VCEK", HF_AMD_KDS "/vcek/v1/%s/%.*s%s", product, (int)digits, chip_id, text));
    }
    HF_TRY(hf_wanted_add(list, "chain of the product", HF_AMD_KDS "/%s/v1/%s/cert_chain", signer, product));
    return hf_wanted_add(list, "revocation list", HF_AMD_KDS "/%s/v1/%s/crl", signer, product);
}

/* ---- where to go ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Does the service choose among data sets for this address? */
static bool has_data_sets(const char *url)
{
    return begins(url, HF_INTEL_API "/") && (strstr(url, V4 "tcb?") || strstr(url, "e/identity"));
}

static hf_err print(char out[HF_URL_MAX], const char *fmt, ...) HF_PRINTF(2, 3);
static hf_err print(char out[HF_URL_MAX], const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(out, HF_URL_MAX, fmt, args);
    va_end(args);
    return n > 0 && n < HF_URL_MAX ? HF_OK : hf_fail(HF_E_LIMIT, "an address of %d bytes", n);
}

hf_err hf_vendor_name(const char *url, const struct hf_data_set *set, char out[HF_URL_MAX])
{
    const char *glue = strchr(url, '?') ? "&" : "?";

    if (set->update && set->number)
        return hf_fail(HF_E_ARG, "one of update (early, standard) and evaluation data number chooses the data set");
    if (set->update)
        HF_TRY(one_of("update", set->update, "early", "standard"));
    if (set->update && has_data_sets(url))
        return print(out, "%s%supdate=%s", url, glue, set->update);
    if (set->number && has_data_sets(url))
        return print(out, "%s%stcbEvaluationDataNumber=%u", url, glue, (unsigned)set->number);
    return print(out, "%s", url);
}

/* A PCCS is often named with its path; so is a mirror that has one. */
static size_t base_length(const char *from)
{
    static const char *const tails[] = {"/sgx/certification/v4", "/sgx/certification/v3"};
    size_t n = strlen(from);

    while (n && from[n - 1] == '/')
        n--;
    for (size_t i = 0; i < HF_COUNT(tails); i++) {
        size_t m = strlen(tails[i]);

        if (n > m && strncmp(from + n - m, tails[i], m) == 0)
            return n - m;
    }
    return n;
}

size_t hf_vendor_places(const char *url, const char *from)
{
    return from && strcmp(url, HF_INTEL_ROOT_CRL) == 0 ? 2 : 1;
}

hf_err hf_vendor_place(const char *url, const char *from, size_t i, char out[HF_URL_MAX])
{
    static const char *const hosts[] = {HF_INTEL_API, INTEL_CERTIFICATES, HF_AMD_KDS};

    if (i == 0 && hf_vendor_places(url, from) > 1) /* where a PCCS has it */
        return print(out, "%.*s/sgx" V4 "rootcacrl", (int)base_length(from), from);
    for (size_t h = 0; from && h < HF_COUNT(hosts); h++) {
        if (begins(url, hosts[h]))
            return print(out, "%.*s%s", (int)base_length(from), from, url + strlen(hosts[h]));
    }
    return print(out, "%s", url);
}

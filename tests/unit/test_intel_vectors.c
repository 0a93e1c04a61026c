/* Real SGX and TDX quotes with Intel's real collateral: status, advisories, debug and levels as they were found by
 * others; at the window's edges; with other collateral; changed. Through hf_verify, as callers do. */
#include "base/clock.h"
#include "codec/json_read.h"
#include "evidence/sgx_quote.h"
#include "vectors.h"

#include <holdfast/verify.h>

#define CASES_MAX 256

/* One case of cases.json: texts without their quotes. */
struct vector_case {
    char id[32];
    char quote[128], tcb_info[128], qe_identity[128], pck_crl[128], root_crl[128];
    int64_t time, from, until;
    char status[64], qe_status[64], sgx_level[64], tdx_level[64], module[64];
    char advisories[1024];
    char fmspc[16];
    bool debug;
    struct hf_json_value expect;
};

static struct hf_buf cases_text;
static struct vector_case cases[CASES_MAX];
static size_t n_cases;

static void take(struct hf_json_value object, const char *key, char *out, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json_value v;

    out[0] = 0;
    if (hf_json_get(object, key, &v) != HF_OK || v.type != HF_JSON_TEXT)
        return;
    OK(hf_json_as_text(v, &text));
    (void)snprintf(out, size, "%.*s", (int)text.n, (const char *)text.p);
}

static void take_case(struct hf_json_value v, struct vector_case *c)
{
    struct hf_json_value x;
    size_t n = 0;

    memset(c, 0, sizeof(*c));
    take(v, "id", c->id, sizeof(c->id));
    take(v, "quote", c->quote, sizeof(c->quote));
    take(v, "tcb_info", c->tcb_info, sizeof(c->tcb_info));
    take(v, "qe_identity", c->qe_identity, sizeof(c->qe_identity));
    take(v, "pck_crl", c->pck_crl, sizeof(c->pck_crl));
    take(v, "root_crl", c->root_crl, sizeof(c->root_crl));
    OK(hf_json_get(v, "time", &x));
    OK(hf_json_as_i64(x, &c->time));
    OK(hf_json_get(v, "window", &x));
    for (struct hf_json_iter it = hf_json_iter(x); hf_json_next(&it);) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
        char *time = NULL;

        OK(hf_json_as_text(it.value, &text));
        OK(hf_buf_text(&text, &time));
        OK(hf_time_parse(time, it.index ? &c->until : &c->from));
    }
    OK(hf_json_get(v, "expect", &c->expect));
    take(c->expect, "tcb_status", c->status, sizeof(c->status));
    take(c->expect, "qe_status", c->qe_status, sizeof(c->qe_status));
    take(c->expect, "sgx_level", c->sgx_level, sizeof(c->sgx_level));
    take(c->expect, "tdx_level", c->tdx_level, sizeof(c->tdx_level));
    take(c->expect, "module", c->module, sizeof(c->module));
    take(c->expect, "fmspc", c->fmspc, sizeof(c->fmspc));
    OK(hf_json_get(c->expect, "debug", &x));
    OK(hf_json_as_bool(x, &c->debug));
    OK(hf_json_get(c->expect, "advisory_ids", &x));
    for (struct hf_json_iter it = hf_json_iter(x); hf_json_next(&it);)
        n += (size_t)snprintf(c->advisories + n, sizeof(c->advisories) - n, "%s%.*s", it.index ? "," : "",
                              (int)it.value.raw.n - 2, (const char *)it.value.raw.p + 1);
}

static void load_cases(const char *kind)
{
    struct hf_json_value all;
    char path[128];

    (void)snprintf(path, sizeof(path), "evidence/%s/cases.json", kind);
    vector(path, &cases_text);
    OK(hf_json_parse(hf_buf_bytes(&cases_text), &all));
    n_cases = 0;
    for (struct hf_json_iter it = hf_json_iter(all); hf_json_next(&it) && n_cases < CASES_MAX;)
        take_case(it.value, &cases[n_cases++]);
    CHECK(n_cases > 50);
}

/* ---- a verifier and what it is asked ---- */

static void verifier_add(struct hf_verifier *v, const char *name)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    char path[256];

    if (!name[0]) /* a case without this list */
        return;
    (void)snprintf(path, sizeof(path), "evidence/%s", name);
    vector(path, &file);
    OK(hf_verifier_add_collateral(v, hf_buf_bytes(&file), name));
}

/* Collateral of a case, and the certificates of those who sign it. */
static struct hf_verifier *verifier_for(const struct vector_case *c)
{
    struct hf_verifier *v = NULL;

    OK(hf_verifier_new(&v));
    verifier_add(v, c->tcb_info);
    verifier_add(v, c->qe_identity);
    verifier_add(v, c->pck_crl);
    verifier_add(v, c->root_crl);
    verifier_add(v, "sgx/pki/intel-tcb-signing-2018-2025.der");
    verifier_add(v, "sgx/pki/intel-tcb-signing-2025-2032.der");
    verifier_add(v, "sgx/pki/intel-sgx-root-ca-2018-2049.der");
    return v;
}

static struct hf_verify_result *result;

static hf_err ask_with(struct hf_verifier *v, struct hf_bytes quote, int64_t at)
{
    static uint8_t report_data[64];
    struct hf_verify_request q = {.evidence = &quote, .n_evidence = 1, .at = at, .has_report_data = true};
    struct hf_sgx_quote parsed;

    if (!result)
        OK(hf_verify_result_new(&result));
    q.report_data = (struct hf_bytes){report_data, sizeof(report_data)};
    if (hf_sgx_quote_parse(quote, &parsed) == HF_OK)
        memcpy(report_data, parsed.body.p + (parsed.body.n == 384 ? 320 : 520), sizeof(report_data));
    return hf_verify(v, &q, result);
}

static hf_err ask(struct hf_verifier *v, const struct vector_case *c, int64_t at)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf quote = {0};
    char path[256];

    (void)snprintf(path, sizeof(path), "evidence/%s", c->quote);
    vector(path, &quote);
    return ask_with(v, hf_buf_bytes(&quote), at);
}

static const char *row_status(const char *name)
{
    struct hf_verify_row row;

    for (size_t i = 0; hf_verify_result_row(result, i, &row) == HF_OK; i++) {
        if (strcmp(row.name, name) == 0)
            return row.status;
    }
    return "none";
}

static void say(void)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    OK(hf_verify_result_text(result, &text));
    print_message("%.*s\n", (int)text.n, (const char *)text.p);
}

static void must_claim(const char *name, const char *want)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
    char *text = NULL;

    OK(hf_verify_result_claim(result, name, &value));
    OK(hf_buf_text(&value, &text));
    if (strcmp(text, want) != 0)
        FAIL("%s: got \"%s\", want \"%s\"", name, text, want);
}

static const char *status_name(const char *status)
{
    return strcmp(status, "NOTSUPPORTED") == 0 ? "NotSupported" : status;
}

/* What the verdict must be by the status alone: OK, warned or untrusted. */
static hf_err tier(const struct vector_case *c)
{
    if (c->debug || strncmp(c->status, "OutOfDate", 9) == 0 || strncmp(c->status, "TDRelaunch", 10) == 0 ||
        strcmp(c->status, "NOTSUPPORTED") == 0)
        return HF_E_UNTRUSTED;
    return strcmp(c->status, "UpToDate") == 0 && c->pck_crl[0] && c->root_crl[0] ? HF_OK : HF_E_WARNED;
}

static void check_case(const struct vector_case *c)
{
    static const struct {
        const char *claim, *key;
    } same[] = {{"mrenclave", "mrenclave"},         {"mrsigner", "mrsigner"}, {"mrtd", "mrtd"},
                {"td_attributes", "td_attributes"}, {"fmspc", "fmspc"},       {"report_data", "report_data"}};
    struct hf_verifier *v = verifier_for(c);
    hf_err cold = ask(v, c, c->time), warm;
    bool sept = strcmp(row_status("sept ve disable"), "warning") == 0;
    char want[256];

    CASE(c->id);
    if (getenv("SHOW"))
        say();
    must_claim("tcb_status", status_name(c->status));
    must_claim("qe_status", c->qe_status);
    must_claim("advisory_ids", c->advisories);
    must_claim("debug", c->debug ? "true" : "false");
    if (c->tdx_level[0]) {
        must_claim("module_status", c->module);
        must_claim("sgx_tcb_status", c->sgx_level);
        must_claim("tdx_tcb_status", c->tdx_level);
    }
    for (size_t i = 0; i < HF_COUNT(same); i++) {
        take(c->expect, same[i].key, want, sizeof(want));
        if (want[0])
            must_claim(same[i].claim, want);
    }
    if (cold != (sept && tier(c) == HF_OK ? HF_E_WARNED : tier(c))) {
        say();
        FAIL("%s: %s", c->id, hf_verify_result_verdict(result));
    }
    warm = ask(v, c, c->time);
    if (warm != cold)
        FAIL("%s: cold and warm differ", c->id);
    must_claim("tcb_status", status_name(c->status));
    must_claim("advisory_ids", c->advisories);
    hf_verifier_free(&v);
}

TEST(every_real_sgx_quote_has_the_status_that_others_found)
{
    NEED_VECTORS();
    load_cases("sgx");
    for (size_t i = 0; i < n_cases; i++)
        check_case(&cases[i]);
    print_message("# %zu SGX cases\n", n_cases);
}

TEST(every_real_tdx_quote_has_the_status_that_others_found)
{
    NEED_VECTORS();
    load_cases("tdx");
    for (size_t i = 0; i < n_cases; i++)
        check_case(&cases[i]);
    print_message("# %zu TDX cases\n", n_cases);
}

static void free_all(void)
{
    hf_verify_result_free(&result);
    hf_buf_free(&cases_text);
}

TEST(nothing_is_left)
{
    free_all();
}

TESTS(RUN(every_real_sgx_quote_has_the_status_that_others_found),
      RUN(every_real_tdx_quote_has_the_status_that_others_found), RUN(nothing_is_left))

/* Real SGX and TDX quotes with Intel's real collateral: status, advisories, debug and levels as they were found by
 * others; at the window's edges; with other collateral; changed. Through hf_verify, as callers do. */
#include "base/clock.h"
#include "codec/json_read.h"
#include "evidence/sgx_quote.h"
#include "vectors.h"

#include <holdfast/verify.h>
#include <strings.h>

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

static struct hf_buf quote; /* claims point into it */

static hf_err ask(struct hf_verifier *v, const struct vector_case *c, int64_t at)
{
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
    if (cold != tier(c)) {
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

/* Documents without the chain of who signed them: Intel's key is known, its certificate is missing, and that is told. */
TEST(documents_without_their_issuer_chain_are_judged_and_the_gap_is_told)
{
    NEED_VECTORS();
    load_cases("sgx");
    for (size_t i = 0; i < n_cases; i += 7) {
        const struct vector_case *c = &cases[i];
        struct hf_verifier *v = NULL;

        if (strstr(c->tcb_info, "inteltest"))
            continue;
        CASE(c->id);
        OK(hf_verifier_new(&v));
        verifier_add(v, c->tcb_info);
        verifier_add(v, c->qe_identity);
        verifier_add(v, c->pck_crl);
        verifier_add(v, c->root_crl);
        CHECK(ask(v, c, c->time) == (tier(c) == HF_OK ? HF_E_WARNED : tier(c)));
        must_claim("tcb_status", status_name(c->status));
        CHECK_TEXT(row_status("tcb signing"), "absent");
        hf_verifier_free(&v);
    }
}

/* ---- other times, other collateral ---- */

static bool something_is_of_another_time(void)
{
    static const char *const rows[] = {"validity", "revocation", "qe identity", "tcb info"};
    struct hf_verify_row row;

    for (size_t i = 0; hf_verify_result_row(result, i, &row) == HF_OK; i++) {
        for (size_t k = 0; k < HF_COUNT(rows); k++) {
            if (strcmp(row.name, rows[k]) == 0 && strcmp(row.status, "ok") != 0)
                return true;
        }
    }
    return false;
}

TEST(nothing_holds_a_second_outside_of_its_window)
{
    static const char *const kinds[] = {"sgx", "tdx"};

    NEED_VECTORS();
    for (size_t k = 0; k < HF_COUNT(kinds); k++) {
        load_cases(kinds[k]);
        for (size_t i = 0; i < n_cases; i++) {
            const struct vector_case *c = &cases[i];
            struct hf_verifier *v = verifier_for(c);
            hf_err inside = ask(v, c, c->time);

            CASE(c->id);
            CHECK(ask(v, c, c->from) == inside); /* with what is kept from before, and from one time to the next */
            CHECK(ask(v, c, c->from - 1) != HF_OK && something_is_of_another_time());
            CHECK(ask(v, c, c->until) == inside);
            CHECK(ask(v, c, c->until + 1) != HF_OK && something_is_of_another_time());
            CHECK(ask(v, c, c->time) == inside);
            hf_verifier_free(&v);
        }
    }
}

/* The row that says that collateral is another platform's, another TEE's or of another time. */
static void check_swap(const struct vector_case *asked, const struct vector_case *other)
{
    struct hf_verifier *v = verifier_for(other);
    hf_err err = ask(v, asked, other->time);
    bool tdx = strncmp(asked->id, "tdx", 3) == 0, other_tdx = strncmp(other->id, "tdx", 3) == 0;

    CASE(asked->id);
    if (strcasecmp(asked->fmspc, other->fmspc) != 0 || tdx != other_tdx) {
        CHECK(err == HF_E_UNTRUSTED);
        CHECK(strcmp(row_status("tcb info"), "failed") == 0);
    }
    if (tdx != other_tdx)
        CHECK(strcmp(row_status("qe identity"), "failed") == 0);
    hf_verifier_free(&v);
}

TEST(another_platforms_collateral_fails_and_says_so)
{
    struct vector_case others[24];
    size_t n = 0;

    NEED_VECTORS();
    load_cases("tdx");
    for (size_t i = 0; i < n_cases && n < 8; i += 7)
        others[n++] = cases[i];
    load_cases("sgx");
    for (size_t i = 0; i < n_cases && n < HF_COUNT(others); i += 9)
        others[n++] = cases[i];
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++)
            check_swap(&others[i], &others[k]);
    }
}

/* ---- changed bytes ---- */

/* Bytes that nothing signs: padding behind a quote, PEM's dashes and line ends, the QE's identifier is signed. Where a
 * byte is changed and the verdict stays as good, its place must be in the certification data, and the byte there no
 * base64 that decodes to something else. */
static bool unsigned_place(const struct hf_sgx_quote *q, const uint8_t *at)
{
    return at >= q->cert.p && at < q->cert.p + q->cert.n;
}

static void tamper(const char *kind, size_t which, size_t stride)
{
    struct hf_verifier *v;
    struct hf_sgx_quote q;
    char path[256];
    size_t as_good = 0;
    hf_err good;

    load_cases(kind);
    (void)snprintf(path, sizeof(path), "evidence/%s", cases[which].quote);
    vector(path, &quote);
    OK(hf_sgx_quote_parse(hf_buf_bytes(&quote), &q));
    v = verifier_for(&cases[which]);
    good = ask_with(v, hf_buf_bytes(&quote), cases[which].time);
    CASE(cases[which].id);
    for (size_t i = 0; i < quote.n; i += stride) {
        quote.p[i] ^= 0x01;
        if (ask_with(v, hf_buf_bytes(&quote), cases[which].time) == good) {
            if (good != HF_E_UNTRUSTED && !unsigned_place(&q, quote.p + i))
                FAIL("byte %zu of %zu may be changed", i, quote.n);
            as_good++;
        }
        quote.p[i] ^= 0x01;
    }
    if (good != HF_E_UNTRUSTED && as_good * stride > 40)
        FAIL("%zu bytes of the certification data may be changed", as_good * stride);
    hf_verifier_free(&v);
}

TEST(a_changed_byte_is_found)
{
    NEED_VECTORS();
    load_cases("sgx");
    for (size_t i = 0; i < n_cases; i++) {
        if (tier(&cases[i]) != HF_E_UNTRUSTED && i % 3 == 0)
            tamper("sgx", i, 37);
    }
    load_cases("tdx");
    for (size_t i = 0; i < n_cases; i++) {
        if (tier(&cases[i]) != HF_E_UNTRUSTED && i % 5 == 0)
            tamper("tdx", i, 37);
    }
}

/* ---- forged and foreign quotes ---- */

static void negative(const char *file, const char *failed)
{
    struct vector_case c = cases[0];
    struct hf_verifier *v = verifier_for(&c);
    hf_err err;

    (void)snprintf(c.quote, sizeof(c.quote), "%s", file);
    CASE(file);
    err = ask(v, &c, c.time);
    CHECK(err == HF_E_UNTRUSTED || err == HF_E_FORMAT);
    if (err == HF_E_UNTRUSTED && strcmp(row_status(failed), "failed") != 0) {
        say();
        FAIL("row %s is %s", failed, row_status(failed));
    }
    hf_verifier_free(&v);
}

TEST(forged_quotes_fail_in_the_row_that_is_theirs)
{
    static const struct {
        const char *file, *row;
    } rows[] = {{"sgx/negative/t-sgx-attkeytype.bin", "structure"},
                {"sgx/negative/t-sgx-teetype.bin", "structure"},
                {"sgx/negative/t-sgx-vendor.bin", "structure"},
                {"sgx/negative/t-sgx-sig.bin", "signature"},
                {"sgx/negative/t-sgx-qereport.bin", "qe report signature"},
                {"sgx/negative/t-sgx-qesig.bin", "qe report signature"},
                {"sgx/negative/t-sgx-trunc47.bin", "structure"},
                {"sgx/negative/t-sgx-trunc48.bin", "structure"},
                {"sgx/negative/q3-00906ea10000-debug-2a49ce72.bin", "root"}, /* its CA was altered */
                {"tdx/negative/t-tdx4-version.bin", "structure"},
                {"tdx/negative/t-tdx4-mrtd.bin", "signature"},
                {"tdx/negative/t-tdx4-tdattr.bin", "signature"},
                {"tdx/negative/t-tdx4-certlen.bin", "structure"},
                {"tdx/negative/t-tdx4-qereport.bin", "qe report signature"},
                {"tdx/negative/t-tdx5-bodytype.bin", "structure"},
                {"tdx/negative/t-tdx5-mrservicetd.bin", "signature"},
                {"tdx/negative/t-tdx5-teetcbsvn2.bin", "signature"},
                {"tdx/negative/t-tdx4-trunc1.bin", "structure"},
                {"tdx/negative/t-tdx4-trunc300.bin", "structure"},
                {"tdx/negative/t-tdx4-trunc4935.bin", "structure"},
                {"tdx/negative/t-tdx5-trunc5005.bin", "structure"}};

    NEED_VECTORS();
    load_cases("tdx");
    for (size_t i = 0; i < HF_COUNT(rows); i++)
        negative(rows[i].file, rows[i].row);
}

TEST(a_quote_without_a_certificate_names_what_to_fetch)
{
    NEED_VECTORS();
    load_cases("sgx");
    negative("sgx/quotes/q3-nocert-72a05bf6.bin", "certification data");
    CHECK(strcmp(row_status("signature"), "ok") == 0 && strcmp(row_status("qe report binding"), "ok") == 0);
    negative("sgx/quotes/q3-nocert-debug-2f59d4cb.bin", "certification data");
}

/* Intel's test hierarchy: refused by itself, accepted with its root. The SGX quote's certificate is outside of it. */
static void inteltest(const char *dir, int64_t at, const char *identity, hf_err accepted)
{
    static const char *const files[] = {"pckCert.pem",     "pckSignChain.pem", "tcbSignChain.pem",     "tcbInfo.json",
                                        "qeIdentity.json", "rootCaCrl.der",    "intermediateCaCrl.der"};
    HF_CLEANUP(hf_buf_free) struct hf_buf root = {0};
    struct vector_case c = {0};
    struct hf_verifier *v = NULL;
    char path[256];

    CASE(dir);
    OK(hf_verifier_new(&v));
    for (size_t i = 0; i < HF_COUNT(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        verifier_add(v, path);
    }
    (void)snprintf(c.quote, sizeof(c.quote), "%s/quote.dat", dir);
    FAILS(ask(v, &c, at), HF_E_UNTRUSTED);
    CHECK(strcmp(row_status("root"), "failed") == 0);
    (void)snprintf(path, sizeof(path), "evidence/%s/trustedRootCaCert.pem", dir);
    vector(path, &root);
    OK(hf_verifier_add_root(v, hf_buf_bytes(&root), "test root"));
    CHECK(ask(v, &c, at) == accepted);
    if (getenv("SHOW"))
        say();
    CHECK(strcmp(row_status("root"), "ok") == 0 && strcmp(row_status("signature"), "ok") == 0);
    CHECK(strcmp(row_status("qe report signature"), "ok") == 0 && strcmp(row_status("revocation"), "ok") == 0);
    CHECK(strcmp(row_status("qe report binding"), "ok") == 0 && strcmp(row_status("tcb info"), "ok") == 0);
    CHECK(strcmp(row_status("qe identity"), identity) == 0);
    hf_verifier_free(&v);
}

TEST(intels_test_hierarchy_counts_only_where_its_root_is_given)
{
    NEED_VECTORS();
    inteltest("sgx/inteltest", 1577836800, "ok", HF_E_WARNED);
    inteltest("tdx/inteltest", 1640995200, "failed", HF_E_UNTRUSTED); /* its QE's signer is not the one that its identity names */
}

static void free_all(void)
{
    hf_verify_result_free(&result);
    hf_buf_free(&cases_text);
    hf_buf_free(&quote);
}

TEST(nothing_is_left)
{
    free_all();
}

TESTS(RUN(every_real_sgx_quote_has_the_status_that_others_found),
      RUN(every_real_tdx_quote_has_the_status_that_others_found),
      RUN(documents_without_their_issuer_chain_are_judged_and_the_gap_is_told), RUN(nothing_holds_a_second_outside_of_its_window),
      RUN(another_platforms_collateral_fails_and_says_so), RUN(a_changed_byte_is_found),
      RUN(forged_quotes_fail_in_the_row_that_is_theirs), RUN(a_quote_without_a_certificate_names_what_to_fetch),
      RUN(intels_test_hierarchy_counts_only_where_its_root_is_given), RUN(nothing_is_left))

/* Saved IAS reports: what Intel's service said of an EPID quote at the time, and that nobody says so any more. */
#include "evidence/ias_report.h"
#include "base/cleanup.h"
#include "evidence/sgx_report.h"
#include "verify/intel_body.h"

static void judge_signature(const struct hf_ias_report *r, const struct hf_cert *signer, struct hf_verdict *v)
{
    static const struct hf_sig_alg alg = {.scheme = HF_SIG_RSASSA, .hash = HF_SHA256};

    (void)hf_check(v, "signature",
                   hf_pubkey_verify_message(signer->key, &alg, hf_buf_bytes(&r->body), hf_buf_bytes(&r->signature)));
}

static void judge_chain(const struct hf_judge *j, const struct hf_ias_report *r, struct hf_verdict *v,
                        struct hf_findings *f)
{
    static const struct hf_chain_options rules = {.need_key_usage = true};
    HF_CLEANUP(hf_certs_free) struct hf_certs certs = {0};
    struct hf_chain chain;
    hf_err err = hf_certs_read(hf_buf_bytes(&r->chain), &certs);

    if (err != HF_OK || certs.n == 0) {
        (void)hf_check(v, "signature", err != HF_OK ? err : hf_fail(HF_E_NOT_FOUND, "no certificate to check it with"));
        return;
    }
    judge_signature(r, certs.cert[0], v);
    if (hf_judge_chain(j, HF_VENDOR_INTEL_IAS, certs.cert[0], &certs, &rules, v, f, &chain))
        (void)hf_judge_revocation(j, &chain, NULL, v, f);
}

/* What the service said of the platform. */
static void judge_status(const struct hf_ias_report *r, struct hf_verdict *v)
{
    static const char *const warned[] = {"GROUP_OUT_OF_DATE", "CONFIGURATION_NEEDED", "SW_HARDENING_NEEDED",
                                         "CONFIGURATION_AND_SW_HARDENING_NEEDED"};
    bool warn = false, ok = strcmp(r->status, "OK") == 0;
    struct hf_check *row;

    for (size_t i = 0; i < HF_COUNT(warned); i++)
        warn |= strcmp(r->status, warned[i]) == 0;
    row = ok     ? hf_check(v, "platform level", HF_OK)
          : warn ? hf_check_warn(v, "platform level", "the platform lacked updates or settings when it was asked about")
                 : hf_check(v, "platform level", hf_fail(HF_E_UNTRUSTED, "the service refused the quote"));
    hf_check_expected(row, "OK");
    hf_check_found(row, "%s", r->status);
    if (r->advisories.n)
        hf_check_found(hf_check_warn(v, "advisories", "named by the service at the time"), "%.*s", (int)r->advisories.n,
                       (const char *)r->advisories.p);
}

/* Claims need bytes that outlive this function: they keep their own copy. */
static struct hf_bytes kept_body(const struct hf_ias_report *r, struct hf_claims *c)
{
    const struct hf_claim *claim;

    hf_claim_bytes_copy(c, "report_body", (struct hf_bytes){r->quote + 48, HF_SGX_BODY_SIZE});
    claim = hf_claim_find(c, "report_body");
    return claim ? claim->bytes : (struct hf_bytes){0};
}

static void judge_body(const struct hf_judge *j, const struct hf_ias_report *r, struct hf_verdict *v,
                       struct hf_findings *f)
{
    struct hf_bytes bytes = kept_body(r, &f->claims);
    struct hf_sgx_body body;
    hf_err err = hf_sgx_body_parse(bytes, &body);

    if (err != HF_OK) {
        (void)hf_check(v, "structure", err);
        return;
    }
    hf_sgx_body_judge(bytes, &body, v, f);
    hf_claim_printf(&f->claims, "quote_status", "%s", r->status);
    hf_judge_freshness(j, (struct hf_bytes){bytes.p + 320, 64}, 64, v, f);
}

hf_judge_fn hf_ias_report_judge;

void hf_ias_report_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v,
                         struct hf_findings *f)
{
    HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0};
    hf_err err = hf_ias_report_parse(evidence, &r);

    (void)hf_check(v, "structure", err);
    (void)hf_check_warn(v, "service",
                        "Intel ended this service in 2025: what it said of a platform is not renewed, and "
                        "flaws found since are not in it");
    if (err != HF_OK)
        return;
    judge_chain(j, &r, v, f);
    judge_status(&r, v);
    judge_body(j, &r, v, f);
    f->has_time = true;
    f->made_at = r.at;
    f->level = f->environment == HF_ENV_HARDWARE ? HF_LEVEL_MEDIUM : HF_LEVEL_LOW;
}

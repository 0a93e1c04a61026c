/*
 * The verdict over Azure's runtime report. The nonce of a caller stands in a TPM quote; what makes that the hardware's
 * word is a chain of bindings: nonce -> TPM quote -> attestation key -> runtime data -> hardware report -> VCEK.
 */
#include "evidence/azure_hcl.h"
#include "base/cleanup.h"
#include "codec/json_read.h"
#include "evidence/sgx_quote.h"
#include "evidence/tpm_quote.h"
#include "verify/snp.h"
#include "verify/tpm_signature.h"

hf_judge_fn hf_azure_hcl_judge;

struct work {
    const struct hf_judge *j;
    struct hf_verdict *v;
    struct hf_findings *f;
    struct hf_azure_hcl hcl;
    struct hf_pubkey *ak;
    bool quoted; /* a TPM quote by the AK is there, */
    bool fresh;  /* and its nonce is the caller's */
};

static void work_free(struct work *w)
{
    hf_pubkey_free(&w->ak);
}

/* Hash of the runtime data, then zeros. */
static void judge_binding(struct work *w)
{
    struct hf_digest want = {0};
    struct hf_check *row;
    hf_err err = hf_azure_hcl_digest(&w->hcl, &want);

    if (err != HF_OK) {
        (void)hf_check(w->v, "hcl binding", err);
        return;
    }
    want.n = sizeof(want.bytes);
    row = hf_check_equal(w->v, "hcl binding", hf_azure_hcl_report_data(&w->hcl), hf_digest_bytes(&want));
    hf_check_note(row, "report data of the hardware report, and the hash of the runtime data");
}

static void judge_ak(struct work *w, struct hf_bytes evidence)
{
    hf_err err = hf_azure_hcl_ak(evidence, &w->ak);
    struct hf_check *row = hf_check(w->v, "attestation key", err);
    char about[16];

    if (err != HF_OK)
        return;
    hf_pubkey_describe(w->ak, about);
    hf_check_found(row, "HCLAkPub, %s", about);
}

/* One TPM quote that came with it: by this AK, over the caller's nonce? */
static hf_err check_quote(struct work *w, const struct hf_evidence_item *item)
{
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {0};
    struct hf_quote_scheme bare = {TPM2_ALG_RSASSA, TPM2_ALG_SHA256};
    struct hf_quote_signature sig;
    struct hf_quote_attest attest;

    if (item->bytes.n && item->bytes.p[0] == 0xff)
        return hf_fail(HF_E_UNTRUSTED, "the TPM quote came without its signature");
    HF_TRY(hf_tpm_envelope_parse(item->bytes, &env));
    HF_TRY(hf_quote_attest_parse(hf_buf_bytes(&env.attest), &attest));
    if (attest.magic != TPM2_GENERATED_VALUE || attest.type != TPM2_ST_ATTEST_QUOTE)
        return hf_fail(HF_E_UNTRUSTED, "it is no quote that a TPM made");
    if (hf_quote_signature_parse(hf_buf_bytes(&env.signature), &sig) != HF_OK)
        HF_TRY(hf_quote_signature_any(hf_buf_bytes(&env.signature), bare, &sig));
    HF_TRY(hf_quote_signature_verify(w->ak, &sig, hf_buf_bytes(&env.attest)));
    w->quoted = true;
    w->fresh |= w->j->nonce && w->j->nonce->n && hf_bytes_equal(attest.extra_data, *w->j->nonce);
    return HF_OK;
}

static void judge_quotes(struct work *w)
{
    bool any = false;

    for (size_t i = 0; i < w->j->n_also; i++) {
        const struct hf_evidence_item *item = w->j->also[i];
        struct hf_check *row;

        if (strcmp(item->format->name, "tpm-quote") != 0)
            continue;
        any = true;
        row = hf_check(w->v, "quote binding",
                       w->ak ? check_quote(w, item) : hf_fail(HF_E_UNTRUSTED, "there is no attestation key"));
        hf_check_expected(row, "a TPM quote signed by HCLAkPub");
    }
    if (!any)
        (void)hf_check_absent(w->v, "quote binding", "no TPM quote came with it: nothing shows that it is of now");
}

/* The nonce is the quote's; the report was made when the machine started. */
static void judge_freshness(struct work *w)
{
    struct hf_bytes data = hf_azure_hcl_report_data(&w->hcl);
    const struct hf_judge *j = w->j;

    if (j->report_data && hf_check_equal(w->v, "report data", data, *j->report_data)->status == HF_CHECK_OK)
        w->f->fresh = true;
    if (j->nonce && w->quoted)
        (void)hf_check(w->v, "nonce",
                       w->fresh ? HF_OK : hf_fail(HF_E_MISMATCH, "the TPM quote is about another nonce"));
    else if (j->nonce)
        (void)hf_check_absent(w->v, "nonce", "it stands in a TPM quote by HCLAkPub, which is not here");
    w->f->fresh |= w->fresh;
    if (w->f->fresh)
        (void)hf_check(w->v, "freshness", HF_OK);
    else
        hf_check_found_hex(hf_check_absent(w->v, "freshness", "nothing in it is new: this may be a replay"), data);
}

static void claim_machine(struct work *w)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf id = {.max = 128};
    struct hf_json_value top, config, value;

    hf_claim_text(&w->f->claims, "runtime_data", w->hcl.json);
    if (hf_json_parse(w->hcl.json, &top) == HF_OK && hf_json_get(top, "vm-configuration", &config) == HF_OK &&
        hf_json_get(config, "vmUniqueId", &value) == HF_OK && hf_json_as_text(value, &id) == HF_OK)
        hf_claim_printf(&w->f->claims, "vm_id", "%.*s", (int)id.n, (const char *)id.p);
}

/* A TDREPORT carries a MAC that only its own machine can check: a quote over the same data speaks for it. */
static void judge_td_report(struct work *w)
{
    struct hf_bytes data = hf_azure_hcl_report_data(&w->hcl);

    hf_claim_bytes(&w->f->claims, "report_data", data);
    for (size_t i = 0; i < w->j->n_also; i++) {
        struct hf_sgx_quote quote;

        if (strcmp(w->j->also[i]->format->name, "tdx-quote") != 0 ||
            hf_sgx_quote_parse(w->j->also[i]->bytes, &quote) != HF_OK || quote.tee != HF_QUOTE_TEE_TDX)
            continue;
        (void)hf_check_equal(w->v, "td quote binding", HF_BYTES_OF(quote.td.report_data), data);
        return;
    }
    (void)hf_check(w->v, "signature",
                   hf_fail(HF_E_UNTRUSTED, "a TDREPORT is not signed: the TDX quote made from it is needed"));
}

void hf_azure_hcl_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    HF_CLEANUP(work_free) struct work w = {.j = j, .v = v, .f = f};
    hf_err err = hf_azure_hcl_parse(evidence, &w.hcl);

    hf_check_found(hf_check(v, "hcl structure", err), "HCL report version %u", w.hcl.version);
    if (err != HF_OK)
        return;
    if (w.hcl.report_type == HF_AZURE_HCL_SNP)
        (void)hf_snp_report_rows(j, w.hcl.hardware, v, f, NULL);
    else
        judge_td_report(&w);
    judge_binding(&w);
    judge_ak(&w, evidence);
    judge_quotes(&w);
    judge_freshness(&w);
    claim_machine(&w);
}

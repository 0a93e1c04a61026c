/* TPM quotes as a kind of evidence: our envelope, and TPMS_ATTEST by itself. */
#include "base/cleanup.h"
#include "codec/json_read.h"
#include "evidence/table.h"
#include "evidence/tpm_quote.h"

#include <stdio.h>

#define MARK "tpm-quote/"

static bool is_attest(struct hf_bytes in)
{
    static const uint8_t magic[] = {0xff, 'T', 'C', 'G'};

    return in.n >= sizeof(magic) && memcmp(in.p, magic, sizeof(magic)) == 0;
}

static bool is_envelope(struct hf_bytes in)
{
    struct hf_json_value top, mark;
    struct hf_bytes quoted;

    if (in.n == 0 || memmem(in.p, in.n, MARK, sizeof(MARK) - 1) == NULL || hf_json_parse(in, &top) != HF_OK ||
        hf_json_get(top, "holdfast", &mark) != HF_OK || mark.type != HF_JSON_TEXT)
        return false;
    quoted = hf_json_quoted(mark);
    return quoted.n >= sizeof(MARK) - 1 && memcmp(quoted.p, MARK, sizeof(MARK) - 1) == 0;
}

static bool detect(struct hf_bytes in)
{
    return is_attest(in) || is_envelope(in);
}

/* ---- inspecting ---- */

static void tell_selection(const struct hf_pcr_selection *sel, struct hf_inspect *i)
{
    char text[HF_PCR_SELECTION_TEXT];

    hf_pcr_selection_text(sel, text, sizeof(text));
    hf_inspect_text(i, "pcrSelect", hf_bytes_text(text), NULL);
}

/* Where the attest lies inside the inspected bytes, offsets are told; inside an envelope it is decoded, and has none.
 */
static hf_err tell_attest(struct hf_bytes attest, struct hf_inspect *i)
{
    struct hf_quote_attest a;
    size_t at;

    HF_TRY(hf_quote_attest_parse(attest, &a));
    at = 6 + 2 + a.signer.n + 2 + a.extra_data.n;
    hf_inspect_number(i, "magic", (struct hf_bytes){attest.p, 4}, a.magic, "%s",
                      a.magic == TPM2_GENERATED_VALUE ? "made by a TPM" : "no TPM made this structure");
    hf_inspect_number(i, "type", (struct hf_bytes){attest.p + 4, 2}, a.type, "%s",
                      a.type == TPM2_ST_ATTEST_QUOTE ? "quote" : "no quote");
    hf_inspect_bytes(i, "qualifiedSigner", a.signer, NULL);
    hf_inspect_bytes(i, "extraData", a.extra_data, "the nonce");
    hf_inspect_number(i, "clock", (struct hf_bytes){attest.p + at, 8}, a.clock_ms, "milliseconds");
    hf_inspect_number(i, "resetCount", (struct hf_bytes){attest.p + at + 8, 4}, a.reset_count, NULL);
    hf_inspect_number(i, "restartCount", (struct hf_bytes){attest.p + at + 12, 4}, a.restart_count, NULL);
    hf_inspect_number(i, "safe", (struct hf_bytes){attest.p + at + 16, 1}, a.safe, NULL);
    hf_inspect_number(i, "firmwareVersion", (struct hf_bytes){attest.p + at + 17, 8}, a.firmware, NULL);
    if (a.type == TPM2_ST_ATTEST_QUOTE) {
        tell_selection(&a.selection, i);
        hf_inspect_bytes(i, "pcrDigest", a.pcr_digest, NULL);
    } else {
        hf_inspect_bytes(i, "attested", a.attested, NULL);
    }
    return HF_OK;
}

static void tell_pcrs(const struct hf_pcrs *pcrs, struct hf_inspect *i)
{
    hf_inspect_open(i, "claimed values", (struct hf_bytes){0});
    for (size_t b = 0; b < pcrs->n; b++) {
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            char name[32], alg[HF_ALG_TEXT];

            if (!(pcrs->bank[b].mask & 1u << pcr))
                continue;
            (void)snprintf(name, sizeof(name), "%s PCR %u", hf_pcr_alg_text(pcrs->bank[b].alg, alg), pcr);
            hf_inspect_bytes(i, name, (struct hf_bytes){pcrs->bank[b].value[pcr], pcrs->bank[b].size}, NULL);
        }
    }
    hf_inspect_close(i);
}

static hf_err tell_envelope(struct hf_bytes in, struct hf_inspect *i)
{
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {0};
    hf_err err;

    HF_TRY(hf_tpm_envelope_parse(in, &env));
    hf_inspect_text(i, "environment", hf_bytes_text(env.environment), "the producer's own word");
    hf_inspect_open(i, "attest", hf_buf_bytes(&env.attest));
    err = tell_attest(hf_buf_bytes(&env.attest), i);
    hf_inspect_close(i);
    hf_inspect_bytes(i, "signature", hf_buf_bytes(&env.signature), NULL);
    hf_inspect_bytes(i, "ak_public", hf_buf_bytes(&env.ak_public), "%s",
                     env.ak_public.n == 0             ? "left out"
                     : hf_tpm_envelope_bare_key(&env) ? "SubjectPublicKeyInfo"
                                                      : "TPMT_PUBLIC");
    tell_pcrs(&env.claim.pcrs, i);
    if (env.eventlog.n)
        hf_inspect_bytes(i, "eventlog", hf_buf_bytes(&env.eventlog), NULL);
    if (env.ima.n)
        hf_inspect_bytes(i, "ima", hf_buf_bytes(&env.ima), NULL);
    return err;
}

static hf_err inspect(struct hf_bytes in, struct hf_inspect *i)
{
    return is_attest(in) ? tell_attest(in, i) : tell_envelope(in, i);
}

const struct hf_evidence_format hf_format_tpm_quote = {
    .name = "tpm-quote",
    .family = "tpm",
    .about = "TPM 2.0 quote with what travels with it (tpm-quote/1), or TPMS_ATTEST by itself",
    .detect = detect,
    .inspect = inspect,
};

/* TPM quotes as a kind of evidence: our envelope, and TPMS_ATTEST by itself. */
#include "base/cleanup.h"
#include "evidence/json_mark.h"
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
    struct hf_bytes mark;

    return hf_json_mark(in, "holdfast", &mark) && mark.n >= sizeof(MARK) - 1 &&
           memcmp(mark.p, MARK, sizeof(MARK) - 1) == 0;
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

static uint64_t tell_number(struct hf_inspect *i, struct hf_reader *r, size_t n, const char *name, const char *meaning)
{
    struct hf_bytes place = hf_rd_view(r, n);
    uint64_t value = 0;

    if (hf_rd_err(r) != HF_OK)
        return 0;
    for (size_t k = 0; k < n; k++)
        value = value << 8 | place.p[k];
    hf_inspect_number(i, name, place, value, "%s", meaning);
    return value;
}

static void tell_sized(struct hf_inspect *i, struct hf_reader *r, const char *name, const char *meaning)
{
    struct hf_bytes value = hf_rd_view(r, hf_rd_u16be(r));

    if (hf_rd_err(r) == HF_OK)
        hf_inspect_bytes(i, name, value, "%s", meaning);
}

/* As far as the bytes go. Where the attest lies inside the inspected bytes, offsets are told; inside an envelope it is
 * decoded, and has none. */
static hf_err tell_attest(struct hf_bytes attest, struct hf_inspect *i)
{
    struct hf_quote_attest parsed;
    struct hf_pcr_selection sel = {0};
    struct hf_reader r = hf_reader(attest);
    bool quote;

    (void)tell_number(i, &r, 4, "magic", is_attest(attest) ? "made by a TPM" : "no TPM made this structure");
    quote = tell_number(i, &r, 2, "type", "0x8018 is a quote") == TPM2_ST_ATTEST_QUOTE;
    tell_sized(i, &r, "qualifiedSigner", "");
    tell_sized(i, &r, "extraData", "the nonce");
    (void)tell_number(i, &r, 8, "clock", "milliseconds");
    (void)tell_number(i, &r, 4, "resetCount", "");
    (void)tell_number(i, &r, 4, "restartCount", "");
    (void)tell_number(i, &r, 1, "safe", "");
    (void)tell_number(i, &r, 8, "firmwareVersion", "");
    if (quote)
        hf_pcr_selection_read(&r, &sel);
    if (quote && hf_rd_err(&r) == HF_OK)
        tell_selection(&sel, i);
    if (quote)
        tell_sized(i, &r, "pcrDigest", "");
    else if (hf_rd_more(&r))
        hf_inspect_bytes(i, "attested", hf_rd_rest(&r), NULL);
    return hf_quote_attest_parse(attest, &parsed);
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

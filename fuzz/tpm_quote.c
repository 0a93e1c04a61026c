/* What travels with a quote: each structure that is read is written again byte for byte, and no input is
 * ever trusted (no signature of a fuzzer is good). The first byte says which structure follows. */
#include "evidence/tpm_quote.h"
#include "base/cleanup.h"
#include "evidence/table.h"
#include "fuzz.h"
#include "fuzz_inspect.h"
#include "verify/tpm_quote.h"

#include <stdlib.h>

extern const struct hf_evidence_format hf_format_tpm_quote;

static void must_be(struct hf_buf *written, hf_err err, struct hf_bytes in)
{
    if (err != HF_OK || !hf_bytes_equal(hf_buf_bytes(written), in))
        abort();
}

static void attest(struct hf_bytes in)
{
    static struct hf_verdict verdict;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {.max = 1 << 20};
    struct hf_tpm_quote_input input = {.attest = in, .signature = in, .ak_public = in};
    struct hf_tpm_quote_result result;
    struct hf_quote_attest parsed;

    if (in.n < 1024 && hf_quote_attest_parse(in, &parsed) == HF_OK)
        must_be(&out, hf_quote_attest_write(&parsed, &out), in);
    (void)fuzz_inspect(in, hf_format_tpm_quote.inspect);
    if (hf_tpm_quote_verify(&input, &verdict, &result) != HF_E_UNTRUSTED)
        abort();
}

static void signature(struct hf_bytes in)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_quote_signature parsed;

    if (in.n < 1024 && hf_quote_signature_parse(in, &parsed) == HF_OK)
        must_be(&out, hf_quote_signature_write(&parsed, &out), in);
}

static void public_area(struct hf_bytes in)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_tpm_pub parsed;

    if (in.n < 2048 && hf_tpm_pub_parse(in, &parsed) == HF_OK)
        must_be(&out, hf_tpm_pub_write(&parsed, &out), parsed.whole);
}

/* Unused places of the host structures are free: what is written is read as the same claim. */
static void values(struct hf_bytes in)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_pcr_claim claim, again;

    if (hf_pcr_serialized_parse(in, &claim) != HF_OK)
        return;
    if (hf_pcr_serialized_write(&claim.pcrs, &claim.selection, &out) != HF_OK ||
        hf_pcr_serialized_parse(hf_buf_bytes(&out), &again) != HF_OK ||
        !hf_pcr_selection_same(&claim.selection, &again.selection) ||
        memcmp(&claim.pcrs, &again.pcrs, sizeof(claim.pcrs)) != 0)
        abort();
}

static void envelope(struct hf_bytes in)
{
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {0};
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env2 = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};

    if (hf_tpm_envelope_parse(in, &env) != HF_OK)
        return;
    if (hf_tpm_envelope_write(&env, &once) != HF_OK || hf_tpm_envelope_parse(hf_buf_bytes(&once), &env2) != HF_OK)
        abort();
    must_be(&twice, hf_tpm_envelope_write(&env2, &twice), hf_buf_bytes(&once));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size};

    if (size == 0)
        return 0;
    if (data[0] == '{') {
        envelope(in);
        return 0;
    }
    in.p++;
    in.n--;
    if (data[0] % 4 == 0)
        attest(in);
    else if (data[0] % 4 == 1)
        signature(in);
    else if (data[0] % 4 == 2)
        public_area(in);
    else
        values(in);
    return 0;
}

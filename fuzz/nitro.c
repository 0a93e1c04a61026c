/* Nitro documents: what is read is written again and read as the same; every view lies in the document; inspecting
 * agrees with reading; no document of a fuzzer is ever affirmed. */
#include "evidence/nitro.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "verify/judge.h"

#include <stdlib.h>

static void ignore(void *to, const struct hf_inspect_row *row)
{
    (void)to;
    (void)row;
}

static void must_lie(struct hf_bytes in, struct hf_bytes part)
{
    if (part.n && (part.p < in.p || part.p + part.n > in.p + in.n))
        abort();
}

static void judge(struct hf_bytes in)
{
    static struct hf_anchors anchors;
    static struct hf_verdict verdict;
    static struct hf_findings findings;
    static const struct hf_endorsements none;
    struct hf_judge j = {.anchors = &anchors, .endorsements = &none, .inner = &none, .at = 1700000000};

    if (anchors.n == 0)
        hf_anchors_builtin(&anchors);
    hf_verdict_start(&verdict);
    hf_claims_start(&findings.claims);
    hf_horizon_start(&findings.horizon);
    hf_judge_of("nitro-document")(&j, in, &verdict, &findings);
    if (hf_verdict_status(&verdict) != HF_VERDICT_CONTRAINDICATED)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf payload = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf whole = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf payload2 = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf whole2 = {0};
    struct hf_bytes in = {data, size};
    struct hf_inspect out = {.row = ignore, .whole = in};
    struct hf_nitro_doc doc, again;
    hf_err err = hf_nitro_doc_parse(in, &doc);

    if ((hf_nitro_doc_inspect(in, &out) == HF_OK) != (err == HF_OK))
        abort();
    judge(in);
    if (err != HF_OK)
        return 0;
    must_lie(in, doc.certificate);
    must_lie(in, doc.nonce.bytes);
    for (size_t i = 0; i < doc.n_bundle; i++)
        must_lie(doc.payload, doc.bundle[i]);
    if (hf_nitro_payload_write(&doc, &payload) != HF_OK)
        abort();
    doc.payload = hf_buf_bytes(&payload);
    if (hf_nitro_doc_write(&doc, &whole) != HF_OK || hf_nitro_doc_parse(hf_buf_bytes(&whole), &again) != HF_OK ||
        hf_nitro_payload_write(&again, &payload2) != HF_OK || hf_nitro_doc_write(&again, &whole2) != HF_OK ||
        !hf_bytes_equal(hf_buf_bytes(&payload), hf_buf_bytes(&payload2)) ||
        !hf_bytes_equal(hf_buf_bytes(&whole), hf_buf_bytes(&whole2)) || again.pcr_mask != doc.pcr_mask)
        abort();
    return 0;
}

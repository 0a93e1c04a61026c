/* The age of evidence, and nonces that are texts. */
#include "verify/made_at.h"
#include "codec/hex.h"

#include <inttypes.h>

void hf_judge_made_at(const struct hf_judge *j, hf_time made_at, struct hf_verdict *v, struct hf_findings *f)
{
    bool ahead = made_at > j->at;
    uint64_t apart = ahead ? (uint64_t)made_at - (uint64_t)j->at : (uint64_t)j->at - (uint64_t)made_at;
    char text[HF_TIME_TEXT];
    struct hf_check *row = hf_check(
        v, "age",
        ahead && apart > HF_SKEW_S ? hf_fail(HF_E_UNTRUSTED, "it was made more than %d s after this time", HF_SKEW_S)
                                   : HF_OK);

    f->has_time = true;
    f->made_at = made_at;
    hf_time_write(made_at, text);
    hf_check_found(row, "made %s, %" PRIu64 " s %s", text, apart, ahead ? "ahead" : "ago");
}

void hf_judge_text_nonce(const struct hf_judge *j, const char *nonce, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_bytes carried = hf_bytes_text(nonce);
    uint8_t decoded[HF_DIGEST_MAX];
    bool as_text = j->nonce && hf_bytes_equal(*j->nonce, carried);

    if (!as_text && carried.n && carried.n % 2 == 0 && carried.n <= 2 * sizeof(decoded) &&
        hf_hex_parse_exact(carried, decoded, carried.n / 2) == HF_OK)
        carried = (struct hf_bytes){decoded, carried.n / 2};
    hf_judge_freshness(j, carried, 0, v, f);
}

/* Many verdicts summed up. */
#include "policy/summary.h"

void hf_verify_summary_add(struct hf_verify_summary *s, const struct hf_verify_result *result)
{
    enum hf_verdict_status status = result ? hf_verdict_status(&result->verdict) : HF_VERDICT_NONE;
    bool valid = status == HF_VERDICT_AFFIRMING || status == HF_VERDICT_WARNING;

    s->total++;
    s->valid += valid;
    s->invalid += !valid;
}

void hf_verify_summary_json(const struct hf_verify_summary *s, hf_time now, struct hf_json *j)
{
    hf_json_u64(j, "total", s->total);
    hf_json_u64(j, "valid", s->valid);
    hf_json_u64(j, "invalid", s->invalid);
    hf_json_i64(j, "timestamp", now);
}

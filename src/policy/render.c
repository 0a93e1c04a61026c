/* A result for people and programs. */
#include "policy/verify.h"

hf_err hf_verify_result_text(const struct hf_verify_result *result, struct hf_buf *out)
{
    return hf_verdict_text(&result->verdict, out);
}

static void item_json(const struct hf_item_result *item, struct hf_json *j)
{
    hf_json_text(j, "kind", item->format->name);
    hf_json_text(j, "environment", hf_environment_name(item->findings.environment));
    hf_json_object(j, "claims");
    hf_claims_json(&item->findings.claims, j);
    hf_json_close(j);
}

hf_err hf_verify_result_json(const struct hf_verify_result *result, struct hf_buf *out)
{
    struct hf_json j = hf_json(out, true);

    hf_json_object(&j, NULL);
    hf_verdict_json(&result->verdict, &j);
    if (result->n == 1)
        item_json(&result->item[0], &j);
    hf_json_close(&j);
    return hf_json_end(&j);
}

hf_err hf_verify_result_pot(const struct hf_verify_result *result, struct hf_buf *out)
{
    (void)result;
    (void)out;
    return hf_fail(HF_E_UNSUPPORTED, "not yet");
}

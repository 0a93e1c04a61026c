/* Mock evidence judged: its structure, its nonce, and that nothing stands behind it. Environment `emulated` is refused
 * unless a policy says allow_test_mode. */
#include "evidence/mock.h"
#include "base/cleanup.h"
#include "verify/made_at.h"

static void say(struct hf_claims *c, const char *name, const char *value)
{
    if (value)
        hf_claim_printf(c, name, "%s", value);
}

hf_judge_fn hf_mock_judge;

void hf_mock_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    HF_CLEANUP(hf_mock_free) struct hf_mock mock = {0};
    hf_err err = hf_mock_parse(evidence, &mock);

    f->environment = HF_ENV_EMULATED;
    (void)hf_check(v, "structure", err);
    if (err != HF_OK)
        return;
    (void)hf_check_not_applicable(v, "signature", "nobody signs mock evidence");
    hf_judge_made_at(j, mock.timestamp, v, f);
    hf_judge_text_nonce(j, mock.nonce, v, f);
    say(&f->claims, "mock_measurement", mock.measurement);
    say(&f->claims, "test_value", mock.test_value);
    say(&f->claims, "mock_id", mock.mock_id);
    say(&f->claims, "nonce", mock.nonce);
}

/* Verdicts over PSA attestation tokens (RFC 9783). */
#include "evidence/psa_token.h"
#include "verify/arm_token.h"

static void check_profile(const struct hf_arm_claims *claims, struct hf_verdict *v)
{
    bool known = claims->profile == HF_ARM_PROFILE_PSA_1 || claims->profile == HF_ARM_PROFILE_PSA_2;
    struct hf_check *row = hf_check(v, "profile",
                                    known ? HF_OK : hf_fail(HF_E_UNSUPPORTED, "a profile that is not known"));

    hf_check_found(row, "%.*s", (int)(claims->profile_text.n < 100 ? claims->profile_text.n : 100),
                   claims->profile_text.n ? (const char *)claims->profile_text.p : "");
}

hf_judge_fn hf_psa_judge;

void hf_psa_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_psa_token t;
    hf_err err = hf_psa_token_parse(evidence, &t);

    if (hf_check(v, "structure", err)->status != HF_CHECK_OK)
        return;
    check_profile(&t.claims, v);
    if (t.mac)
        hf_check_found(
            hf_check(v, "signature",
                     hf_fail(HF_E_UNSUPPORTED, "a MAC: only holders of its secret key can check it, and could "
                                               "have made it")),
            "COSE_Mac0");
    else
        hf_arm_judge_signature(j, &t.message, &t.claims, v, f);
    hf_arm_judge_lifecycle(&t.claims, v, f);
    hf_arm_judge_unknown(t.claims.map, t.claims.n_unknown, hf_arm_claim_known, "unknown claims", v);
    hf_judge_freshness(j, t.claims.nonce, 0, v, f);
    hf_claim_bytes(&f->claims, "nonce", t.claims.nonce);
    hf_arm_claims_of(&t.claims, &f->claims);
    if (f->environment == HF_ENV_HARDWARE)
        f->level = HF_LEVEL_MEDIUM;
}

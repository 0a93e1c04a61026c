/* Verdicts in the words of seed 002 (PoT): reasons of failure and its five statuses. */
#include "policy/reasons.h"
#include "policy/composite.h"

#define BIT(reason) (1u << (reason))

const char *hf_reason_name(enum hf_reason reason)
{
    static const char *const names[HF_REASONS] = {"invalid_quote",       "invalid_signature",    "invalid_certificate",
                                                  "expired_attestation", "invalid_measurements", "replay_attack",
                                                  "untrusted_platform",  "nonce_mismatch",       "policy_violation"};

    return (size_t)reason < HF_REASONS ? names[reason] : "policy_violation";
}

const char *hf_row_name(const struct hf_verify_result *r, const struct hf_check *row)
{
    for (size_t i = 0; i < r->n; i++) {
        size_t n = strnlen(r->item[i].label, 20);

        if (n && strncmp(row->name, r->item[i].label, n) == 0 && strncmp(row->name + n, ": ", 2) == 0)
            return row->name + n + 2;
    }
    return row->name;
}

/* Rows by name or by how it begins. A nonce that is another one makes evidence old as well: seed 002 says both. */
static unsigned reasons_of(const char *name, hf_err err)
{
    static const struct {
        const char *begins;
        unsigned reasons;
    } rows[] = {
        {"structure", BIT(HF_REASON_INVALID_QUOTE)},
        {"reserved bits", BIT(HF_REASON_INVALID_QUOTE)},
        {"kind", BIT(HF_REASON_INVALID_QUOTE)},
        {"report data", BIT(HF_REASON_INVALID_QUOTE)},
        {"claims", BIT(HF_REASON_INVALID_QUOTE)},
        {"attributes", BIT(HF_REASON_INVALID_QUOTE)},
        {"certificate", BIT(HF_REASON_INVALID_CERTIFICATE)},
        {"root", BIT(HF_REASON_INVALID_CERTIFICATE)},
        {"validity", BIT(HF_REASON_INVALID_CERTIFICATE)},
        {"revocation", BIT(HF_REASON_INVALID_CERTIFICATE)},
        {"tcb signing", BIT(HF_REASON_INVALID_CERTIFICATE)},
        {"nonce use", BIT(HF_REASON_REPLAY_ATTACK)},
        {"nonce", BIT(HF_REASON_NONCE_MISMATCH) | BIT(HF_REASON_EXPIRED_ATTESTATION)},
        {"freshness", BIT(HF_REASON_EXPIRED_ATTESTATION)},
        {"age", BIT(HF_REASON_EXPIRED_ATTESTATION)},
        {"replay", BIT(HF_REASON_REPLAY_ATTACK)},
        {"expected ", BIT(HF_REASON_INVALID_MEASUREMENTS)},
        {"measurement", BIT(HF_REASON_INVALID_MEASUREMENTS)},
        {"pcr", BIT(HF_REASON_INVALID_MEASUREMENTS)},
        {"provider", BIT(HF_REASON_UNTRUSTED_PLATFORM)},
        {"environment", BIT(HF_REASON_UNTRUSTED_PLATFORM)},
        {"tcb status", BIT(HF_REASON_UNTRUSTED_PLATFORM)},
        {"platform level", BIT(HF_REASON_UNTRUSTED_PLATFORM)},
    };

    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (strncmp(name, rows[i].begins, strlen(rows[i].begins)) == 0)
            return rows[i].reasons;
    }
    if (strstr(name, "signature"))
        return BIT(HF_REASON_INVALID_SIGNATURE);
    return err == HF_E_DENIED || strncmp(name, "validator ", 10) == 0 ? BIT(HF_REASON_POLICY_VIOLATION)
                                                                      : BIT(HF_REASON_UNTRUSTED_PLATFORM);
}

unsigned hf_reasons(const struct hf_verify_result *r)
{
    unsigned all = 0;

    for (size_t i = 0; i < r->verdict.n; i++) {
        const struct hf_check *row = &r->verdict.row[i];

        if (row->status == HF_CHECK_FAILED)
            all |= reasons_of(hf_row_name(r, row), row->err);
    }
    if (r->verdict.lost || hf_verdict_status(&r->verdict) == HF_VERDICT_NONE)
        all |= BIT(HF_REASON_INVALID_QUOTE);
    return all;
}

/*
 * Seed 002 says valid without a failure, partial below three, else invalid, and replay is always invalid. Its other two
 * statuses, which its code never gives: expired where age is all there is, untrusted where what was signed, or by
 * whom, is in doubt: then nothing else that the evidence says counts.
 */
const char *hf_reasons_status(const struct hf_verify_result *r)
{
    unsigned all = hf_reasons(r), n = 0;

    for (unsigned i = 0; i < HF_REASONS; i++)
        n += all >> i & 1;
    if (n == 0)
        return "valid";
    if (n >= 3 || all & BIT(HF_REASON_REPLAY_ATTACK))
        return "invalid";
    if (all == BIT(HF_REASON_EXPIRED_ATTESTATION))
        return "expired";
    if (all & (BIT(HF_REASON_INVALID_SIGNATURE) | BIT(HF_REASON_INVALID_CERTIFICATE)))
        return "untrusted";
    return "partial";
}

const char *hf_provider_name(const char *family)
{
    return strcmp(family, "snp") == 0 ? "sev" : family;
}

const char *hf_level_name(enum hf_level level)
{
    return level == HF_LEVEL_HIGH ? "high" : level == HF_LEVEL_MEDIUM ? "medium" : "low";
}

enum hf_level hf_result_level(const struct hf_verify_result *r)
{
    enum hf_level level = r->n ? HF_LEVEL_HIGH : HF_LEVEL_LOW;

    for (size_t i = 0; i < r->n; i++) {
        struct hf_standing standing;

        hf_composite_standing(r, &r->item[i], &standing);
        level = standing.level < level ? standing.level : level;
    }
    return level;
}

/* Emulated anywhere is emulated; else the one that says least. */
enum hf_environment hf_result_environment(const struct hf_verify_result *r)
{
    static const unsigned strength[] = {
        [HF_ENV_EMULATED] = 0, [HF_ENV_UNKNOWN] = 1, [HF_ENV_VIRTUAL] = 2, [HF_ENV_HARDWARE] = 3};
    enum hf_environment env = r->n ? HF_ENV_HARDWARE : HF_ENV_UNKNOWN;

    for (size_t i = 0; i < r->n; i++) {
        struct hf_standing standing;

        hf_composite_standing(r, &r->item[i], &standing);
        if (strength[standing.environment] < strength[env])
            env = standing.environment;
    }
    return env;
}

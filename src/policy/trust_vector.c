/* The trustworthiness vector from rows: only what was judged is said. */
#include "policy/trust_vector.h"

static const char *const names[HF_TRUST_CLAIMS] = {"instance-identity", "configuration", "executables",
                                                   "file-system",       "hardware",      "runtime-opaque",
                                                   "storage-opaque",    "sourced-data"};

/* Values of AR4SI 2.3.4. */
#define NO_CLAIM 0
#define AFFIRMED 2
#define VULNERABLE 32
#define UNACCEPTABLE 96
#define UNRECOGNISED 97
#define CRYPTO_FAILED 99

const char *hf_trust_claim_name(enum hf_trust_claim claim)
{
    return (size_t)claim < HF_TRUST_CLAIMS ? names[claim] : "unknown";
}

bool hf_trust_claim_by_name(struct hf_bytes name, enum hf_trust_claim *out)
{
    for (size_t i = 0; i < HF_TRUST_CLAIMS; i++) {
        if (hf_bytes_equal(name, hf_bytes_text(names[i]))) {
            *out = (enum hf_trust_claim)i;
            return true;
        }
    }
    return false;
}

enum hf_verdict_status hf_trust_tier(int64_t value)
{
    if (value >= -1 && value <= 1)
        return HF_VERDICT_NONE;
    if (value >= -32 && value <= 31)
        return HF_VERDICT_AFFIRMING;
    if (value >= -96 && value <= 95)
        return HF_VERDICT_WARNING;
    return HF_VERDICT_CONTRAINDICATED;
}

int hf_trust_tier_value(enum hf_verdict_status tier)
{
    static const int values[] = {NO_CLAIM, AFFIRMED, VULNERABLE, UNACCEPTABLE};

    return (size_t)tier < HF_COUNT(values) ? values[tier] : UNACCEPTABLE;
}

/* What a row says of an aspect, by how its name begins. */
static const struct {
    const char *begins;
    enum hf_trust_claim claim;
    int8_t failed, warned;
} aspects[] = {
    {"signature", HF_TRUST_HARDWARE, CRYPTO_FAILED, CRYPTO_FAILED},
    {"certificate chain", HF_TRUST_HARDWARE, CRYPTO_FAILED, UNRECOGNISED},
    {"root", HF_TRUST_HARDWARE, UNRECOGNISED, UNRECOGNISED},
    {"validity", HF_TRUST_HARDWARE, UNACCEPTABLE, VULNERABLE},
    {"revocation", HF_TRUST_HARDWARE, UNACCEPTABLE, NO_CLAIM},
    {"platform level", HF_TRUST_HARDWARE, UNACCEPTABLE, VULNERABLE},
    {"tcb ", HF_TRUST_HARDWARE, UNACCEPTABLE, VULNERABLE},
    {"advisories", HF_TRUST_HARDWARE, UNACCEPTABLE, VULNERABLE},
    {"module identity", HF_TRUST_HARDWARE, UNACCEPTABLE, VULNERABLE},
    {"relaunch", HF_TRUST_HARDWARE, UNACCEPTABLE, VULNERABLE},
    {"qe identity", HF_TRUST_HARDWARE, UNACCEPTABLE, VULNERABLE},
    {"environment", HF_TRUST_HARDWARE, UNRECOGNISED, UNRECOGNISED},
    {"hardware id", HF_TRUST_INSTANCE_IDENTITY, UNRECOGNISED, VULNERABLE},
    {"measurement chip_id", HF_TRUST_INSTANCE_IDENTITY, UNRECOGNISED, VULNERABLE},
    {"measurement module_id", HF_TRUST_INSTANCE_IDENTITY, UNRECOGNISED, VULNERABLE},
    {"measurement platform_instance_id", HF_TRUST_INSTANCE_IDENTITY, UNRECOGNISED, VULNERABLE},
    {"debug", HF_TRUST_CONFIGURATION, UNACCEPTABLE, UNACCEPTABLE},
    {"migration", HF_TRUST_CONFIGURATION, UNACCEPTABLE, VULNERABLE},
    {"attributes", HF_TRUST_CONFIGURATION, UNACCEPTABLE, VULNERABLE},
    {"reserved bits", HF_TRUST_CONFIGURATION, UNACCEPTABLE, VULNERABLE},
    {"lifecycle", HF_TRUST_CONFIGURATION, UNACCEPTABLE, VULNERABLE},
    {"policy", HF_TRUST_CONFIGURATION, UNACCEPTABLE, VULNERABLE},
    {"measurement", HF_TRUST_EXECUTABLES, UNACCEPTABLE, VULNERABLE},
    {"expected ", HF_TRUST_EXECUTABLES, UNACCEPTABLE, VULNERABLE},
};

/* Worse: a lower tier, then a larger number within it. Nothing said is worse than affirmed, and better than a warning.
 */
static bool worse(int8_t a, int8_t b)
{
    static const unsigned order[] = {
        [HF_VERDICT_AFFIRMING] = 0, [HF_VERDICT_NONE] = 1, [HF_VERDICT_WARNING] = 2, [HF_VERDICT_CONTRAINDICATED] = 3};
    unsigned tier_a = order[hf_trust_tier(a)], tier_b = order[hf_trust_tier(b)];

    return tier_a != tier_b ? tier_a > tier_b : a > b;
}

static void take(struct hf_trust_vector *v, enum hf_trust_claim claim, int8_t value)
{
    if (!v->judged[claim] || worse(value, v->value[claim]))
        v->value[claim] = value;
    v->judged[claim] = true;
}

static void take_row(struct hf_trust_vector *v, const char *name, enum hf_check_status status)
{
    for (size_t i = 0; i < HF_COUNT(aspects); i++) {
        if (strncmp(name, aspects[i].begins, strlen(aspects[i].begins)) != 0)
            continue;
        if (status == HF_CHECK_OK)
            take(v, aspects[i].claim, AFFIRMED);
        else if (status == HF_CHECK_FAILED)
            take(v, aspects[i].claim, aspects[i].failed);
        else if (status == HF_CHECK_WARNING)
            take(v, aspects[i].claim, aspects[i].warned);
        else if (status == HF_CHECK_ABSENT)
            take(v, aspects[i].claim, NO_CLAIM);
        return;
    }
}

/* Memory that the host cannot read, unless debugging opens it. Nitro isolates, and does not say that it encrypts. */
static void take_opaque(struct hf_trust_vector *v, const char *family, enum hf_check_status debug)
{
    static const char *const encrypted[] = {"sgx", "tdx", "snp", "cca"};

    if (debug == HF_CHECK_FAILED || debug == HF_CHECK_WARNING)
        take(v, HF_TRUST_RUNTIME_OPAQUE, UNACCEPTABLE);
    for (size_t i = 0; debug == HF_CHECK_OK && i < HF_COUNT(encrypted); i++) {
        if (strcmp(family, encrypted[i]) == 0)
            take(v, HF_TRUST_RUNTIME_OPAQUE, AFFIRMED);
    }
}

void hf_trust_vector_of(const struct hf_verify_result *r, size_t i, struct hf_trust_vector *out)
{
    const struct hf_item_result *item = &r->item[i];
    size_t n = strnlen(item->label, 20);

    *out = (struct hf_trust_vector){0};
    for (size_t k = 0; k < r->verdict.n; k++) {
        const struct hf_check *row = &r->verdict.row[k];
        const char *name = row->name;

        /* rows over all items together (expectations) have no label */
        if (n && strncmp(name, item->label, n) == 0 && strncmp(name + n, ": ", 2) == 0)
            name += n + 2;
        else if (n && strncmp(name, "expected ", 9) != 0)
            continue;
        take_row(out, name, row->status);
        if (strcmp(name, "debug") == 0)
            take_opaque(out, item->format->family, row->status);
    }
}

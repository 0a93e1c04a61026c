/* What can be seen of a step before it runs, and said about it after it failed. */
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/hex.h"
#include "tpm/caps.h"
#include "tpm/policy_approval.h"
#include "tpm/policy_run.h"
#include "tpm/policy_words.h"

#include <stdarg.h>
#include <stdio.h>

static bool no(char why[HF_POLICY_WHY], const char *fmt, ...) HF_PRINTF(2, 3);

static bool no(char why[HF_POLICY_WHY], const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(why, HF_POLICY_WHY, fmt, args);
    va_end(args);
    return false;
}

#define HEX_MAX (2 * HF_DIGEST_MAX + 1)

static const char *hex(struct hf_bytes bytes, char out[HEX_MAX])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = bytes.n < HF_DIGEST_MAX ? bytes.n : HF_DIGEST_MAX;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes.p[i] >> 4];
        out[2 * i + 1] = digits[bytes.p[i] & 15];
    }
    out[2 * n] = 0;
    return out;
}

static int compare_unsigned(struct hf_bytes a, struct hf_bytes b)
{
    return a.n == b.n && a.n ? memcmp(a.p, b.p, a.n) : 0;
}

static bool bits_hold(struct hf_bytes found, struct hf_bytes wanted, bool set)
{
    for (size_t i = 0; i < wanted.n; i++) {
        if ((found.p[i] & wanted.p[i]) != (set ? wanted.p[i] : 0))
            return false;
    }
    return true;
}

/* Part 2, 6.8. libtpms before 0.10 compares signed numbers of unlike signs wrongly, so nothing is foretold there. */
int hf_policy_compare_holds(uint16_t operation, struct hf_bytes found, struct hf_bytes wanted)
{
    int order = compare_unsigned(found, wanted);
    bool signed_ = operation == TPM2_EO_SIGNED_GT || operation == TPM2_EO_SIGNED_LT || operation == TPM2_EO_SIGNED_GE ||
                   operation == TPM2_EO_SIGNED_LE;

    if (found.n != wanted.n || found.n == 0)
        return -1;
    if (signed_ && (found.p[0] ^ wanted.p[0]) & 0x80)
        return -1;
    switch (operation) {
    case TPM2_EO_EQ:
        return order == 0;
    case TPM2_EO_NEQ:
        return order != 0;
    case TPM2_EO_SIGNED_GT:
    case TPM2_EO_UNSIGNED_GT:
        return order > 0;
    case TPM2_EO_SIGNED_LT:
    case TPM2_EO_UNSIGNED_LT:
        return order < 0;
    case TPM2_EO_SIGNED_GE:
    case TPM2_EO_UNSIGNED_GE:
        return order >= 0;
    case TPM2_EO_SIGNED_LE:
    case TPM2_EO_UNSIGNED_LE:
        return order <= 0;
    case TPM2_EO_BITSET:
        return bits_hold(found, wanted, true);
    case TPM2_EO_BITCLEAR:
        return bits_hold(found, wanted, false);
    default:
        return -1;
    }
}

static bool compared(const struct hf_policy_step *step, struct hf_bytes found, char why[HF_POLICY_WHY])
{
    const struct hf_policy_word *word = hf_policy_word_of(hf_policy_operations, step->compare.operation);
    char is[HEX_MAX];
    char want[HEX_MAX];

    if (hf_policy_compare_holds(step->compare.operation, found, hf_digest_bytes(&step->compare.operand)) != 0)
        return true;
    return no(why, "found %s, wanted %s %s", hex(found, is), word ? word->word : "?",
              hex(hf_digest_bytes(&step->compare.operand), want));
}

/* Appends to a text that is cut at its end. */
struct listing {
    char *text;
    int used;
    size_t n;
};

static void list(struct listing *l, const char *fmt, ...) HF_PRINTF(2, 3);

static void list(struct listing *l, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (l->used < HF_POLICY_WHY - 1)
        l->used += vsnprintf(l->text + l->used, (size_t)(HF_POLICY_WHY - l->used), fmt, args);
    va_end(args);
}

/* The first two that differ with both values, the others by number. */
static void list_pcr(struct listing *l, enum hf_hash_alg bank, unsigned index, const struct hf_digest *found,
                     const struct hf_digest *wanted)
{
    char is[HEX_MAX];
    char want[HEX_MAX];

    if (l->n < 2)
        list(l, "%sPCR %s:%u is %s, wanted %s", l->n ? "; " : "", hf_hash_name(bank), index,
             hex(hf_digest_bytes(found), is), hex(hf_digest_bytes(wanted), want));
    else
        list(l, "; %s:%u differs", hf_hash_name(bank), index);
    l->n++;
}

static bool pcr_values_hold(struct hf_policy_run *run, const struct hf_policy_pcr *pcr, char why[HF_POLICY_WHY])
{
    struct listing l = {.text = why};
    size_t at = 0;

    for (size_t b = 0; b < pcr->n_banks; b++) {
        for (unsigned i = 0; i < HF_POLICY_PCR_COUNT; i++) {
            struct hf_digest found = {0};

            if (!(pcr->bank[b].mask & 1u << i))
                continue;
            if (hf_policy_read_pcr(run->tpm, pcr->bank[b].alg, i, &found) != HF_OK)
                return no(why, "%s", hf_err_detail());
            if (!hf_bytes_equal(hf_digest_bytes(&found), hf_digest_bytes(&pcr->values[at])))
                list_pcr(&l, pcr->bank[b].alg, i, &found, &pcr->values[at]);
            at++;
        }
    }
    return l.n == 0;
}

/* Only the digest over the values is known: the current ones are hashed and named. */
static bool pcr_digest_holds(struct hf_policy_run *run, const struct hf_policy_step *step, char why[HF_POLICY_WHY])
{
    struct hf_digest value[HF_POLICY_BANKS_MAX * HF_POLICY_PCR_COUNT];
    struct hf_bytes parts[HF_POLICY_BANKS_MAX * HF_POLICY_PCR_COUNT];
    struct hf_digest found;
    char is[HEX_MAX];
    char want[HEX_MAX];
    size_t n = 0;

    for (size_t b = 0; b < step->pcr.n_banks; b++) {
        for (unsigned i = 0; i < HF_POLICY_PCR_COUNT; i++) {
            if (!(step->pcr.bank[b].mask & 1u << i))
                continue;
            if (hf_policy_read_pcr(run->tpm, step->pcr.bank[b].alg, i, &value[n]) != HF_OK)
                return no(why, "%s", hf_err_detail());
            parts[n] = hf_digest_bytes(&value[n]);
            n++;
        }
    }
    if (hf_hash(run->alg, parts, n, &found) != HF_OK)
        return no(why, "%s", hf_err_detail());
    if (hf_bytes_equal(hf_digest_bytes(&found), hf_digest_bytes(&step->pcr.digest)))
        return true;
    return no(why, "the %zu PCRs hash to %s, wanted %s; the policy does not say which values it wants", n,
              hex(hf_digest_bytes(&found), is), hex(hf_digest_bytes(&step->pcr.digest), want));
}

static void access_free(struct hf_policy_nv_access *access)
{
    hf_secret_free(&access->value);
}

static bool nv_holds(struct hf_policy_run *run, const struct hf_policy_step *step, char why[HF_POLICY_WHY])
{
    HF_CLEANUP(access_free) struct hf_policy_nv_access access = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf found = {0};

    if (hf_policy_nv_open(run->tpm, run->answers, step, &access) != HF_OK)
        return no(why, "%s", hf_err_detail());
    if (step->compare.offset + step->compare.operand.n > access.size)
        return no(why, "the index has %u bytes, the comparison ends at %zu", access.size,
                  step->compare.offset + step->compare.operand.n);
    if (hf_policy_nv_read(run->tpm, &access, step->compare.offset, (uint16_t)step->compare.operand.n, &found) != HF_OK)
        return no(why, "%s", hf_err_detail());
    return compared(step, hf_buf_bytes(&found), why);
}

static bool time_holds(struct hf_policy_run *run, const struct hf_policy_step *step, char why[HF_POLICY_WHY])
{
    uint8_t info[HF_POLICY_TIME_INFO];

    if (hf_policy_read_time(run->tpm, info) != HF_OK)
        return no(why, "%s", hf_err_detail());
    return compared(step, (struct hf_bytes){info + step->compare.offset, step->compare.operand.n}, why);
}

/* With nobody to ask, a secret is empty: hierarchies say whether theirs is (TPMA_PERMANENT). */
static bool secret_at_hand(struct hf_policy_run *run, const struct hf_policy_step *step, char why[HF_POLICY_WHY])
{
    uint32_t permanent = 0;
    uint32_t set;

    if (run->answers->secret)
        return true;
    switch (step->object.handle) {
    case TPM2_RH_OWNER:
        set = TPMA_PERMANENT_OWNERAUTHSET;
        break;
    case TPM2_RH_ENDORSEMENT:
        set = TPMA_PERMANENT_ENDORSEMENTAUTHSET;
        break;
    case TPM2_RH_LOCKOUT:
        set = TPMA_PERMANENT_LOCKOUTAUTHSET;
        break;
    default:
        return no(why, "there is nobody to ask for its authorization value");
    }
    if (hf_tpm_property(run->tpm, TPM2_PT_PERMANENT, &permanent) != HF_OK)
        return no(why, "%s", hf_err_detail());
    return permanent & set ? no(why, "it has an authorization value, and there is nobody to ask for it") : true;
}

static bool approved(struct hf_policy_run *run, const struct hf_policy_step *step, char why[HF_POLICY_WHY])
{
    char first[HF_POLICY_WHY] = "";
    size_t n = 0;

    for (size_t i = 0;; i++) {
        struct hf_policy_candidate candidate;

        if (!hf_policy_candidate(run, step, i, &candidate))
            break;
        if (hf_policy_steps_hold(run, &candidate.steps, n ? why : first))
            return true;
        n++;
    }
    return n ? no(why, "none of %zu approved policies holds; the first: %.380s", n, first)
             : no(why, "there is no approval by this key for this ref");
}

static bool branches_hold(struct hf_policy_run *run, const struct hf_policy_step *step, char why[HF_POLICY_WHY])
{
    struct listing l = {.text = why};

    for (size_t i = 0; i < step->n_branches; i++) {
        const char *label = step->branch[i].label;
        char each[HF_POLICY_WHY] = "";

        if (hf_policy_steps_hold(run, &step->branch[i].steps, each))
            return true;
        list(&l, "%s%zu%s%s%s: %.200s", i ? "; " : "no branch holds: ", i + 1, label ? " (" : "", label ? label : "",
             label ? ")" : "", each);
    }
    return false;
}

bool hf_policy_holds(struct hf_policy_run *run, const struct hf_policy_step *step, char why[HF_POLICY_WHY])
{
    switch (step->kind) {
    case HF_POLICY_PCR:
        return step->pcr.values ? pcr_values_hold(run, &step->pcr, why) : pcr_digest_holds(run, step, why);
    case HF_POLICY_NV:
        return nv_holds(run, step, why);
    case HF_POLICY_COUNTER_TIMER:
        return time_holds(run, step, why);
    case HF_POLICY_SECRET:
        return secret_at_hand(run, step, why);
    case HF_POLICY_SIGNED:
        return run->answers->sign ? true : no(why, "there is nobody to sign for it");
    case HF_POLICY_AUTHORIZE:
        return approved(run, step, why);
    case HF_POLICY_LOCALITY:
        return step->number & 1 ? true : no(why, "commands come from locality 0, which it does not permit");
    case HF_POLICY_PHYSICAL_PRESENCE:
        return no(why, "physical presence is asserted by the platform, not from here");
    case HF_POLICY_DIGEST:
        return no(why, "only its digest is known");
    case HF_POLICY_OR:
        return branches_hold(run, step, why);
    default:
        return true;
    }
}

bool hf_policy_steps_hold(struct hf_policy_run *run, const struct hf_policy_steps *steps, char why[HF_POLICY_WHY])
{
    for (size_t i = 0; i < steps->n; i++) {
        char where[HF_POLICY_WHERE];
        char reason[HF_POLICY_WHY] = "";

        if (!hf_policy_holds(run, &steps->step[i], reason)) {
            (void)snprintf(why, HF_POLICY_WHY, "%.150s: %.340s", hf_policy_where(&steps->step[i], where), reason);
            return false;
        }
    }
    return true;
}

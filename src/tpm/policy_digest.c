/* The digest that a policy reaches (Part 3, section 23; policyDigest update in each command's description). */
#include "tpm/policy_digest.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/writer.h"
#include "tpm/policy_words.h"

hf_err hf_policy_digest_start(enum hf_hash_alg alg, struct hf_digest *digest)
{
    if (alg != HF_SHA1 && alg != HF_SHA256 && alg != HF_SHA384 && alg != HF_SHA512)
        return hf_fail(HF_E_UNSUPPORTED, "policy digests are made with sha1, sha256, sha384 or sha512, not 0x%04x",
                       alg);
    *digest = (struct hf_digest){.n = hf_hash_size(alg)};
    return HF_OK;
}

/* digest = H(digest || commandCode || args) */
static hf_err extend(enum hf_hash_alg alg, uint32_t code, struct hf_bytes args, struct hf_digest *digest)
{
    uint8_t cc[4];
    struct hf_writer w = hf_writer(cc, sizeof(cc));
    struct hf_digest before = *digest;

    hf_wr_u32be(&w, code);
    return hf_hash(alg, (const struct hf_bytes[]){hf_digest_bytes(&before), HF_BYTES_OF(cc), args}, 3, digest);
}

/* PolicyUpdate() of Part 3, 23.2.3: H(H(digest || commandCode || Name) || policyRef) */
static hf_err update(enum hf_hash_alg alg, uint32_t code, const struct hf_policy_step *step, struct hf_digest *digest)
{
    struct hf_digest inner;

    HF_TRY(extend(alg, code, hf_tpm_name_bytes(&step->object.name), digest));
    inner = *digest;
    return hf_hash(alg, (const struct hf_bytes[]){hf_digest_bytes(&inner), {step->ref.bytes, step->ref.n}}, 2, digest);
}

static void reset(struct hf_digest *digest)
{
    memset(digest->bytes, 0, digest->n);
}

void hf_policy_pcr_selection(const struct hf_policy_pcr *pcr, struct hf_writer *w)
{
    hf_wr_u32be(w, (uint32_t)pcr->n_banks);
    for (size_t i = 0; i < pcr->n_banks; i++) {
        hf_wr_u16be(w, (uint16_t)pcr->bank[i].alg);
        hf_wr_u8(w, HF_POLICY_PCR_COUNT / 8);
        for (unsigned byte = 0; byte < HF_POLICY_PCR_COUNT / 8; byte++)
            hf_wr_u8(w, (uint8_t)(pcr->bank[i].mask >> 8 * byte));
    }
}

static hf_err length_fails(const struct hf_policy_step *step, size_t have, enum hf_hash_alg alg)
{
    char where[HF_POLICY_WHERE];

    return hf_fail(HF_E_FORMAT, "%s: the digest has %zu bytes; a policy of %s needs %zu", hf_policy_where(step, where),
                   have, hf_hash_name(alg), hf_hash_size(alg));
}

hf_err hf_policy_pcr_digest(enum hf_hash_alg alg, const struct hf_policy_step *step, struct hf_digest *out)
{
    const struct hf_policy_pcr *pcr = &step->pcr;
    struct hf_bytes parts[HF_POLICY_BANKS_MAX * HF_POLICY_PCR_COUNT];

    if (!pcr->values) {
        if (pcr->digest.n != hf_hash_size(alg))
            return length_fails(step, pcr->digest.n, alg);
        *out = pcr->digest;
        return HF_OK;
    }
    for (size_t i = 0; i < pcr->n_values; i++)
        parts[i] = hf_digest_bytes(&pcr->values[i]);
    return hf_hash(alg, parts, pcr->n_values, out);
}

static hf_err digest_pcr(enum hf_hash_alg alg, const struct hf_policy_step *step, struct hf_digest *digest)
{
    uint8_t args[4 + 6 * HF_POLICY_BANKS_MAX + HF_DIGEST_MAX];
    struct hf_writer w = hf_writer(args, sizeof(args));
    struct hf_digest pcrs;

    HF_TRY(hf_policy_pcr_digest(alg, step, &pcrs));
    hf_policy_pcr_selection(&step->pcr, &w);
    hf_wr_bytes(&w, hf_digest_bytes(&pcrs));
    return extend(alg, TPM2_CC_PolicyPCR, hf_wr_done(&w), digest);
}

/* PolicyNV and PolicyCounterTimer hash the comparison first: H(operandB || offset || operation). */
static hf_err digest_compare(enum hf_hash_alg alg, uint32_t code, const struct hf_policy_step *step,
                             struct hf_digest *digest)
{
    uint8_t tail[4];
    struct hf_writer t = hf_writer(tail, sizeof(tail));
    uint8_t args[HF_DIGEST_MAX + HF_TPM_NAME_MAX];
    struct hf_writer w = hf_writer(args, sizeof(args));
    struct hf_digest compared;

    hf_wr_u16be(&t, step->compare.offset);
    hf_wr_u16be(&t, step->compare.operation);
    HF_TRY(hf_hash(alg, (const struct hf_bytes[]){hf_digest_bytes(&step->compare.operand), HF_BYTES_OF(tail)}, 2,
                   &compared));
    hf_wr_bytes(&w, hf_digest_bytes(&compared));
    if (code == TPM2_CC_PolicyNV)
        hf_wr_bytes(&w, hf_tpm_name_bytes(&step->object.name));
    return extend(alg, code, hf_wr_done(&w), digest);
}

static hf_err digest_duplicate(enum hf_hash_alg alg, const struct hf_policy_step *step, struct hf_digest *digest)
{
    uint8_t args[2 * HF_TPM_NAME_MAX + 1];
    struct hf_writer w = hf_writer(args, sizeof(args));

    if (step->flag)
        hf_wr_bytes(&w, hf_tpm_name_bytes(&step->dup_object));
    hf_wr_bytes(&w, hf_tpm_name_bytes(&step->object.name));
    hf_wr_u8(&w, step->flag);
    return extend(alg, TPM2_CC_PolicyDuplicationSelect, hf_wr_done(&w), digest);
}

static hf_err digest_hash(enum hf_hash_alg alg, uint32_t code, const struct hf_policy_step *step,
                          struct hf_digest *digest)
{
    if (step->digest.n != hf_hash_size(alg))
        return length_fails(step, step->digest.n, alg);
    return extend(alg, code, hf_digest_bytes(&step->digest), digest);
}

static hf_err digest_number(enum hf_hash_alg alg, uint32_t code, uint32_t value, size_t size, struct hf_digest *digest)
{
    uint8_t args[4];
    struct hf_writer w = hf_writer(args, sizeof(args));

    hf_wr_u32be(&w, value);
    return extend(alg, code, (struct hf_bytes){args + 4 - size, size}, digest);
}

/* The digest of n alternatives: PolicyOR starts from zeros. */
static hf_err or_digest(enum hf_hash_alg alg, const struct hf_digest *in, size_t n, struct hf_digest *out)
{
    uint8_t args[HF_POLICY_OR_MAX * HF_DIGEST_MAX];
    struct hf_writer w = hf_writer(args, sizeof(args));

    for (size_t i = 0; i < n; i++)
        hf_wr_bytes(&w, hf_digest_bytes(&in[i]));
    HF_TRY(hf_policy_digest_start(alg, out));
    return extend(alg, TPM2_CC_PolicyOR, hf_wr_done(&w), out);
}

hf_err hf_policy_or_level(enum hf_hash_alg alg, const struct hf_digest *in, size_t n, struct hf_digest *out,
                          size_t *n_out)
{
    size_t made = 0;

    for (size_t at = 0; at < n; at += HF_POLICY_OR_MAX) {
        size_t group = n - at < HF_POLICY_OR_MAX ? n - at : HF_POLICY_OR_MAX;

        if (group == 1)
            out[made] = in[at];
        else
            HF_TRY(or_digest(alg, in + at, group, &out[made]));
        made++;
    }
    *n_out = made;
    return HF_OK;
}

hf_err hf_policy_or_make(enum hf_hash_alg alg, const struct hf_policy_step *step, const struct hf_digest *before,
                         struct hf_policy_or *out)
{
    HF_CLEANUP(hf_policy_or_free) struct hf_policy_or made = {.alg = alg, .n = step->n_branches};

    HF_TRY(hf_alloc(made.n * sizeof(*made.leaf), &made.leaf));
    for (size_t i = 0; i < made.n; i++) {
        made.leaf[i] = *before;
        HF_TRY(hf_policy_digest_steps(alg, &step->branch[i].steps, &made.leaf[i]));
    }
    *out = made;
    made.leaf = NULL;
    return HF_OK;
}

void hf_policy_or_free(struct hf_policy_or *or_)
{
    hf_free(&or_->leaf);
    or_->n = 0;
}

static hf_err digest_or(enum hf_hash_alg alg, const struct hf_policy_step *step, struct hf_digest *digest)
{
    HF_CLEANUP(hf_policy_or_free) struct hf_policy_or or_ = {0};

    HF_TRY(hf_policy_or_make(alg, step, digest, &or_));
    while (or_.n > 1) /* a level needs less room than the one below: in place */
        HF_TRY(hf_policy_or_level(alg, or_.leaf, or_.n, or_.leaf, &or_.n));
    *digest = or_.leaf[0];
    return HF_OK;
}

static hf_err open_fails(const struct hf_policy_step *step)
{
    char where[HF_POLICY_WHERE];
    const char *what = "the Name behind its handle: name=HEX states it, a TPM knows it";

    if (step->kind == HF_POLICY_PCR)
        what = "PCR values: sha256:7=HEX states them, a TPM knows them";
    else if (step->object.path)
        what = "the key in its file";
    return hf_fail(HF_E_ARG, "%s is still open: the digest needs %s", hf_policy_where(step, where), what);
}

static hf_err digest_known(enum hf_hash_alg alg, const struct hf_policy_step *step, struct hf_digest *digest)
{
    switch (step->kind) {
    case HF_POLICY_PCR:
        return digest_pcr(alg, step, digest);
    case HF_POLICY_AUTHVALUE:
    case HF_POLICY_PASSWORD: /* Part 3, 23.17: extends with TPM_CC_PolicyAuthValue */
        return extend(alg, TPM2_CC_PolicyAuthValue, (struct hf_bytes){0}, digest);
    case HF_POLICY_SECRET:
        return update(alg, TPM2_CC_PolicySecret, step, digest);
    case HF_POLICY_SIGNED:
        return update(alg, TPM2_CC_PolicySigned, step, digest);
    case HF_POLICY_AUTHORIZE:
        reset(digest);
        return update(alg, TPM2_CC_PolicyAuthorize, step, digest);
    case HF_POLICY_AUTHORIZE_NV:
        reset(digest);
        return extend(alg, TPM2_CC_PolicyAuthorizeNV, hf_tpm_name_bytes(&step->object.name), digest);
    case HF_POLICY_NV:
        return digest_compare(alg, TPM2_CC_PolicyNV, step, digest);
    case HF_POLICY_COUNTER_TIMER:
        return digest_compare(alg, TPM2_CC_PolicyCounterTimer, step, digest);
    case HF_POLICY_COMMAND:
        return digest_number(alg, TPM2_CC_PolicyCommandCode, step->number, 4, digest);
    case HF_POLICY_LOCALITY:
        return digest_number(alg, TPM2_CC_PolicyLocality, step->number, 1, digest);
    case HF_POLICY_DUPLICATE_TO:
        return digest_duplicate(alg, step, digest);
    case HF_POLICY_CPHASH:
        return digest_hash(alg, TPM2_CC_PolicyCpHash, step, digest);
    case HF_POLICY_NAMEHASH:
        return digest_hash(alg, TPM2_CC_PolicyNameHash, step, digest);
    case HF_POLICY_TEMPLATE:
        return digest_hash(alg, TPM2_CC_PolicyTemplate, step, digest);
    case HF_POLICY_NV_WRITTEN:
        return digest_number(alg, TPM2_CC_PolicyNvWritten, step->flag, 1, digest);
    case HF_POLICY_PHYSICAL_PRESENCE:
        return extend(alg, TPM2_CC_PolicyPhysicalPresence, (struct hf_bytes){0}, digest);
    case HF_POLICY_OR:
        return digest_or(alg, step, digest);
    case HF_POLICY_DIGEST:
        if (step->digest.n != hf_hash_size(alg))
            return length_fails(step, step->digest.n, alg);
        *digest = step->digest;
        return HF_OK;
    case HF_POLICY_KINDS:
        break;
    }
    return hf_fail(HF_E_INTERNAL, "a policy step of unknown kind %d", step->kind);
}

hf_err hf_policy_digest_step(enum hf_hash_alg alg, const struct hf_policy_step *step, struct hf_digest *digest)
{
    if (!hf_policy_step_bound(step))
        return open_fails(step);
    return digest_known(alg, step, digest);
}

hf_err hf_policy_digest_steps(enum hf_hash_alg alg, const struct hf_policy_steps *steps, struct hf_digest *digest)
{
    for (size_t i = 0; i < steps->n; i++)
        HF_TRY(hf_policy_digest_step(alg, &steps->step[i], digest));
    return HF_OK;
}

hf_err hf_policy_digest_of(const struct hf_policy *policy, enum hf_hash_alg alg, struct hf_digest *out)
{
    struct hf_digest digest;

    HF_TRY(hf_policy_digest_start(alg, &digest));
    HF_TRY(hf_policy_digest_steps(alg, &policy->steps, &digest));
    *out = digest;
    return HF_OK;
}

hf_err hf_policy_digest(const struct hf_policy *policy, const char *hash, struct hf_buf *out)
{
    enum hf_hash_alg alg = HF_SHA256;
    struct hf_digest digest;

    if (hash)
        HF_TRY(hf_hash_by_name(hf_bytes_text(hash), &alg));
    HF_TRY(hf_policy_digest_of(policy, alg, &digest));
    return hf_buf_add(out, hf_digest_bytes(&digest));
}

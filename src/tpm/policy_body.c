/* commandPolicy of each policy command in a TSS2 key file. */
#include "base/reader.h"
#include "base/writer.h"
#include "tpm/policy_der.h"
#include "tpm/policy_digest.h"
#include "tpm/policy_signature.h"
#include "tpm/policy_words.h"

/* The largest body: PolicyAuthorize with an RSA-4096 key and its signature. */
#define BODY_MAX 2048

/* Which kind a code stands for. PolicyPassword is written as PolicyAuthValue: the digest is the same, and
 * the specification leaves it to the reader which of the two it runs. */
static const struct {
    uint32_t code;
    enum hf_policy_kind kind;
} kinds[] = {
    {TPM2_CC_PolicyPCR, HF_POLICY_PCR},
    {TPM2_CC_PolicyAuthValue, HF_POLICY_AUTHVALUE},
    {TPM2_CC_PolicyPassword, HF_POLICY_PASSWORD},
    {TPM2_CC_PolicySecret, HF_POLICY_SECRET},
    {TPM2_CC_PolicySigned, HF_POLICY_SIGNED},
    {TPM2_CC_PolicyAuthorize, HF_POLICY_AUTHORIZE},
    {TPM2_CC_PolicyAuthorizeNV, HF_POLICY_AUTHORIZE_NV},
    {TPM2_CC_PolicyNV, HF_POLICY_NV},
    {TPM2_CC_PolicyCounterTimer, HF_POLICY_COUNTER_TIMER},
    {TPM2_CC_PolicyCommandCode, HF_POLICY_COMMAND},
    {TPM2_CC_PolicyLocality, HF_POLICY_LOCALITY},
    {TPM2_CC_PolicyDuplicationSelect, HF_POLICY_DUPLICATE_TO},
    {TPM2_CC_PolicyCpHash, HF_POLICY_CPHASH},
    {TPM2_CC_PolicyNameHash, HF_POLICY_NAMEHASH},
    {TPM2_CC_PolicyTemplate, HF_POLICY_TEMPLATE},
    {TPM2_CC_PolicyNvWritten, HF_POLICY_NV_WRITTEN},
    {TPM2_CC_PolicyPhysicalPresence, HF_POLICY_PHYSICAL_PRESENCE},
    {TPM2_CC_PolicyOR, HF_POLICY_OR},
};

hf_err hf_policy_body_kind(uint32_t code, enum hf_policy_kind *out)
{
    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        if (kinds[i].code == code) {
            *out = kinds[i].kind;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_UNSUPPORTED,
                   "the key's policy has the command 0x%08x, which is not a policy command known here", code);
}

static uint32_t code_of(enum hf_policy_kind kind)
{
    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        if (kinds[i].kind == kind)
            return kinds[i].code;
    }
    return 0;
}

static hf_err write_pcr(const struct hf_policy_step *step, enum hf_hash_alg alg, struct hf_writer *w)
{
    struct hf_digest pcrs;

    HF_TRY(hf_policy_pcr_digest(alg, step, &pcrs));
    hf_policy_pcr_selection(&step->pcr, w);
    hf_wr_bytes(w, hf_digest_bytes(&pcrs)); /* bare: the specification's own form, not a TPM2B */
    return HF_OK;
}

static hf_err write_key(const struct hf_policy_step *step, struct hf_writer *w)
{
    char where[HF_POLICY_WHERE];

    if (!step->object.pub.n)
        return hf_fail(HF_E_ARG, "%s: a key file needs the public key itself, not its Name alone",
                       hf_policy_where(step, where));
    hf_wr_b16(w, hf_buf_bytes(&step->object.pub));
    hf_wr_b16(w, (struct hf_bytes){step->ref.bytes, step->ref.n});
    if (step->kind != HF_POLICY_AUTHORIZE)
        return HF_OK;
    if (step->signature.n)
        hf_wr_bytes(w, hf_buf_bytes(&step->signature));
    else
        hf_wr_u16be(w, TPM2_ALG_NULL);
    return HF_OK;
}

static void write_entity(const struct hf_policy_step *step, struct hf_writer *w)
{
    hf_wr_u32be(w, step->object.handle);
    hf_wr_b16(w, hf_tpm_name_bytes(&step->object.name));
}

static void write_compare(const struct hf_policy_step *step, struct hf_writer *w)
{
    if (step->kind == HF_POLICY_NV)
        hf_wr_b16(w, hf_digest_bytes(&step->compare.operand));
    else
        hf_wr_bytes(w, hf_digest_bytes(&step->compare.operand));
    hf_wr_u16be(w, step->compare.offset);
    hf_wr_u16be(w, step->compare.operation);
}

static hf_err write_body(const struct hf_policy_step *step, enum hf_hash_alg alg, struct hf_writer *w)
{
    switch (step->kind) {
    case HF_POLICY_PCR:
        return write_pcr(step, alg, w);
    case HF_POLICY_SECRET:
        write_entity(step, w);
        hf_wr_b16(w, (struct hf_bytes){step->ref.bytes, step->ref.n});
        return HF_OK;
    case HF_POLICY_SIGNED:
    case HF_POLICY_AUTHORIZE:
        return write_key(step, w);
    case HF_POLICY_AUTHORIZE_NV:
        write_entity(step, w);
        return HF_OK;
    case HF_POLICY_NV:
        write_entity(step, w);
        write_compare(step, w);
        return HF_OK;
    case HF_POLICY_COUNTER_TIMER:
        write_compare(step, w);
        return HF_OK;
    case HF_POLICY_COMMAND:
        hf_wr_u32be(w, step->number);
        return HF_OK;
    case HF_POLICY_LOCALITY:
        hf_wr_u8(w, (uint8_t)step->number);
        return HF_OK;
    case HF_POLICY_DUPLICATE_TO:
        hf_wr_b16(w, hf_tpm_name_bytes(&step->dup_object));
        hf_wr_b16(w, hf_tpm_name_bytes(&step->object.name));
        hf_wr_u8(w, step->flag);
        return HF_OK;
    case HF_POLICY_CPHASH:
    case HF_POLICY_NAMEHASH:
    case HF_POLICY_TEMPLATE:
        hf_wr_b16(w, hf_digest_bytes(&step->digest));
        return HF_OK;
    case HF_POLICY_NV_WRITTEN:
        hf_wr_u8(w, step->flag);
        return HF_OK;
    case HF_POLICY_AUTHVALUE:
    case HF_POLICY_PASSWORD:
    case HF_POLICY_PHYSICAL_PRESENCE:
        return HF_OK;
    case HF_POLICY_OR:
    case HF_POLICY_DIGEST:
    case HF_POLICY_KINDS:
        break;
    }
    return hf_fail(HF_E_INTERNAL, "'%s' has no body of its own", hf_policy_kind_word(step->kind));
}

hf_err hf_policy_body_write(const struct hf_policy_step *step, enum hf_hash_alg alg, uint32_t *code,
                            struct hf_buf *body)
{
    uint8_t place[BODY_MAX];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes done;

    HF_TRY(write_body(step, alg, &w));
    HF_TRY(hf_wr_end(&w, &done));
    HF_TRY(hf_buf_add(body, done));
    *code = code_of(step->kind == HF_POLICY_PASSWORD ? HF_POLICY_AUTHVALUE : step->kind);
    return HF_OK;
}

static void read_pcr(struct hf_reader *r, enum hf_hash_alg alg, struct hf_policy_step *step)
{
    struct hf_policy_pcr *pcr = &step->pcr;
    uint32_t n = hf_rd_u32be(r);

    if (n < 1 || n > HF_POLICY_BANKS_MAX)
        hf_rd_fail(r, HF_E_FORMAT, "PolicyPCR selects from %u banks, wanted 1 to %d", n, HF_POLICY_BANKS_MAX);
    for (uint32_t i = 0; i < n && hf_rd_err(r) == HF_OK; i++) {
        enum hf_hash_alg bank = (enum hf_hash_alg)hf_rd_u16be(r);
        uint8_t size = hf_rd_u8(r);
        uint32_t mask = 0;

        if (!hf_hash_name(bank))
            hf_rd_fail(r, HF_E_UNSUPPORTED, "PolicyPCR selects from a bank of unknown hash 0x%04x", bank);
        if (size != HF_POLICY_PCR_COUNT / 8)
            hf_rd_fail(r, HF_E_UNSUPPORTED, "PolicyPCR has a selection of %u bytes, wanted %d", size,
                       HF_POLICY_PCR_COUNT / 8);
        for (unsigned byte = 0; byte < HF_POLICY_PCR_COUNT / 8; byte++)
            mask |= (uint32_t)hf_rd_u8(r) << 8 * byte;
        if (mask == 0)
            hf_rd_fail(r, HF_E_FORMAT, "PolicyPCR selects nothing from a bank");
        for (size_t b = 0; b < pcr->n_banks; b++) {
            if (pcr->bank[b].alg == bank)
                hf_rd_fail(r, HF_E_UNSUPPORTED, "PolicyPCR names the bank 0x%04x twice", bank);
        }
        pcr->bank[pcr->n_banks++] = (struct hf_policy_bank){bank, mask};
    }
    pcr->digest.n = hf_hash_size(alg);
    hf_rd_copy(r, pcr->digest.bytes, pcr->digest.n);
}

static void read_name(struct hf_reader *r, bool empty_too, struct hf_tpm_name *out)
{
    struct hf_bytes name = hf_rd_view(r, hf_rd_u16be(r));

    if (hf_rd_err(r) != HF_OK || (empty_too && name.n == 0))
        return;
    if (!hf_policy_name_fits(name)) {
        hf_rd_fail(r, HF_E_FORMAT, "a Name of %zu bytes that is no hash and digest", name.n);
        return;
    }
    out->n = name.n;
    memcpy(out->bytes, name.p, name.n);
}

static void read_ref(struct hf_reader *r, struct hf_policy_ref *out)
{
    struct hf_bytes ref = hf_rd_view(r, hf_rd_u16be(r));

    if (ref.n > sizeof(out->bytes)) {
        hf_rd_fail(r, HF_E_FORMAT, "a policyRef of %zu bytes, wanted at most %zu", ref.n, sizeof(out->bytes));
        return;
    }
    out->n = ref.n;
    if (ref.n)
        memcpy(out->bytes, ref.p, ref.n);
}

/* Hierarchies and PCRs have their handle as Name. A hint of zero with such a Name is completed. */
static void read_secret(struct hf_reader *r, struct hf_policy_step *step)
{
    struct hf_policy_object *object = &step->object;
    struct hf_reader peek;

    object->handle = hf_rd_u32be(r);
    peek = *r;
    if (hf_rd_u16be(&peek) == 4) {
        uint32_t handle = hf_rd_u32be(&peek);

        if (object->handle && object->handle != handle)
            hf_rd_fail(r, HF_E_FORMAT, "PolicySecret: the hint 0x%08x is not the handle 0x%08x", object->handle,
                       handle);
        if (!hf_policy_secret_fits(handle) || handle >> 24 == 0x01 || handle >> 24 == 0x81)
            hf_rd_fail(r, HF_E_FORMAT, "PolicySecret: 0x%08x stands as a Name and is no hierarchy or PCR", handle);
        object->handle = handle;
        object->name = hf_tpm_entity_plain(handle).name;
        hf_rd_skip(r, 6);
    } else {
        if (object->handle && object->handle >> 24 != 0x01 && object->handle >> 24 != 0x81)
            hf_rd_fail(r, HF_E_FORMAT, "PolicySecret: the hint 0x%08x is no NV index and no persistent object",
                       object->handle);
        read_name(r, false, &object->name);
    }
    read_ref(r, &step->ref);
}

static hf_err read_key(struct hf_reader *r, struct hf_policy_step *step)
{
    struct hf_bytes pub = hf_rd_view(r, hf_rd_u16be(r));
    TPMT_PUBLIC parsed;

    HF_TRY(hf_rd_err(r));
    HF_TRY(hf_tpm_public_parse(pub, &parsed));
    HF_TRY(hf_tpm_public_name(pub, &step->object.name));
    HF_TRY(hf_buf_set(&step->object.pub, pub));
    read_ref(r, &step->ref);
    if (step->kind != HF_POLICY_AUTHORIZE)
        return HF_OK;
    HF_TRY(hf_rd_err(r));
    return hf_policy_signature_read(r, &step->signature);
}

static void read_index(struct hf_reader *r, struct hf_policy_step *step)
{
    step->object.handle = hf_rd_u32be(r);
    if (step->object.handle >> 24 != 0x01)
        hf_rd_fail(r, HF_E_FORMAT, "0x%08x is no NV index", step->object.handle);
    read_name(r, false, &step->object.name);
}

static void read_operand(struct hf_reader *r, size_t n, struct hf_policy_compare *out)
{
    if (n < 1 || n > sizeof(out->operand.bytes)) {
        hf_rd_fail(r, HF_E_FORMAT, "an operand of %zu bytes, wanted 1 to %zu", n, sizeof(out->operand.bytes));
        return;
    }
    out->operand.n = n;
    hf_rd_copy(r, out->operand.bytes, n);
    out->offset = hf_rd_u16be(r);
    out->operation = hf_rd_u16be(r);
    if (!hf_policy_word_of(hf_policy_operations, out->operation))
        hf_rd_fail(r, HF_E_FORMAT, "0x%04x is no comparison", out->operation);
}

static void read_counter_timer(struct hf_reader *r, struct hf_policy_step *step)
{
    size_t left = hf_rd_left(r);

    read_operand(r, left > 4 ? left - 4 : 0, &step->compare);
    if (step->compare.offset + step->compare.operand.n > HF_POLICY_TIME_INFO)
        hf_rd_fail(r, HF_E_FORMAT, "PolicyCounterTimer compares beyond the %d bytes of TPMS_TIME_INFO",
                   HF_POLICY_TIME_INFO);
}

static bool read_yes(struct hf_reader *r)
{
    uint8_t yes = hf_rd_u8(r);

    if (yes > 1)
        hf_rd_fail(r, HF_E_FORMAT, "0x%02x is neither YES nor NO", yes);
    return yes == 1;
}

static void read_locality(struct hf_reader *r, struct hf_policy_step *step)
{
    step->number = hf_rd_u8(r);
    if (step->number == 0)
        hf_rd_fail(r, HF_E_FORMAT, "PolicyLocality permits no locality");
}

static void read_duplicate(struct hf_reader *r, struct hf_policy_step *step)
{
    read_name(r, true, &step->dup_object);
    read_name(r, false, &step->object.name);
    step->flag = read_yes(r);
    if (step->flag && !step->dup_object.n)
        hf_rd_fail(r, HF_E_FORMAT, "PolicyDuplicationSelect includes an object that it does not name");
}

static void read_digest(struct hf_reader *r, enum hf_hash_alg alg, struct hf_policy_step *step)
{
    size_t n = hf_rd_u16be(r);

    if (n != hf_hash_size(alg)) {
        hf_rd_fail(r, HF_E_FORMAT, "a digest of %zu bytes, wanted %zu", n, hf_hash_size(alg));
        return;
    }
    step->digest.n = n;
    hf_rd_copy(r, step->digest.bytes, n);
}

static void read_command(struct hf_reader *r, struct hf_policy_step *step)
{
    step->number = hf_rd_u32be(r);
    if (step->number < TPM2_CC_FIRST)
        hf_rd_fail(r, HF_E_FORMAT, "0x%08x is no command", step->number);
}

hf_err hf_policy_body_read(struct hf_bytes body, enum hf_hash_alg alg, struct hf_policy_step *step)
{
    struct hf_reader r = hf_reader(body);

    switch (step->kind) {
    case HF_POLICY_PCR:
        read_pcr(&r, alg, step);
        break;
    case HF_POLICY_SECRET:
        read_secret(&r, step);
        break;
    case HF_POLICY_SIGNED:
    case HF_POLICY_AUTHORIZE:
        HF_TRY(read_key(&r, step));
        break;
    case HF_POLICY_AUTHORIZE_NV:
        read_index(&r, step);
        break;
    case HF_POLICY_NV:
        read_index(&r, step);
        read_operand(&r, hf_rd_u16be(&r), &step->compare);
        break;
    case HF_POLICY_COUNTER_TIMER:
        read_counter_timer(&r, step);
        break;
    case HF_POLICY_COMMAND:
        read_command(&r, step);
        break;
    case HF_POLICY_LOCALITY:
        read_locality(&r, step);
        break;
    case HF_POLICY_DUPLICATE_TO:
        read_duplicate(&r, step);
        break;
    case HF_POLICY_CPHASH:
    case HF_POLICY_NAMEHASH:
    case HF_POLICY_TEMPLATE:
        read_digest(&r, alg, step);
        break;
    case HF_POLICY_NV_WRITTEN:
        step->flag = read_yes(&r);
        break;
    case HF_POLICY_AUTHVALUE:
    case HF_POLICY_PASSWORD:
    case HF_POLICY_PHYSICAL_PRESENCE:
        break;
    case HF_POLICY_OR:
    case HF_POLICY_DIGEST:
    case HF_POLICY_KINDS:
        return hf_fail(HF_E_INTERNAL, "'%s' has no body of its own", hf_policy_kind_word(step->kind));
    }
    return hf_rd_end(&r);
}

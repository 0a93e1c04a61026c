/* The policy commands (Part 3, section 23), one function each. */
#include "base/cleanup.h"
#include "codec/hex.h"
#include "tpm/caps.h"
#include "tpm/policy_run.h"
#include "tpm/policy_words.h"

#include <stdio.h>

/* Run a command that answers nothing. */
static hf_err finish(struct hf_policy_run *run, struct hf_tpm_call *c)
{
    HF_TRY(hf_tpm_call_run(run->tpm, c));
    return hf_rd_end(&c->r);
}

static struct hf_bytes ref_bytes(const struct hf_policy_step *step)
{
    return (struct hf_bytes){step->ref.bytes, step->ref.n};
}

static hf_err step_pcr(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    struct hf_digest pcrs;
    struct hf_tpm_call c;

    HF_TRY(hf_policy_pcr_digest(run->alg, step, &pcrs));
    HF_TRY(hf_policy_run_start(run, &c, TPM2_CC_PolicyPCR));
    hf_wr_b16(&c.w, hf_digest_bytes(&pcrs));
    hf_policy_pcr_selection(&step->pcr, &c.w);
    return finish(run, &c);
}

static hf_err step_authvalue(struct hf_policy_run *run)
{
    struct hf_tpm_call c;

    HF_TRY(hf_policy_run_start(run, &c, TPM2_CC_PolicyAuthValue));
    HF_TRY(finish(run, &c));
    hf_tpm_session_needs_auth(run->session, true);
    return HF_OK;
}

/* An entity that is named by Name alone is looked for among persistent objects and NV indices. */
struct search {
    struct hf_tpm *tpm;
    struct hf_bytes name;
    uint32_t found;
};

static hf_err is_it(void *arg, uint32_t handle)
{
    struct search *s = arg;
    struct hf_tpm_name name = {0};
    hf_err err = handle >> 24 == TPM2_HT_NV_INDEX ? hf_tpm_nv_read_public(s->tpm, handle, NULL, &name)
                                                  : hf_tpm_read_public(s->tpm, handle, NULL, &name);

    if (err == HF_OK && hf_bytes_equal(hf_tpm_name_bytes(&name), s->name))
        s->found = handle;
    return HF_OK;
}

static hf_err find_by_name(struct hf_policy_run *run, const struct hf_policy_step *step, uint32_t *out)
{
    struct search s = {run->tpm, hf_tpm_name_bytes(&step->object.name), 0};
    char where[HF_POLICY_WHERE];

    HF_TRY(hf_tpm_handles(run->tpm, TPM2_HT_PERSISTENT, is_it, &s));
    if (!s.found)
        HF_TRY(hf_tpm_handles(run->tpm, TPM2_HT_NV_INDEX, is_it, &s));
    if (!s.found)
        return hf_fail(HF_E_NOT_FOUND, "%s: the TPM has no persistent object and no NV index of this Name",
                       hf_policy_where(step, where));
    *out = s.found;
    return HF_OK;
}

/*
 * What `secret` points at. Its Name is checked before a value is used: a try at the wrong object could
 * count towards lockout.
 */
static hf_err secret_entity(struct hf_policy_run *run, const struct hf_policy_step *step, struct hf_tpm_entity *out)
{
    struct hf_tpm_entity entity = {step->object.handle, step->object.name};
    struct hf_tpm_name now = {0};
    char where[HF_POLICY_WHERE];

    if (entity.name.n > 4) {
        if (!entity.handle)
            HF_TRY(find_by_name(run, step, &entity.handle));
        HF_TRY(entity.handle >> 24 == TPM2_HT_NV_INDEX ? hf_tpm_nv_read_public(run->tpm, entity.handle, NULL, &now)
                                                       : hf_tpm_read_public(run->tpm, entity.handle, NULL, &now));
        if (!hf_bytes_equal(hf_tpm_name_bytes(&now), hf_tpm_name_bytes(&entity.name)))
            return hf_fail(HF_E_DENIED, "%s: what is at 0x%08x now has another Name", hf_policy_where(step, where),
                           entity.handle);
    }
    *out = entity;
    return HF_OK;
}

static hf_err ask_secret(struct hf_policy_run *run, const struct hf_tpm_entity *entity, struct hf_secret **out)
{
    const struct hf_policy_word *row = hf_policy_word_of(hf_policy_hierarchies, entity->handle);
    char handle[16];

    if (!run->answers->secret)
        return HF_OK;
    (void)snprintf(handle, sizeof(handle), "0x%08x", entity->handle);
    return run->answers->secret(run->answers->arg, row ? row->word : handle, out);
}

static hf_err step_secret(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *value = NULL;
    struct hf_tpm_entity session = hf_tpm_session_entity(run->session);
    struct hf_tpm_entity entity;
    struct hf_tpm_auth auth = {0};
    struct hf_tpm_call c;

    HF_TRY(secret_entity(run, step, &entity));
    HF_TRY(ask_secret(run, &entity, &value));
    auth.value = value;
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_PolicySecret));
    hf_tpm_call_handle(&c, &entity, &auth);
    hf_tpm_call_handle(&c, &session, NULL);
    hf_wr_b16(&c.w, hf_tpm_session_nonce_tpm(run->session));
    hf_wr_b16(&c.w, (struct hf_bytes){0}); /* cpHashA: any command */
    hf_wr_b16(&c.w, ref_bytes(step));
    hf_wr_u32be(&c.w, (uint32_t)step->expires_s);
    /* the answer is a timeout and a ticket, which only a negative expiration asks for */
    return hf_tpm_call_run(run->tpm, &c);
}

/* nonceTPM || expiration || cpHashA || policyRef */
static hf_err assertion_message(struct hf_policy_run *run, const struct hf_policy_step *step, struct hf_buf *out)
{
    uint8_t expiration[4];
    struct hf_writer w = hf_writer(expiration, sizeof(expiration));

    hf_wr_u32be(&w, (uint32_t)step->expires_s);
    HF_TRY(hf_buf_add(out, hf_tpm_session_nonce_tpm(run->session)));
    HF_TRY(hf_buf_add(out, HF_BYTES_OF(expiration)));
    return hf_buf_add(out, ref_bytes(step));
}

static hf_err ask_signature(struct hf_policy_run *run, const struct hf_policy_step *step, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf message = {0};
    struct hf_policy_assertion ask = {step->object.path, hf_tpm_name_bytes(&step->object.name), {0}};
    uint8_t any[] = {0, TPM2_ALG_RSASSA, 0, TPM2_ALG_SHA256, 0, 1, 0};
    char where[HF_POLICY_WHERE];

    if (run->trial) /* a trial session looks at no signature (Part 3, 23.3) */
        return hf_buf_add(out, HF_BYTES_OF(any));
    if (!run->answers->sign)
        return hf_fail(HF_E_DENIED, "%s: there is nobody to sign for it", hf_policy_where(step, where));
    HF_TRY(assertion_message(run, step, &message));
    ask.message = hf_buf_bytes(&message);
    return run->answers->sign(run->answers->arg, &ask, out);
}

static hf_err step_signed(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf signature = {.max = 1024};
    struct hf_tpm_entity session = hf_tpm_session_entity(run->session);
    struct hf_tpm_entity key;
    struct hf_tpm_call c;
    hf_err err;

    HF_TRY(ask_signature(run, step, &signature));
    HF_TRY(hf_policy_run_load_key(run, step, &key));
    err = hf_tpm_call_start(&c, TPM2_CC_PolicySigned);
    if (err == HF_OK) {
        hf_tpm_call_handle(&c, &key, NULL);
        hf_tpm_call_handle(&c, &session, NULL);
        hf_wr_b16(&c.w, hf_tpm_session_nonce_tpm(run->session));
        hf_wr_b16(&c.w, (struct hf_bytes){0});
        hf_wr_b16(&c.w, ref_bytes(step));
        hf_wr_u32be(&c.w, (uint32_t)step->expires_s);
        hf_wr_bytes(&c.w, hf_buf_bytes(&signature));
        err = hf_tpm_call_run(run->tpm, &c);
    }
    hf_tpm_flush(run->tpm, key.handle);
    return err;
}

static void access_free(struct hf_policy_nv_access *access)
{
    hf_secret_free(&access->value);
}

static void put_compare(const struct hf_policy_step *step, struct hf_writer *w)
{
    hf_wr_b16(w, hf_digest_bytes(&step->compare.operand));
    hf_wr_u16be(w, step->compare.offset);
    hf_wr_u16be(w, step->compare.operation);
}

static hf_err step_nv(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    HF_CLEANUP(access_free) struct hf_policy_nv_access access = {0};
    struct hf_tpm_entity session = hf_tpm_session_entity(run->session);
    struct hf_tpm_auth auth = {0};
    struct hf_tpm_call c;

    HF_TRY(hf_policy_nv_open(run->tpm, run->answers, step, &access));
    auth.value = access.value;
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_PolicyNV));
    hf_tpm_call_handle(&c, &access.who, &auth);
    hf_tpm_call_handle(&c, &access.index, NULL);
    hf_tpm_call_handle(&c, &session, NULL);
    put_compare(step, &c.w);
    return finish(run, &c);
}

static hf_err step_counter_timer(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    struct hf_tpm_call c;

    HF_TRY(hf_policy_run_start(run, &c, TPM2_CC_PolicyCounterTimer));
    put_compare(step, &c.w);
    return finish(run, &c);
}

static hf_err step_number(struct hf_policy_run *run, uint32_t code, uint32_t value, size_t size)
{
    struct hf_tpm_call c;

    HF_TRY(hf_policy_run_start(run, &c, code));
    if (size == 4)
        hf_wr_u32be(&c.w, value);
    else if (size == 1)
        hf_wr_u8(&c.w, (uint8_t)value);
    return finish(run, &c);
}

static hf_err step_duplicate(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    struct hf_bytes object = step->dup_object.n ? hf_tpm_name_bytes(&step->dup_object) : run->answers->duplicate_object;
    struct hf_tpm_call c;

    /* A trial session takes any object where the digest does not include it. */
    HF_TRY(hf_policy_run_start(run, &c, TPM2_CC_PolicyDuplicationSelect));
    hf_wr_b16(&c.w, object);
    hf_wr_b16(&c.w, hf_tpm_name_bytes(&step->object.name));
    hf_wr_u8(&c.w, step->flag);
    return finish(run, &c);
}

static hf_err step_digest(struct hf_policy_run *run, uint32_t code, const struct hf_policy_step *step)
{
    struct hf_tpm_call c;

    HF_TRY(hf_policy_run_start(run, &c, code));
    hf_wr_b16(&c.w, hf_digest_bytes(&step->digest));
    return finish(run, &c);
}

hf_err hf_policy_run_step(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    switch (step->kind) {
    case HF_POLICY_PCR:
        return step_pcr(run, step);
    case HF_POLICY_AUTHVALUE:
    case HF_POLICY_PASSWORD:
        return step_authvalue(run);
    case HF_POLICY_SECRET:
        return step_secret(run, step);
    case HF_POLICY_SIGNED:
        return step_signed(run, step);
    case HF_POLICY_NV:
        return step_nv(run, step);
    case HF_POLICY_COUNTER_TIMER:
        return step_counter_timer(run, step);
    case HF_POLICY_COMMAND:
        return step_number(run, TPM2_CC_PolicyCommandCode, step->number, 4);
    case HF_POLICY_LOCALITY:
        return step_number(run, TPM2_CC_PolicyLocality, step->number, 1);
    case HF_POLICY_DUPLICATE_TO:
        return step_duplicate(run, step);
    case HF_POLICY_CPHASH:
        return step_digest(run, TPM2_CC_PolicyCpHash, step);
    case HF_POLICY_NAMEHASH:
        return step_digest(run, TPM2_CC_PolicyNameHash, step);
    case HF_POLICY_TEMPLATE:
        return step_digest(run, TPM2_CC_PolicyTemplate, step);
    case HF_POLICY_NV_WRITTEN:
        return step_number(run, TPM2_CC_PolicyNvWritten, step->flag, 1);
    case HF_POLICY_PHYSICAL_PRESENCE:
        return step_number(run, TPM2_CC_PolicyPhysicalPresence, 0, 0);
    default:
        return hf_fail(HF_E_INTERNAL, "'%s' is not a step that runs alone", hf_policy_kind_word(step->kind));
    }
}

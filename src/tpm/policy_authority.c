/* `authorize` and `authorizenv`: an approved policy is satisfied, then the authority stands in for it. */
#include "base/cleanup.h"
#include "tpm/connection.h"
#include "tpm/policy_approval.h"
#include "tpm/policy_run.h"

#include <stdio.h>

/* The public key of a step: at hand, in its file, or in an approval. */
static hf_err key_public(struct hf_policy_run *run, const struct hf_policy_step *step, struct hf_buf *out)
{
    const struct hf_policy_object *object = &step->object;
    struct hf_policy_candidate candidate;
    struct hf_tpm_name name = {0};
    char where[HF_POLICY_WHERE];

    if (object->pub.n)
        return hf_buf_set(out, hf_buf_bytes(&object->pub));
    if (step->kind == HF_POLICY_AUTHORIZE && hf_policy_candidate(run, step, 0, &candidate))
        return hf_buf_set(out, candidate.pub);
    if (!object->path)
        return hf_fail(HF_E_UNAVAILABLE, "%s: the public key is not at hand, only its Name; key=FILE names it",
                       hf_policy_where(step, where));
    HF_TRY(run->answers->key ? run->answers->key(run->answers->arg, object->path, out)
                             : hf_policy_key_file(NULL, object->path, out));
    HF_TRY(hf_tpm_public_name(hf_buf_bytes(out), &name));
    if (!hf_bytes_equal(hf_tpm_name_bytes(&name), hf_tpm_name_bytes(&object->name)))
        return hf_fail(HF_E_MISMATCH, "%s: the key in %s does not have the Name that the policy states",
                       hf_policy_where(step, where), object->path);
    return HF_OK;
}

/* In the owner hierarchy, so that VerifySignature gives a ticket with a digest (Part 3, 20.1). */
hf_err hf_policy_run_load_key(struct hf_policy_run *run, const struct hf_policy_step *step, struct hf_tpm_entity *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf pub = {0};
    struct hf_tpm_call c;
    struct hf_bytes name;
    hf_err err;

    HF_TRY(key_public(run, step, &pub));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_LoadExternal));
    hf_wr_u16be(&c.w, 0);
    hf_wr_b16(&c.w, hf_buf_bytes(&pub));
    hf_wr_u32be(&c.w, TPM2_RH_OWNER);
    HF_TRY(hf_tpm_call_run(run->tpm, &c));
    name = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    err = hf_rd_end(&c.r);
    if (err == HF_OK && !hf_bytes_equal(name, hf_tpm_name_bytes(&step->object.name)))
        err = hf_fail(HF_E_INTEGRITY, "the TPM loaded a key of another Name");
    if (err != HF_OK) {
        hf_tpm_flush(run->tpm, c.out_handle);
        return err;
    }
    out->handle = c.out_handle;
    out->name = step->object.name;
    return HF_OK;
}

/* TPM2_VerifySignature over aHash; the ticket, as it goes into PolicyAuthorize. */
static hf_err verify(struct hf_policy_run *run, const struct hf_policy_step *step, const struct hf_digest *a_hash,
                     struct hf_bytes signature, struct hf_buf *ticket)
{
    struct hf_tpm_entity key;
    struct hf_tpm_call c;
    hf_err err;

    HF_TRY(hf_policy_run_load_key(run, step, &key));
    err = hf_tpm_call_start(&c, TPM2_CC_VerifySignature);
    if (err == HF_OK) {
        hf_tpm_call_handle(&c, &key, NULL);
        hf_wr_b16(&c.w, hf_digest_bytes(a_hash));
        hf_wr_bytes(&c.w, signature);
        err = hf_tpm_call_run(run->tpm, &c);
    }
    if (err == HF_OK)
        err = hf_buf_set(ticket, hf_rd_rest(&c.r));
    hf_tpm_flush(run->tpm, key.handle);
    return err;
}

/* TPMT_TK_VERIFIED of nothing, which a trial session does not look at. */
static hf_err no_ticket(struct hf_buf *ticket)
{
    uint8_t null_ticket[8];
    struct hf_writer w = hf_writer(null_ticket, sizeof(null_ticket));

    hf_wr_u16be(&w, TPM2_ST_VERIFIED);
    hf_wr_u32be(&w, TPM2_RH_NULL);
    hf_wr_u16be(&w, 0);
    return hf_buf_set(ticket, HF_BYTES_OF(null_ticket));
}

static hf_err authorize(struct hf_policy_run *run, const struct hf_policy_step *step, const struct hf_digest *approved,
                        struct hf_bytes ticket)
{
    struct hf_tpm_call c;

    HF_TRY(hf_policy_run_start(run, &c, TPM2_CC_PolicyAuthorize));
    hf_wr_b16(&c.w, hf_digest_bytes(approved));
    hf_wr_b16(&c.w, (struct hf_bytes){step->ref.bytes, step->ref.n});
    hf_wr_b16(&c.w, hf_tpm_name_bytes(&step->object.name));
    hf_wr_bytes(&c.w, ticket);
    HF_TRY(hf_tpm_call_run(run->tpm, &c));
    return hf_rd_end(&c.r);
}

static hf_err use_candidate(struct hf_policy_run *run, const struct hf_policy_step *step,
                            const struct hf_policy_candidate *candidate)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf ticket = {0};
    struct hf_digest reached;
    struct hf_digest a_hash;

    HF_TRY(hf_policy_run_steps(run, &candidate->steps));
    HF_TRY(hf_policy_run_digest(run, &reached));
    HF_TRY(hf_policy_approval_hash(hf_tpm_name_bytes(&step->object.name), &reached, &step->ref, &a_hash));
    HF_TRY(verify(run, step, &a_hash, candidate->signature, &ticket));
    return authorize(run, step, &reached, hf_buf_bytes(&ticket));
}

/* The candidates in order; the first that holds is run. `authorize` is the first step of its sequence and of
 * all around it, so the session is fresh here, and PolicyRestart makes it so again. */
hf_err hf_policy_run_authorize(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf ticket = {0};
    struct hf_digest zeros;
    char why[HF_POLICY_WHY] = "";
    char where[HF_POLICY_WHERE];
    struct hf_policy_candidate candidate;

    if (run->trial) {
        HF_TRY(hf_policy_digest_start(run->alg, &zeros));
        HF_TRY(no_ticket(&ticket));
        return authorize(run, step, &zeros, hf_buf_bytes(&ticket));
    }
    for (size_t i = 0; hf_policy_candidate(run, step, i, &candidate); i++) {
        const char *branch = run->branch;
        hf_err err;

        if (!(branch && branch[0]) && !hf_policy_steps_hold(run, &candidate.steps, why))
            continue;
        err = use_candidate(run, step, &candidate);
        if (err != HF_E_DENIED && err != HF_E_MISMATCH && err != HF_E_NOT_FOUND)
            return err;
        (void)snprintf(why, sizeof(why), "%s", hf_err_detail());
        run->branch = branch;
        HF_TRY(hf_policy_run_restart(run));
    }
    if (!why[0])
        (void)hf_policy_holds(run, step, why);
    return hf_fail(HF_E_DENIED, "%s does not hold: %.350s", hf_policy_where(step, where), why);
}

static void access_free(struct hf_policy_nv_access *access)
{
    hf_secret_free(&access->value);
}

/* The index holds TPMT_HA: the hash and the digest of the policy that is approved now (Part 3, 23.22). */
static hf_err approved_in_nv(struct hf_policy_run *run, const struct hf_policy_step *step,
                             const struct hf_policy_nv_access *access, struct hf_digest *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf content = {0};
    uint16_t size = (uint16_t)(2 + hf_hash_size(run->alg));
    char where[HF_POLICY_WHERE];
    struct hf_reader r;

    if (access->size < size)
        return hf_fail(HF_E_DENIED, "%s: the index has %u bytes, a policy digest of %s needs %u",
                       hf_policy_where(step, where), access->size, hf_hash_name(run->alg), size);
    HF_TRY(hf_policy_nv_read(run->tpm, access, 0, size, &content));
    r = hf_reader(hf_buf_bytes(&content));
    if (hf_rd_u16be(&r) != run->alg)
        return hf_fail(HF_E_DENIED, "%s: the index holds the digest of a policy of another hash",
                       hf_policy_where(step, where));
    out->n = hf_hash_size(run->alg);
    hf_rd_copy(&r, out->bytes, out->n);
    return hf_rd_end(&r);
}

hf_err hf_policy_run_authorize_nv(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    HF_CLEANUP(access_free) struct hf_policy_nv_access access = {0};
    struct hf_tpm_entity session = hf_tpm_session_entity(run->session);
    const struct hf_policy_steps *steps = NULL;
    struct hf_digest wanted = {0};
    struct hf_tpm_auth auth = {0};
    struct hf_tpm_call c;
    char where[HF_POLICY_WHERE];

    HF_TRY(hf_policy_nv_open(run->tpm, run->answers, step, &access));
    if (!run->trial) {
        HF_TRY(approved_in_nv(run, step, &access, &wanted));
        if (!hf_policy_approved_as(run, &wanted, &steps))
            return hf_fail(HF_E_DENIED, "%s: no policy at hand has the digest that the index holds",
                           hf_policy_where(step, where));
        HF_TRY(hf_policy_run_steps(run, steps));
    }
    auth.value = access.value;
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_PolicyAuthorizeNV));
    hf_tpm_call_handle(&c, &access.who, &auth);
    hf_tpm_call_handle(&c, &access.index, NULL);
    hf_tpm_call_handle(&c, &session, NULL);
    HF_TRY(hf_tpm_call_run(run->tpm, &c));
    return hf_rd_end(&c.r);
}

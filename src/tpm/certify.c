/* Certificates of keys and of the time, signed in the TPM (TPM 2.0 Library Part 3, 18.2, 18.3, 18.7). */
#include "base/cleanup.h"
#include "tpm/quote.h"

struct certify {
    struct hf_tpm_signer signer;
    struct hf_tpm_entity object;
    struct hf_bytes creation_hash, ticket;
    const struct hf_secret *endorsement_auth;
};

static hf_err build_certify(struct hf_tpm_call *c, void *arg)
{
    struct certify *s = arg;

    HF_TRY(hf_tpm_signer_handle(&s->signer, c));
    hf_wr_b16(&c->w, s->signer.nonce);
    hf_tpm_signer_scheme(&s->signer, &c->w);
    return HF_OK;
}

hf_err hf_tpm_certify(struct hf_tpm_key *object, struct hf_tpm_key *key, struct hf_bytes nonce,
                      const struct hf_tpm_signing *how, struct hf_tpm_statement *out)
{
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement made = {0};
    struct certify s = {0};
    struct hf_tpm_call c;
    TPMS_ATTEST attest;
    hf_err err;

    if (object->tpm != key->tpm)
        return hf_fail(HF_E_ARG, "the object and the signing key are open through two connections");
    HF_TRY(hf_tpm_signer_make(key, how, nonce, &s.signer));
    err = hf_tpm_key_run(object, TPM2_CC_Certify, build_certify, &s, &c);
    hf_tpm_session_close(&s.signer.session);
    HF_TRY(err);
    HF_TRY(hf_tpm_statement_read(&c.r, &s.signer, TPM2_ST_ATTEST_CERTIFY, &made, &attest));
    if (!hf_bytes_equal((struct hf_bytes){attest.attested.certify.name.name, attest.attested.certify.name.size},
                        hf_tpm_name_bytes(&object->name)))
        return hf_fail(HF_E_DEVICE, "the TPM certified an object of another Name");
    hf_tpm_statement_move(&made, out);
    return HF_OK;
}

static hf_err build_creation(struct hf_tpm_call *c, void *arg)
{
    const struct certify *s = arg;

    hf_tpm_call_handle(c, &s->object, NULL);
    hf_wr_b16(&c->w, s->signer.nonce);
    hf_wr_b16(&c->w, s->creation_hash);
    hf_tpm_signer_scheme(&s->signer, &c->w);
    hf_wr_bytes(&c->w, s->ticket);
    return HF_OK;
}

/* The object loaded, and the signer's command on it: both belong to one turn. */
static hf_err run_creation(struct hf_tpm_key *object, struct certify *s, struct hf_tpm_call *c)
{
    hf_err err;

    HF_TRY(hf_tpm_take(object->tpm));
    err = hf_tpm_key_ready(object, &s->object);
    if (err == HF_OK)
        err = hf_tpm_key_run(s->signer.key, TPM2_CC_CertifyCreation, build_creation, s, c);
    hf_tpm_give(object->tpm);
    if (err != HF_OK && (hf_err_device_code() & 0xbf) == TPM2_RC_TICKET)
        return hf_fail_device(HF_E_MISMATCH, hf_err_device_code(),
                              "the creation ticket is not this TPM's for this object and creation data");
    return err;
}

hf_err hf_tpm_certify_ticket(struct hf_tpm_key *object, struct hf_bytes creation_hash, struct hf_bytes ticket,
                             struct hf_tpm_key *key, struct hf_bytes nonce, const struct hf_tpm_signing *how,
                             struct hf_tpm_statement *out)
{
    struct certify s = {.creation_hash = creation_hash, .ticket = ticket};
    struct hf_tpm_call c;
    TPMS_ATTEST attest;

    if (object->tpm != key->tpm)
        return hf_fail(HF_E_ARG, "the object and the signing key are open through two connections");
    HF_TRY(hf_tpm_signer_make(key, how, nonce, &s.signer));
    HF_TRY(run_creation(object, &s, &c));
    return hf_tpm_statement_read(&c.r, &s.signer, TPM2_ST_ATTEST_CREATION, out, &attest);
}

hf_err hf_tpm_certify_creation(struct hf_tpm_key *object, struct hf_tpm_key *key, struct hf_bytes nonce,
                               const struct hf_tpm_signing *how, struct hf_tpm_statement *out)
{
    struct hf_bytes data, hash, ticket;

    HF_TRY(hf_tpm_key_creation(object, &data, &hash, &ticket));
    return hf_tpm_certify_ticket(object, hash, ticket, key, nonce, how, out);
}

/* TPM2_GetTime: the privacy administrator (endorsement) and the signer both permit it. */
static hf_err run_time(struct certify *s, struct hf_tpm_call *c)
{
    struct hf_tpm_entity endorsement = hf_tpm_entity_plain(TPM2_RH_ENDORSEMENT);
    struct hf_tpm_auth auth = {.value = s->endorsement_auth};

    HF_TRY(hf_tpm_call_start(c, TPM2_CC_GetTime));
    hf_tpm_call_handle(c, &endorsement, &auth);
    HF_TRY(hf_tpm_signer_handle(&s->signer, c));
    hf_wr_b16(&c->w, s->signer.nonce);
    hf_tpm_signer_scheme(&s->signer, &c->w);
    return hf_tpm_call_run(s->signer.key->tpm, c);
}

hf_err hf_tpm_certify_time(struct hf_tpm_key *key, const struct hf_secret *endorsement_auth, struct hf_bytes nonce,
                           const struct hf_tpm_signing *how, struct hf_tpm_statement *out)
{
    struct certify s = {.endorsement_auth = endorsement_auth};
    struct hf_tpm_call c;
    TPMS_ATTEST attest;
    hf_err err;

    HF_TRY(hf_tpm_signer_make(key, how, nonce, &s.signer));
    HF_TRY(hf_tpm_take(key->tpm));
    err = run_time(&s, &c);
    hf_tpm_session_close(&s.signer.session);
    hf_tpm_give(key->tpm);
    HF_TRY(err);
    return hf_tpm_statement_read(&c.r, &s.signer, TPM2_ST_ATTEST_TIME, out, &attest);
}

/* What an NV index holds, signed (Part 3, 31.16). */
#include "base/cleanup.h"
#include "tpm/lockout.h"
#include "tpm/nv.h"
#include "tpm/quote.h"

struct certify {
    struct hf_tpm_signer signer;
    struct hf_tpm_nv_access access;
    uint32_t index;
    const struct hf_tpm_nv_auth *auth;
    size_t offset, n;
};

static void certify_close(struct certify *s)
{
    hf_tpm_session_close(&s->signer.session);
    hf_tpm_nv_access_close(&s->access);
}

static hf_err run(struct hf_tpm *tpm, struct certify *s, struct hf_tpm_call *c)
{
    hf_err err;

    HF_TRY(hf_tpm_nv_access_open(tpm, s->index, s->auth, false, &s->access));
    HF_TRY(hf_tpm_nv_range_check(&s->access.pub, s->offset, s->n));
    HF_TRY(hf_tpm_call_start(c, TPM2_CC_NV_Certify));
    HF_TRY(hf_tpm_signer_handle(&s->signer, c));
    hf_tpm_call_handle(c, &s->access.who, &s->access.auth);
    hf_tpm_call_handle(c, &s->access.index, NULL);
    hf_wr_b16(&c->w, s->signer.nonce);
    hf_tpm_signer_scheme(&s->signer, &c->w);
    hf_wr_u16be(&c->w, (uint16_t)s->n);
    hf_wr_u16be(&c->w, (uint16_t)s->offset);
    err = hf_tpm_call_run(tpm, c);
    return err == HF_OK ? HF_OK : hf_tpm_tries_left(tpm, err);
}

static hf_err check(const struct certify *s, const TPMS_ATTEST *attest)
{
    const TPMS_NV_CERTIFY_INFO *nv = &attest->attested.nv;

    if (!hf_bytes_equal((struct hf_bytes){nv->indexName.name, nv->indexName.size},
                        hf_tpm_name_bytes(&s->access.index.name)))
        return hf_fail(HF_E_DEVICE, "the TPM certified an NV index of another Name than 0x%08x has",
                       (unsigned)s->index);
    if (nv->offset != s->offset || nv->nvContents.size != s->n)
        return hf_fail(HF_E_DEVICE, "the TPM certified %u bytes at %u, where %zu at %zu were asked for",
                       nv->nvContents.size, nv->offset, s->n, s->offset);
    return HF_OK;
}

hf_err hf_tpm_nv_certify(struct hf_tpm_key *key, uint32_t index, const struct hf_tpm_nv_auth *auth, size_t offset,
                         size_t n, struct hf_bytes nonce, const struct hf_tpm_signing *how,
                         struct hf_tpm_statement *out)
{
    static const struct hf_tpm_nv_auth none;
    HF_CLEANUP(certify_close)
    struct certify s = {.index = index, .auth = auth ? auth : &none, .offset = offset, .n = n};
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement made = {0};
    struct hf_tpm_call c;
    TPMS_ATTEST attest;
    hf_err err;

    /* Size zero asks newer TPMs for a digest of the whole index, another kind of statement (ATTEST_NV_DIGEST). */
    if (n == 0 || n > sizeof(attest.attested.nv.nvContents.buffer))
        return hf_fail(HF_E_ARG, "%zu bytes to certify; 1 to %zu are possible", n,
                       sizeof(attest.attested.nv.nvContents.buffer));
    HF_TRY(hf_tpm_signer_make(key, how, nonce, &s.signer));
    HF_TRY(hf_tpm_take(key->tpm));
    err = run(key->tpm, &s, &c);
    hf_tpm_give(key->tpm);
    HF_TRY(err);
    HF_TRY(hf_tpm_statement_read(&c.r, &s.signer, TPM2_ST_ATTEST_NV, &made, &attest));
    HF_TRY(check(&s, &attest));
    hf_tpm_statement_move(&made, out);
    return HF_OK;
}

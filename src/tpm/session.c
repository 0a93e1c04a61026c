/* Starting sessions, and the pool of HMAC sessions. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "crypto/cipher.h"
#include "tpm/connection.h"
#include "tpm/salt_secret.h"

/* The handles of a session die with the device's context gap; far before it a pooled session is renewed. */
#define POOL_USES_MAX 30000u

/* TPM2_StartAuthSession (Part 3, 11.1) with salt, unbound. */
static hf_err start_command(struct hf_tpm *tpm, struct hf_tpm_session *s, TPM2_SE type, struct hf_bytes salt,
                            enum hf_hash_alg alg, struct hf_tpm_call *c)
{
    struct hf_tpm_entity key = hf_tpm_entity_plain(salt.n ? tpm->salt.handle : TPM2_RH_NULL);
    struct hf_tpm_entity none = hf_tpm_entity_plain(TPM2_RH_NULL);

    HF_TRY(hf_tpm_call_start(c, TPM2_CC_StartAuthSession));
    hf_tpm_call_handle(c, &key, NULL);
    hf_tpm_call_handle(c, &none, NULL);
    hf_wr_b16(&c->w, HF_BYTES_OF(s->nonce_caller));
    hf_wr_b16(&c->w, salt);
    hf_wr_u8(&c->w, type);
    if (tpm->plain_bus) {
        hf_wr_u16be(&c->w, TPM2_ALG_NULL);
    } else {
        hf_wr_u16be(&c->w, TPM2_ALG_AES);
        hf_wr_u16be(&c->w, 128);
        hf_wr_u16be(&c->w, TPM2_ALG_CFB);
    }
    hf_wr_u16be(&c->w, (uint16_t)alg);
    return hf_tpm_call_run(tpm, c);
}

/* sessionKey = KDFa(sessionAlg, salt, "ATH", nonceTPM, nonceCaller, bits) (Part 1, 19.6.8). */
static hf_err derive(struct hf_tpm_session *s, enum hf_hash_alg alg, struct hf_bytes salt)
{
    if (salt.n == 0)
        return HF_OK;
    s->n_key = hf_hash_size(alg);
    return hf_tpm_kdfa(alg, salt, "ATH", HF_BYTES_OF(s->nonce_tpm), HF_BYTES_OF(s->nonce_caller), s->n_key * 8, s->key);
}

static hf_err start_with(struct hf_tpm *tpm, struct hf_tpm_session *s, TPM2_SE type, enum hf_hash_alg alg,
                         const struct hf_tpm_salt_secret *salt)
{
    struct hf_tpm_call c;
    struct hf_bytes nonce;

    HF_TRY(hf_random(s->nonce_caller, sizeof(s->nonce_caller)));
    HF_TRY(start_command(tpm, s, type, (struct hf_bytes){salt->sent, salt->n_sent}, alg, &c));
    nonce = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    if (nonce.n != HF_TPM_NONCE)
        return hf_fail(HF_E_DEVICE, "TPM2_StartAuthSession: a nonce of %zu bytes, where %d were asked for", nonce.n, HF_TPM_NONCE);
    memcpy(s->nonce_tpm, nonce.p, nonce.n);
    s->handle = c.out_handle;
    s->generation = tpm->generation;
    s->tpm = tpm;
    s->policy = type != TPM2_SE_HMAC;
    s->alg = alg;
    return derive(s, alg, (struct hf_bytes){salt->key, salt->n_key});
}

/* Start a session of a type into *s. The connection is taken. */
static hf_err start(struct hf_tpm *tpm, TPM2_SE type, enum hf_hash_alg alg, struct hf_tpm_session *s)
{
    struct hf_tpm_salt_secret secret = {0};
    hf_err err = HF_OK;

    *s = (struct hf_tpm_session){0};
    if (!tpm->plain_bus) {
        HF_TRY(hf_tpm_salt_ready(tpm));
        err = hf_tpm_salt_make(hf_buf_bytes(&tpm->salt.public_area), &secret);
    }
    if (err == HF_OK)
        err = start_with(tpm, s, type, alg, &secret);
    hf_wipe(&secret, sizeof(secret));
    if (err != HF_OK)
        hf_wipe(s, sizeof(*s));
    return err;
}

hf_err hf_tpm_pool_get(struct hf_tpm *tpm, size_t which, struct hf_tpm_session **out)
{
    struct hf_tpm_session *s = &tpm->pool[which];

    if (s->handle && s->generation != tpm->generation)
        hf_wipe(s, sizeof(*s));
    if (s->handle && s->uses > POOL_USES_MAX) {
        hf_tpm_flush(tpm, s->handle);
        hf_wipe(s, sizeof(*s));
    }
    if (!s->handle)
        HF_TRY(start(tpm, TPM2_SE_HMAC, HF_SHA256, s));
    s->uses++;
    *out = s;
    return HF_OK;
}

void hf_tpm_pool_forget(struct hf_tpm *tpm)
{
    hf_wipe(tpm->pool, sizeof(tpm->pool));
}

void hf_tpm_pool_flush(struct hf_tpm *tpm)
{
    for (size_t i = 0; i < HF_TPM_POOL; i++) {
        if (tpm->pool[i].handle && tpm->pool[i].generation == tpm->generation)
            hf_tpm_flush(tpm, tpm->pool[i].handle);
    }
    if (tpm->salt.known && tpm->salt.transient)
        hf_tpm_flush(tpm, tpm->salt.handle);
    hf_tpm_pool_forget(tpm);
    hf_tpm_salt_forget(tpm);
}

void hf_tpm_flush(struct hf_tpm *tpm, uint32_t handle)
{
    struct hf_tpm_call c;

    if (hf_tpm_call_start(&c, TPM2_CC_FlushContext) != HF_OK)
        return;
    hf_wr_u32be(&c.w, handle);
    if (hf_tpm_call_run(tpm, &c) != HF_OK)
        hf_log(HF_LOG_WARNING, "tpm.flush", "handle=0x%08x error=%s", (unsigned)handle, hf_err_detail());
}

hf_err hf_tpm_policy_open(struct hf_tpm *tpm, enum hf_hash_alg alg, bool trial, struct hf_tpm_session **out)
{
    HF_CLEANUP(hf_free) struct hf_tpm_session *s = NULL;
    hf_err err;

    HF_TRY(hf_alloc(sizeof(*s), &s));
    HF_TRY(hf_tpm_take(tpm));
    err = start(tpm, trial ? TPM2_SE_TRIAL : TPM2_SE_POLICY, alg, s);
    hf_tpm_give(tpm);
    HF_TRY(err);
    *out = hf_take(s);
    return HF_OK;
}

void hf_tpm_session_close(struct hf_tpm_session **s)
{
    struct hf_tpm_session *gone = *s;

    *s = NULL;
    if (!gone)
        return;
    if (gone->handle && hf_tpm_take(gone->tpm) == HF_OK) {
        if (gone->generation == gone->tpm->generation)
            hf_tpm_flush(gone->tpm, gone->handle);
        hf_tpm_give(gone->tpm);
    }
    hf_wipe(gone, sizeof(*gone));
    hf_free(&gone);
}

struct hf_tpm_entity hf_tpm_session_entity(const struct hf_tpm_session *s)
{
    return hf_tpm_entity_plain(s->handle);
}

void hf_tpm_session_needs_auth(struct hf_tpm_session *s, bool needs)
{
    s->needs_auth = needs;
}

struct hf_bytes hf_tpm_session_nonce_tpm(const struct hf_tpm_session *s)
{
    return HF_BYTES_OF(s->nonce_tpm);
}

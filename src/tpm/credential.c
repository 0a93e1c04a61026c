/* Secrets for one key in one TPM (TPM 2.0 Library Part 1, section 24; Part 3, 12.5 and 12.6). */
#include "tpm/credential.h"
#include "base/cleanup.h"
#include "crypto/cipher.h"
#include "tpm/ek.h"
#include "tpm/salt_secret.h"

#define MAGIC 0xbadcc0deu
#define VERSION 1u

/* ---- the file ---- */

hf_err hf_tpm_credential_parse(struct hf_bytes in, struct hf_tpm_credential *out)
{
    struct hf_tpm_credential c = {0};
    struct hf_tpm_id_object id = {0};
    struct hf_reader r = hf_reader(in);
    uint32_t magic = hf_rd_u32be(&r);
    uint32_t version = hf_rd_u32be(&r);

    HF_TRY(hf_rd_err(&r));
    if (magic != MAGIC)
        return hf_fail(HF_E_FORMAT, "the file begins with 0x%08x; a credential begins with 0x%08x", (unsigned)magic,
                       MAGIC);
    if (version != VERSION)
        return hf_fail(HF_E_UNSUPPORTED, "a credential of version %u; %u is known", (unsigned)version, VERSION);
    c.id_object = hf_rd_view(&r, hf_rd_u16be(&r));
    c.secret = hf_rd_view(&r, hf_rd_u16be(&r));
    HF_TRY(hf_rd_end(&r));
    HF_TRY(hf_tpm_id_object_parse(c.id_object, &id));
    if (c.secret.n == 0)
        return hf_fail(HF_E_FORMAT, "the credential has no encrypted seed");
    *out = c;
    return HF_OK;
}

hf_err hf_tpm_credential_write(const struct hf_tpm_credential *c, struct hf_buf *out)
{
    uint8_t place[8 + 2 * (2 + 1024)];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes done = {0};

    hf_wr_u32be(&w, MAGIC);
    hf_wr_u32be(&w, VERSION);
    hf_wr_b16(&w, c->id_object);
    hf_wr_b16(&w, c->secret);
    HF_TRY(hf_wr_end(&w, &done));
    return hf_buf_add(out, done);
}

/* ---- making ---- */

static hf_err check_name(struct hf_bytes name)
{
    size_t size = name.n > 2 ? hf_hash_size((enum hf_hash_alg)(name.p[0] << 8 | name.p[1])) : 0;

    if (size == 0 || name.n != size + 2)
        return hf_fail(HF_E_ARG, "%zu bytes are not the Name of a key: a hash's number and a digest of it", name.n);
    return HF_OK;
}

/* A restricted decryption key with a cipher: what the TPM asks of TPM2_MakeCredential's handle. */
static hf_err check_ek(const TPMT_PUBLIC *ek, TPMT_SYM_DEF_OBJECT *cipher)
{
    bool rsa = ek->type == TPM2_ALG_RSA;

    if ((!rsa && ek->type != TPM2_ALG_ECC) || !(ek->objectAttributes & TPMA_OBJECT_RESTRICTED) ||
        !(ek->objectAttributes & TPMA_OBJECT_DECRYPT))
        return hf_fail(HF_E_KEY_TYPE,
                       "a credential is made for a restricted decryption key, RSA or ECC, such as an EK");
    *cipher = rsa ? ek->parameters.rsaDetail.symmetric : ek->parameters.eccDetail.symmetric;
    if (cipher->algorithm != TPM2_ALG_AES || cipher->mode.aes != TPM2_ALG_CFB)
        return hf_fail(HF_E_UNSUPPORTED, "the EK protects by cipher 0x%04x in mode 0x%04x; AES in CFB mode is known",
                       cipher->algorithm, cipher->mode.sym);
    return HF_OK;
}

static hf_err check_secret(const TPMT_PUBLIC *ek, const struct hf_secret *secret)
{
    size_t most = hf_hash_size((enum hf_hash_alg)ek->nameAlg);
    size_t n = hf_secret_expose(secret).n;

    if (n == 0 || n > most)
        return hf_fail(HF_E_ARG, "a secret of %zu bytes; 1 to %zu fit this EK", n, most);
    return HF_OK;
}

/* encIdentity: TPM2B_DIGEST of the secret under AES-CFB with an IV of zeros, the key derived for this Name. */
static hf_err encrypt(const TPMT_PUBLIC *ek, uint16_t bits, struct hf_bytes seed, struct hf_bytes name, uint8_t *data,
                      size_t n)
{
    static const uint8_t zeros[16];
    uint8_t key[32];
    hf_err err;

    if (bits > sizeof(key) * 8)
        return hf_fail(HF_E_UNSUPPORTED, "AES with %u bits", bits);
    err = hf_tpm_kdfa((enum hf_hash_alg)ek->nameAlg, seed, "STORAGE", name, (struct hf_bytes){NULL, 0}, bits, key);
    if (err == HF_OK)
        err = hf_aes_cfb(true, (struct hf_bytes){key, bits / 8u}, zeros, data, n);
    hf_wipe(key, sizeof(key));
    return err;
}

/* outerHMAC over encIdentity and the Name. */
static hf_err protect(const TPMT_PUBLIC *ek, struct hf_bytes seed, struct hf_bytes name, struct hf_bytes data,
                      struct hf_digest *out)
{
    enum hf_hash_alg alg = (enum hf_hash_alg)ek->nameAlg;
    struct hf_bytes none = {NULL, 0};
    struct hf_bytes parts[] = {data, name};
    uint8_t key[HF_DIGEST_MAX];
    size_t n = hf_hash_size(alg);
    hf_err err = hf_tpm_kdfa(alg, seed, "INTEGRITY", none, none, n * 8, key);

    if (err == HF_OK)
        err = hf_hmac(alg, (struct hf_bytes){key, n}, parts, HF_COUNT(parts), out);
    hf_wipe(key, sizeof(key));
    return err;
}

hf_err hf_tpm_id_object_make(const TPMT_PUBLIC *ek, struct hf_bytes seed, struct hf_bytes name,
                             const struct hf_secret *secret, struct hf_buf *out)
{
    TPMT_SYM_DEF_OBJECT cipher = {0};
    uint8_t identity[2 + HF_DIGEST_MAX];
    struct hf_writer w = hf_writer(identity, sizeof(identity));
    struct hf_bytes data = {0};
    struct hf_digest hmac = {0};
    hf_err err;

    HF_TRY(check_name(name));
    HF_TRY(check_ek(ek, &cipher));
    HF_TRY(check_secret(ek, secret));
    hf_wr_b16(&w, hf_secret_expose(secret));
    err = hf_wr_end(&w, &data);
    if (err == HF_OK)
        err = encrypt(ek, cipher.keyBits.aes, seed, name, identity, data.n);
    if (err == HF_OK)
        err = protect(ek, seed, name, data, &hmac);
    if (err == HF_OK)
        err = hf_tpm_id_object_write(&(struct hf_tpm_id_object){hf_digest_bytes(&hmac), data}, out);
    hf_wipe(identity, sizeof(identity));
    return err;
}

/* A public key or a certificate, PEM or DER: the key in it. */
static hf_err read_key(struct hf_bytes in, struct hf_pubkey **out)
{
    HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;

    if (hf_pubkey_from_pem(in, out) == HF_OK || hf_pubkey_from_spki(in, out) == HF_OK)
        return HF_OK;
    if (hf_tpm_ek_cert_read(in, &cert) != HF_OK)
        return hf_fail(HF_E_FORMAT,
                       "the EK is none of: TPM2B_PUBLIC or TPMT_PUBLIC; a public key or certificate, PEM or DER");
    *out = hf_pubkey_share(cert->key);
    return HF_OK;
}

hf_err hf_tpm_ek_public_read(struct hf_bytes in, struct hf_buf *out)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    struct hf_bytes content = hf_tpm2b_content(in);
    unsigned type = content.n >= 2 ? (unsigned)content.p[0] << 8 | content.p[1] : 0;
    TPMT_PUBLIC pub;

    if (type == TPM2_ALG_RSA || type == TPM2_ALG_ECC) {
        HF_TRY(hf_tpm_public_parse(content, &pub));
        return hf_buf_set(out, content);
    }
    HF_TRY(read_key(in, &key));
    HF_TRY(hf_tpm_ek_public_of(key, &area));
    return hf_buf_set(out, hf_buf_bytes(&area));
}

hf_err hf_tpm_make_credential(struct hf_bytes ek, struct hf_bytes name, const struct hf_secret *secret,
                              struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf id = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    struct hf_tpm_salt_secret seed = {0};
    TPMT_PUBLIC pub;
    hf_err err;

    HF_TRY(hf_tpm_ek_public_read(ek, &area));
    HF_TRY(hf_tpm_public_parse(hf_buf_bytes(&area), &pub));
    err = hf_tpm_secret_make(hf_buf_bytes(&area), "IDENTITY", &seed);
    if (err == HF_OK)
        err = hf_tpm_id_object_make(&pub, (struct hf_bytes){seed.key, seed.n_key}, name, secret, &id);
    hf_wipe(seed.key, sizeof(seed.key));
    HF_TRY(err);
    HF_TRY(hf_tpm_credential_write(&(struct hf_tpm_credential){hf_buf_bytes(&id), {seed.sent, seed.n_sent}}, &file));
    return hf_buf_set(out, hf_buf_bytes(&file));
}

static hf_err make_in_tpm(struct hf_tpm_key *ek, struct hf_bytes name, const struct hf_secret *secret,
                          struct hf_buf *out)
{
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    struct hf_tpm_credential made = {0};
    struct hf_tpm_entity entity = {0};

    HF_TRY(hf_tpm_key_ready(ek, &entity));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_MakeCredential));
    hf_tpm_call_handle(&c, &entity, NULL);
    hf_wr_b16(&c.w, hf_secret_expose(secret));
    hf_wr_b16(&c.w, name);
    HF_TRY(hf_tpm_call_run(ek->tpm, &c));
    made.id_object = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    made.secret = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    HF_TRY(hf_tpm_credential_write(&made, &file));
    return hf_buf_set(out, hf_buf_bytes(&file));
}

hf_err hf_tpm_make_credential_in_tpm(struct hf_tpm *tpm, struct hf_bytes ek, struct hf_bytes name,
                                     const struct hf_secret *secret, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    TPMT_SYM_DEF_OBJECT cipher = {0};
    hf_err err;

    HF_TRY(hf_tpm_ek_public_read(ek, &area));
    HF_TRY(hf_tpm_load_external(tpm, hf_buf_bytes(&area), &key));
    HF_TRY(check_name(name));
    HF_TRY(check_ek(&key->pub, &cipher));
    HF_TRY(check_secret(&key->pub, secret));
    HF_TRY(hf_tpm_take(tpm));
    err = make_in_tpm(key, name, secret, out);
    hf_tpm_give(tpm);
    return err;
}

/* ---- opening ---- */

hf_err hf_tpm_credential_kind(struct hf_bytes credential, enum hf_tpm_ek_kind *out)
{
    static const struct {
        size_t size; /* of the encrypted seed; two coordinates and their sizes for ECC */
        enum hf_tpm_ek_kind kind;
    } forms[] = {
        {256, HF_TPM_EK_RSA2048},       {2 * (2 + 32), HF_TPM_EK_P256}, {2 * (2 + 48), HF_TPM_EK_P384},
        {2 * (2 + 66), HF_TPM_EK_P521}, {384, HF_TPM_EK_RSA3072},       {512, HF_TPM_EK_RSA4096},
    };
    struct hf_tpm_credential c = {0};

    HF_TRY(hf_tpm_credential_parse(credential, &c));
    for (size_t i = 0; i < HF_COUNT(forms); i++) {
        if (forms[i].size == c.secret.n) {
            *out = forms[i].kind;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_UNSUPPORTED, "an encrypted seed of %zu bytes is not one for any kind of EK that is known here",
                   c.secret.n);
}

struct activation {
    struct hf_tpm_key *ek, *ak;
    const struct hf_secret *endorsement_auth;
    struct hf_tpm_session *ek_session, *ak_session;
    struct hf_tpm_credential credential;
};

/* TPM2_ActivateCredential: the key that the secret is for comes first, the EK second. */
static hf_err run(struct activation *a, struct hf_tpm_call *c)
{
    struct hf_tpm_entity ek = {0}, ak = {0};
    struct hf_tpm_auth ek_auth = {0}, ak_auth = {0};

    HF_TRY(hf_tpm_key_ready(a->ak, &ak));
    HF_TRY(hf_tpm_key_ready(a->ek, &ek));
    HF_TRY(hf_tpm_key_authorize(a->ak, TPM2_CC_ActivateCredential, &ak_auth, &a->ak_session));
    HF_TRY(hf_tpm_ek_authorize(a->ek, a->endorsement_auth, &ek_auth, &a->ek_session));
    HF_TRY(hf_tpm_call_start(c, TPM2_CC_ActivateCredential));
    hf_tpm_call_handle(c, &ak, &ak_auth);
    hf_tpm_call_handle(c, &ek, &ek_auth);
    hf_wr_b16(&c->w, a->credential.id_object);
    hf_wr_b16(&c->w, a->credential.secret);
    return hf_tpm_call_run(a->ek->tpm, c);
}

/* libtpms before 0.10 says TPM_RC_FAILURE where the RSA block does not open; in true failure mode it would answer
 * nothing else from then on. */
static bool not_in_failure_mode(struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf random = {0};

    return hf_tpm_random(tpm, 8, &random) == HF_OK;
}

/* What the TPM means by its answer to a credential that is not for it. */
static hf_err explain(struct hf_tpm *tpm, hf_err err)
{
    uint32_t rc = hf_err_device_code();
    uint32_t bare = rc & 0x80 ? rc & 0xbf : rc;

    if (err == HF_OK || (bare != TPM2_RC_INTEGRITY && bare != TPM2_RC_VALUE && bare != TPM2_RC_ECC_POINT &&
                         bare != TPM2_RC_SIZE && bare != TPM2_RC_INSUFFICIENT && bare != TPM2_RC_FAILURE))
        return err;
    if (bare == TPM2_RC_FAILURE && !not_in_failure_mode(tpm))
        return hf_tpm_fail_rc(hf_tpm_command_find(TPM2_CC_ActivateCredential), rc);
    return hf_fail_device(
        HF_E_INTEGRITY, rc,
        "the credential was changed, or it is for another endorsement key or another key than this one");
}

hf_err hf_tpm_activate_credential(struct hf_tpm_key *ek, const struct hf_secret *endorsement_auth,
                                  struct hf_tpm_key *ak, struct hf_bytes credential, struct hf_secret **out)
{
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c = {0};
    struct activation a = {.ek = ek, .ak = ak, .endorsement_auth = endorsement_auth};
    struct hf_bytes secret;
    hf_err err;

    if (ek->tpm != ak->tpm)
        return hf_fail(HF_E_ARG, "the endorsement key and the other key are open through two connections");
    HF_TRY(hf_tpm_credential_parse(credential, &a.credential));
    HF_TRY(hf_tpm_take(ek->tpm));
    err = explain(ek->tpm, run(&a, &c));
    hf_tpm_session_close(&a.ek_session);
    hf_tpm_session_close(&a.ak_session);
    hf_tpm_give(ek->tpm);
    HF_TRY(err);
    secret = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    return hf_secret_new(secret, out);
}

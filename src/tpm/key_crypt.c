/* Encrypting, decrypting, agreeing on keys. */
#include "base/cleanup.h"
#include "crypto/cipher.h"
#include "crypto/rsa.h"
#include "tpm/key.h"

#define IV 16u
#define MAC 32u
#define CHUNK 1024u /* a multiple of the AES block, so that the IV chains */

static hf_err wrong(const struct hf_tpm_key *key, const char *wish)
{
    char name[16];

    hf_tpm_algorithm_name(&key->pub, name);
    return hf_fail(HF_E_KEY_TYPE, "a key of kind %s cannot %s", name, wish);
}

struct cipher {
    bool decrypt;
    uint8_t iv[IV];
    struct hf_bytes data;
};

/* TPM2_EncryptDecrypt2 (Part 3, 15.3): the data is the first parameter, so that it crosses encrypted. */
static hf_err build_cipher(struct hf_tpm_call *c, void *arg)
{
    const struct cipher *x = arg;

    hf_wr_b16(&c->w, x->data);
    hf_wr_u8(&c->w, x->decrypt);
    hf_wr_u16be(&c->w, TPM2_ALG_NULL); /* the key's own mode */
    hf_wr_b16(&c->w, HF_BYTES_OF(x->iv));
    return HF_OK;
}

/* data through the TPM's CFB, chunk by chunk, into place. */
static hf_err cfb(struct hf_tpm_key *key, bool decrypt, const uint8_t iv[IV], struct hf_bytes data, uint8_t *place)
{
    struct cipher x = {.decrypt = decrypt};

    memcpy(x.iv, iv, IV);
    while (data.n) {
        HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c;
        size_t n = data.n < CHUNK ? data.n : CHUNK;
        struct hf_bytes made;
        struct hf_bytes next_iv;

        HF_TRY(hf_tpm_call_start(&c, TPM2_CC_EncryptDecrypt2)); /* so that wiping it is defined */
        x.data = (struct hf_bytes){data.p, n};
        HF_TRY(hf_tpm_key_run(key, TPM2_CC_EncryptDecrypt2, build_cipher, &x, &c));
        made = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
        next_iv = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
        HF_TRY(hf_rd_end(&c.r));
        if (made.n != n || next_iv.n != IV)
            return hf_fail(HF_E_DEVICE, "TPM2_EncryptDecrypt2: %zu bytes came back for %zu", made.n, n);
        memcpy(place, made.p, n);
        memcpy(x.iv, next_iv.p, IV);
        place += n;
        data.p += n;
        data.n -= n;
    }
    return HF_OK;
}

/*
 * The authentication key of CFB_HMAC: 32 zero bytes encrypted under a fixed IV that no data has, then
 * HKDF-like expansion by HMAC. Only the holder of the TPM key can compute it.
 */
static hf_err mac_key(struct hf_tpm_key *key, struct hf_digest *out)
{
    static const uint8_t iv[IV] = {'h', 'o', 'l', 'd', 'f', 'a', 's', 't', ' ', 'm', 'a', 'c', ' ', 'k', 'e', 'y'};
    static const char label[] = "holdfast aes-cfb-hmac v1";
    uint8_t block[32] = {0};
    struct hf_bytes parts[] = {HF_BYTES_OF(label)};
    hf_err err;

    HF_TRY(cfb(key, false, iv, HF_BYTES_OF(block), block));
    err = hf_hmac(HF_SHA256, HF_BYTES_OF(block), parts, 1, out);
    hf_wipe(block, sizeof(block));
    return err;
}

static hf_err mac(struct hf_tpm_key *key, struct hf_bytes data, struct hf_digest *out)
{
    struct hf_digest k = {0};
    hf_err err;

    HF_TRY(mac_key(key, &k));
    err = hf_hmac(HF_SHA256, hf_digest_bytes(&k), &data, 1, out);
    hf_wipe(&k, sizeof(k));
    return err;
}

static hf_err aes_encrypt(struct hf_tpm_key *key, struct hf_bytes data, bool authenticated, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf all = {0};
    struct hf_digest tag = {0};
    uint8_t *place = NULL;

    HF_TRY(hf_buf_grow(&all, IV + data.n, &place));
    HF_TRY(hf_random(place, IV));
    HF_TRY(cfb(key, false, place, data, place + IV));
    if (authenticated) {
        HF_TRY(mac(key, hf_buf_bytes(&all), &tag));
        HF_TRY(hf_buf_add(&all, hf_digest_bytes(&tag)));
    }
    return hf_buf_set(out, hf_buf_bytes(&all));
}

static hf_err check_tag(struct hf_tpm_key *key, struct hf_bytes *data)
{
    struct hf_digest tag = {0};

    if (data->n < IV + MAC)
        return hf_fail(HF_E_TRUNCATED, "an authenticated ciphertext of %zu bytes; at least %u are needed", data->n, IV + MAC);
    data->n -= MAC;
    HF_TRY(mac(key, *data, &tag));
    if (!hf_equal_secretly(hf_digest_bytes(&tag), (struct hf_bytes){data->p + data->n, MAC}))
        return hf_fail(HF_E_INTEGRITY, "the ciphertext was changed, or was made with another key");
    return HF_OK;
}

static hf_err aes_decrypt(struct hf_tpm_key *key, struct hf_bytes data, bool authenticated, struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *plain = NULL;
    uint8_t *place = NULL;

    if (authenticated)
        HF_TRY(check_tag(key, &data));
    if (data.n < IV)
        return hf_fail(HF_E_TRUNCATED, "a ciphertext of %zu bytes; it starts with an IV of %u", data.n, IV);
    HF_TRY(hf_secret_new_zero(data.n - IV, &place, &plain));
    HF_TRY(cfb(key, true, data.p, (struct hf_bytes){data.p + IV, data.n - IV}, place));
    *out = hf_take(plain);
    return HF_OK;
}

/* Mode, hash and label as they count for this key. */
static hf_err choose(const struct hf_tpm_key *key, const struct hf_tpm_crypt *how, bool decrypt, struct hf_tpm_crypt *out)
{
    struct hf_tpm_crypt c = how ? *how : (struct hf_tpm_crypt){0};
    bool aes = key->pub.type == TPM2_ALG_SYMCIPHER;

    if (!aes && key->pub.type != TPM2_ALG_RSA)
        return wrong(key, decrypt ? "decrypt: take an aes or rsa key" : "encrypt: take an aes or rsa key");
    if (!(key->pub.objectAttributes & TPMA_OBJECT_DECRYPT))
        return wrong(key, "encrypt or decrypt: it was made to sign (make one with --use decrypt)");
    if (c.mode == HF_TPM_MODE_DEFAULT)
        c.mode = aes ? HF_TPM_MODE_CFB : HF_TPM_MODE_OAEP;
    if (aes != (c.mode == HF_TPM_MODE_CFB || c.mode == HF_TPM_MODE_CFB_HMAC))
        return wrong(key, aes ? "use that mode: cfb and cfb-hmac are its own" : "use that mode: oaep and rsaes are its own");
    if (!c.hash)
        c.hash = HF_SHA256;
    *out = c;
    return HF_OK;
}

/* The label with its final NUL, as the TPM wants it. */
static hf_err label_of(const struct hf_tpm_crypt *how, struct hf_buf *out)
{
    if (how->label.n == 0)
        return HF_OK;
    if (memchr(how->label.p, 0, how->label.n - 1))
        return hf_fail(HF_E_ARG, "an OAEP label for a TPM holds no NUL before its end");
    HF_TRY(hf_buf_set(out, how->label));
    return how->label.p[how->label.n - 1] ? hf_buf_add(out, (struct hf_bytes){(const uint8_t *)"", 1}) : HF_OK;
}

hf_err hf_tpm_encrypt(struct hf_tpm_key *key, struct hf_bytes data, const struct hf_tpm_crypt *how, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf label = {0};
    struct hf_pubkey *software = NULL;
    struct hf_tpm_crypt c;

    HF_TRY(choose(key, how, false, &c));
    if (key->pub.type == TPM2_ALG_SYMCIPHER)
        return aes_encrypt(key, data, c.mode == HF_TPM_MODE_CFB_HMAC, out);
    HF_TRY(hf_tpm_key_software(key, &software));
    HF_TRY(label_of(&c, &label));
    if (c.mode == HF_TPM_MODE_OAEP)
        HF_TRY(hf_rsa_oaep_encrypt(software, (enum hf_hash_alg)c.hash, hf_buf_bytes(&label), data, &made));
    else
        HF_TRY(hf_rsa_pkcs1_encrypt(software, data, &made));
    return hf_buf_set(out, hf_buf_bytes(&made));
}

struct rsa {
    const struct hf_tpm_crypt *how;
    struct hf_bytes data;
    struct hf_bytes label;
};

static hf_err build_rsa(struct hf_tpm_call *c, void *arg)
{
    const struct rsa *x = arg;

    hf_wr_b16(&c->w, x->data);
    if (x->how->mode == HF_TPM_MODE_OAEP) {
        hf_wr_u16be(&c->w, TPM2_ALG_OAEP);
        hf_wr_u16be(&c->w, (uint16_t)x->how->hash);
    } else {
        hf_wr_u16be(&c->w, TPM2_ALG_RSAES);
    }
    hf_wr_b16(&c->w, x->label);
    return HF_OK;
}

static hf_err secret_result(struct hf_tpm_call *c, struct hf_secret **out)
{
    struct hf_bytes plain = hf_rd_view(&c->r, hf_rd_u16be(&c->r));

    HF_TRY(hf_rd_end(&c->r));
    return hf_secret_new(plain, out);
}

hf_err hf_tpm_decrypt(struct hf_tpm_key *key, struct hf_bytes data, const struct hf_tpm_crypt *how, struct hf_secret **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf label = {0};
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c = {0};
    struct hf_tpm_crypt chosen;
    struct rsa x = {.how = &chosen, .data = data};

    HF_TRY(choose(key, how, true, &chosen));
    if (key->pub.type == TPM2_ALG_SYMCIPHER)
        return aes_decrypt(key, data, chosen.mode == HF_TPM_MODE_CFB_HMAC, out);
    if (data.n != key->pub.parameters.rsaDetail.keyBits / 8u)
        return hf_fail(HF_E_FORMAT, "a ciphertext of %zu bytes for a key of %u", data.n, key->pub.parameters.rsaDetail.keyBits / 8u);
    HF_TRY(label_of(&chosen, &label));
    x.label = hf_buf_bytes(&label);
    HF_TRY(hf_tpm_key_run(key, TPM2_CC_RSA_Decrypt, build_rsa, &x, &c));
    return secret_result(&c, out);
}

static hf_err build_ecdh(struct hf_tpm_call *c, void *arg)
{
    const struct hf_point *p = arg;
    size_t n = hf_curve_size(p->curve);

    hf_wr_u16be(&c->w, (uint16_t)(4 + 2 * n));
    hf_wr_b16(&c->w, (struct hf_bytes){p->x, n});
    hf_wr_b16(&c->w, (struct hf_bytes){p->y, n});
    return HF_OK;
}

/* A peer's point from PEM or from x || y, on the key's curve. */
static hf_err peer_point(const struct hf_tpm_key *key, struct hf_bytes peer, struct hf_point *out)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *pub = NULL;
    enum hf_curve curve = (enum hf_curve)key->pub.parameters.eccDetail.curveID;
    size_t n = hf_curve_size(curve);

    if (n && peer.n == 2 * n)
        HF_TRY(hf_pubkey_from_point(curve, (struct hf_bytes){peer.p, n}, (struct hf_bytes){peer.p + n, n}, &pub));
    else
        HF_TRY(hf_pubkey_from_pem(peer, &pub));
    HF_TRY(hf_pubkey_point(pub, out));
    if (out->curve != curve)
        return hf_fail(HF_E_KEY_TYPE, "the peer's key is on %s, ours on %s", hf_curve_name(out->curve), hf_curve_name(curve));
    return HF_OK;
}

hf_err hf_tpm_ecdh(struct hf_tpm_key *key, struct hf_bytes peer, struct hf_secret **z)
{
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c = {0};
    struct hf_point point = {0};
    struct hf_bytes shared;
    struct hf_reader r;
    uint8_t *place = NULL;
    size_t n;

    if (key->pub.type != TPM2_ALG_ECC || !(key->pub.objectAttributes & TPMA_OBJECT_DECRYPT))
        return wrong(key, "agree on keys: take an ecc key made with --use decrypt");
    HF_TRY(peer_point(key, peer, &point));
    HF_TRY(hf_tpm_key_run(key, TPM2_CC_ECDH_ZGen, build_ecdh, &point, &c));
    r = hf_rd_sub(&c.r, hf_rd_u16be(&c.r));
    shared = hf_rd_view(&r, hf_rd_u16be(&r));
    n = hf_curve_size(point.curve);
    HF_TRY(hf_rd_err(&r));
    if (shared.n > n)
        return hf_fail(HF_E_DEVICE, "TPM2_ECDH_ZGen: a coordinate of %zu bytes on a curve of %zu", shared.n, n);
    HF_TRY(hf_secret_new_zero(n, &place, z));
    memcpy(place + n - shared.n, shared.p, shared.n);
    return HF_OK;
}

#define SEALED_MAX 128u /* MAX_SYM_DATA (Part 2, 11.1.14) */

hf_err hf_tpm_seal(struct hf_tpm *tpm, struct hf_tpm_key *parent, const struct hf_secret *data,
                   const struct hf_tpm_key_spec *spec, struct hf_tpm_key **out)
{
    struct hf_tpm_key_spec sealed = spec ? *spec : (struct hf_tpm_key_spec){0};

    sealed.algorithm = "sealed";
    sealed.sealed = hf_secret_expose(data);
    if (sealed.sealed.n == 0 || sealed.sealed.n > SEALED_MAX)
        return hf_fail(HF_E_LIMIT, "%zu bytes to seal; a TPM seals 1 to %u (encrypt more under a key, and seal that)",
                       sealed.sealed.n, SEALED_MAX);
    return hf_tpm_generate_key_pair(tpm, parent, &sealed, out);
}

static hf_err build_nothing(struct hf_tpm_call *c, void *arg)
{
    (void)c;
    (void)arg;
    return HF_OK;
}

hf_err hf_tpm_unseal(struct hf_tpm_key *key, struct hf_secret **out)
{
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c = {0};

    if (key->pub.type != TPM2_ALG_KEYEDHASH || key->pub.parameters.keyedHashDetail.scheme.scheme != TPM2_ALG_NULL)
        return wrong(key, "be unsealed: it is no sealed data");
    HF_TRY(hf_tpm_key_run(key, TPM2_CC_Unseal, build_nothing, NULL, &c));
    return secret_result(&c, out);
}

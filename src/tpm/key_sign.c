/* Signing, verifying, HMAC. */
#include "base/cleanup.h"
#include "tpm/key.h"

#include <stdio.h>

static hf_err wrong(const TPMT_PUBLIC *pub, const char *wish)
{
    char name[16];

    hf_tpm_algorithm_name(pub, name);
    return hf_fail(HF_E_KEY_TYPE, "a key of kind %s cannot %s", name, wish);
}

/* The hash a key of this kind signs by when nobody says which. */
static enum hf_hash_alg usual_hash(const TPMT_PUBLIC *pub)
{
    if (pub->type == TPM2_ALG_ECC && pub->parameters.eccDetail.curveID == TPM2_ECC_NIST_P384)
        return HF_SHA384;
    if (pub->type == TPM2_ALG_ECC && pub->parameters.eccDetail.curveID == TPM2_ECC_NIST_P521)
        return HF_SHA512;
    return HF_SHA256;
}

hf_err hf_tpm_sig_choose(const TPMT_PUBLIC *pub, enum hf_tpm_scheme scheme, unsigned hash, struct hf_tpm_sig_choice *out)
{
    bool ecc = pub->type == TPM2_ALG_ECC;
    uint16_t fixed = TPM2_ALG_NULL;
    uint16_t fixed_hash = TPM2_ALG_NULL;
    struct hf_tpm_sig_choice c = {(uint16_t)scheme, (enum hf_hash_alg)hash};

    if (!ecc && pub->type != TPM2_ALG_RSA)
        return wrong(pub, "sign: take an ecc or rsa key, or `hmac` for a hmac key");
    if (!(pub->objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT))
        return wrong(pub, "sign: it was made to decrypt");
    fixed = ecc ? pub->parameters.eccDetail.scheme.scheme : pub->parameters.rsaDetail.scheme.scheme;
    if (fixed != TPM2_ALG_NULL)
        fixed_hash = ecc ? pub->parameters.eccDetail.scheme.details.ecdsa.hashAlg
                         : pub->parameters.rsaDetail.scheme.details.anySig.hashAlg;
    if (!c.scheme)
        c.scheme = fixed != TPM2_ALG_NULL ? fixed : ecc ? TPM2_ALG_ECDSA : TPM2_ALG_RSASSA;
    if (!c.hash)
        c.hash = fixed != TPM2_ALG_NULL ? (enum hf_hash_alg)fixed_hash : usual_hash(pub);
    if (ecc ? c.scheme != TPM2_ALG_ECDSA : c.scheme != TPM2_ALG_RSASSA && c.scheme != TPM2_ALG_RSAPSS)
        return wrong(pub, ecc ? "sign by that scheme: ecdsa is the one it has" : "sign by that scheme: it has rsassa and rsapss");
    if (fixed != TPM2_ALG_NULL && (c.scheme != fixed || c.hash != (enum hf_hash_alg)fixed_hash))
        return hf_fail(HF_E_KEY_TYPE, "the key signs by scheme 0x%04x with %s only", fixed,
                       hf_hash_name((enum hf_hash_alg)fixed_hash) ? hf_hash_name((enum hf_hash_alg)fixed_hash) : "another hash");
    if (hf_hash_size(c.hash) == 0)
        return hf_fail(HF_E_UNSUPPORTED, "hash algorithm 0x%04x is not known", (unsigned)c.hash);
    *out = c;
    return HF_OK;
}

/* A number of the TPM's, which may come without leading zeros, in exactly n bytes. */
static hf_err padded(struct hf_reader *r, size_t n, struct hf_buf *out)
{
    struct hf_bytes v = hf_rd_view(r, hf_rd_u16be(r));
    uint8_t *place = NULL;

    HF_TRY(hf_rd_err(r));
    if (v.n > n)
        return hf_fail(HF_E_DEVICE, "a signature number of %zu bytes, where %zu are the most", v.n, n);
    HF_TRY(hf_buf_grow(out, n, &place));
    memset(place, 0, n);
    if (v.n)
        memcpy(place + n - v.n, v.p, v.n);
    return HF_OK;
}

hf_err hf_tpm_sig_read(struct hf_reader *r, const TPMT_PUBLIC *pub, struct hf_buf *out)
{
    uint16_t scheme = hf_rd_u16be(r);
    size_t n = hf_curve_size((enum hf_curve)pub->parameters.eccDetail.curveID);

    hf_rd_skip(r, 2); /* hash */
    HF_TRY(hf_rd_err(r));
    out->n = 0;
    if (scheme == TPM2_ALG_ECDSA && pub->type == TPM2_ALG_ECC) {
        HF_TRY(padded(r, n, out));
        return padded(r, n, out);
    }
    if ((scheme == TPM2_ALG_RSASSA || scheme == TPM2_ALG_RSAPSS) && pub->type == TPM2_ALG_RSA)
        return padded(r, pub->parameters.rsaDetail.keyBits / 8u, out);
    return hf_fail(HF_E_DEVICE, "the TPM signed by scheme 0x%04x", scheme);
}

hf_err hf_tpm_sig_write(const struct hf_tpm_sig_choice *how, struct hf_bytes sig, struct hf_writer *w)
{
    hf_wr_u16be(w, how->scheme);
    hf_wr_u16be(w, (uint16_t)how->hash);
    if (how->scheme != TPM2_ALG_ECDSA) {
        hf_wr_b16(w, sig);
        return HF_OK;
    }
    if (sig.n == 0 || sig.n % 2)
        return hf_fail(HF_E_MISMATCH, "an ECDSA signature of %zu bytes: r || s has an even number", sig.n);
    hf_wr_b16(w, (struct hf_bytes){sig.p, sig.n / 2});
    hf_wr_b16(w, (struct hf_bytes){sig.p + sig.n / 2, sig.n / 2});
    return HF_OK;
}

struct sign {
    struct hf_bytes digest;
    struct hf_tpm_sig_choice how;
    struct hf_bytes ticket; /* TPMT_TK_HASHCHECK, or empty */
};

static hf_err build_sign(struct hf_tpm_call *c, void *arg)
{
    const struct sign *s = arg;

    hf_wr_b16(&c->w, s->digest);
    hf_wr_u16be(&c->w, s->how.scheme);
    hf_wr_u16be(&c->w, (uint16_t)s->how.hash);
    if (s->ticket.n) {
        hf_wr_bytes(&c->w, s->ticket);
        return HF_OK;
    }
    hf_wr_u16be(&c->w, TPM2_ST_HASHCHECK);
    hf_wr_u32be(&c->w, TPM2_RH_NULL);
    hf_wr_u16be(&c->w, 0);
    return HF_OK;
}

static hf_err run_sign(struct hf_tpm_key *key, struct sign *s, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_tpm_call c;

    HF_TRY(hf_tpm_key_run(key, TPM2_CC_Sign, build_sign, s, &c));
    HF_TRY(hf_tpm_sig_read(&c.r, &key->pub, &sig));
    HF_TRY(hf_rd_end(&c.r));
    return hf_buf_set(out, hf_buf_bytes(&sig));
}

hf_err hf_tpm_sign_digest(struct hf_tpm_key *key, struct hf_bytes digest, enum hf_tpm_scheme scheme, unsigned hash,
                          struct hf_buf *out)
{
    struct sign s = {.digest = digest};

    HF_TRY(hf_tpm_sig_choose(&key->pub, scheme, hash, &s.how));
    if (digest.n != hf_hash_size(s.how.hash))
        return hf_fail(HF_E_ARG, "a digest of %zu bytes, where %s has %zu", digest.n, hf_hash_name(s.how.hash),
                       hf_hash_size(s.how.hash));
    if (key->pub.objectAttributes & TPMA_OBJECT_RESTRICTED)
        return hf_fail(HF_E_KEY_TYPE, "an attestation key signs no digest from outside: give it the data, or ask for a quote");
    return run_sign(key, &s, out);
}

/* A restricted key signs only what the TPM hashed itself and found not to look like its own statements. */
static hf_err sign_restricted(struct hf_tpm_key *key, struct hf_bytes data, struct sign *s, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf ticket = {0};

    HF_TRY(hf_tpm_hash_ticket(key->tpm, s->how.hash, data, &digest, &ticket));
    s->digest = hf_buf_bytes(&digest);
    s->ticket = hf_buf_bytes(&ticket);
    return run_sign(key, s, out);
}

hf_err hf_tpm_sign(struct hf_tpm_key *key, struct hf_bytes data, enum hf_tpm_scheme scheme, unsigned hash, struct hf_buf *out)
{
    struct sign s = {0};
    struct hf_digest digest = {0};

    HF_TRY(hf_tpm_sig_choose(&key->pub, scheme, hash, &s.how));
    if (key->pub.objectAttributes & TPMA_OBJECT_RESTRICTED)
        return sign_restricted(key, data, &s, out);
    HF_TRY(hf_hash_one(s.how.hash, data, &digest));
    s.digest = hf_digest_bytes(&digest);
    return run_sign(key, &s, out);
}

/* The scheme in the terms of crypto/. */
static struct hf_sig_alg alg_of(const struct hf_tpm_sig_choice *how)
{
    return (struct hf_sig_alg){
        .scheme = how->scheme == TPM2_ALG_ECDSA ? HF_SIG_ECDSA : how->scheme == TPM2_ALG_RSAPSS ? HF_SIG_RSAPSS : HF_SIG_RSASSA,
        .hash = how->hash,
        .salt = HF_SALT_AUTO, /* some chips take the largest salt, others the hash's size */
    };
}

hf_err hf_tpm_verify_signature(const struct hf_tpm_key *key, struct hf_bytes data, struct hf_bytes signature,
                               enum hf_tpm_scheme scheme, unsigned hash)
{
    struct hf_tpm_sig_choice how;
    struct hf_pubkey *software = NULL;
    struct hf_sig_alg alg;

    HF_TRY(hf_tpm_sig_choose(&key->pub, scheme, hash, &how));
    HF_TRY(hf_tpm_key_software(key, &software));
    alg = alg_of(&how);
    return hf_pubkey_verify_message(software, &alg, data, signature);
}

hf_err hf_tpm_verify_in_tpm(struct hf_tpm_key *key, struct hf_bytes data, struct hf_bytes signature, enum hf_tpm_scheme scheme,
                            unsigned hash)
{
    struct hf_tpm_sig_choice how;
    struct hf_tpm_entity entity = {0};
    struct hf_digest digest = {0};
    struct hf_tpm_call c;
    hf_err err;

    HF_TRY(hf_tpm_sig_choose(&key->pub, scheme, hash, &how));
    HF_TRY(hf_hash_one(how.hash, data, &digest));
    HF_TRY(hf_tpm_take(key->tpm));
    err = hf_tpm_key_ready(key, &entity);
    if (err == HF_OK)
        err = hf_tpm_call_start(&c, TPM2_CC_VerifySignature);
    if (err == HF_OK) {
        hf_tpm_call_handle(&c, &entity, NULL);
        hf_wr_b16(&c.w, hf_digest_bytes(&digest));
        err = hf_tpm_sig_write(&how, signature, &c.w);
    }
    if (err == HF_OK)
        err = hf_tpm_call_run(key->tpm, &c);
    hf_tpm_give(key->tpm);
    if (err != HF_OK && (hf_err_device_code() & 0xbf) == TPM2_RC_SIGNATURE)
        return hf_fail_device(HF_E_MISMATCH, hf_err_device_code(), "the TPM says that the signature is not the key's over this data");
    return err;
}

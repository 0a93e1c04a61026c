/*
 * Keys from outside, wrapped here for a parent in the TPM as a duplicate would be (Part 1, 23.3 outer
 * wrapper, Part 3, 13.3 TPM2_Import).
 */
#include "base/cleanup.h"
#include "crypto/cipher.h"
#include "crypto/privkey.h"
#include "tpm/key.h"
#include "tpm/salt_secret.h"

#include <holdfast/objects.h>
#include <stdio.h>

struct outside {
    TPMT_PUBLIC pub;
    TPMT_SENSITIVE sensitive;
};

static void outside_wipe(struct outside *o)
{
    hf_tpm_sensitive_wipe(&o->sensitive);
}

static hf_err fill_ec(const struct hf_privkey *key, struct outside *o)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *scalar = NULL;
    struct hf_point point = {0};
    size_t n;

    HF_TRY(hf_pubkey_point(hf_privkey_public(key), &point));
    HF_TRY(hf_privkey_scalar(key, &scalar));
    n = hf_curve_size(point.curve);
    o->pub.unique.ecc.x.size = o->pub.unique.ecc.y.size = (uint16_t)n;
    memcpy(o->pub.unique.ecc.x.buffer, point.x, n);
    memcpy(o->pub.unique.ecc.y.buffer, point.y, n);
    o->sensitive.sensitive.ecc.size = (uint16_t)n;
    memcpy(o->sensitive.sensitive.ecc.buffer, hf_secret_expose(scalar).p, n);
    return HF_OK;
}

static hf_err fill_rsa(const struct hf_privkey *key, struct outside *o)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *prime = NULL;
    struct hf_bytes n;
    uint64_t e = 0;
    struct hf_bytes p;

    HF_TRY(hf_pubkey_rsa(hf_privkey_public(key), &n, &e));
    HF_TRY(hf_privkey_prime(key, &prime));
    p = hf_secret_expose(prime);
    if (n.n > sizeof(o->pub.unique.rsa.buffer) || p.n > sizeof(o->sensitive.sensitive.rsa.buffer) || e > UINT32_MAX)
        return hf_fail(HF_E_UNSUPPORTED, "an RSA key of %zu bits with exponent %llu is larger than any TPM's", n.n * 8,
                       (unsigned long long)e);
    o->pub.parameters.rsaDetail.exponent = e == 65537 ? 0 : (uint32_t)e;
    o->pub.unique.rsa.size = (uint16_t)n.n;
    memcpy(o->pub.unique.rsa.buffer, n.p, n.n);
    o->sensitive.sensitive.rsa.size = (uint16_t)p.n;
    memcpy(o->sensitive.sensitive.rsa.buffer, p.p, p.n);
    return HF_OK;
}

/* "rsa2048" or "ecc-p256" for a software key. */
static hf_err algorithm_of(const struct hf_privkey *key, char out[16])
{
    const struct hf_pubkey *pub = hf_privkey_public(key);
    enum hf_curve curve = hf_pubkey_curve(pub);

    switch (hf_pubkey_kind(pub)) {
    case HF_KEY_RSA:
        (void)snprintf(out, 16, "rsa%u", hf_pubkey_bits(pub));
        return HF_OK;
    case HF_KEY_EC:
        (void)snprintf(out, 16, "ecc-p%d", curve == HF_P256 ? 256 : curve == HF_P384 ? 384 : 521);
        return HF_OK;
    default:
        return hf_fail(HF_E_UNSUPPORTED, "no TPM 2.0 takes ed25519 keys: its elliptic curves are the NIST ones");
    }
}

static hf_err fill_asymmetric(const struct hf_secret *private_key, const struct hf_secret *passphrase,
                              const struct hf_tpm_key_spec *spec, struct outside *o)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    struct hf_tpm_key_spec found = *spec;
    char algorithm[16];

    HF_TRY(hf_privkey_parse(hf_secret_expose(private_key), passphrase, &key));
    HF_TRY(algorithm_of(key, algorithm));
    if (spec->algorithm && strcmp(spec->algorithm, algorithm) != 0)
        return hf_fail(HF_E_KEY_TYPE, "the key to import is %s, not %s", algorithm, spec->algorithm);
    found.algorithm = algorithm;
    HF_TRY(hf_tpm_template(&found, &o->pub));
    return hf_pubkey_kind(hf_privkey_public(key)) == HF_KEY_EC ? fill_ec(key, o) : fill_rsa(key, o);
}

/* unique = H(seedValue || sensitive) for keys without a public part (Part 1, 27.5.3.2). */
static hf_err fill_symmetric(const struct hf_secret *private_key, const struct hf_tpm_key_spec *spec, struct outside *o)
{
    struct hf_bytes raw = hf_secret_expose(private_key);
    enum hf_hash_alg hash;
    struct hf_digest unique = {0};

    HF_TRY(hf_tpm_template(spec, &o->pub));
    hash = (enum hf_hash_alg)o->pub.nameAlg;
    if (o->pub.type == TPM2_ALG_SYMCIPHER ? raw.n * 8 != o->pub.parameters.symDetail.sym.keyBits.aes : raw.n == 0 || raw.n > 64)
        return hf_fail(HF_E_ARG, "%zu raw bytes are not a key of kind %s", raw.n, spec->algorithm);
    o->sensitive.seedValue.size = (uint16_t)hf_hash_size(hash);
    HF_TRY(hf_random(o->sensitive.seedValue.buffer, o->sensitive.seedValue.size));
    o->sensitive.sensitive.bits.size = (uint16_t)raw.n;
    memcpy(o->sensitive.sensitive.bits.buffer, raw.p, raw.n);
    {
        struct hf_bytes parts[] = {{o->sensitive.seedValue.buffer, o->sensitive.seedValue.size}, raw};

        HF_TRY(hf_hash(hash, parts, 2, &unique));
    }
    o->pub.unique.keyedHash.size = (uint16_t)unique.n;
    memcpy(o->pub.unique.keyedHash.buffer, unique.bytes, unique.n);
    return HF_OK;
}

static hf_err fill(const struct hf_secret *private_key, const struct hf_secret *passphrase, const struct hf_tpm_key_spec *spec,
                   struct outside *o)
{
    struct hf_bytes auth = hf_secret_expose(spec->auth);
    bool symmetric = spec->algorithm && (strncmp(spec->algorithm, "aes", 3) == 0 || strcmp(spec->algorithm, "hmac") == 0);

    HF_TRY(symmetric ? fill_symmetric(private_key, spec, o) : fill_asymmetric(private_key, passphrase, spec, o));
    /* Made elsewhere, so neither made by this TPM nor bound to it (Part 3, 13.3.1). */
    o->pub.objectAttributes &= ~(uint32_t)(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN);
    o->sensitive.sensitiveType = o->pub.type;
    o->sensitive.authValue.size = (uint16_t)auth.n;
    if (auth.n)
        memcpy(o->sensitive.authValue.buffer, auth.p, auth.n);
    return HF_OK;
}

/* integrity || encrypted sensitive, under keys derived from a seed (Part 1, 23.3.2.3). */
static hf_err wrap(const TPMT_PUBLIC *parent, struct hf_bytes seed, const struct hf_tpm_name *name, struct hf_bytes sensitive,
                   struct hf_buf *out)
{
    const TPMT_SYM_DEF_OBJECT *sym = parent->type == TPM2_ALG_ECC ? &parent->parameters.eccDetail.symmetric
                                                                  : &parent->parameters.rsaDetail.symmetric;
    static const uint8_t iv[16];
    enum hf_hash_alg hash = (enum hf_hash_alg)parent->nameAlg;
    struct hf_bytes none = {NULL, 0};
    struct hf_digest integrity = {0};
    uint8_t key[HF_DIGEST_MAX];
    uint8_t cipher[1024];
    uint8_t whole[2 + HF_DIGEST_MAX + sizeof(cipher)];
    struct hf_writer c = hf_writer(cipher, sizeof(cipher));
    struct hf_writer w = hf_writer(whole, sizeof(whole));
    struct hf_bytes text = {0};
    hf_err err;

    if (sym->algorithm != TPM2_ALG_AES || sym->mode.sym != TPM2_ALG_CFB)
        return hf_fail(HF_E_UNSUPPORTED, "the parent protects its children by algorithm 0x%04x; only AES-CFB is known", sym->algorithm);
    hf_wr_b16(&c, sensitive);
    HF_TRY(hf_wr_end(&c, &text));
    err = hf_tpm_kdfa(hash, seed, "STORAGE", hf_tpm_name_bytes(name), none, sym->keyBits.aes, key);
    if (err == HF_OK)
        err = hf_aes_cfb(true, (struct hf_bytes){key, sym->keyBits.aes / 8u}, iv, cipher, text.n);
    if (err == HF_OK)
        err = hf_tpm_kdfa(hash, seed, "INTEGRITY", none, none, hf_hash_size(hash) * 8, key);
    if (err == HF_OK) {
        struct hf_bytes parts[] = {text, hf_tpm_name_bytes(name)};

        err = hf_hmac(hash, (struct hf_bytes){key, hf_hash_size(hash)}, parts, 2, &integrity);
    }
    hf_wipe(key, sizeof(key));
    HF_TRY(err);
    hf_wr_b16(&w, hf_digest_bytes(&integrity));
    hf_wr_bytes(&w, text);
    HF_TRY(hf_wr_end(&w, &text));
    return hf_buf_set(out, text);
}

/* The parent's public area: a key at hand, or what parent_handle names. */
static hf_err parent_public(struct hf_tpm_key *key, struct hf_buf *out)
{
    struct hf_tpm_entity parent = {0};
    struct hf_tpm_name name = {0};

    HF_TRY(key->parent ? hf_tpm_key_ready(key->parent, &parent) : hf_tpm_key_parent(key, &parent));
    return hf_tpm_read_public(key->tpm, parent.handle, out, &name);
}

/* The TPM points at the public part: it has no such algorithm or size. */
static hf_err explain(hf_err err, const struct hf_tpm_key *key)
{
    uint32_t rc = hf_err_device_code();
    char detail[512];
    char name[16];

    if ((rc & 0xfc0) != (TPM2_RC_FMT1 | TPM2_RC_P | TPM2_RC_2))
        return err;
    (void)snprintf(detail, sizeof(detail), "%s", hf_err_detail());
    hf_tpm_algorithm_name(&key->pub, name);
    return hf_fail_device(HF_E_UNSUPPORTED, rc, "this TPM does not take %s keys (%s)", name, detail);
}

hf_err hf_tpm_key_import_blob(struct hf_tpm_key *key, struct hf_bytes encrypted_secret)
{
    HF_CLEANUP(hf_tpm_session_close) struct hf_tpm_session *session = NULL;
    struct hf_tpm_auth auth = {0};
    struct hf_tpm_entity parent = {0};
    struct hf_tpm_call c;
    struct hf_bytes blob;
    hf_err err;

    HF_TRY(key->parent ? hf_tpm_key_ready(key->parent, &parent) : hf_tpm_key_parent(key, &parent));
    if (key->parent || key->own_parent)
        HF_TRY(hf_tpm_key_authorize(key->parent ? key->parent : key->own_parent, TPM2_CC_Import, &auth, &session));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_Import));
    hf_tpm_call_handle(&c, &parent, &auth);
    hf_wr_u16be(&c.w, 0); /* encryptionKey: no inner wrapper */
    hf_wr_b16(&c.w, hf_buf_bytes(&key->public_area));
    hf_wr_b16(&c.w, hf_buf_bytes(&key->private_blob));
    hf_wr_b16(&c.w, encrypted_secret);
    hf_wr_u16be(&c.w, TPM2_ALG_NULL);
    err = hf_tpm_call_run(key->tpm, &c);
    if (err != HF_OK)
        return explain(err, key);
    blob = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    key->parent_name = parent.name;
    return hf_buf_set(&key->private_blob, blob);
}

static hf_err import(struct hf_tpm_key *key, const struct outside *o)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *sensitive = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf parent = {0};
    struct hf_tpm_salt_secret seed = {0};
    TPMT_PUBLIC parent_pub;
    hf_err err;

    HF_TRY(hf_tpm_sensitive_write(&o->sensitive, &sensitive));
    HF_TRY(parent_public(key, &parent));
    HF_TRY(hf_tpm_public_parse(hf_buf_bytes(&parent), &parent_pub));
    err = hf_tpm_secret_make(hf_buf_bytes(&parent), "DUPLICATE", &seed);
    if (err == HF_OK)
        err = wrap(&parent_pub, (struct hf_bytes){seed.key, seed.n_key}, &key->name, hf_secret_expose(sensitive), &key->private_blob);
    if (err == HF_OK)
        err = hf_tpm_key_import_blob(key, (struct hf_bytes){seed.sent, seed.n_sent});
    hf_wipe(&seed, sizeof(seed));
    return err;
}

hf_err hf_tpm_import_key(struct hf_tpm *tpm, struct hf_tpm_key *parent, const struct hf_secret *private_key,
                         const struct hf_secret *passphrase, const struct hf_tpm_key_spec *spec, struct hf_tpm_key **out)
{
    static const struct hf_tpm_key_spec none;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(outside_wipe) struct outside o = {0};
    hf_err err;

    spec = spec ? spec : &none;
    HF_TRY(hf_tpm_key_check_parent(parent));
    HF_TRY(fill(private_key, passphrase, spec, &o));
    HF_TRY(hf_tpm_public_write(&o.pub, &area));
    HF_TRY(hf_tpm_key_new(tpm, hf_buf_bytes(&area), &key));
    key->parent = parent;
    HF_TRY(hf_tpm_take(tpm));
    err = import(key, &o);
    hf_tpm_give(tpm);
    HF_TRY(err);
    HF_TRY(hf_tpm_key_set_auth(key, spec->auth));
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_tpm_load_duplicate(struct hf_tpm *tpm, struct hf_tpm_key *parent, struct hf_bytes duplicate, struct hf_bytes public_blob,
                             struct hf_bytes seed, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    hf_err err;

    HF_TRY(hf_tpm_key_check_parent(parent));
    HF_TRY(hf_tpm_key_new(tpm, hf_tpm2b_content(public_blob), &key));
    HF_TRY(hf_buf_set(&key->private_blob, hf_tpm2b_content(duplicate)));
    key->parent = parent;
    HF_TRY(hf_tpm_take(tpm));
    err = hf_tpm_key_import_blob(key, hf_tpm2b_content(seed));
    hf_tpm_give(tpm);
    HF_TRY(err);
    *out = hf_take(key);
    return HF_OK;
}

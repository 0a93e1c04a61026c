/* Verifying signatures with contexts that stay prepared. */
#include "base/cleanup.h"
#include "crypto/asn1.h"
#include "crypto/context.h"
#include "crypto/fast_p384.h"
#include "crypto/pubkey_i.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>

/* SEQUENCE { INTEGER, INTEGER } of two P-521 numbers: 3 + 2 x (2 + 67). */
#define DER_MAX 160

static hf_err no(const char *why)
{
    ERR_clear_error();
    return hf_fail(HF_E_MISMATCH, "the signature is not this key's over this data: %s", why);
}

static size_t put_integer(const uint8_t *p, size_t n, uint8_t *out)
{
    size_t pad;

    for (; n > 1 && *p == 0; p++)
        n--;
    pad = *p & 0x80 ? 1 : 0;
    out[0] = HF_ASN1_INTEGER;
    out[1] = (uint8_t)(n + pad);
    out[2] = 0;
    memcpy(out + 2 + pad, p, n);
    return 2 + pad + n;
}

/* r || s of `size` bytes each as DER; the bytes written. */
static size_t to_der(const uint8_t *raw, size_t size, uint8_t out[DER_MAX])
{
    uint8_t body[DER_MAX];
    size_t n = put_integer(raw, size, body);
    size_t head = 2;

    n += put_integer(raw + size, size, body + n);
    out[0] = HF_ASN1_SEQUENCE;
    out[1] = (uint8_t)n;
    if (n >= 0x80) {
        out[1] = 0x81;
        out[2] = (uint8_t)n;
        head = 3;
    }
    memcpy(out + head, body, n);
    return head + n;
}

/* DER as r || s in a place of 2 x size bytes. */
static hf_err from_der(struct hf_bytes der, size_t size, uint8_t *raw)
{
    struct hf_reader all = hf_reader(der);
    struct hf_reader seq = hf_asn1_enter(&all, HF_ASN1_SEQUENCE);
    struct hf_bytes r = hf_asn1_uint(&seq);
    struct hf_bytes s = hf_asn1_uint(&seq);

    HF_TRY(hf_rd_end(&seq));
    HF_TRY(hf_rd_end(&all));
    if (r.n > size || s.n > size)
        return hf_fail(HF_E_FORMAT, "an ECDSA signature of numbers of %zu and %zu bytes, the curve's have at most %zu",
                       r.n, s.n, size);
    memset(raw, 0, 2 * size);
    if (r.n)
        memcpy(raw + size - r.n, r.p, r.n);
    if (s.n)
        memcpy(raw + 2 * size - s.n, s.p, s.n);
    return HF_OK;
}

hf_err hf_ecdsa_to_der(enum hf_curve curve, struct hf_bytes raw, struct hf_buf *out)
{
    size_t size = hf_curve_size(curve);
    uint8_t der[DER_MAX];
    size_t n;

    if (size == 0 || raw.n != 2 * size)
        return hf_fail(HF_E_ARG, "an ECDSA signature of %zu bytes, want %zu", raw.n, 2 * size);
    n = to_der(raw.p, size, der);
    return hf_buf_add(out, (struct hf_bytes){der, n});
}

hf_err hf_ecdsa_from_der(enum hf_curve curve, struct hf_bytes der, struct hf_buf *out)
{
    size_t size = hf_curve_size(curve);
    uint8_t raw[2 * HF_COORD_MAX];

    if (size == 0)
        return hf_fail(HF_E_UNSUPPORTED, "curve 0x%04x is not P-256, P-384 or P-521", (unsigned)curve);
    HF_TRY(from_der(der, size, raw));
    return hf_buf_add(out, (struct hf_bytes){raw, 2 * size});
}

/* Within [1, n-1]. */
static bool in_range(const uint8_t *number, struct hf_bytes order)
{
    uint8_t any = 0;

    for (size_t i = 0; i < order.n; i++)
        any |= number[i];
    return any && memcmp(number, order.p, order.n) < 0;
}

hf_err hf_rsa_scheme_set(EVP_PKEY_CTX *ctx, const struct hf_sig_alg *alg)
{
    const EVP_MD *md = hf_hash_evp(alg->hash);
    const EVP_MD *mask = hf_hash_evp(alg->mgf1 ? alg->mgf1 : alg->hash);
    int salt = alg->salt == HF_SALT_HASH   ? RSA_PSS_SALTLEN_DIGEST
               : alg->salt == HF_SALT_AUTO ? RSA_PSS_SALTLEN_AUTO
               : alg->salt == HF_SALT_NONE ? 0
                                           : alg->salt;
    int ok;

    if (!md || !mask)
        return hf_fail(HF_E_UNSUPPORTED, "hash 0x%04x or 0x%04x is not known", (unsigned)alg->hash,
                       (unsigned)alg->mgf1);
    if (alg->salt < HF_SALT_NONE)
        return hf_fail(HF_E_ARG, "a PSS salt of %d bytes", alg->salt);
    if (alg->scheme == HF_SIG_RSASSA)
        ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 && EVP_PKEY_CTX_set_signature_md(ctx, md) == 1;
    else
        ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mask) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1;
    return ok ? HF_OK : hf_fail_ossl(HF_E_UNSUPPORTED, "RSA signature scheme");
}

static bool same_alg(const struct hf_sig_alg *a, const struct hf_sig_alg *b)
{
    return a->scheme == b->scheme && a->hash == b->hash && a->mgf1 == b->mgf1 && a->salt == b->salt;
}

/* A context prepared for this algorithm: an idle one, or a new one. */
static hf_err verifier_take(struct hf_pubkey *key, const struct hf_sig_alg *alg, struct hf_verifier *out)
{
    struct hf_verifier v = {NULL, *alg};
    hf_err err = HF_OK;

    (void)pthread_mutex_lock(&key->lock);
    for (size_t i = 0; i < HF_VERIFIERS && !v.ctx; i++) {
        if (key->idle[i].ctx && same_alg(&key->idle[i].alg, alg))
            v.ctx = hf_take(key->idle[i].ctx);
    }
    (void)pthread_mutex_unlock(&key->lock);
    if (!v.ctx) {
        v.ctx = EVP_PKEY_CTX_new_from_pkey(hf_ossl(), key->evp, NULL);
        if (!v.ctx || EVP_PKEY_verify_init(v.ctx) != 1)
            err = hf_fail_ossl(HF_E_INTERNAL, "preparing to verify");
        if (err == HF_OK && key->kind == HF_KEY_RSA)
            err = hf_rsa_scheme_set(v.ctx, alg);
    }
    if (err != HF_OK) {
        EVP_PKEY_CTX_free(v.ctx);
        return err;
    }
    *out = v;
    return HF_OK;
}

/* Keep a context for the next; when all places are taken, in place of the first. */
static void verifier_put(struct hf_pubkey *key, struct hf_verifier *v)
{
    struct hf_verifier gone;
    size_t at = 0;

    (void)pthread_mutex_lock(&key->lock);
    for (size_t i = 0; i < HF_VERIFIERS; i++) {
        if (!key->idle[i].ctx) {
            at = i;
            break;
        }
    }
    gone = key->idle[at];
    key->idle[at] = *v;
    (void)pthread_mutex_unlock(&key->lock);
    EVP_PKEY_CTX_free(gone.ctx);
}

/* The key's caches may change while it is only being read. */
static struct hf_pubkey *inside(const struct hf_pubkey *key)
{
    union {
        const struct hf_pubkey *outer;
        struct hf_pubkey *inner;
    } u = {key};

    return u.inner;
}

static hf_err evp_verify(const struct hf_pubkey *key, const struct hf_sig_alg *alg, struct hf_bytes digest,
                         struct hf_bytes sig)
{
    struct hf_verifier v = {0};
    int ok;

    HF_TRY(verifier_take(inside(key), alg, &v));
    ok = EVP_PKEY_verify(v.ctx, sig.p, sig.n, digest.p, digest.n);
    verifier_put(inside(key), &v);
    return ok == 1 ? HF_OK : no("its numbers do not fit");
}

static hf_err ecdsa_verify_raw(const struct hf_pubkey *key, struct hf_bytes digest, const uint8_t *raw)
{
    static const struct hf_sig_alg plain = {.scheme = HF_SIG_ECDSA};
    struct hf_bytes order = hf_curve_order(key->curve);
    uint8_t der[DER_MAX];
    size_t n;

    if (!in_range(raw, order) || !in_range(raw + order.n, order))
        return no("r or s is not within [1, n-1]");
    /* A no is asked of OpenSSL again: hogweed's addition has no answer where both halves meet in one point. */
    if (key->fast && hf_p384_verify(key->fast, digest, raw))
        return HF_OK;
    n = to_der(raw, order.n, der);
    return evp_verify(key, &plain, digest, (struct hf_bytes){der, n});
}

static hf_err ecdsa(const struct hf_pubkey *key, const struct hf_sig_alg *alg, struct hf_bytes digest,
                    struct hf_bytes sig)
{
    size_t size = hf_curve_size(key->curve);
    uint8_t raw[2 * HF_COORD_MAX];

    if (alg->scheme == HF_SIG_ECDSA_DER) {
        if (from_der(sig, size, raw) != HF_OK)
            return no("it is not the DER of two numbers of the curve's size");
        return ecdsa_verify_raw(key, digest, raw);
    }
    if (sig.n != 2 * size) {
        char why[80];

        (void)snprintf(why, sizeof(why), "it has %zu bytes, an ECDSA signature on %s has %zu", sig.n,
                       hf_curve_name(key->curve), 2 * size);
        return no(why);
    }
    return ecdsa_verify_raw(key, digest, sig.p);
}

/* A message of any length, in one go; the contexts of EVP_DigestVerify cannot be used again in OpenSSL 3.0. */
static hf_err ed25519(const struct hf_pubkey *key, struct hf_bytes message, struct hf_bytes sig)
{
    EVP_MD_CTX *ctx;
    int ready;
    int ok;

    if (sig.n != 64)
        return no("an Ed25519 signature has 64 bytes");
    ctx = EVP_MD_CTX_new();
    ready = ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, hf_ossl(), NULL, key->evp, NULL) == 1;
    ok = ready ? EVP_DigestVerify(ctx, sig.p, sig.n, message.p, message.n) : 0;
    EVP_MD_CTX_free(ctx);
    if (!ready)
        return hf_fail_ossl(HF_E_INTERNAL, "Ed25519");
    return ok == 1 ? HF_OK : no("its numbers do not fit");
}

hf_err hf_sig_scheme_fits(const struct hf_pubkey *key, const struct hf_sig_alg *alg)
{
    static const enum hf_key_kind want[] = {[HF_SIG_ECDSA] = HF_KEY_EC,
                                            [HF_SIG_ECDSA_DER] = HF_KEY_EC,
                                            [HF_SIG_RSASSA] = HF_KEY_RSA,
                                            [HF_SIG_RSAPSS] = HF_KEY_RSA,
                                            [HF_SIG_ED25519] = HF_KEY_ED25519};
    char name[16];

    if (alg->scheme <= HF_SIG_NONE || (size_t)alg->scheme >= HF_COUNT(want))
        return hf_fail(HF_E_UNSUPPORTED, "signature scheme %d is not known", (int)alg->scheme);
    if (want[alg->scheme] == key->kind)
        return HF_OK;
    hf_pubkey_describe(key, name);
    return hf_fail(HF_E_KEY_TYPE, "a key that is %s cannot have made a signature of scheme %s", name,
                   hf_sig_scheme_name(alg->scheme));
}

const char *hf_sig_scheme_name(enum hf_sig_scheme scheme)
{
    static const char *const names[] = {"none", "ecdsa", "ecdsa", "rsassa", "rsapss", "ed25519"};

    return scheme >= HF_SIG_NONE && (size_t)scheme < HF_COUNT(names) ? names[scheme] : "unknown";
}

hf_err hf_sig_digest_fits(const struct hf_sig_alg *alg, struct hf_bytes digest)
{
    if (digest.n == 0 || digest.n != hf_hash_size(alg->hash))
        return hf_fail(HF_E_ARG, "a digest of %zu bytes, %s has %zu", digest.n,
                       hf_hash_name(alg->hash) ? hf_hash_name(alg->hash) : "an unknown hash", hf_hash_size(alg->hash));
    return HF_OK;
}

hf_err hf_pubkey_verify(const struct hf_pubkey *key, const struct hf_sig_alg *alg, struct hf_bytes digest,
                        struct hf_bytes sig)
{
    HF_TRY(hf_sig_scheme_fits(key, alg));
    if (alg->scheme == HF_SIG_ED25519)
        return ed25519(key, digest, sig);
    HF_TRY(hf_sig_digest_fits(alg, digest));
    if (key->kind == HF_KEY_EC)
        return ecdsa(key, alg, digest, sig);
    if (sig.n != key->n_size)
        return no("it is not as long as the modulus");
    return evp_verify(key, alg, digest, sig);
}

hf_err hf_pubkey_verify_message(const struct hf_pubkey *key, const struct hf_sig_alg *alg, struct hf_bytes message,
                                struct hf_bytes sig)
{
    struct hf_digest d = {0};

    if (alg->scheme == HF_SIG_ED25519)
        return hf_pubkey_verify(key, alg, message, sig);
    HF_TRY(hf_hash_one(alg->hash, message, &d));
    return hf_pubkey_verify(key, alg, hf_digest_bytes(&d), sig);
}

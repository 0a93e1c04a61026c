/* TPM signatures over OpenSSL keys. TPM 2.0 Library Specification Part 1, B.4 to B.6 and C.4. */
#include "verify/tpm_signature.h"
#include "base/cleanup.h"

hf_err hf_tpm_pub_key(const struct hf_tpm_pub *pub, struct hf_pubkey **out)
{
    if (pub->type == TPM2_ALG_RSA)
        return hf_pubkey_from_rsa(pub->modulus, pub->exponent ? pub->exponent : 65537, out);
    return hf_pubkey_from_point((enum hf_curve)pub->curve, pub->x, pub->y, out);
}

/* Big-endian numbers of any length. */
static bool same_number(struct hf_bytes a, struct hf_bytes b)
{
    while (a.n && a.p[0] == 0)
        a = (struct hf_bytes){a.p + 1, a.n - 1};
    while (b.n && b.p[0] == 0)
        b = (struct hf_bytes){b.p + 1, b.n - 1};
    return hf_bytes_equal(a, b);
}

hf_err hf_tpm_pub_is_key(const struct hf_tpm_pub *pub, const struct hf_pubkey *key)
{
    struct hf_bytes n = {NULL, 0};
    struct hf_point point;
    uint64_t e = 0;
    size_t size;
    bool same;

    if (pub->type == TPM2_ALG_RSA) {
        HF_TRY(hf_pubkey_rsa(key, &n, &e));
        same = e == (pub->exponent ? pub->exponent : 65537) && same_number(n, pub->modulus);
    } else {
        HF_TRY(hf_pubkey_point(key, &point));
        size = hf_curve_size(point.curve);
        same = pub->curve == point.curve && same_number((struct hf_bytes){point.x, size}, pub->x) &&
               same_number((struct hf_bytes){point.y, size}, pub->y);
    }
    return same ? HF_OK : hf_fail(HF_E_MISMATCH, "the public area is of another key than the one prepared");
}

static bool is_pem(struct hf_bytes in)
{
    return in.n > 10 && memmem(in.p, in.n, "-----BEGIN", 10) != NULL;
}

hf_err hf_tpm_ak_parse(struct hf_bytes in, struct hf_tpm_pub *pub, bool *has_pub, struct hf_pubkey **key)
{
    *has_pub = false;
    if (is_pem(in))
        return hf_pubkey_from_pem(in, key);
    if (in.n && in.p[0] == 0x30) /* SEQUENCE: no public area starts so, and a TPM2B of that size is no key */
        return hf_pubkey_from_spki(in, key);
    HF_TRY(hf_tpm_pub_parse(in, pub));
    HF_TRY(hf_tpm_pub_key(pub, key));
    *has_pub = true;
    return HF_OK;
}

hf_err hf_quote_signature_any(struct hf_bytes in, struct hf_quote_scheme bare, struct hf_quote_signature *out)
{
    if (bare.alg == 0)
        return hf_quote_signature_parse(in, out);
    if (bare.alg != TPM2_ALG_RSASSA && bare.alg != TPM2_ALG_RSAPSS && bare.alg != TPM2_ALG_ECDSA)
        return hf_fail(HF_E_UNSUPPORTED, "signature scheme 0x%04x; RSASSA, RSAPSS and ECDSA are known", bare.alg);
    if (hf_hash_size((enum hf_hash_alg)bare.hash) == 0)
        return hf_fail(HF_E_UNSUPPORTED, "hash 0x%04x of the signature is not known", bare.hash);
    *out = (struct hf_quote_signature){.scheme = bare, .rsa = in};
    return HF_OK;
}

/* A number of at most `size` bytes into a place of exactly that many. */
static hf_err put_number(struct hf_bytes number, uint8_t *place, size_t size)
{
    while (number.n && number.p[0] == 0) {
        number.p++;
        number.n--;
    }
    if (number.n > size)
        return hf_fail(HF_E_MISMATCH, "a signature number of %zu bytes; the curve has %zu", number.n, size);
    memset(place, 0, size - number.n);
    if (number.n)
        memcpy(place + size - number.n, number.p, number.n);
    return HF_OK;
}

static hf_err verify_ecdsa(const struct hf_pubkey *key, const struct hf_quote_signature *sig, struct hf_bytes message)
{
    struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = (enum hf_hash_alg)sig->scheme.hash};
    size_t size = hf_curve_size(hf_pubkey_curve(key));
    uint8_t raw[2 * HF_COORD_MAX];

    if (sig->rsa.n) { /* a bare one */
        alg.scheme = sig->rsa.n == 2 * size ? HF_SIG_ECDSA : HF_SIG_ECDSA_DER;
        return hf_pubkey_verify_message(key, &alg, message, sig->rsa);
    }
    HF_TRY(put_number(sig->r, raw, size));
    HF_TRY(put_number(sig->s, raw + size, size));
    return hf_pubkey_verify_message(key, &alg, message, (struct hf_bytes){raw, 2 * size});
}

hf_err hf_quote_signature_verify(const struct hf_pubkey *key, const struct hf_quote_signature *sig,
                                 struct hf_bytes message)
{
    bool rsa = sig->scheme.alg != TPM2_ALG_ECDSA;
    struct hf_sig_alg alg = {
        .scheme = sig->scheme.alg == TPM2_ALG_RSAPSS ? HF_SIG_RSAPSS : HF_SIG_RSASSA,
        .hash = (enum hf_hash_alg)sig->scheme.hash,
        .salt = HF_SALT_AUTO,
    };

    if (rsa != (hf_pubkey_kind(key) == HF_KEY_RSA))
        return hf_fail(HF_E_KEY_TYPE, "the signature is %s, the key is %s", rsa ? "RSA" : "ECDSA",
                       hf_pubkey_kind(key) == HF_KEY_RSA ? "RSA" : "not RSA");
    if (!rsa && hf_pubkey_kind(key) != HF_KEY_EC)
        return hf_fail(HF_E_KEY_TYPE, "the signature is ECDSA, the key is of another kind");
    return rsa ? hf_pubkey_verify_message(key, &alg, message, sig->rsa) : verify_ecdsa(key, sig, message);
}

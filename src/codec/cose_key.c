/* COSE_Key (RFC 9052, 7). */
#include "codec/cose_key.h"

/* Labels (IANA, COSE Key Common Parameters and Key Type Parameters). */
enum { KTY = 1, KID = 2, ALG = 3, CRV = -1, X = -2, Y = -3, D = -4 };

size_t hf_cose_curve_size(int64_t curve)
{
    switch (curve) {
    case HF_COSE_P256:
    case HF_COSE_ED25519:
        return 32;
    case HF_COSE_P384:
        return 48;
    case HF_COSE_P521:
        return 66;
    default:
        return 0;
    }
}

static hf_err number(struct hf_cbor map, int64_t label, const char *name, int64_t *out)
{
    struct hf_cbor v;

    if (hf_cbor_get(map, label, &v) != HF_OK)
        return hf_fail(HF_E_FORMAT, "COSE_Key: no %s", name);
    if (v.type == HF_CBOR_TEXT)
        return hf_fail(HF_E_UNSUPPORTED, "COSE_Key: %s is a text", name);
    return hf_cbor_as_i64(v, out);
}

static hf_err coordinate(struct hf_cbor map, int64_t label, const char *name, size_t size, struct hf_bytes *out)
{
    struct hf_cbor v;

    if (hf_cbor_get(map, label, &v) != HF_OK)
        return hf_fail(HF_E_FORMAT, "COSE_Key: no %s", name);
    if (label == Y && v.type == HF_CBOR_SIMPLE)
        return hf_fail(HF_E_UNSUPPORTED, "COSE_Key: a compressed point");
    HF_TRY(hf_cbor_as_bytes(v, out));
    if (out->n != size)
        return hf_fail(HF_E_FORMAT, "COSE_Key: %s is %zu bytes, where the curve has %zu", name, out->n, size);
    return HF_OK;
}

static bool curve_fits(int64_t kty, int64_t curve)
{
    return kty == HF_COSE_KTY_EC2 ? curve >= HF_COSE_P256 && curve <= HF_COSE_P521
                                  : kty == HF_COSE_KTY_OKP && curve == HF_COSE_ED25519;
}

hf_err hf_cose_key_parse(struct hf_bytes in, enum hf_cbor_rules rules, struct hf_cose_key *out)
{
    struct hf_cose_key key = {0};
    struct hf_cbor map, v;
    size_t size;

    HF_TRY(hf_cbor_parse(in, rules, &map));
    if (map.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "COSE_Key: %s, where a map is wanted", hf_cbor_type_name(map.type));
    HF_TRY(number(map, KTY, "kty", &key.kty));
    if (key.kty != HF_COSE_KTY_EC2 && key.kty != HF_COSE_KTY_OKP)
        return hf_fail(HF_E_UNSUPPORTED, "COSE_Key: key type %lld; known are 1 (OKP) and 2 (EC2)", (long long)key.kty);
    HF_TRY(number(map, CRV, "crv", &key.curve));
    if (!curve_fits(key.kty, key.curve))
        return hf_fail(HF_E_UNSUPPORTED, "COSE_Key: curve %lld for key type %lld", (long long)key.curve,
                       (long long)key.kty);
    if (hf_cbor_get(map, D, &v) == HF_OK)
        return hf_fail(HF_E_FORMAT, "COSE_Key: it holds the private key");
    size = hf_cose_curve_size(key.curve);
    HF_TRY(coordinate(map, X, "x", size, &key.x));
    if (key.kty == HF_COSE_KTY_EC2)
        HF_TRY(coordinate(map, Y, "y", size, &key.y));
    key.has_alg = hf_cbor_get(map, ALG, &v) == HF_OK;
    if (key.has_alg)
        HF_TRY(number(map, ALG, "alg", &key.alg));
    if (hf_cbor_get(map, KID, &v) == HF_OK)
        HF_TRY(hf_cbor_as_bytes(v, &key.kid));
    *out = key;
    return HF_OK;
}

hf_err hf_cose_key_write(const struct hf_cose_key *key, struct hf_buf *out)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);
    size_t before = out->n;
    hf_err err;

    hf_cbor_put_map(&w);
    hf_cbor_put_u64(&w, KTY);
    hf_cbor_put_i64(&w, key->kty);
    if (key->kid.n) {
        hf_cbor_put_u64(&w, KID);
        hf_cbor_put_bytes(&w, key->kid);
    }
    if (key->has_alg) {
        hf_cbor_put_u64(&w, ALG);
        hf_cbor_put_i64(&w, key->alg);
    }
    hf_cbor_put_i64(&w, CRV);
    hf_cbor_put_i64(&w, key->curve);
    hf_cbor_put_i64(&w, X);
    hf_cbor_put_bytes(&w, key->x);
    if (key->kty == HF_COSE_KTY_EC2) {
        hf_cbor_put_i64(&w, Y);
        hf_cbor_put_bytes(&w, key->y);
    }
    hf_cbor_put_close(&w);
    err = hf_cbor_end(&w);
    if (err != HF_OK)
        out->n = before;
    return err;
}

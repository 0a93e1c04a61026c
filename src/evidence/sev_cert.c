/* SEV and AMD certificates. AMD publication 55766 (SEV API), appendices B and C. Little-endian. */
#include "evidence/sev_cert.h"
#include "base/reader.h"
#include "base/writer.h"

#define CURVE_P256 1u
#define CURVE_P384 2u
#define RSA_FIELD 512
#define AMD_HEADER 64

static bool known_usage(uint32_t usage)
{
    return usage == HF_SEV_ARK || usage == HF_SEV_ASK || (usage >= HF_SEV_NONE && usage <= HF_SEV_CEK);
}

const char *hf_sev_usage_name(uint32_t usage)
{
    static const char *const names[] = {"none", "OCA", "PEK", "PDH", "CEK"};

    if (usage == HF_SEV_ARK)
        return "ARK";
    if (usage == HF_SEV_ASK)
        return "ASK";
    return usage >= HF_SEV_NONE && usage <= HF_SEV_CEK ? names[usage - HF_SEV_NONE] : "unknown";
}

const char *hf_sev_algo_name(uint32_t algo)
{
    switch (algo) {
    case HF_SEV_ALGO_NONE:
        return "none";
    case HF_SEV_RSA_SHA256:
        return "RSA-PSS SHA-256";
    case HF_SEV_ECDSA_SHA256:
        return "ECDSA SHA-256";
    case HF_SEV_ECDH_SHA256:
        return "ECDH SHA-256";
    case HF_SEV_RSA_SHA384:
        return "RSA-PSS SHA-384";
    case HF_SEV_ECDSA_SHA384:
        return "ECDSA SHA-384";
    case HF_SEV_ECDH_SHA384:
        return "ECDH SHA-384";
    }
    return "unknown";
}

static bool known_algo(uint32_t algo)
{
    return strcmp(hf_sev_algo_name(algo), "unknown") != 0;
}

static bool all_zero(struct hf_bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        if (b.p[i])
            return false;
    }
    return true;
}

static void check_cert(struct hf_reader *r, uint32_t version, const struct hf_sev_cert *c)
{
    if (hf_rd_err(r) != HF_OK)
        return;
    if (version != 1)
        hf_rd_fail(r, HF_E_UNSUPPORTED, "SEV certificate version %u; known is 1", version);
    else if (c->usage < HF_SEV_OCA || !known_usage(c->usage))
        hf_rd_fail(r, HF_E_UNSUPPORTED, "SEV certificate for usage 0x%x; known are 0x1001 (OCA) to 0x1004 (CEK)",
                   c->usage);
    else if (c->algo == HF_SEV_ALGO_NONE || !known_algo(c->algo))
        hf_rd_fail(r, HF_E_UNSUPPORTED, "SEV certificate for algorithm 0x%x", c->algo);
    for (size_t i = 0; i < HF_COUNT(c->sig); i++) {
        if (!known_usage(c->sig[i].usage) || !known_algo(c->sig[i].algo))
            hf_rd_fail(r, HF_E_UNSUPPORTED, "SEV certificate signed by usage 0x%x with algorithm 0x%x", c->sig[i].usage,
                       c->sig[i].algo);
        else if (c->sig[i].usage == HF_SEV_NONE && (c->sig[i].algo || !all_zero(c->sig[i].value)))
            hf_rd_fail(r, HF_E_FORMAT, "SEV certificate with a signature by nobody that is not zero");
    }
}

hf_err hf_sev_cert_parse(struct hf_bytes in, struct hf_sev_cert *out)
{
    struct hf_sev_cert c = {.whole = in};
    struct hf_reader r = hf_reader(in);
    uint32_t version = hf_rd_u32le(&r); /*     0 VERSION */

    c.api_major = hf_rd_u8(&r);              /*     4 API_MAJOR */
    c.api_minor = hf_rd_u8(&r);              /*     5 API_MINOR */
    hf_rd_zero(&r, 2);                       /*     6 reserved */
    c.usage = hf_rd_u32le(&r);               /*     8 PUBKEY_USAGE */
    c.algo = hf_rd_u32le(&r);                /*    12 PUBKEY_ALGO */
    c.key = hf_rd_view(&r, HF_SEV_KEY_SIZE); /*    16 PUBKEY */
    for (size_t i = 0; i < HF_COUNT(c.sig); i++) {
        c.sig[i].usage = hf_rd_u32le(&r);                 /* 0x414, 0x61c SIG_USAGE */
        c.sig[i].algo = hf_rd_u32le(&r);                  /* 0x418, 0x620 SIG_ALGO */
        c.sig[i].value = hf_rd_view(&r, HF_SEV_SIG_SIZE); /* 0x41c, 0x624 SIG */
    }
    check_cert(&r, version, &c);
    HF_TRY(hf_rd_end(&r));
    *out = c;
    return HF_OK;
}

static void write_fixed(struct hf_writer *w, struct hf_bytes value, size_t n)
{
    if (value.n)
        hf_wr_bytes(w, value);
    else
        hf_wr_zero(w, n);
}

hf_err hf_sev_cert_write(const struct hf_sev_cert *c, uint8_t out[HF_SEV_CERT_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SEV_CERT_SIZE);

    if (c->key.n && c->key.n != HF_SEV_KEY_SIZE)
        return hf_fail(HF_E_ARG, "a SEV certificate's key of %zu bytes; %d are right", c->key.n, HF_SEV_KEY_SIZE);
    hf_wr_u32le(&w, 1);
    hf_wr_u8(&w, c->api_major);
    hf_wr_u8(&w, c->api_minor);
    hf_wr_zero(&w, 2);
    hf_wr_u32le(&w, c->usage);
    hf_wr_u32le(&w, c->algo);
    write_fixed(&w, c->key, HF_SEV_KEY_SIZE);
    for (size_t i = 0; i < HF_COUNT(c->sig); i++) {
        if (c->sig[i].value.n && c->sig[i].value.n != HF_SEV_SIG_SIZE)
            return hf_fail(HF_E_ARG, "a SEV certificate's signature of %zu bytes; %d are right", c->sig[i].value.n,
                           HF_SEV_SIG_SIZE);
        hf_wr_u32le(&w, c->sig[i].usage);
        hf_wr_u32le(&w, c->sig[i].algo);
        write_fixed(&w, c->sig[i].value, HF_SEV_SIG_SIZE);
    }
    return HF_OK;
}

/* ---- keys and signatures ---- */

static void reverse(struct hf_bytes in, uint8_t *out)
{
    for (size_t i = 0; i < in.n; i++)
        out[i] = in.p[in.n - 1 - i];
}

/* A little-endian number in a wider field, big-endian in `size` bytes; the rest must be zero. */
static hf_err narrow(struct hf_bytes field, size_t size, const char *what, uint8_t *out)
{
    for (size_t i = size; i < field.n; i++) {
        if (field.p[i])
            return hf_fail(HF_E_FORMAT, "%s is wider than %zu bytes", what, size);
    }
    if (size > field.n)
        return hf_fail(HF_E_FORMAT, "%s of %zu bytes in a field of %zu", what, size, field.n);
    reverse((struct hf_bytes){field.p, size}, out);
    return HF_OK;
}

static hf_err ec_key(struct hf_bytes key, struct hf_pubkey **out)
{
    struct hf_reader r = hf_reader(key);
    uint32_t curve_id = hf_rd_u32le(&r);                   /*   0 CURVE */
    struct hf_bytes x = hf_rd_view(&r, HF_SEV_COORD_SIZE); /*   4 QX */
    struct hf_bytes y = hf_rd_view(&r, HF_SEV_COORD_SIZE); /*  76 QY */
    enum hf_curve curve = curve_id == CURVE_P256 ? HF_P256 : HF_P384;
    size_t size = hf_curve_size(curve);
    uint8_t be[2][HF_COORD_MAX];

    hf_rd_zero(&r, HF_SEV_KEY_SIZE - 4 - 2 * HF_SEV_COORD_SIZE); /* 148 reserved */
    HF_TRY(hf_rd_end(&r));
    if (curve_id != CURVE_P256 && curve_id != CURVE_P384)
        return hf_fail(HF_E_UNSUPPORTED, "curve %u of a SEV certificate; known are 1 (P-256) and 2 (P-384)", curve_id);
    HF_TRY(narrow(x, size, "a coordinate", be[0]));
    HF_TRY(narrow(y, size, "a coordinate", be[1]));
    return hf_pubkey_from_point(curve, (struct hf_bytes){be[0], size}, (struct hf_bytes){be[1], size}, out);
}

/* An RSA key from little-endian numbers; the exponent fits 64 bits. */
static hf_err rsa_key(struct hf_bytes e, struct hf_bytes n, struct hf_pubkey **out)
{
    uint8_t be[RSA_FIELD];
    uint64_t exponent = 0;

    for (size_t i = e.n; i > 0; i--) {
        if (i > 8 && e.p[i - 1])
            return hf_fail(HF_E_UNSUPPORTED, "an RSA exponent over 64 bits");
        if (i <= 8)
            exponent = exponent << 8 | e.p[i - 1];
    }
    if (n.n > sizeof(be))
        return hf_fail(HF_E_UNSUPPORTED, "an RSA modulus of %zu bytes", n.n);
    reverse(n, be);
    return hf_pubkey_from_rsa((struct hf_bytes){be, n.n}, exponent, out);
}

hf_err hf_sev_cert_key(const struct hf_sev_cert *cert, struct hf_pubkey **out)
{
    struct hf_reader r = hf_reader(cert->key);
    uint32_t bits;
    struct hf_bytes e, n;

    if (cert->algo != HF_SEV_RSA_SHA256 && cert->algo != HF_SEV_RSA_SHA384)
        return ec_key(cert->key, out);
    bits = hf_rd_u32le(&r);        /*   0 MODULUS_SIZE, bits */
    e = hf_rd_view(&r, RSA_FIELD); /*   4 EXP */
    n = hf_rd_view(&r, RSA_FIELD); /* 516 MODULUS */
    HF_TRY(hf_rd_end(&r));
    if (bits != 2048 && bits != 4096)
        return hf_fail(HF_E_UNSUPPORTED, "an RSA key of %u bits in a SEV certificate; known are 2048 and 4096", bits);
    for (size_t i = bits / 8; i < n.n; i++) {
        if (n.p[i])
            return hf_fail(HF_E_FORMAT, "a modulus wider than %u bits", bits);
    }
    return rsa_key(e, (struct hf_bytes){n.p, bits / 8}, out);
}

hf_err hf_sev_key_write(const struct hf_point *point, uint8_t out[HF_SEV_KEY_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SEV_KEY_SIZE);
    uint8_t le[HF_SEV_COORD_SIZE] = {0};
    size_t size = hf_curve_size(point->curve);

    if (point->curve != HF_P256 && point->curve != HF_P384)
        return hf_fail(HF_E_ARG, "a SEV certificate's key is on P-256 or P-384");
    hf_wr_u32le(&w, point->curve == HF_P256 ? CURVE_P256 : CURVE_P384);
    reverse((struct hf_bytes){point->x, size}, le);
    hf_wr_bytes(&w, HF_BYTES_OF(le));
    reverse((struct hf_bytes){point->y, size}, le);
    hf_wr_bytes(&w, HF_BYTES_OF(le));
    hf_wr_zero(&w, HF_SEV_KEY_SIZE - 4 - 2 * HF_SEV_COORD_SIZE);
    return HF_OK;
}

hf_err hf_sev_signature(uint32_t algo, struct hf_bytes value, const struct hf_pubkey *key, struct hf_sig_alg *alg,
                        struct hf_buf *out)
{
    bool rsa = algo == HF_SEV_RSA_SHA256 || algo == HF_SEV_RSA_SHA384;
    bool ecdsa = algo == HF_SEV_ECDSA_SHA256 || algo == HF_SEV_ECDSA_SHA384;
    size_t size = rsa ? hf_pubkey_bits(key) / 8 : hf_curve_size(hf_pubkey_curve(key));
    uint8_t be[HF_RSA_BYTES_MAX];

    if (!rsa && !ecdsa)
        return hf_fail(HF_E_UNSUPPORTED, "algorithm 0x%x (%s) does not sign", algo, hf_sev_algo_name(algo));
    if (rsa != (hf_pubkey_kind(key) == HF_KEY_RSA))
        return hf_fail(HF_E_KEY_TYPE, "a signature by %s, and a key of another kind", hf_sev_algo_name(algo));
    *alg = (struct hf_sig_alg){.scheme = rsa ? HF_SIG_RSAPSS : HF_SIG_ECDSA,
                               .hash = algo & 0x100 ? HF_SHA384 : HF_SHA256};
    if (rsa) {
        HF_TRY(narrow(value, size, "the RSA signature", be));
        return hf_buf_add(out, (struct hf_bytes){be, size});
    }
    if (value.n < 2 * HF_SEV_COORD_SIZE)
        return hf_fail(HF_E_FORMAT, "a signature of %zu bytes; %d are needed", value.n, 2 * HF_SEV_COORD_SIZE);
    HF_TRY(narrow((struct hf_bytes){value.p, HF_SEV_COORD_SIZE}, size, "R", be));
    HF_TRY(narrow((struct hf_bytes){value.p + HF_SEV_COORD_SIZE, HF_SEV_COORD_SIZE}, size, "S", be + size));
    for (size_t i = 2 * HF_SEV_COORD_SIZE; i < value.n; i++) {
        if (value.p[i])
            return hf_fail(HF_E_FORMAT, "bytes behind the signature that are not zero");
    }
    return hf_buf_add(out, (struct hf_bytes){be, 2 * size});
}

hf_err hf_sev_signature_write(uint32_t algo, struct hf_bytes sig, uint8_t *out, size_t n)
{
    bool rsa = algo == HF_SEV_RSA_SHA256 || algo == HF_SEV_RSA_SHA384;
    size_t half = sig.n / 2;

    if (rsa ? sig.n > n : half > HF_SEV_COORD_SIZE || n < 2 * HF_SEV_COORD_SIZE)
        return hf_fail(HF_E_ARG, "a signature of %zu bytes in a field of %zu", sig.n, n);
    memset(out, 0, n);
    if (rsa) {
        reverse(sig, out);
        return HF_OK;
    }
    reverse((struct hf_bytes){sig.p, half}, out);
    reverse((struct hf_bytes){sig.p + half, half}, out + HF_SEV_COORD_SIZE);
    return HF_OK;
}

/* ---- AMD's own ---- */

/* The fixed part, which says how long the rest is. */
static void read_amd(struct hf_reader *r, struct hf_amd_cert *c)
{
    uint32_t version = hf_rd_u32le(r), e_bits, n_bits; /*  0 VERSION */

    hf_rd_copy(r, c->key_id, sizeof(c->key_id));               /*  4 KEY_ID */
    hf_rd_copy(r, c->certifying_id, sizeof(c->certifying_id)); /* 20 CERTIFYING_ID */
    c->usage = hf_rd_u32le(r);                                 /* 36 KEY_USAGE */
    hf_rd_zero(r, 16);                                         /* 40 reserved */
    e_bits = hf_rd_u32le(r);                                   /* 56 PUBEXP_SIZE */
    n_bits = hf_rd_u32le(r);                                   /* 60 MODULUS_SIZE */
    if (hf_rd_err(r) != HF_OK)
        return;
    if (version != 1)
        hf_rd_fail(r, HF_E_UNSUPPORTED, "AMD certificate version %u; known is 1", version);
    else if (c->usage != HF_SEV_ARK && c->usage != HF_SEV_ASK)
        hf_rd_fail(r, HF_E_UNSUPPORTED, "AMD certificate for usage 0x%x; known are 0 (ARK) and 0x13 (ASK)", c->usage);
    else if ((n_bits != 2048 && n_bits != 4096) || e_bits != n_bits)
        hf_rd_fail(r, HF_E_UNSUPPORTED, "AMD certificate with an exponent of %u and a modulus of %u bits", e_bits,
                   n_bits);
    c->e = hf_rd_view(r, e_bits / 8);         /* 64 PUBEXP */
    c->n = hf_rd_view(r, n_bits / 8);         /*    MODULUS */
    c->signature = hf_rd_view(r, n_bits / 8); /*    SIGNATURE: by a key as long */
}

static hf_err amd_next(struct hf_bytes *rest, struct hf_amd_cert *out)
{
    struct hf_amd_cert c = {0};
    struct hf_reader r = hf_reader(*rest);

    read_amd(&r, &c);
    HF_TRY(hf_rd_err(&r));
    c.whole = (struct hf_bytes){rest->p, hf_rd_at(&r)};
    c.signed_part = (struct hf_bytes){rest->p, hf_rd_at(&r) - c.signature.n};
    *rest = hf_rd_rest(&r);
    *out = c;
    return HF_OK;
}

hf_err hf_amd_cert_parse(struct hf_bytes in, struct hf_amd_cert *out)
{
    struct hf_amd_cert c;

    HF_TRY(amd_next(&in, &c));
    if (in.n)
        return hf_fail(HF_E_TRAILING, "%zu bytes behind an AMD certificate", in.n);
    *out = c;
    return HF_OK;
}

hf_err hf_amd_cert_write(const struct hf_amd_cert *c, struct hf_buf *out)
{
    uint8_t head[AMD_HEADER];
    struct hf_writer w = hf_writer(head, sizeof(head));

    hf_wr_u32le(&w, 1);
    hf_wr_bytes(&w, HF_BYTES_OF(c->key_id));
    hf_wr_bytes(&w, HF_BYTES_OF(c->certifying_id));
    hf_wr_u32le(&w, c->usage);
    hf_wr_zero(&w, 16);
    hf_wr_u32le(&w, (uint32_t)(8 * c->e.n));
    hf_wr_u32le(&w, (uint32_t)(8 * c->n.n));
    HF_TRY(hf_buf_add(out, HF_BYTES_OF(head)));
    HF_TRY(hf_buf_add(out, c->e));
    HF_TRY(hf_buf_add(out, c->n));
    return hf_buf_add(out, c->signature);
}

hf_err hf_amd_cert_key(const struct hf_amd_cert *cert, struct hf_pubkey **out)
{
    return rsa_key(cert->e, cert->n, out);
}

/* ---- several ---- */

/* An AMD certificate has a key's identifier where a SEV certificate has its API version, usage 0x1001 to 0x1004. */
static bool sev_like(struct hf_bytes in)
{
    struct hf_reader r = hf_reader(in);
    uint32_t version = hf_rd_u32le(&r), usage;

    hf_rd_skip(&r, 2);
    hf_rd_zero(&r, 2);
    usage = hf_rd_u32le(&r);
    return hf_rd_err(&r) == HF_OK && version == 1 && usage >= HF_SEV_OCA && usage <= HF_SEV_CEK &&
           in.n >= HF_SEV_CERT_SIZE;
}

hf_err hf_sev_item_next(struct hf_bytes *rest, struct hf_sev_item *out)
{
    struct hf_sev_item item = {0};

    if (rest->n == 0)
        return hf_fail(HF_E_NOT_FOUND, "no further certificate");
    if (!sev_like(*rest)) {
        item.amd = true;
        HF_TRY(amd_next(rest, &item.ca));
    } else {
        HF_TRY(hf_sev_cert_parse((struct hf_bytes){rest->p, HF_SEV_CERT_SIZE}, &item.sev));
        *rest = (struct hf_bytes){rest->p + HF_SEV_CERT_SIZE, rest->n - HF_SEV_CERT_SIZE};
    }
    *out = item;
    return HF_OK;
}

bool hf_sev_chain_is(struct hf_bytes in)
{
    static const uint8_t version[] = {1, 0, 0, 0};
    struct hf_amd_cert ca;
    size_t n = 0;

    while (in.n) {
        if (in.n < sizeof(version) || memcmp(in.p, version, sizeof(version)) != 0)
            return false; /* before a reader would tell in words what is wrong */
        if (sev_like(in))
            in = (struct hf_bytes){in.p + HF_SEV_CERT_SIZE, in.n - HF_SEV_CERT_SIZE};
        else if (amd_next(&in, &ca) != HF_OK)
            return false;
        n++;
    }
    return n > 0;
}

/* Names (RFC 5280 4.1.2.4) as text (RFC 4514), and their attributes. */
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/hex.h"
#include "crypto/asn1.h"
#include "crypto/x509.h"
#include "crypto/x509_i.h"

static const struct row {
    const char *oid;
    const char *text;
} types[] = {
    {"2.5.4.3", "CN"},
    {"2.5.4.6", "C"},
    {"2.5.4.7", "L"},
    {"2.5.4.8", "ST"},
    {"2.5.4.9", "STREET"},
    {"2.5.4.10", "O"},
    {"2.5.4.11", "OU"},
    {"2.5.4.5", "serialNumber"},
    {"2.5.4.12", "title"},
    {"1.2.840.113549.1.9.1", "emailAddress"},
    {"0.9.2342.19200300.100.1.25", "DC"},
    {"0.9.2342.19200300.100.1.1", "UID"},
    {"2.23.133.2.1", "tpmManufacturer"},
    {"2.23.133.2.2", "tpmModel"},
    {"2.23.133.2.3", "tpmVersion"},
};

static hf_err type_text(struct hf_bytes oid, struct hf_buf *out)
{
    char text[HF_OID_TEXT];

    hf_oid_text(oid, text);
    for (size_t i = 0; i < HF_COUNT(types); i++) {
        if (strcmp(types[i].oid, text) == 0)
            return hf_buf_add(out, hf_bytes_text(types[i].text));
    }
    return hf_buf_add(out, hf_bytes_text(text));
}

/* One character as UTF-8, escaped where RFC 4514 2.4 or a terminal asks for it. */
static hf_err put(unsigned c, bool edge, struct hf_buf *out)
{
    uint8_t utf8[3] = {(uint8_t)(0xe0 | c >> 12), (uint8_t)(0x80 | (c >> 6 & 0x3f)), (uint8_t)(0x80 | (c & 0x3f))};

    if (c < 0x20 || c == 0x7f)
        return hf_buf_printf(out, "\\%02x", c);
    if (c < 0x80)
        return hf_buf_printf(out, strchr("\",+;<>\\", (int)c) || (edge && (c == ' ' || c == '#')) ? "\\%c" : "%c",
                             (int)c);
    if (c < 0x800) {
        utf8[1] = (uint8_t)(0xc0 | c >> 6);
        return hf_buf_add(out, (struct hf_bytes){utf8 + 1, 2});
    }
    return hf_buf_add(out, HF_BYTES_OF(utf8));
}

/* UTF-8 passes as it is, but for ASCII, which is escaped. */
static hf_err put_utf8(struct hf_bytes v, struct hf_buf *out)
{
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < 0x80)
            HF_TRY(put(v.p[i], i == 0 || i + 1 == v.n, out));
        else
            HF_TRY(hf_buf_add(out, (struct hf_bytes){v.p + i, 1}));
    }
    return HF_OK;
}

static hf_err value_text(const struct hf_element *value, struct hf_buf *out)
{
    struct hf_bytes v = value->body;

    switch (value->tag) {
    case HF_ASN1_UTF8:
        return put_utf8(v, out);
    case HF_ASN1_PRINTABLE:
    case HF_ASN1_IA5:
    case HF_ASN1_T61: /* in practice Latin-1 */
        for (size_t i = 0; i < v.n; i++)
            HF_TRY(put(v.p[i], i == 0 || i + 1 == v.n, out));
        return HF_OK;
    case HF_ASN1_BMP:
        for (size_t i = 0; i + 1 < v.n; i += 2)
            HF_TRY(put((unsigned)v.p[i] << 8 | v.p[i + 1], i == 0 || i + 2 == v.n, out));
        return HF_OK;
    default:
        HF_TRY(hf_buf_add(out, hf_bytes_text("#")));
        return hf_hex_write(value->whole, out);
    }
}

/* One RelativeDistinguishedName: "CN=a+O=b". */
static hf_err rdn_text(struct hf_bytes rdn, struct hf_buf *out)
{
    struct hf_reader set = hf_reader(rdn);

    for (bool first = true; hf_rd_more(&set); first = false) {
        struct hf_reader pair = hf_asn1_enter(&set, HF_ASN1_SEQUENCE);
        struct hf_bytes oid = hf_asn1_take(&pair, HF_ASN1_OID).body;
        struct hf_element value = hf_asn1_any(&pair);

        HF_TRY(hf_rd_end(&pair));
        if (!first)
            HF_TRY(hf_buf_add(out, hf_bytes_text("+")));
        HF_TRY(type_text(oid, out));
        HF_TRY(hf_buf_add(out, hf_bytes_text("=")));
        HF_TRY(value_text(&value, out));
    }
    return hf_rd_end(&set);
}

/* More parts than any name has; a limit on what a hostile one may cost. */
#define RDNS_MAX 64

static hf_err rdns(struct hf_bytes name, struct hf_bytes out[RDNS_MAX], size_t *n)
{
    struct hf_reader r = hf_reader(name);
    struct hf_reader seq = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);

    *n = 0;
    while (hf_rd_more(&seq)) {
        if (*n == RDNS_MAX)
            return hf_fail(HF_E_LIMIT, "a name of more than %d parts", RDNS_MAX);
        out[(*n)++] = hf_asn1_take(&seq, HF_ASN1_SET).body;
    }
    HF_TRY(hf_rd_end(&seq));
    return hf_rd_end(&r);
}

hf_err hf_name_text(struct hf_bytes name, struct hf_buf *out)
{
    struct hf_bytes part[RDNS_MAX];
    size_t n = 0;

    HF_TRY(rdns(name, part, &n));
    for (size_t i = n; i > 0; i--) {
        HF_TRY(rdn_text(part[i - 1], out));
        if (i > 1)
            HF_TRY(hf_buf_add(out, hf_bytes_text(",")));
    }
    return HF_OK;
}

hf_err hf_name_find(struct hf_bytes name, const char *oid, struct hf_bytes *out)
{
    struct hf_bytes part[RDNS_MAX];
    size_t n = 0;

    HF_TRY(rdns(name, part, &n));
    for (size_t i = 0; i < n; i++) {
        struct hf_reader set = hf_reader(part[i]);

        while (hf_rd_more(&set)) {
            struct hf_reader pair = hf_asn1_enter(&set, HF_ASN1_SEQUENCE);
            struct hf_bytes type = hf_asn1_take(&pair, HF_ASN1_OID).body;
            struct hf_element value = hf_asn1_any(&pair);

            HF_TRY(hf_rd_end(&pair));
            if (hf_oid_is(type, oid)) {
                *out = value.body;
                return HF_OK;
            }
        }
    }
    return hf_fail(HF_E_NOT_FOUND, "the name has no attribute %s", oid);
}

/* X.690 11.6: the encodings of a SET OF in ascending order, the shorter padded with zeros. */
static int order(struct hf_bytes a, struct hf_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = memcmp(a.p, b.p, n);

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

hf_err hf_name_check(struct hf_bytes name, bool *disorder)
{
    struct hf_bytes part[RDNS_MAX];
    size_t n = 0;

    HF_TRY(rdns(name, part, &n));
    for (size_t i = 0; i < n; i++) {
        struct hf_reader set = hf_reader(part[i]);
        struct hf_bytes last = {NULL, 0};

        if (part[i].n == 0)
            return hf_fail(HF_E_FORMAT, "a part of a name is empty");
        while (hf_rd_more(&set)) {
            struct hf_bytes pair = hf_asn1_take(&set, HF_ASN1_SEQUENCE).whole;

            if (last.n && pair.n && order(last, pair) > 0)
                *disorder = true;
            last = pair;
        }
        HF_TRY(hf_rd_end(&set));
    }
    return HF_OK;
}

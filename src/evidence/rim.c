/* NVIDIA's reference integrity manifests. */
#include "evidence/rim.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/xml.h"

#include <stdio.h>

#define SWID "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
#define DSIG "http://www.w3.org/2000/09/xmldsig#"
#define SHA384_NAMES "http://www.w3.org/2001/04/xmlenc#sha384" /* of the Hash attributes */
#define ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

/* Where the parts of a signed document lie. */
struct parts {
    struct hf_bytes root;        /* the whole root element */
    struct hf_bytes signature;   /* the Signature element */
    struct hf_bytes signed_info; /* its SignedInfo */
    size_t n_scope;
    struct hf_xml_ns scope[HF_XML_NS_MAX]; /* around SignedInfo */
    bool exclusive;                        /* SignedInfo's canonical form */
    bool document_exclusive;               /* the document's */
};

/* The reader with one token at a time and the namespaces around it. */
struct walk {
    struct hf_xml x;
    struct hf_xml_token t;
    size_t n[HF_XML_DEPTH + 1];
    struct hf_xml_ns scope[HF_XML_DEPTH + 1][HF_XML_NS_MAX];
};

static hf_err next(struct walk *w)
{
    size_t depth;

    HF_TRY(hf_xml_next(&w->x, &w->t));
    if (w->t.kind != HF_XML_START)
        return HF_OK;
    depth = w->x.depth;
    w->n[depth] = w->n[depth - 1];
    memcpy(w->scope[depth], w->scope[depth - 1], sizeof(w->scope[0]));
    return hf_xml_declare(&w->t, w->scope[depth], &w->n[depth]);
}

/* The next start or end, white space passed over: other text has no place between elements. */
static hf_err next_tag(struct walk *w)
{
    do {
        HF_TRY(next(w));
        if (w->t.kind == HF_XML_TEXT) {
            for (size_t i = 0; i < w->t.raw.n; i++) {
                if (!strchr(" \t\n", w->t.raw.p[i]))
                    return hf_fail(HF_E_FORMAT, "RIM: text between elements");
            }
        }
    } while (w->t.kind == HF_XML_TEXT);
    return HF_OK;
}

static bool is(const struct walk *w, const char *ns, const char *local)
{
    size_t depth = w->x.depth;

    return w->t.kind == HF_XML_START && hf_bytes_equal(w->t.local, hf_bytes_text(local)) &&
           hf_bytes_equal(hf_xml_namespace(w->scope[depth], w->n[depth], w->t.prefix), hf_bytes_text(ns));
}

static hf_err need(const struct walk *w, const char *ns, const char *local)
{
    return is(w, ns, local) ? HF_OK
                            : hf_fail(HF_E_FORMAT, "RIM: %s \"%.*s\", where \"%s\" is wanted",
                                      w->t.kind == HF_XML_START ? "element" : "the end of",
                                      (int)(w->t.name.n < 40 ? w->t.name.n : 40), (const char *)w->t.name.p, local);
}

/* The next tag must begin this element. */
static hf_err enter(struct walk *w, const char *ns, const char *local)
{
    HF_TRY(next_tag(w));
    return need(w, ns, local);
}

static hf_err leave(struct walk *w)
{
    HF_TRY(next_tag(w));
    return w->t.kind == HF_XML_END ? HF_OK
                                   : hf_fail(HF_E_FORMAT, "RIM: an element \"%.*s\" too many",
                                             (int)(w->t.name.n < 40 ? w->t.name.n : 40), (const char *)w->t.name.p);
}

/* The text of the element that was just entered, which has nothing else in it; past its end. */
static hf_err text_of(struct walk *w, struct hf_bytes *out)
{
    *out = (struct hf_bytes){0};
    HF_TRY(next(w));
    if (w->t.kind == HF_XML_TEXT) {
        *out = w->t.raw;
        HF_TRY(next(w));
    }
    return w->t.kind == HF_XML_END ? HF_OK : hf_fail(HF_E_FORMAT, "RIM: an element where only text has a place");
}

static struct hf_bytes attr(const struct walk *w, const char *name)
{
    const struct hf_xml_attr *a = hf_xml_attr(&w->t, name);

    return a ? a->value : (struct hf_bytes){0};
}

/* ---- the tag ---- */

static hf_err small_number(struct hf_bytes text, unsigned max, unsigned *out)
{
    unsigned v = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9' || v > max)
            return hf_fail(HF_E_FORMAT, "RIM: \"%.*s\" is no number up to %u", (int)(text.n < 20 ? text.n : 20),
                           (const char *)text.p, max);
        v = v * 10 + (unsigned)(text.p[i] - '0');
    }
    if (text.n == 0 || v > max)
        return hf_fail(HF_E_FORMAT, "RIM: a number that is missing or over %u", max);
    *out = v;
    return HF_OK;
}

static hf_err add_value(struct hf_rim *rim, struct hf_bytes hex)
{
    struct hf_digest *d;

    if (rim->n_values == HF_RIM_VALUES_MAX)
        return hf_fail(HF_E_LIMIT, "RIM: more than %d values", HF_RIM_VALUES_MAX);
    HF_TRY(hf_realloc((rim->n_values + 1) * sizeof(*rim->value), &rim->value));
    d = &rim->value[rim->n_values];
    *d = (struct hf_digest){.n = hex.n / 2};
    if (hex.n % 2 || (d->n != 32 && d->n != 48 && d->n != 64))
        return hf_fail(HF_E_FORMAT, "RIM: a measurement of %zu digits", hex.n);
    HF_TRY(hf_hex_parse_exact(hex, d->bytes, d->n));
    rim->n_values++;
    return HF_OK;
}

/* The attribute of a name in the namespace of hashes. */
static hf_err hash_attr(const struct walk *w, const char *local, struct hf_bytes *out)
{
    size_t depth = w->x.depth;

    for (size_t i = 0; i < w->t.n; i++) {
        const struct hf_xml_attr *a = &w->t.attr[i];

        if (!a->prefix.n || !hf_bytes_equal(a->local, hf_bytes_text(local)) ||
            !hf_bytes_equal(hf_xml_namespace(w->scope[depth], w->n[depth], a->prefix), hf_bytes_text(SHA384_NAMES)))
            continue;
        *out = a->value;
        return HF_OK;
    }
    return hf_fail(HF_E_FORMAT, "RIM: a measurement without %s", local);
}

static hf_err read_measurement(struct walk *w, struct hf_rim *rim)
{
    struct hf_rim_measurement m = {.first = (uint16_t)rim->n_values};
    unsigned index = 0, alternatives = 0, size = 0;
    struct hf_bytes active = attr(w, "active"), value;
    char name[16];

    m.active = hf_bytes_equal(active, hf_bytes_text("True"));
    if (!m.active && !hf_bytes_equal(active, hf_bytes_text("False")))
        return hf_fail(HF_E_FORMAT, "RIM: a measurement is active \"%.*s\"", (int)(active.n < 20 ? active.n : 20),
                       active.n ? (const char *)active.p : "");
    HF_TRY(small_number(attr(w, "index"), 254, &index));
    HF_TRY(small_number(attr(w, "alternatives"), 100, &alternatives));
    HF_TRY(small_number(attr(w, "size"), 64, &size));
    if (rim->n == HF_RIM_MEASUREMENTS_MAX || (m.active && alternatives == 0))
        return hf_fail(HF_E_FORMAT, "RIM: measurement %u has no value or no room", index);
    m.index = (uint8_t)index;
    for (size_t i = 0; i < rim->n; i++) {
        if (rim->measurement[i].index == m.index)
            return hf_fail(HF_E_FORMAT, "RIM: measurement %u twice", index);
    }
    for (unsigned i = 0; i < alternatives; i++) {
        (void)snprintf(name, sizeof(name), "Hash%u", i);
        HF_TRY(hash_attr(w, name, &value));
        HF_TRY(add_value(rim, value));
        if (rim->value[rim->n_values - 1].n != size)
            return hf_fail(HF_E_FORMAT, "RIM: measurement %u of another size than it says, %u", index, size);
        m.n++;
    }
    rim->measurement[rim->n++] = m;
    return leave(w);
}

static hf_err read_payload(struct walk *w, struct hf_rim *rim)
{
    for (;;) {
        HF_TRY(next_tag(w));
        if (w->t.kind == HF_XML_END)
            return rim->n ? HF_OK : hf_fail(HF_E_FORMAT, "RIM: no measurements");
        HF_TRY(need(w, SWID, "Resource"));
        if (!hf_bytes_equal(attr(w, "type"), hf_bytes_text("Measurement")))
            return hf_fail(HF_E_UNSUPPORTED, "RIM: a resource of type \"%.*s\"; known is Measurement",
                           (int)(attr(w, "type").n < 40 ? attr(w, "type").n : 40), (const char *)attr(w, "type").p);
        HF_TRY(read_measurement(w, rim));
    }
}

/* Entities and Meta before the payload, in any order, Meta once. */
static hf_err read_tag(struct walk *w, struct hf_rim *rim)
{
    HF_TRY(enter(w, SWID, "SoftwareIdentity"));
    rim->name = attr(w, "name");
    rim->tag_id = attr(w, "tagId");
    for (;;) {
        HF_TRY(next_tag(w));
        if (is(w, SWID, "Payload"))
            break;
        if (is(w, SWID, "Meta")) {
            if (rim->version.n)
                return hf_fail(HF_E_FORMAT, "RIM: Meta twice");
            rim->version = attr(w, "colloquialVersion");
            rim->product = attr(w, "product");
        } else {
            HF_TRY(need(w, SWID, "Entity"));
        }
        HF_TRY(leave(w));
    }
    if (!rim->version.n || !rim->product.n)
        return hf_fail(HF_E_FORMAT, "RIM: no version or product in Meta");
    return read_payload(w, rim);
}

/* ---- the signature ---- */

static hf_err canonical_by(struct hf_bytes algorithm, bool *exclusive)
{
    static const struct {
        const char *uri;
        bool exclusive;
    } known[] = {
        {"http://www.w3.org/2006/12/xml-c14n11", false},
        {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", false},
        {"http://www.w3.org/2001/10/xml-exc-c14n#", true},
    };

    for (size_t i = 0; i < HF_COUNT(known); i++) {
        if (!hf_bytes_equal(algorithm, hf_bytes_text(known[i].uri)))
            continue;
        *exclusive = known[i].exclusive;
        return HF_OK;
    }
    return hf_fail(HF_E_UNSUPPORTED, "RIM: canonical form \"%.*s\"", (int)(algorithm.n < 80 ? algorithm.n : 80),
                   algorithm.n ? (const char *)algorithm.p : "");
}

static hf_err hash_by(struct hf_bytes algorithm, const char *const uri[3], enum hf_hash_alg *out)
{
    static const enum hf_hash_alg algs[] = {HF_SHA256, HF_SHA384, HF_SHA512};

    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        if (!hf_bytes_equal(algorithm, hf_bytes_text(uri[i])))
            continue;
        *out = algs[i];
        return HF_OK;
    }
    return hf_fail(HF_E_UNSUPPORTED, "RIM: algorithm \"%.*s\"", (int)(algorithm.n < 80 ? algorithm.n : 80),
                   algorithm.n ? (const char *)algorithm.p : "");
}

/* Enveloped signature, then perhaps one canonical form; over the whole document. */
static hf_err read_reference(struct walk *w, struct hf_rim *rim, struct parts *p, enum hf_hash_alg *hash)
{
    static const char *const digests[3] = {"http://www.w3.org/2001/04/xmlenc#sha256",
                                           "http://www.w3.org/2001/04/xmldsig-more#sha384",
                                           "http://www.w3.org/2001/04/xmlenc#sha512"};
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
    const struct hf_xml_attr *uri;
    struct hf_bytes text;

    HF_TRY(enter(w, DSIG, "Reference"));
    uri = hf_xml_attr(&w->t, "URI");
    if (!uri || uri->value.n)
        return hf_fail(HF_E_UNSUPPORTED, "RIM: a signature over a part of the document");
    HF_TRY(enter(w, DSIG, "Transforms"));
    HF_TRY(enter(w, DSIG, "Transform"));
    if (!hf_bytes_equal(attr(w, "Algorithm"), hf_bytes_text(ENVELOPED)))
        return hf_fail(HF_E_UNSUPPORTED, "RIM: a transform that is not enveloped-signature");
    HF_TRY(leave(w));
    HF_TRY(next_tag(w));
    if (w->t.kind == HF_XML_START) { /* without one it is Canonical XML 1.0: XMLDSig, 4.4.3.2 */
        HF_TRY(need(w, DSIG, "Transform"));
        HF_TRY(canonical_by(attr(w, "Algorithm"), &p->document_exclusive));
        HF_TRY(leave(w));
        HF_TRY(leave(w));
    }
    HF_TRY(enter(w, DSIG, "DigestMethod"));
    HF_TRY(hash_by(attr(w, "Algorithm"), digests, hash));
    HF_TRY(leave(w));
    HF_TRY(enter(w, DSIG, "DigestValue"));
    HF_TRY(text_of(w, &text));
    HF_TRY(hf_base64_parse_loose(text, &value));
    if (value.n != hf_hash_size(*hash))
        return hf_fail(HF_E_FORMAT, "RIM: a digest of %zu bytes", value.n);
    rim->digest_said.n = value.n;
    memcpy(rim->digest_said.bytes, value.p, value.n);
    return leave(w);
}

static hf_err read_signed_info(struct walk *w, struct hf_rim *rim, struct parts *p, enum hf_hash_alg *hash)
{
    static const char *const methods[3] = {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
                                           "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
                                           "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"};
    const uint8_t *start;

    p->n_scope = w->n[w->x.depth];
    memcpy(p->scope, w->scope[w->x.depth], sizeof(p->scope));
    HF_TRY(enter(w, DSIG, "SignedInfo"));
    start = w->t.raw.p;
    HF_TRY(enter(w, DSIG, "CanonicalizationMethod"));
    HF_TRY(canonical_by(attr(w, "Algorithm"), &p->exclusive));
    HF_TRY(leave(w));
    HF_TRY(enter(w, DSIG, "SignatureMethod"));
    rim->sig_alg.scheme = HF_SIG_ECDSA;
    HF_TRY(hash_by(attr(w, "Algorithm"), methods, &rim->sig_alg.hash));
    HF_TRY(leave(w));
    HF_TRY(read_reference(w, rim, p, hash));
    HF_TRY(leave(w));
    p->signed_info = (struct hf_bytes){start, (size_t)(w->x.at - start)};
    return HF_OK;
}

static hf_err read_certificates(struct walk *w, struct hf_rim *rim)
{
    HF_TRY(enter(w, DSIG, "KeyInfo"));
    HF_TRY(enter(w, DSIG, "X509Data"));
    for (;;) {
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
        struct hf_bytes text;

        HF_TRY(next_tag(w));
        if (w->t.kind == HF_XML_END)
            break;
        HF_TRY(need(w, DSIG, "X509Certificate"));
        HF_TRY(text_of(w, &text));
        if (rim->certs.n == HF_RIM_CERTS_MAX)
            return hf_fail(HF_E_LIMIT, "RIM: more than %d certificates", HF_RIM_CERTS_MAX);
        HF_TRY(hf_base64_parse_loose(text, &der));
        HF_TRY(hf_cert_parse(hf_buf_bytes(&der), &cert));
        HF_TRY(hf_certs_add(&rim->certs, cert));
    }
    if (rim->certs.n == 0)
        return hf_fail(HF_E_FORMAT, "RIM: no certificate");
    return leave(w);
}

static hf_err read_signature(struct walk *w, struct hf_rim *rim, struct parts *p, enum hf_hash_alg *hash)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
    struct hf_bytes text;
    const uint8_t *start;

    HF_TRY(enter(w, DSIG, "Signature"));
    start = w->t.raw.p;
    HF_TRY(read_signed_info(w, rim, p, hash));
    HF_TRY(enter(w, DSIG, "SignatureValue"));
    HF_TRY(text_of(w, &text));
    HF_TRY(hf_base64_parse_loose(text, &value));
    if (value.n > sizeof(rim->signature))
        return hf_fail(HF_E_FORMAT, "RIM: a signature of %zu bytes", value.n);
    rim->n_signature = value.n;
    if (value.n)
        memcpy(rim->signature, value.p, value.n);
    HF_TRY(read_certificates(w, rim));
    HF_TRY(leave(w));
    p->signature = (struct hf_bytes){start, (size_t)(w->x.at - start)};
    return HF_OK;
}

static hf_err hash_parts(struct hf_rim *rim, const struct parts *p, enum hf_hash_alg hash)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf canonical = {0};

    HF_TRY(hf_xml_canonical(p->root, p->signature, NULL, 0, p->document_exclusive, &canonical));
    HF_TRY(hf_hash_one(hash, hf_buf_bytes(&canonical), &rim->digest_found));
    hf_buf_free(&canonical);
    HF_TRY(hf_xml_canonical(p->signed_info, (struct hf_bytes){0}, p->scope, p->n_scope, p->exclusive, &canonical));
    return hf_hash_one(rim->sig_alg.hash, hf_buf_bytes(&canonical), &rim->signed_info);
}

static hf_err read_all(struct walk *w, struct hf_rim *rim)
{
    struct parts p = {0};
    enum hf_hash_alg hash = HF_HASH_NONE;
    hf_err end;

    HF_TRY(read_tag(w, rim));
    HF_TRY(read_signature(w, rim, &p, &hash));
    HF_TRY(leave(w));
    p.root = rim->text; /* canonicalizing passes over what is around the root element */
    end = hf_xml_next(&w->x, &w->t);
    if (end != HF_E_NOT_FOUND)
        return end == HF_OK ? hf_fail(HF_E_TRAILING, "RIM: more behind the root element") : end;
    return hash_parts(rim, &p, hash);
}

hf_err hf_rim_parse(struct hf_bytes text, struct hf_rim **out)
{
    HF_CLEANUP(hf_rim_free) struct hf_rim *rim = NULL;
    struct walk *w = NULL;
    hf_err err;

    HF_TRY(hf_alloc(sizeof(*rim), &rim));
    HF_TRY(hf_alloc(sizeof(*w), &w));
    rim->text = text;
    w->x = hf_xml(text);
    err = read_all(w, rim);
    hf_free(&w);
    HF_TRY(err);
    *out = hf_take(rim);
    return HF_OK;
}

void hf_rim_free(struct hf_rim **rim)
{
    if (*rim) {
        hf_free(&(*rim)->value);
        hf_certs_free(&(*rim)->certs);
    }
    hf_free(rim);
}

bool hf_rim_is(struct hf_bytes text)
{
    static const char word[] = "SoftwareIdentity";
    size_t n = text.n < 512 ? text.n : 512;

    return n && text.p[0] == '<' && memmem(text.p, n, word, strlen(word)) != NULL;
}

hf_err hf_rim_verify(const struct hf_rim *rim)
{
    if (!hf_bytes_equal(hf_digest_bytes(&rim->digest_said), hf_digest_bytes(&rim->digest_found)))
        return hf_fail(HF_E_MISMATCH, "the manifest is not the one that was signed");
    return hf_pubkey_verify(rim->certs.cert[0]->key, &rim->sig_alg, hf_digest_bytes(&rim->signed_info),
                            (struct hf_bytes){rim->signature, rim->n_signature});
}

const struct hf_rim_measurement *hf_rim_find(const struct hf_rim *rim, uint8_t index)
{
    for (size_t i = 0; i < rim->n; i++) {
        if (rim->measurement[i].index == index && rim->measurement[i].active)
            return &rim->measurement[i];
    }
    return NULL;
}

bool hf_rim_fits(const struct hf_rim *rim, const struct hf_rim_measurement *m, struct hf_bytes value)
{
    for (size_t i = m->first; i < (size_t)m->first + m->n; i++) {
        if (hf_bytes_equal(hf_digest_bytes(&rim->value[i]), value))
            return true;
    }
    return false;
}

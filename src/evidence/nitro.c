/* AWS Nitro Enclaves attestation documents (aws-nitro-enclaves-nsm-api, docs/attestation_process.md). */
#include "evidence/nitro.h"
#include "codec/cose.h"

#include <inttypes.h>
#include <stdio.h>

static hf_err sized(struct hf_cbor v, const char *name, size_t min, size_t max, struct hf_bytes *out)
{
    hf_err err = hf_cbor_as_bytes(v, out);

    if (err != HF_OK)
        return hf_fail(err, "Nitro document: %s is %s%s, where a byte string is wanted", name,
                       hf_cbor_type_name(v.type), v.indefinite ? " of indefinite length" : "");
    if (out->n < min || out->n > max)
        return hf_fail(HF_E_LIMIT, "Nitro document: %s has %zu bytes, where %zu to %zu are wanted", name, out->n, min,
                       max);
    return HF_OK;
}

static hf_err read_module_id(struct hf_cbor v, struct hf_nitro_doc *doc)
{
    HF_TRY(hf_cbor_as_text(v, &doc->module_id));
    if (doc->module_id.n == 0 || doc->module_id.n > HF_NITRO_FIELD_MAX)
        return hf_fail(HF_E_LIMIT, "Nitro document: module_id has %zu bytes, where 1 to %d are wanted",
                       doc->module_id.n, HF_NITRO_FIELD_MAX);
    return HF_OK;
}

static hf_err read_digest(struct hf_cbor v, struct hf_nitro_doc *doc)
{
    HF_TRY(hf_cbor_as_text(v, &doc->digest));
    if (!hf_cbor_is(v, "SHA384"))
        return hf_fail(HF_E_UNSUPPORTED, "Nitro document: digest is \"%.*s\"; known is \"SHA384\"",
                       (int)(doc->digest.n < 40 ? doc->digest.n : 40),
                       doc->digest.n ? (const char *)doc->digest.p : "");
    return HF_OK;
}

static hf_err read_timestamp(struct hf_cbor v, struct hf_nitro_doc *doc)
{
    HF_TRY(hf_cbor_as_u64(v, INT64_MAX, &doc->timestamp_ms));
    if (doc->timestamp_ms == 0)
        return hf_fail(HF_E_FORMAT, "Nitro document: timestamp is 0");
    return HF_OK;
}

static hf_err read_pcrs(struct hf_cbor v, struct hf_nitro_doc *doc)
{
    if (v.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "Nitro document: pcrs is %s, where a map is wanted", hf_cbor_type_name(v.type));
    for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it);) {
        struct hf_bytes value;

        if (it.key.type != HF_CBOR_UINT || it.key.value >= HF_NITRO_PCRS)
            return hf_fail(HF_E_FORMAT, "Nitro document: register %s %" PRIu64 ", where 0 to %d are known",
                           hf_cbor_type_name(it.key.type), it.key.value, HF_NITRO_PCRS - 1);
        HF_TRY(sized(it.value, "a register", 32, 64, &value));
        if (value.n % 16 != 0)
            return hf_fail(HF_E_FORMAT, "Nitro document: PCR%" PRIu64 " has %zu bytes, where 32, 48 or 64 are wanted",
                           it.key.value, value.n);
        doc->pcr[it.key.value] = value;
        doc->pcr_mask |= 1u << it.key.value;
    }
    return doc->pcr_mask ? HF_OK : hf_fail(HF_E_FORMAT, "Nitro document: pcrs is empty");
}

static hf_err read_certificate(struct hf_cbor v, struct hf_nitro_doc *doc)
{
    return sized(v, "certificate", 1, HF_NITRO_CERT_MAX, &doc->certificate);
}

static hf_err read_bundle(struct hf_cbor v, struct hf_nitro_doc *doc)
{
    if (v.type != HF_CBOR_ARRAY)
        return hf_fail(HF_E_FORMAT, "Nitro document: cabundle is %s, where an array is wanted",
                       hf_cbor_type_name(v.type));
    for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it);) {
        if (doc->n_bundle == HF_NITRO_BUNDLE_MAX)
            return hf_fail(HF_E_LIMIT, "Nitro document: more than %d certificates in cabundle", HF_NITRO_BUNDLE_MAX);
        HF_TRY(sized(it.value, "a certificate of cabundle", 1, HF_NITRO_CERT_MAX, &doc->bundle[doc->n_bundle]));
        doc->n_bundle++;
    }
    return doc->n_bundle ? HF_OK : hf_fail(HF_E_FORMAT, "Nitro document: cabundle is empty");
}

static hf_err read_field(struct hf_cbor v, const char *name, size_t min, struct hf_nitro_field *out)
{
    out->given = !hf_cbor_is_null(v);
    return out->given ? sized(v, name, min, HF_NITRO_FIELD_MAX, &out->bytes) : HF_OK;
}

static hf_err read_public_key(struct hf_cbor v, struct hf_nitro_doc *doc)
{
    return read_field(v, "public_key", 1, &doc->public_key);
}

static hf_err read_user_data(struct hf_cbor v, struct hf_nitro_doc *doc)
{
    return read_field(v, "user_data", 0, &doc->user_data);
}

static hf_err read_nonce(struct hf_cbor v, struct hf_nitro_doc *doc)
{
    return read_field(v, "nonce", 0, &doc->nonce);
}

static const struct {
    const char *key;
    bool required;
    hf_err (*read)(struct hf_cbor v, struct hf_nitro_doc *doc);
} fields[] = {
    {"module_id", true, read_module_id},
    {"digest", true, read_digest},
    {"timestamp", true, read_timestamp},
    {"pcrs", true, read_pcrs},
    {"certificate", true, read_certificate},
    {"cabundle", true, read_bundle},
    {"public_key", false, read_public_key},
    {"user_data", false, read_user_data},
    {"nonce", false, read_nonce},
};

static hf_err read_one(struct hf_cbor key, struct hf_cbor value, struct hf_nitro_doc *doc, unsigned *seen)
{
    for (size_t i = 0; i < HF_COUNT(fields); i++) {
        if (!hf_cbor_is(key, fields[i].key))
            continue;
        *seen |= 1u << i;
        return fields[i].read(value, doc);
    }
    if (key.type == HF_CBOR_TEXT)
        return hf_fail(HF_E_FORMAT, "Nitro document: unknown key \"%.*s\"",
                       (int)(key.content.n < 40 ? key.content.n : 40),
                       key.content.n ? (const char *)key.content.p : "");
    return hf_fail(HF_E_FORMAT, "Nitro document: %s as a key", hf_cbor_type_name(key.type));
}

static hf_err read_payload(struct hf_bytes payload, struct hf_nitro_doc *doc)
{
    struct hf_cbor map;
    unsigned seen = 0;

    HF_TRY(hf_cbor_parse(payload, HF_CBOR_LOOSE, &map));
    if (map.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "Nitro document: the payload is %s, where a map is wanted",
                       hf_cbor_type_name(map.type));
    doc->indefinite = map.indefinite;
    for (struct hf_cbor_iter it = hf_cbor_iter(map); hf_cbor_next(&it);)
        HF_TRY(read_one(it.key, it.value, doc, &seen));
    for (size_t i = 0; i < HF_COUNT(fields); i++) {
        if (fields[i].required && !(seen & 1u << i))
            return hf_fail(HF_E_FORMAT, "Nitro document: %s is missing", fields[i].key);
    }
    return HF_OK;
}

/* {1: -35} and nothing else: other parameters would have no meaning that is known. */
static hf_err check_headers(const struct hf_cose_sign1 *msg)
{
    int64_t alg = 0;

    HF_TRY(hf_cose_alg(msg, &alg));
    if (alg != HF_COSE_ES384)
        return hf_fail(HF_E_UNSUPPORTED, "Nitro document: COSE algorithm %" PRId64 "; known is -35 (ES384)", alg);
    if (msg->protected_header.value != 1 || msg->unprotected_header.value != 0)
        return hf_fail(HF_E_FORMAT, "Nitro document: %" PRIu64 " protected and %" PRIu64
                                    " unprotected header parameters, where 1 and 0 are known",
                       msg->protected_header.value, msg->unprotected_header.value);
    return HF_OK;
}

hf_err hf_nitro_doc_parse(struct hf_bytes in, struct hf_nitro_doc *out)
{
    struct hf_nitro_doc doc = {0};
    struct hf_cose_sign1 msg;

    if (in.n > HF_NITRO_DOCUMENT_MAX)
        return hf_fail(HF_E_LIMIT, "Nitro document: %zu bytes, where at most %d are allowed", in.n,
                       HF_NITRO_DOCUMENT_MAX);
    HF_TRY(hf_cose_sign1_parse(in, HF_CBOR_DEFINITE, &msg));
    HF_TRY(check_headers(&msg));
    if (msg.detached)
        return hf_fail(HF_E_FORMAT, "Nitro document: the payload is not in it");
    if (msg.signature.n != HF_NITRO_SIGNATURE)
        return hf_fail(HF_E_FORMAT, "Nitro document: the signature has %zu bytes, where %d are wanted",
                       msg.signature.n, HF_NITRO_SIGNATURE);
    doc.tagged = msg.tagged;
    doc.protected_bytes = msg.protected_bytes;
    doc.payload = msg.payload;
    doc.signature = msg.signature;
    HF_TRY(read_payload(msg.payload, &doc));
    *out = doc;
    return HF_OK;
}

/* ---- writing ---- */

/* The writer sorts a map that it closes, and an NSM writes its fields in an order of their own: so heads are ours. */
static hf_err put_key(struct hf_buf *out, const char *key)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);

    hf_cbor_put_text(&w, key);
    return hf_cbor_end(&w);
}

static hf_err put_bytes(struct hf_buf *out, const char *key, struct hf_bytes value)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);

    HF_TRY(put_key(out, key));
    hf_cbor_put_bytes(&w, value);
    return hf_cbor_end(&w);
}

static hf_err put_field(struct hf_buf *out, const char *key, const struct hf_nitro_field *field)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);

    if (field->given)
        return put_bytes(out, key, field->bytes);
    HF_TRY(put_key(out, key));
    hf_cbor_put_null(&w);
    return hf_cbor_end(&w);
}

static hf_err put_pcrs(const struct hf_nitro_doc *doc, struct hf_buf *out)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);

    HF_TRY(put_key(out, "pcrs"));
    hf_cbor_put_map(&w);
    for (unsigned i = 0; i < HF_NITRO_PCRS; i++) {
        if (!(doc->pcr_mask & 1u << i))
            continue;
        hf_cbor_put_u64(&w, i);
        hf_cbor_put_bytes(&w, doc->pcr[i]);
    }
    hf_cbor_put_close(&w);
    return hf_cbor_end(&w);
}

static hf_err put_bundle(const struct hf_nitro_doc *doc, struct hf_buf *out)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);

    HF_TRY(put_key(out, "cabundle"));
    hf_cbor_put_array(&w);
    for (size_t i = 0; i < doc->n_bundle; i++)
        hf_cbor_put_bytes(&w, doc->bundle[i]);
    hf_cbor_put_close(&w);
    return hf_cbor_end(&w);
}

static hf_err put_words(const struct hf_nitro_doc *doc, struct hf_buf *out)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);

    hf_cbor_put_text(&w, "module_id");
    hf_cbor_put_text_n(&w, doc->module_id);
    hf_cbor_put_text(&w, "digest");
    hf_cbor_put_text_n(&w, doc->digest);
    hf_cbor_put_text(&w, "timestamp");
    hf_cbor_put_u64(&w, doc->timestamp_ms);
    return hf_cbor_end(&w);
}

hf_err hf_nitro_payload_write(const struct hf_nitro_doc *doc, struct hf_buf *out)
{
    const uint8_t head = doc->indefinite ? 0xbf : 0xa0 + HF_COUNT(fields), stop = 0xff;

    HF_TRY(hf_buf_add(out, (struct hf_bytes){&head, 1}));
    HF_TRY(put_words(doc, out));
    HF_TRY(put_pcrs(doc, out));
    HF_TRY(put_bytes(out, "certificate", doc->certificate));
    HF_TRY(put_bundle(doc, out));
    HF_TRY(put_field(out, "public_key", &doc->public_key));
    HF_TRY(put_field(out, "user_data", &doc->user_data));
    HF_TRY(put_field(out, "nonce", &doc->nonce));
    return doc->indefinite ? hf_buf_add(out, (struct hf_bytes){&stop, 1}) : HF_OK;
}

hf_err hf_nitro_doc_write(const struct hf_nitro_doc *doc, struct hf_buf *out)
{
    struct hf_cose_sign1 msg = {.tagged = doc->tagged,
                                .protected_bytes = doc->protected_bytes,
                                .payload = doc->payload,
                                .signature = doc->signature};

    return hf_cose_sign1_write(&msg, out);
}

/* ---- telling ---- */

static const char *const pcr_meaning[] = {
    "the enclave image", "kernel and boot ramdisk", "application",
    "IAM role of the parent instance", "id of the parent instance", NULL,
    NULL, NULL, "signing certificate of the image",
};

static void tell_pcrs(struct hf_cbor pcrs, struct hf_inspect *out)
{
    hf_inspect_open(out, "pcrs", pcrs.raw);
    for (struct hf_cbor_iter it = hf_cbor_iter(pcrs); hf_cbor_next(&it);) {
        char name[32];
        const char *what = it.key.type == HF_CBOR_UINT && it.key.value < HF_COUNT(pcr_meaning)
                               ? pcr_meaning[it.key.value]
                               : NULL;

        (void)snprintf(name, sizeof(name), "%" PRIu64, it.key.value);
        hf_inspect_bytes(out, name, it.value.content, "%s", what ? what : "");
    }
    hf_inspect_close(out);
}

static void tell_value(struct hf_cbor_iter *it, struct hf_inspect *out)
{
    char name[32];
    struct hf_cbor v = it->value;

    (void)snprintf(name, sizeof(name), "%.*s", (int)(it->key.content.n < 31 ? it->key.content.n : 31),
                   it->key.content.n ? (const char *)it->key.content.p : "");
    if (v.type == HF_CBOR_MAP) {
        tell_pcrs(v, out);
    } else if (v.type == HF_CBOR_ARRAY) {
        hf_inspect_open(out, name, v.raw);
        for (struct hf_cbor_iter in = hf_cbor_iter(v); hf_cbor_next(&in);)
            hf_inspect_bytes(out, "certificate", in.value.content, "%s",
                             in.index == 0 ? "the root" : "issued by the one before");
        hf_inspect_close(out);
    } else if (v.type == HF_CBOR_UINT) {
        hf_inspect_number(out, name, v.raw, v.value,
                          hf_cbor_is(it->key, "timestamp") ? "milliseconds since 1970" : NULL);
    } else if (v.type == HF_CBOR_TEXT) {
        hf_inspect_text(out, name, v.content, NULL);
    } else if (v.type == HF_CBOR_BYTES) {
        hf_inspect_bytes(out, name, v.content, NULL);
    } else {
        hf_inspect_bytes(out, name, v.raw, "%s", hf_cbor_is_null(v) ? "none" : hf_cbor_type_name(v.type));
    }
}

hf_err hf_nitro_doc_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    struct hf_nitro_doc doc;
    struct hf_cose_sign1 msg;
    struct hf_cbor map;

    HF_TRY(hf_cose_sign1_parse(in, HF_CBOR_LOOSE, &msg));
    hf_inspect_bytes(out, "protected", msg.protected_bytes, "COSE header");
    hf_inspect_open(out, "payload", msg.payload);
    if (hf_cbor_parse(msg.payload, HF_CBOR_LOOSE, &map) == HF_OK) {
        for (struct hf_cbor_iter it = hf_cbor_iter(map); hf_cbor_next(&it);)
            tell_value(&it, out);
    }
    hf_inspect_close(out);
    hf_inspect_bytes(out, "signature", msg.signature, "ECDSA P-384, r || s");
    return hf_nitro_doc_parse(in, &doc);
}

/* The head of a short byte string, an empty map, a payload whose map begins with a key of ours: other COSE tokens
 * have numbers for keys. */
static bool detect(struct hf_bytes in)
{
    size_t at = in.n && in.p[0] == 0xd2;

    if (in.n < at + 40 || in.p[at] != 0x84 || in.p[at + 1] < 0x40 || in.p[at + 1] > 0x57)
        return false;
    at += 2 + (in.p[at + 1] & 0x1f);
    if (in.p[at++] != 0xa0 || in.p[at] < 0x58 || in.p[at] > 0x5a) /* a byte string with 1, 2 or 4 bytes of length */
        return false;
    at += 1 + ((size_t)1 << (in.p[at] - 0x58));
    if (in.n < at + 12 || (in.p[at] != 0xbf && (in.p[at] < 0xa1 || in.p[at] > 0xb7)))
        return false;
    for (size_t i = 0; i < HF_COUNT(fields); i++) {
        size_t n = strlen(fields[i].key);

        if (in.p[at + 1] == 0x60 + n && in.n > at + 2 + n && memcmp(in.p + at + 2, fields[i].key, n) == 0)
            return true;
    }
    return false;
}

const struct hf_evidence_format hf_format_nitro_document = {
    .name = "nitro-document",
    .family = "nitro",
    .about = "AWS Nitro Enclaves attestation document (COSE_Sign1)",
    .detect = detect,
    .inspect = hf_nitro_doc_inspect,
};

/* COSE_Sign1 (RFC 9052). */
#include "codec/cose.h"

static const uint8_t empty_map[] = {0xa0};

static hf_err parse_protected(struct hf_bytes bytes, enum hf_cbor_rules rules, struct hf_cbor *out)
{
    struct hf_cbor header;

    HF_TRY(hf_cbor_parse(bytes.n ? bytes : HF_BYTES_OF(empty_map), rules, &header));
    if (header.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "COSE: the protected header is %s, where a map is wanted",
                       hf_cbor_type_name(header.type));
    *out = header;
    return HF_OK;
}

/* Keys are integers or texts, and only few. */
static hf_err check_header(struct hf_cbor header)
{
    struct hf_cbor_iter it = hf_cbor_iter(header);

    if (header.value > HF_COSE_HEADERS_MAX)
        return hf_fail(HF_E_LIMIT, "COSE: %llu header parameters, where at most %d are allowed",
                       (unsigned long long)header.value, HF_COSE_HEADERS_MAX);
    while (hf_cbor_next(&it)) {
        if (it.key.type != HF_CBOR_UINT && it.key.type != HF_CBOR_NINT && it.key.type != HF_CBOR_TEXT)
            return hf_fail(HF_E_FORMAT, "COSE: %s as a header label", hf_cbor_type_name(it.key.type));
    }
    return HF_OK;
}

static bool same_label(struct hf_cbor a, struct hf_cbor b)
{
    if (a.type != b.type)
        return false;
    return a.type == HF_CBOR_TEXT ? hf_bytes_equal(a.content, b.content) : a.value == b.value;
}

/* Section 3: a label occurs once, over both headers. */
static hf_err check_apart(struct hf_cbor one, struct hf_cbor other)
{
    for (struct hf_cbor_iter a = hf_cbor_iter(one); hf_cbor_next(&a);) {
        for (struct hf_cbor_iter b = hf_cbor_iter(other); hf_cbor_next(&b);) {
            if (same_label(a.key, b.key))
                return hf_fail(HF_E_FORMAT, "COSE: a parameter stands in the protected and in the unprotected header");
        }
    }
    return HF_OK;
}

/* Section 3.1, crit: what must be understood and is not ends the reading. */
static hf_err check_crit(const struct hf_cose_sign1 *msg)
{
    struct hf_cbor crit, ignored;

    if (hf_cbor_get(msg->unprotected_header, HF_COSE_CRIT, &ignored) == HF_OK)
        return hf_fail(HF_E_FORMAT, "COSE: crit in the unprotected header");
    if (hf_cbor_get(msg->protected_header, HF_COSE_CRIT, &crit) != HF_OK)
        return HF_OK;
    if (crit.type != HF_CBOR_ARRAY || crit.value == 0)
        return hf_fail(HF_E_FORMAT, "COSE: crit is not a list of labels");
    for (struct hf_cbor_iter it = hf_cbor_iter(crit); hf_cbor_next(&it);) {
        uint64_t label = it.value.type == HF_CBOR_UINT ? it.value.value : 0;

        if (label != HF_COSE_ALG && label != HF_COSE_CONTENT_TYPE && label != HF_COSE_KID && label != HF_COSE_X5CHAIN)
            return hf_fail(HF_E_UNSUPPORTED, "COSE: crit names %s %llu, which is not understood here",
                           hf_cbor_type_name(it.value.type), (unsigned long long)it.value.value);
        if (hf_cbor_get(msg->protected_header, (int64_t)label, &ignored) != HF_OK)
            return hf_fail(HF_E_FORMAT, "COSE: crit names label %llu, which the protected header lacks",
                           (unsigned long long)label);
    }
    return HF_OK;
}

hf_err hf_cose_sign1_parse(struct hf_bytes in, enum hf_cbor_rules rules, struct hf_cose_sign1 *out)
{
    struct hf_cose_sign1 msg = {0};
    struct hf_cbor top, part;

    HF_TRY(hf_cbor_parse(in, rules, &top));
    msg.tagged = top.type == HF_CBOR_TAG;
    if (msg.tagged)
        HF_TRY(hf_cbor_untag(top, HF_COSE_TAG_SIGN1, &top));
    if (top.type != HF_CBOR_ARRAY || top.value != 4)
        return hf_fail(HF_E_FORMAT, "COSE_Sign1: %s of %llu, where an array of 4 is wanted",
                       hf_cbor_type_name(top.type), (unsigned long long)top.value);
    HF_TRY(hf_cbor_item(top, 0, &part));
    HF_TRY(hf_cbor_as_bytes(part, &msg.protected_bytes));
    HF_TRY(parse_protected(msg.protected_bytes, rules, &msg.protected_header));
    HF_TRY(hf_cbor_item(top, 1, &msg.unprotected_header));
    if (msg.unprotected_header.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "COSE: the unprotected header is %s, where a map is wanted",
                       hf_cbor_type_name(msg.unprotected_header.type));
    HF_TRY(check_header(msg.protected_header));
    HF_TRY(check_header(msg.unprotected_header));
    HF_TRY(check_apart(msg.protected_header, msg.unprotected_header));
    HF_TRY(check_crit(&msg));
    HF_TRY(hf_cbor_item(top, 2, &part));
    msg.detached = hf_cbor_is_null(part);
    if (!msg.detached)
        HF_TRY(hf_cbor_as_bytes(part, &msg.payload));
    HF_TRY(hf_cbor_item(top, 3, &part));
    HF_TRY(hf_cbor_as_bytes(part, &msg.signature));
    *out = msg;
    return HF_OK;
}

hf_err hf_cose_alg(const struct hf_cose_sign1 *msg, int64_t *out)
{
    struct hf_cbor alg;

    if (hf_cbor_get(msg->protected_header, HF_COSE_ALG, &alg) != HF_OK)
        return hf_fail(HF_E_NOT_FOUND, "COSE: the protected header has no alg");
    if (alg.type == HF_CBOR_TEXT)
        return hf_fail(HF_E_UNSUPPORTED, "COSE: alg is the text \"%.*s\"",
                       (int)(alg.content.n < 40 ? alg.content.n : 40),
                       alg.content.n ? (const char *)alg.content.p : "");
    return hf_cbor_as_i64(alg, out);
}

hf_err hf_cose_header(const struct hf_cose_sign1 *msg, int64_t label, bool *is_protected, struct hf_cbor *out)
{
    hf_err err = hf_cbor_get(msg->protected_header, label, out);

    if (err == HF_E_NOT_FOUND) {
        HF_TRY(hf_cbor_get(msg->unprotected_header, label, out));
        *is_protected = false;
        return HF_OK;
    }
    HF_TRY(err);
    *is_protected = true;
    return HF_OK;
}

hf_err hf_cose_x5chain(const struct hf_cose_sign1 *msg, size_t max, struct hf_bytes *certs, size_t *n)
{
    struct hf_cbor chain;
    bool is_protected;
    size_t count = 0;

    HF_TRY(hf_cose_header(msg, HF_COSE_X5CHAIN, &is_protected, &chain));
    if (chain.type == HF_CBOR_BYTES) {
        if (max == 0)
            return hf_fail(HF_E_LIMIT, "COSE: x5chain holds a certificate, where none has room");
        HF_TRY(hf_cbor_as_bytes(chain, &certs[0]));
        *n = 1;
        return HF_OK;
    }
    if (chain.type != HF_CBOR_ARRAY || chain.value < 2) /* RFC 9360: one alone is a byte string */
        return hf_fail(HF_E_FORMAT, "COSE: x5chain is %s of %llu, where certificates are wanted",
                       hf_cbor_type_name(chain.type), (unsigned long long)chain.value);
    if (chain.value > max)
        return hf_fail(HF_E_LIMIT, "COSE: x5chain holds %llu certificates, where at most %zu are wanted",
                       (unsigned long long)chain.value, max);
    for (struct hf_cbor_iter it = hf_cbor_iter(chain); hf_cbor_next(&it);)
        HF_TRY(hf_cbor_as_bytes(it.value, &certs[count++]));
    *n = count;
    return HF_OK;
}

/* Section 4.4. An empty map is signed as no bytes, however it travelled. */
hf_err hf_cose_to_be_signed(struct hf_bytes protected_bytes, struct hf_bytes external_aad, struct hf_bytes payload,
                            struct hf_buf *out)
{
    bool empty = hf_bytes_equal(protected_bytes, HF_BYTES_OF(empty_map));
    struct hf_cbor_writer w = hf_cbor_writer(out);
    size_t before = out->n;
    hf_err err;

    hf_cbor_put_array(&w);
    hf_cbor_put_text(&w, "Signature1");
    hf_cbor_put_bytes(&w, empty ? (struct hf_bytes){NULL, 0} : protected_bytes);
    hf_cbor_put_bytes(&w, external_aad);
    hf_cbor_put_bytes(&w, payload);
    hf_cbor_put_close(&w);
    err = hf_cbor_end(&w);
    if (err != HF_OK)
        out->n = before;
    return err;
}

hf_err hf_cose_sign1_write(const struct hf_cose_sign1 *msg, struct hf_buf *out)
{
    struct hf_bytes unprotected = msg->unprotected_header.raw;
    struct hf_cbor_writer w = hf_cbor_writer(out);
    size_t before = out->n;
    hf_err err;

    if (msg->tagged)
        hf_cbor_put_tag(&w, HF_COSE_TAG_SIGN1);
    hf_cbor_put_array(&w);
    hf_cbor_put_bytes(&w, msg->protected_bytes);
    hf_cbor_put_raw(&w, unprotected.n ? unprotected : HF_BYTES_OF(empty_map));
    if (msg->detached)
        hf_cbor_put_null(&w);
    else
        hf_cbor_put_bytes(&w, msg->payload);
    hf_cbor_put_bytes(&w, msg->signature);
    hf_cbor_put_close(&w);
    err = hf_cbor_end(&w);
    if (err != HF_OK)
        out->n = before;
    return err;
}

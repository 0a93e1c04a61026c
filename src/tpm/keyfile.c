/* TSS2 key files (ASN.1 Specification for TPM 2.0 Key Files, section 3.1). */
#include "tpm/keyfile.h"
#include "codec/der.h"
#include "base/writer.h"

static const char *const oids[] = {
    [HF_KEYFILE_LOADABLE] = "2.23.133.10.1.3",
    [HF_KEYFILE_IMPORTABLE] = "2.23.133.10.1.4",
    [HF_KEYFILE_SEALED] = "2.23.133.10.1.5",
};

void hf_keyfile_free(struct hf_keyfile *file)
{
    hf_buf_free(&file->policy);
    hf_buf_free(&file->secret);
    hf_buf_free(&file->auth_policy);
    hf_buf_free(&file->description);
    hf_buf_free(&file->more);
    hf_buf_free(&file->public_area);
    hf_buf_free(&file->private_blob);
    *file = (struct hf_keyfile){0};
}

static hf_err read_type(struct hf_reader *r, enum hf_keyfile_type *out)
{
    struct hf_bytes oid;

    HF_TRY(hf_der_oid(r, &oid));
    for (size_t i = 0; i < HF_COUNT(oids); i++) {
        if (hf_der_oid_is(oid, oids[i])) {
            *out = (enum hf_keyfile_type)i;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_UNSUPPORTED, "the key file is of a type that is neither loadable, importable nor sealed");
}

/* One TPM2B inside an octet string, the whole of it. */
static hf_err read_tpm2b(struct hf_bytes octets, const char *what, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(octets);
    struct hf_bytes content = hf_rd_view(&r, hf_rd_u16be(&r));
    hf_err err = hf_rd_end(&r);

    if (err != HF_OK)
        return hf_fail(err, "%s of the key file: its size field does not fit its %zu bytes", what, octets.n);
    return hf_buf_set(out, content);
}

static hf_err read_octets(struct hf_reader *r, const char *what, struct hf_buf *out)
{
    struct hf_bytes octets;

    HF_TRY(hf_der_octets(r, &octets));
    return read_tpm2b(octets, what, out);
}

/* An element [n] EXPLICIT before the parent. What is not known here is kept. */
static hf_err read_optional(const struct hf_der *element, struct hf_keyfile *file)
{
    struct hf_reader in = hf_reader(element->content);
    struct hf_bytes text;

    switch (HF_DER_NUMBER(element->tag)) {
    case 0:
        HF_TRY(hf_der_bool(&in, true, &file->empty_auth));
        file->empty_auth_said = true;
        return hf_rd_end(&in);
    case 1:
        return hf_buf_set(&file->policy, element->content);
    case 2:
        HF_TRY(read_octets(&in, "secret", &file->secret));
        return hf_rd_end(&in);
    case 3:
        return hf_buf_set(&file->auth_policy, element->content);
    case 4:
        HF_TRY(hf_der_text(&in, &text));
        HF_TRY(hf_buf_set(&file->description, text));
        return hf_rd_end(&in);
    case 5:
        HF_TRY(hf_der_bool(&in, true, &file->rsa_parent));
        file->rsa_parent_said = true;
        return hf_rd_end(&in);
    default:
        return hf_buf_add(&file->more, element->whole);
    }
}

/* A handle; files in use have it as a negative number, whose low 32 bits count. */
static hf_err read_parent(struct hf_reader *r, uint32_t *out)
{
    struct hf_bytes digits;
    uint32_t v = 0;

    HF_TRY(hf_der_integer(r, &digits));
    if (digits.n > 5 || (digits.n == 5 && digits.p[0] != 0))
        return hf_fail(HF_E_FORMAT, "the parent of the key file is a number of %zu bytes, not a handle", digits.n);
    for (size_t i = 0; i < digits.n; i++)
        v = v << 8 | digits.p[i];
    if (digits.p[0] & 0x80 && digits.n < 4)
        v |= UINT32_MAX << (8 * digits.n);
    *out = v;
    return HF_OK;
}

static hf_err parse(struct hf_bytes der, struct hf_keyfile *file)
{
    struct hf_reader outer = hf_reader(der);
    struct hf_reader r;
    uint32_t last = 0;
    bool any = false;

    HF_TRY(hf_der_sequence(&outer, &r));
    HF_TRY(hf_rd_end(&outer));
    HF_TRY(read_type(&r, &file->type));
    while (hf_rd_more(&r) && !hf_der_is(&r, HF_DER_INTEGER)) {
        struct hf_der element;

        HF_TRY(hf_der_next(&r, &element));
        if (HF_DER_CLASS(element.tag) != 2 || !HF_DER_CONSTRUCTED(element.tag))
            return hf_fail(HF_E_FORMAT, "an element of the key file is neither a tagged field nor the parent");
        if (any && HF_DER_NUMBER(element.tag) <= last)
            return hf_fail(HF_E_FORMAT, "field [%u] of the key file stands after [%u]", (unsigned)HF_DER_NUMBER(element.tag),
                           (unsigned)last);
        last = HF_DER_NUMBER(element.tag);
        any = true;
        HF_TRY(read_optional(&element, file));
    }
    HF_TRY(read_parent(&r, &file->parent));
    HF_TRY(read_octets(&r, "public part", &file->public_area));
    HF_TRY(read_octets(&r, "private part", &file->private_blob));
    HF_TRY(hf_rd_end(&r));
    if (file->type == HF_KEYFILE_IMPORTABLE && file->secret.n == 0)
        return hf_fail(HF_E_FORMAT, "an importable key file without its secret");
    return HF_OK;
}

hf_err hf_keyfile_parse(struct hf_bytes der, struct hf_keyfile *out)
{
    struct hf_keyfile file = {0};
    hf_err err;

    if (der.n > HF_KEYFILE_MAX)
        return hf_fail(HF_E_LIMIT, "a key file of %zu bytes; at most %zu are read", der.n, HF_KEYFILE_MAX);
    err = parse(der, &file);
    if (err != HF_OK) {
        hf_keyfile_free(&file);
        return err;
    }
    *out = file;
    return HF_OK;
}

static void put_raw(struct hf_der_writer *w, unsigned number, const struct hf_buf *elements)
{
    if (elements->n == 0)
        return;
    hf_der_put_open(w, HF_DER_CONTEXT(number));
    hf_der_put_raw(w, hf_buf_bytes(elements));
    hf_der_put_close(w);
}

/* OCTET STRING of a TPM2B. */
static hf_err put_tpm2b(struct hf_der_writer *w, const struct hf_buf *content)
{
    uint8_t size[2] = {(uint8_t)(content->n >> 8), (uint8_t)content->n};
    struct hf_buf whole = {0};
    hf_err err = HF_OK;

    if (content->n > UINT16_MAX)
        return hf_fail(HF_E_LIMIT, "a TPM2B of %zu bytes", content->n);
    err = hf_buf_add(&whole, HF_BYTES_OF(size));
    if (err == HF_OK)
        err = hf_buf_add(&whole, hf_buf_bytes(content));
    if (err == HF_OK)
        hf_der_put_octets(w, hf_buf_bytes(&whole));
    hf_buf_free(&whole);
    return err;
}

/* Absent means false, and DER leaves defaults out; a file that says FALSE says so again. */
static void put_flag(struct hf_der_writer *w, unsigned number, bool value, bool said)
{
    if (!value && !said)
        return;
    hf_der_put_open(w, HF_DER_CONTEXT(number));
    hf_der_put_bool(w, value);
    hf_der_put_close(w);
}

hf_err hf_keyfile_write(const struct hf_keyfile *file, struct hf_buf *out)
{
    struct hf_der_writer w = hf_der_writer(out);

    hf_der_put_open(&w, HF_DER_SEQUENCE);
    hf_der_put_oid(&w, oids[file->type]);
    put_flag(&w, 0, file->empty_auth, file->empty_auth_said);
    put_raw(&w, 1, &file->policy);
    if (file->secret.n) {
        hf_der_put_open(&w, HF_DER_CONTEXT(2));
        HF_TRY(put_tpm2b(&w, &file->secret));
        hf_der_put_close(&w);
    }
    put_raw(&w, 3, &file->auth_policy);
    if (file->description.n) {
        hf_der_put_open(&w, HF_DER_CONTEXT(4));
        hf_der_put_utf8(&w, hf_buf_bytes(&file->description));
        hf_der_put_close(&w);
    }
    put_flag(&w, 5, file->rsa_parent, file->rsa_parent_said);
    hf_der_put_raw(&w, hf_buf_bytes(&file->more));
    hf_der_put_u64(&w, file->parent);
    HF_TRY(put_tpm2b(&w, &file->public_area));
    HF_TRY(put_tpm2b(&w, &file->private_blob));
    hf_der_put_close(&w);
    return hf_der_end(&w);
}

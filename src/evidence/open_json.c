/*
 * Evidence in the JSON of clouds and tools: whatever the envelope is called, its texts and arrays of bytes are looked
 * into, and what is evidence is an item under its path. What the envelope says beside is signed by nobody: it becomes
 * no claim. Shapes that were looked at are listed in docs/evidence.md.
 */
#include "base/cleanup.h"
#include "codec/json_read.h"
#include "evidence/cmw.h"
#include "evidence/open_i.h"

#include <stdio.h>

#define TEXT_MIN 40   /* characters: shorter texts hold no evidence, and are many */
#define BYTES_MIN 64  /* numbers of an array of bytes */
#define DEPTH_MAX 12  /* objects and arrays that are gone into: each one costs its length again */
#define SMALL_MAX ((size_t)256 << 10) /* bytes of an object whose members are looked up by name, one by one */

static hf_err visit(struct hf_opening *o, struct hf_json_value v, const char *where);

static hf_err visit_text(struct hf_opening *o, struct hf_json_value v, const char *where)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (v.raw.n < TEXT_MIN)
        return HF_OK;
    HF_TRY(hf_json_as_text(v, &text));
    return hf_open_decoded(o, &text, where);
}

/* How serde writes bytes. */
hf_err hf_open_numbers(struct hf_json_value v, struct hf_buf *out)
{
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        uint64_t number = 0;
        uint8_t byte;

        HF_TRY(hf_json_as_u64(it.value, UINT8_MAX, &number));
        byte = (uint8_t)number;
        HF_TRY(hf_buf_add(out, (struct hf_bytes){&byte, 1}));
    }
    return HF_OK;
}

hf_err hf_open_bytes(struct hf_json_value v, size_t size, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (v.type == HF_JSON_ARRAY)
        return hf_open_numbers(v, out);
    HF_TRY(hf_json_as_text(v, &text));
    return hf_open_decode(hf_buf_bytes(&text), size, out);
}

static bool is_bytes(struct hf_json_value v)
{
    struct hf_json_iter it = hf_json_iter(v);

    return hf_json_next(&it) && it.value.type == HF_JSON_NUMBER && hf_json_count(v) >= BYTES_MIN;
}

static hf_err visit_array(struct hf_opening *o, struct hf_json_value v, const char *where)
{
    bool known = false;

    if (is_bytes(v)) {
        HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
        hf_err err = hf_open_numbers(v, &bytes);

        if (err == HF_OK)
            return hf_open_decoded(o, &bytes, where);
        return err == HF_E_MEMORY ? err : HF_OK; /* numbers, and no bytes */
    }
    HF_TRY(hf_open_cmw(o, v.raw, where, &known));
    if (known)
        return HF_OK;
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        char path[HF_OPEN_WHERE], number[24];

        (void)snprintf(number, sizeof(number), "%zu", it.index);
        hf_open_where(path, where, hf_bytes_text(number));
        HF_TRY(visit(o, it.value, path));
    }
    return HF_OK;
}

/* Intel's collateral in one object, as libraries that verify quotes keep it: what reads endorsements reads it whole. */
static bool is_collateral(struct hf_json_value object)
{
    static const char *const names[] = {"tcb_info_signature", "tcbInfoSignature", "qe_identity_signature",
                                        "qeIdentitySignature"};
    struct hf_json_value v;

    for (size_t i = 0; i < HF_COUNT(names); i++) {
        if (hf_json_get(object, names[i], &v) == HF_OK)
            return true;
    }
    return hf_json_get(object, "tcbInfo", &v) == HF_OK && v.type == HF_JSON_OBJECT &&
           hf_json_get(object, "signature", &v) == HF_OK;
}

/* Objects can be evidence themselves: formats of ours are JSON. In that of a TPM quote, message, signature and values
 * belong together: they are no items. */
static hf_err visit_object(struct hf_opening *o, struct hf_json_value v, const char *where)
{
    bool quote = false, apart = false;

    for (size_t i = 0; where[0] && hf_evidence_formats[i]; i++) {
        if (hf_evidence_formats[i]->detect(v.raw))
            return hf_open_any(o, v.raw, where);
    }
    if (v.raw.n <= SMALL_MAX) {
        if (where[0] && is_collateral(v))
            return hf_open_collateral(o, v.raw, where);
        HF_TRY(hf_open_snp_fields(o, v, where, &apart));
        if (apart)
            return HF_OK;
        HF_TRY(hf_open_tpm(o, v, where, &quote));
    }
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        char path[HF_OPEN_WHERE];

        HF_TRY(hf_open_tpm_key(o, it.key, it.value));
        if (quote && hf_open_tpm_part(it.key))
            continue;
        hf_open_where(path, where, (struct hf_bytes){it.key.raw.p + 1, it.key.raw.n - 2});
        HF_TRY(visit(o, it.value, path));
    }
    return HF_OK;
}

static hf_err visit(struct hf_opening *o, struct hf_json_value v, const char *where)
{
    hf_err err = HF_OK;

    if (v.type == HF_JSON_TEXT)
        return visit_text(o, v, where);
    if (o->json_depth == DEPTH_MAX)
        return HF_OK;
    o->json_depth++;
    if (v.type == HF_JSON_ARRAY)
        err = visit_array(o, v, where);
    else if (v.type == HF_JSON_OBJECT)
        err = visit_object(o, v, where);
    o->json_depth--;
    return err;
}

/* "an object with quote, event_log": for people who wonder what they have. */
static void say_shape(struct hf_opening *o, struct hf_json_value top)
{
    char keys[120] = "";
    size_t n = 0;

    for (struct hf_json_iter it = hf_json_iter(top); top.type == HF_JSON_OBJECT && hf_json_next(&it);) {
        if (n + it.key.raw.n + 3 > sizeof(keys))
            break;
        n += (size_t)snprintf(keys + n, sizeof(keys) - n, "%s%.*s", n ? ", " : " with ", (int)it.key.raw.n,
                              (const char *)it.key.raw.p);
    }
    hf_open_looks(o, "JSON, %s%s", hf_json_type_name(top.type), keys);
}

hf_err hf_open_json(struct hf_opening *o, struct hf_bytes in, const char *where, bool *known)
{
    struct hf_bytes at = in;
    struct hf_json_value top;
    hf_err err;

    while (at.n && (at.p[0] == ' ' || (at.p[0] >= '\t' && at.p[0] <= '\r')))
        at = (struct hf_bytes){at.p + 1, at.n - 1};
    if (at.n == 0 || !strchr("{[\"", at.p[0]) || at.p[0] == 0)
        return HF_OK;
    err = hf_json_parse(in, &top);
    if (err == HF_E_MEMORY)
        return err;
    if (err != HF_OK) {
        hf_open_looks(o, "JSON that is malformed (%.120s)", hf_err_detail());
        return HF_OK;
    }
    *known = true;
    say_shape(o, top);
    return visit(o, top, where);
}

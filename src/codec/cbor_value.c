/* Values of CBOR that was checked. */
#include "codec/cbor.h"

const char *hf_cbor_type_name(enum hf_cbor_type type)
{
    static const char *const names[] = {"a number", "a negative number", "a byte string", "a text", "an array", "a map",
                                        "a tag",    "a simple value",    "a float"};

    return (unsigned)type < HF_COUNT(names) ? names[type] : "nothing";
}

static hf_err wrong_type(struct hf_cbor v, const char *want)
{
    return hf_fail(HF_E_FORMAT, "CBOR: %s, where %s is wanted", hf_cbor_type_name(v.type), want);
}

static bool is_int(struct hf_cbor v, int64_t want)
{
    return want >= 0 ? v.type == HF_CBOR_UINT && v.value == (uint64_t)want
                     : v.type == HF_CBOR_NINT && v.value == (uint64_t)(-1 - want);
}

hf_err hf_cbor_get(struct hf_cbor map, int64_t key, struct hf_cbor *out)
{
    struct hf_cbor_iter it = hf_cbor_iter(map);

    if (map.type != HF_CBOR_MAP)
        return wrong_type(map, "a map");
    while (hf_cbor_next(&it)) {
        if (is_int(it.key, key)) {
            *out = it.value;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_NOT_FOUND, "CBOR: the map has no key %lld", (long long)key);
}

hf_err hf_cbor_get_text(struct hf_cbor map, const char *key, struct hf_cbor *out)
{
    struct hf_cbor_iter it = hf_cbor_iter(map);

    if (map.type != HF_CBOR_MAP)
        return wrong_type(map, "a map");
    while (hf_cbor_next(&it)) {
        if (hf_cbor_is(it.key, key)) {
            *out = it.value;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_NOT_FOUND, "CBOR: the map has no key \"%s\"", key);
}

hf_err hf_cbor_item(struct hf_cbor array, size_t index, struct hf_cbor *out)
{
    struct hf_cbor_iter it = hf_cbor_iter(array);

    if (array.type != HF_CBOR_ARRAY)
        return wrong_type(array, "an array");
    while (hf_cbor_next(&it)) {
        if (it.index == index) {
            *out = it.value;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_NOT_FOUND, "CBOR: the array has %llu items, none at %zu", (unsigned long long)array.value,
                   index);
}

/* A part of an input that was checked whole, as a value. */
static hf_err inside(struct hf_bytes part, struct hf_cbor *out)
{
    struct hf_cbor_iter it = {.left = part};

    if (!hf_cbor_next(&it))
        return hf_fail(HF_E_INTERNAL, "CBOR: a part of %zu bytes is not an item", part.n);
    *out = it.value;
    return HF_OK;
}

hf_err hf_cbor_untag(struct hf_cbor v, uint64_t tag, struct hf_cbor *out)
{
    if (v.type != HF_CBOR_TAG)
        return hf_fail(HF_E_FORMAT, "CBOR: %s, where tag %llu is wanted", hf_cbor_type_name(v.type),
                       (unsigned long long)tag);
    if (v.value != tag)
        return hf_fail(HF_E_FORMAT, "CBOR: tag %llu, where tag %llu is wanted", (unsigned long long)v.value,
                       (unsigned long long)tag);
    return inside(v.content, out);
}

hf_err hf_cbor_as_u64(struct hf_cbor v, uint64_t max, uint64_t *out)
{
    if (v.type != HF_CBOR_UINT)
        return wrong_type(v, "a number");
    if (v.value > max)
        return hf_fail(HF_E_FORMAT, "CBOR: %llu, where at most %llu is wanted", (unsigned long long)v.value,
                       (unsigned long long)max);
    *out = v.value;
    return HF_OK;
}

hf_err hf_cbor_as_i64(struct hf_cbor v, int64_t *out)
{
    if (v.type != HF_CBOR_UINT && v.type != HF_CBOR_NINT)
        return wrong_type(v, "a whole number");
    if (v.value > INT64_MAX)
        return hf_fail(HF_E_FORMAT, "CBOR: %s%llu lies outside -2^63 to 2^63-1", v.type == HF_CBOR_NINT ? "-1-" : "",
                       (unsigned long long)v.value);
    *out = v.type == HF_CBOR_UINT ? (int64_t)v.value : -1 - (int64_t)v.value;
    return HF_OK;
}

hf_err hf_cbor_as_bool(struct hf_cbor v, bool *out)
{
    if (v.type != HF_CBOR_SIMPLE || (v.value != 20 && v.value != 21))
        return wrong_type(v, "true or false");
    *out = v.value == 21;
    return HF_OK;
}

static hf_err view_of(struct hf_cbor v, enum hf_cbor_type type, struct hf_bytes *out)
{
    if (v.type != type)
        return wrong_type(v, hf_cbor_type_name(type));
    if (v.indefinite)
        return hf_fail(HF_E_FORMAT, "CBOR: %s in parts, where one in a piece is wanted", hf_cbor_type_name(type));
    *out = v.content;
    return HF_OK;
}

hf_err hf_cbor_as_bytes(struct hf_cbor v, struct hf_bytes *out)
{
    return view_of(v, HF_CBOR_BYTES, out);
}

hf_err hf_cbor_as_text(struct hf_cbor v, struct hf_bytes *out)
{
    return view_of(v, HF_CBOR_TEXT, out);
}

hf_err hf_cbor_string(struct hf_cbor v, struct hf_buf *out)
{
    struct hf_cbor_iter it = {.left = v.content};
    size_t before = out->n;

    if (v.type != HF_CBOR_BYTES && v.type != HF_CBOR_TEXT)
        return wrong_type(v, "a string");
    if (!v.indefinite)
        return hf_buf_add(out, v.content);
    while (hf_cbor_next(&it)) {
        hf_err err = hf_buf_add(out, it.value.content);

        if (err != HF_OK) {
            out->n = before;
            return err;
        }
    }
    return HF_OK;
}

bool hf_cbor_is_null(struct hf_cbor v)
{
    return v.type == HF_CBOR_SIMPLE && v.value == 22;
}

bool hf_cbor_is(struct hf_cbor v, const char *text)
{
    return v.type == HF_CBOR_TEXT && !v.indefinite && hf_bytes_equal(v.content, hf_bytes_text(text));
}

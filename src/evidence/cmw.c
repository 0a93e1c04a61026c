/* Conceptual Message Wrapper (RFC 9999). */
#include "evidence/cmw.h"
#include "codec/cbor.h"
#include "codec/json.h"
#include "codec/json_read.h"

#include <inttypes.h>
#include <stdio.h>

#define TAG_FIRST UINT64_C(1668546817) /* RFC 9277, appendix B: content format 0 */
#define FORMAT_MAX 65024
#define TAG_COLLECTION UINT64_C(1668547091)      /* a collection in CBOR */
#define TAG_SIGNED UINT64_C(1668547092)          /* COSE_Sign1 around a wrapper */
#define TAG_JSON_COLLECTION UINT64_C(1668547093) /* a collection in JSON, as bytes */
#define TAG_JWS UINT64_C(1668547094)

#define IND_KNOWN \
    (HF_CMW_REFERENCE_VALUES | HF_CMW_ENDORSEMENTS | HF_CMW_EVIDENCE | HF_CMW_RESULTS | HF_CMW_POLICY)

hf_err hf_cmw_tag(uint16_t content_format, uint64_t *tag)
{
    if (content_format > FORMAT_MAX)
        return hf_fail(HF_E_ARG, "content format %u has no tag; the last is %d", content_format, FORMAT_MAX);
    *tag = TAG_FIRST + (uint64_t)(content_format / 255) * 256 + content_format % 255;
    return HF_OK;
}

hf_err hf_cmw_content_format(uint64_t tag, uint16_t *content_format)
{
    uint64_t at = tag - TAG_FIRST, format = at / 256 * 255 + at % 256;

    if (tag < TAG_FIRST || at % 256 == 255 || format > FORMAT_MAX)
        return hf_fail(HF_E_FORMAT, "CBOR tag %" PRIu64 " stands for no content format", tag);
    *content_format = (uint16_t)format;
    return HF_OK;
}

static struct hf_bytes behind_space(struct hf_bytes in)
{
    while (in.n && (in.p[0] == ' ' || (in.p[0] >= '\t' && in.p[0] <= '\r')))
        in = (struct hf_bytes){in.p + 1, in.n - 1};
    return in;
}

/* A collection says that it is one, a record begins with a media type. */
static enum hf_cmw_form json_form(struct hf_bytes in)
{
    static const char *const types[] = {"\"application/", "\"text/", "\"message/", "\"multipart/"};
    static const char mark[] = "\"" HF_CMW_COLLECTION "\"";
    struct hf_bytes at = behind_space(in);

    if (at.n && at.p[0] == '{')
        return memmem(at.p, at.n, mark, sizeof(mark) - 1) ? HF_CMW_JSON_COLLECTION : HF_CMW_NONE;
    if (at.n == 0 || at.p[0] != '[')
        return HF_CMW_NONE;
    at = behind_space((struct hf_bytes){at.p + 1, at.n - 1});
    for (size_t i = 0; i < HF_COUNT(types); i++) {
        if (at.n > strlen(types[i]) && memcmp(at.p, types[i], strlen(types[i])) == 0)
            return HF_CMW_JSON_RECORD;
    }
    return HF_CMW_NONE;
}

enum hf_cmw_form hf_cmw_form(struct hf_bytes in)
{
    if (in.n < 3)
        return HF_CMW_NONE;
    if (in.p[0] == 0xda && in.n > 5 && in.p[1] == 0x63 && in.p[2] == 0x74)
        return HF_CMW_CBOR_TAG;
    if ((in.p[0] == 0x82 || in.p[0] == 0x83 || in.p[0] == 0x9f) &&
        (in.p[1] >> 5 == HF_CBOR_UINT || in.p[1] >> 5 == HF_CBOR_TEXT))
        return HF_CMW_CBOR_RECORD;
    if ((in.p[0] >= 0xa1 && in.p[0] <= 0xb8) || in.p[0] == 0xbf)
        return HF_CMW_CBOR_COLLECTION;
    return json_form(in);
}

/* ---- walking ---- */

struct walk {
    hf_err (*each)(void *to, const char *path, const struct hf_cmw_record *record);
    void *to;
    size_t items;
    char path[HF_CMW_PATH];
};

static hf_err tell(struct walk *w, const struct hf_cmw_record *record)
{
    if (record->ind & ~(uint32_t)IND_KNOWN)
        return hf_fail(HF_E_FORMAT, "CMW %s: ind 0x%x has bits that are not known; known are 0x%x", w->path,
                       record->ind, IND_KNOWN);
    if (++w->items > HF_CMW_ITEMS)
        return hf_fail(HF_E_LIMIT, "CMW: more than %d records", HF_CMW_ITEMS);
    return w->each(w->to, w->path, record);
}

/* Go on below a label; the path before it comes back from `before`. */
static hf_err step(struct walk *w, struct hf_bytes label, size_t *before)
{
    size_t n = strlen(w->path);

    *before = n;
    if (label.n == 0 || n + label.n + 2 > sizeof(w->path))
        return hf_fail(HF_E_LIMIT, "CMW: labels of %zu bytes under \"%s\"; there is room for %zu", label.n, w->path,
                       sizeof(w->path) - 2);
    for (size_t i = 0; i < label.n; i++) {
        if (label.p[i] < 0x20 || label.p[i] > 0x7e)
            return hf_fail(HF_E_FORMAT, "CMW: a label of other than visible ASCII under \"%s\"", w->path);
    }
    (void)snprintf(w->path + n, sizeof(w->path) - n, "%s%.*s", n ? "/" : "", (int)label.n, (const char *)label.p);
    return HF_OK;
}

static hf_err too_deep(unsigned depth)
{
    return depth < HF_CMW_DEPTH ? HF_OK
                                : hf_fail(HF_E_LIMIT, "CMW: collections nested deeper than %d", HF_CMW_DEPTH);
}

/* ---- JSON ---- */

static struct hf_bytes between_quotes(struct hf_json_value text)
{
    return (struct hf_bytes){text.raw.p + 1, text.raw.n - 2};
}

static hf_err json_record(struct walk *w, struct hf_json_value v)
{
    struct hf_cmw_record record = {.form = HF_CMW_JSON_RECORD};

    if (hf_json_count(v) < 2 || hf_json_count(v) > 3)
        return hf_fail(HF_E_FORMAT, "CMW: a record of %zu values, where 2 or 3 are wanted", hf_json_count(v));
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        uint64_t ind;

        if (it.index == 2) {
            HF_TRY(hf_json_as_u64(it.value, UINT32_MAX, &ind));
            record.ind = (uint32_t)ind;
        } else if (it.value.type != HF_JSON_TEXT) {
            return hf_fail(HF_E_FORMAT, "CMW: %s as a record's %s, where a text is wanted",
                           hf_json_type_name(it.value.type), it.index ? "value" : "type");
        } else if (it.index == 0) {
            record.media_type = between_quotes(it.value);
        } else {
            record.value = between_quotes(it.value);
        }
    }
    if (record.media_type.n == 0)
        return hf_fail(HF_E_FORMAT, "CMW: a record without a type");
    return tell(w, &record);
}

static hf_err json_cmw(struct walk *w, struct hf_json_value v, unsigned depth)
{
    size_t before = 0;

    if (v.type == HF_JSON_ARRAY)
        return json_record(w, v);
    if (v.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "CMW: %s, where a record or a collection is wanted", hf_json_type_name(v.type));
    HF_TRY(too_deep(depth));
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        if (hf_json_is(it.key, HF_CMW_COLLECTION)) {
            if (it.value.type != HF_JSON_TEXT)
                return hf_fail(HF_E_FORMAT, "CMW: a collection's type is %s", hf_json_type_name(it.value.type));
            continue;
        }
        HF_TRY(step(w, between_quotes(it.key), &before));
        HF_TRY(json_cmw(w, it.value, depth + 1));
        w->path[before] = 0;
    }
    return HF_OK;
}

static hf_err json_text(struct walk *w, struct hf_bytes in, unsigned depth)
{
    struct hf_json_value top;

    HF_TRY(hf_json_parse(in, &top));
    return json_cmw(w, top, depth);
}

/* ---- CBOR ---- */

static hf_err content_format(struct hf_cbor v, uint16_t *out)
{
    uint64_t number = 0;

    HF_TRY(hf_cbor_as_u64(v, UINT16_MAX, &number));
    *out = (uint16_t)number;
    return HF_OK;
}

static hf_err cbor_record(struct walk *w, struct hf_cbor v)
{
    struct hf_cmw_record record = {.form = HF_CMW_CBOR_RECORD};

    if (v.value < 2 || v.value > 3)
        return hf_fail(HF_E_FORMAT, "CMW: a record of %" PRIu64 " values, where 2 or 3 are wanted", v.value);
    for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it);) {
        uint64_t ind = 0;

        if (it.index == 0 && it.value.type == HF_CBOR_TEXT)
            HF_TRY(hf_cbor_as_text(it.value, &record.media_type));
        else if (it.index == 0)
            HF_TRY(content_format(it.value, &record.content_format));
        else if (it.index == 1)
            HF_TRY(hf_cbor_as_bytes(it.value, &record.value));
        else
            HF_TRY(hf_cbor_as_u64(it.value, UINT32_MAX, &ind));
        if (it.index == 0 && it.value.type == HF_CBOR_TEXT && record.media_type.n == 0)
            return hf_fail(HF_E_FORMAT, "CMW: a record without a type");
        record.ind = (uint32_t)ind;
    }
    return tell(w, &record);
}

static hf_err cbor_cmw(struct walk *w, struct hf_cbor v, unsigned depth);

static hf_err cbor_collection(struct walk *w, struct hf_cbor v, unsigned depth)
{
    size_t before = 0;

    HF_TRY(too_deep(depth));
    for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it);) {
        char number[24];
        struct hf_bytes label = it.key.content;

        if (hf_cbor_is(it.key, HF_CMW_COLLECTION)) {
            if (it.value.type != HF_CBOR_TEXT)
                return hf_fail(HF_E_FORMAT, "CMW: a collection's type is %s", hf_cbor_type_name(it.value.type));
            continue;
        }
        if (it.key.type == HF_CBOR_UINT || it.key.type == HF_CBOR_NINT) {
            (void)snprintf(number, sizeof(number), "%s%" PRIu64, it.key.type == HF_CBOR_NINT ? "-1-" : "",
                           it.key.value);
            label = hf_bytes_text(number);
        } else if (it.key.type != HF_CBOR_TEXT) {
            return hf_fail(HF_E_FORMAT, "CMW: %s as a label", hf_cbor_type_name(it.key.type));
        }
        HF_TRY(step(w, label, &before));
        HF_TRY(cbor_cmw(w, it.value, depth + 1));
        w->path[before] = 0;
    }
    return HF_OK;
}

/* Section 3.2: types that are CBOR themselves stand behind the tag as they are, others as bytes. */
static hf_err cbor_tag(struct walk *w, struct hf_cbor v, unsigned depth)
{
    struct hf_cmw_record record = {.form = HF_CMW_CBOR_TAG};
    struct hf_cbor inside;

    HF_TRY(hf_cbor_untag(v, v.value, &inside));
    if (v.value == TAG_SIGNED || v.value == TAG_JWS)
        return hf_fail(HF_E_UNSUPPORTED, "CMW %s: it is signed as a whole; take out what it holds", w->path);
    if (v.value == TAG_COLLECTION && inside.type == HF_CBOR_MAP)
        return cbor_collection(w, inside, depth);
    if (v.value == TAG_JSON_COLLECTION) {
        HF_TRY(hf_cbor_as_bytes(inside, &record.value));
        return json_text(w, record.value, depth);
    }
    HF_TRY(hf_cmw_content_format(v.value, &record.content_format));
    record.value = inside.raw;
    if (inside.type == HF_CBOR_BYTES)
        HF_TRY(hf_cbor_as_bytes(inside, &record.value));
    return tell(w, &record);
}

static hf_err cbor_cmw(struct walk *w, struct hf_cbor v, unsigned depth)
{
    if (v.type == HF_CBOR_TAG)
        return cbor_tag(w, v, depth);
    if (v.type == HF_CBOR_ARRAY)
        return cbor_record(w, v);
    if (v.type == HF_CBOR_MAP)
        return cbor_collection(w, v, depth);
    return hf_fail(HF_E_FORMAT, "CMW: %s, where a record, a collection or a tag is wanted", hf_cbor_type_name(v.type));
}

hf_err hf_cmw_walk(struct hf_bytes in,
                   hf_err (*each)(void *to, const char *path, const struct hf_cmw_record *record), void *to)
{
    struct walk w = {.each = each, .to = to};
    enum hf_cmw_form form = hf_cmw_form(in);
    struct hf_cbor top;

    if (form == HF_CMW_NONE)
        return hf_fail(HF_E_FORMAT, "%zu bytes that are no CMW", in.n);
    if (form == HF_CMW_JSON_RECORD || form == HF_CMW_JSON_COLLECTION)
        return json_text(&w, in, 0);
    HF_TRY(hf_cbor_parse(in, HF_CBOR_LOOSE, &top));
    return cbor_cmw(&w, top, 0);
}

/* ---- writing ---- */

static hf_err json_write(const struct hf_cmw_record *record, struct hf_buf *out)
{
    struct hf_bytes pieces[] = {hf_bytes_text("[\""), record->media_type, hf_bytes_text("\",\""), record->value,
                                hf_bytes_text("\"")};
    char ind[16] = "]";

    for (size_t i = 0; i < HF_COUNT(pieces); i++)
        HF_TRY(hf_buf_add(out, pieces[i]));
    if (record->ind)
        (void)snprintf(ind, sizeof(ind), ",%" PRIu32 "]", record->ind);
    return hf_buf_add(out, hf_bytes_text(ind));
}

hf_err hf_cmw_record_write(const struct hf_cmw_record *record, struct hf_buf *out)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);
    uint64_t tag = 0;

    if (record->form == HF_CMW_JSON_RECORD)
        return json_write(record, out);
    if (record->form == HF_CMW_CBOR_TAG) {
        HF_TRY(hf_cmw_tag(record->content_format, &tag));
        hf_cbor_put_tag(&w, tag);
        hf_cbor_put_bytes(&w, record->value);
        return hf_cbor_end(&w);
    }
    if (record->form != HF_CMW_CBOR_RECORD)
        return hf_fail(HF_E_ARG, "CMW: form %d is no record's", (int)record->form);
    hf_cbor_put_array(&w);
    if (record->media_type.n)
        hf_cbor_put_text_n(&w, record->media_type);
    else
        hf_cbor_put_u64(&w, record->content_format);
    hf_cbor_put_bytes(&w, record->value);
    if (record->ind)
        hf_cbor_put_u64(&w, record->ind);
    hf_cbor_put_close(&w);
    return hf_cbor_end(&w);
}

static hf_err json_collection(const char *type, const struct hf_cmw_part *parts, size_t n, struct hf_buf *out)
{
    struct hf_json j = hf_json(out, false);

    hf_json_object(&j, NULL);
    if (type)
        hf_json_text(&j, HF_CMW_COLLECTION, type);
    for (size_t i = 0; i < n; i++)
        hf_json_raw(&j, parts[i].label, parts[i].cmw);
    hf_json_close(&j);
    return hf_json_end(&j);
}

hf_err hf_cmw_collection_write(enum hf_cmw_form form, const char *type, const struct hf_cmw_part *parts, size_t n,
                               struct hf_buf *out)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);

    if (form == HF_CMW_JSON_COLLECTION)
        return json_collection(type, parts, n, out);
    if (form != HF_CMW_CBOR_COLLECTION)
        return hf_fail(HF_E_ARG, "CMW: form %d is no collection's", (int)form);
    hf_cbor_put_map(&w);
    if (type) {
        hf_cbor_put_text(&w, HF_CMW_COLLECTION);
        hf_cbor_put_text(&w, type);
    }
    for (size_t i = 0; i < n; i++) {
        hf_cbor_put_text(&w, parts[i].label);
        hf_cbor_put_raw(&w, parts[i].cmw);
    }
    hf_cbor_put_close(&w);
    return hf_cbor_end(&w);
}

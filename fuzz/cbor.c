/* CBOR: slices lie inside the input and are items themselves; what passes the deterministic rules is written back to
 * the same bytes, and what is written from any item passes them. */
#include "codec/cbor.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>

static void inside(struct hf_bytes part, struct hf_bytes whole)
{
    if (part.n && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
        abort();
}

static void write_again(struct hf_cbor_writer *w, struct hf_cbor v);

static void write_parts(struct hf_cbor_writer *w, struct hf_cbor v)
{
    struct hf_cbor_iter it = hf_cbor_iter(v);
    uint64_t n = 0;

    for (; hf_cbor_next(&it); n++) {
        inside(it.value.raw, v.raw);
        if (it.map)
            write_again(w, it.key);
        write_again(w, it.value);
    }
    if (n != v.value)
        abort();
    hf_cbor_put_close(w);
}

static void write_string(struct hf_cbor_writer *w, struct hf_cbor v)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (hf_cbor_string(v, &text) != HF_OK || (v.indefinite && text.n != v.value))
        abort();
    if (v.type == HF_CBOR_TEXT)
        hf_cbor_put_text_n(w, hf_buf_bytes(&text));
    else
        hf_cbor_put_bytes(w, hf_buf_bytes(&text));
}

static void write_again(struct hf_cbor_writer *w, struct hf_cbor v)
{
    struct hf_cbor inner;
    int64_t n = 0;

    inside(v.content, v.raw);
    switch (v.type) {
    case HF_CBOR_UINT:
        hf_cbor_put_u64(w, v.value);
        break;
    case HF_CBOR_NINT:
        if (hf_cbor_as_i64(v, &n) == HF_OK)
            hf_cbor_put_i64(w, n);
        else
            hf_cbor_put_raw(w, v.raw); /* below -2^63: nine bytes, and so minimal */
        break;
    case HF_CBOR_BYTES:
    case HF_CBOR_TEXT:
        write_string(w, v);
        break;
    case HF_CBOR_ARRAY:
        hf_cbor_put_array(w);
        write_parts(w, v);
        break;
    case HF_CBOR_MAP:
        hf_cbor_put_map(w);
        write_parts(w, v);
        break;
    case HF_CBOR_TAG:
        if (hf_cbor_untag(v, v.value, &inner) != HF_OK)
            abort();
        hf_cbor_put_tag(w, v.value);
        write_again(w, inner);
        break;
    case HF_CBOR_SIMPLE:
        hf_cbor_put_raw(w, v.raw);
        break;
    case HF_CBOR_FLOAT:
        hf_cbor_put_double(w, v.number);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data, size};
    struct hf_cbor_writer w = hf_cbor_writer(&again);
    struct hf_cbor v, strict;
    bool deterministic;

    if (hf_cbor_parse(in, HF_CBOR_LOOSE, &v) != HF_OK)
        return 0;
    if (!hf_bytes_equal(v.raw, in))
        abort();
    deterministic = hf_cbor_parse(in, HF_CBOR_DETERMINISTIC, &strict) == HF_OK;
    write_again(&w, v);
    if (hf_cbor_end(&w) != HF_OK)
        abort();
    if (hf_cbor_parse(hf_buf_bytes(&again), HF_CBOR_DETERMINISTIC, &strict) != HF_OK)
        abort();
    if (deterministic != hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
    return 0;
}

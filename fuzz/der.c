/* DER: views lie inside the input, and a tree that passes the check is written back to the same bytes. */
#include "codec/der.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

static void inside(struct hf_bytes part, struct hf_bytes whole)
{
    if (part.p < whole.p || part.n > whole.n || part.p + part.n > whole.p + whole.n)
        abort();
}

static void write_again(struct hf_der_writer *w, struct hf_bytes content)
{
    struct hf_reader r = hf_reader(content);
    struct hf_der e;

    while (hf_rd_more(&r)) {
        if (hf_der_next(&r, &e) != HF_OK)
            abort();
        inside(e.whole, content);
        inside(e.content, e.whole);
        if (!HF_DER_CONSTRUCTED(e.tag) || e.tag == HF_DER_SET) { /* the writer would sort a SET */
            hf_der_put(w, e.tag, e.content);
            continue;
        }
        hf_der_put_open(w, e.tag);
        write_again(w, e.content);
        hf_der_put_close(w);
    }
}

/* Every typed reader at the input's start: their values are written back to the bytes they came from. */
static void typed(struct hf_bytes in)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_der_writer w = hf_der_writer(&out);
    struct hf_reader r[6];
    struct hf_bytes view;
    unsigned unused = 0;
    uint64_t v = 0;
    int64_t t = 0;
    bool b = false;

    for (size_t i = 0; i < HF_COUNT(r); i++)
        r[i] = hf_reader(in);
    if (hf_der_unsigned(&r[0], &view) == HF_OK) {
        hf_der_put_unsigned(&w, view);
    } else if (hf_der_bits(&r[1], &view, &unused) == HF_OK) {
        hf_der_put_bits(&w, view, unused);
    } else if (hf_der_bool(&r[2], false, &b) == HF_OK) {
        hf_der_put_bool(&w, b);
    } else if (hf_der_oid(&r[3], &view) == HF_OK) {
        HF_CLEANUP(hf_buf_free) struct hf_buf dotted = {0};
        char *text = NULL;

        if (hf_der_oid_text(view, &dotted) != HF_OK || view.n > HF_DER_OID_MAX)
            return;
        if (hf_buf_text(&dotted, &text) != HF_OK)
            return;
        hf_der_put_oid(&w, text);
    } else {
        (void)hf_der_u64(&r[4], &v);
        (void)hf_der_time(&r[5], &t);
        return;
    }
    if (hf_der_end(&w) != HF_OK || out.n > in.n || memcmp(out.p, in.p, out.n) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data, size};
    uint8_t r[32], s[32];

    typed(in);
    if (hf_der_ecdsa_parse(in, sizeof(r), r, s) == HF_OK) {
        if (hf_der_ecdsa_write(HF_BYTES_OF(r), HF_BYTES_OF(s), &again) != HF_OK ||
            !hf_bytes_equal(hf_buf_bytes(&again), in))
            abort();
        again.n = 0;
    }
    if (hf_der_check(in) == HF_OK) {
        struct hf_der_writer w = hf_der_writer(&again);

        write_again(&w, in);
        if (hf_der_end(&w) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&again), in))
            abort();
    }
    return 0;
}

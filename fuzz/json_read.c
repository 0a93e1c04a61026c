/* JSON: what is checked can be walked through, slices lie inside the text and are JSON themselves, and a tree
 * written again from its values is read the same. */
#include "codec/json_read.h"
#include "base/cleanup.h"
#include "codec/json.h"
#include "fuzz.h"

#include <stdlib.h>

static void inside(struct hf_bytes part, struct hf_bytes whole)
{
    if (part.n == 0 || part.p < whole.p || part.p + part.n > whole.p + whole.n)
        abort();
}

/* The value as the writer has it: white space and escapes are its own, numbers and words stay as they are. */
static void write_again(struct hf_json *j, const char *key, struct hf_json_value v)
{
    struct hf_json_iter it = hf_json_iter(v);
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *name = NULL;

    if (v.type == HF_JSON_TEXT) {
        if (hf_json_as_text(v, &text) != HF_OK)
            abort();
        hf_json_text_n(j, key, hf_buf_bytes(&text));
        return;
    }
    if (v.type != HF_JSON_OBJECT && v.type != HF_JSON_ARRAY) {
        hf_json_raw(j, key, v.raw);
        return;
    }
    if (v.type == HF_JSON_OBJECT)
        hf_json_object(j, key);
    else
        hf_json_array(j, key);
    while (hf_json_next(&it)) {
        inside(it.value.raw, v.raw);
        text.n = 0;
        if (it.object && (hf_json_as_text(it.key, &text) != HF_OK || hf_buf_text(&text, &name) != HF_OK))
            abort();
        write_again(j, it.object ? name : NULL, it.value);
    }
    hf_json_close(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};
    struct hf_bytes in = {data, size};
    struct hf_json_value top;
    struct hf_json j;
    double d;

    if (hf_json_parse(in, &top) != HF_OK)
        return 0;
    inside(top.raw, in);
    if (hf_json_check(top.raw) != HF_OK)
        abort();
    (void)hf_json_as_double(top, &d);
    j = hf_json(&once, false);
    write_again(&j, NULL, top);
    if (hf_json_end(&j) != HF_OK)
        return 0; /* deeper than the writer goes */
    if (memchr(data, 0, size) || (size > 5 && memmem(data, size, "u0000", 5)))
        return 0; /* a NUL in a key ends the writer's C string */
    if (hf_json_parse(hf_buf_bytes(&once), &top) != HF_OK)
        abort();
    j = hf_json(&twice, false);
    write_again(&j, NULL, top);
    if (hf_json_end(&j) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&once), hf_buf_bytes(&twice)))
        abort();
    return 0;
}

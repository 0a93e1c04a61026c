/* YAML: what it gives is JSON that is read the same as YAML again, and every mark lies in it. */
#include "codec/yaml.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    HF_CLEANUP(hf_yaml_map_free) struct hf_yaml_map map = {{0}};
    size_t line, column;

    if (hf_yaml_to_json((struct hf_bytes){data, size}, (size_t)1 << 16, &json, &map) != HF_OK)
        return 0;
    if (hf_json_check(hf_buf_bytes(&json)) != HF_OK)
        abort();
    for (size_t i = 0; i < json.n; i++) {
        hf_yaml_where(&map, i, &line, &column);
        if (line == 0 || line > size + 1 || column == 0 || column > size + 1)
            abort();
    }
    /* A mapping is JSON and so is taken over as it is. */
    if (json.n && json.p[0] == '{' &&
        (hf_yaml_to_json(hf_buf_bytes(&json), (size_t)1 << 30, &again, &map) != HF_OK ||
         !hf_bytes_equal(hf_buf_bytes(&json), hf_buf_bytes(&again))))
        abort();
    return 0;
}

/* Telling what did not fit a table of fields. */
#include "codec/json_fields.h"

#include <stdio.h>

void hf_json_problem_path(const struct hf_json_problem *p, char out[HF_JSON_PATH_TEXT])
{
    size_t n = 0;

    out[0] = 0;
    for (unsigned i = 0; i < p->depth && n < HF_JSON_PATH_TEXT; i++) {
        int more;

        if (p->path[i].key[0])
            more = snprintf(out + n, HF_JSON_PATH_TEXT - n, "%s%s", i ? "." : "", p->path[i].key);
        else
            more = snprintf(out + n, HF_JSON_PATH_TEXT - n, "[%zu]", p->path[i].index);
        n += more > 0 ? (size_t)more : 0;
    }
}

void hf_json_problems_write(const struct hf_json_problems *problems, const char *where, struct hf_json *j,
                            const char *key)
{
    hf_json_array(j, key);
    for (size_t i = 0; i < problems->n && i < HF_JSON_PROBLEMS_MAX; i++) {
        const struct hf_json_problem *p = &problems->item[i];

        hf_json_object(j, NULL);
        hf_json_text(j, "type", p->type);
        hf_json_array(j, "loc");
        hf_json_text(j, NULL, where);
        for (unsigned k = 0; k < p->depth; k++) {
            if (p->path[k].key[0])
                hf_json_text(j, NULL, p->path[k].key);
            else
                hf_json_u64(j, NULL, p->path[k].index);
        }
        hf_json_close(j);
        hf_json_text(j, "msg", p->msg);
        hf_json_close(j);
    }
    hf_json_close(j);
}

/* Inside appraisal policies: reading them. */
#ifndef HF_POLICY_APPRAISAL_READ_H
#define HF_POLICY_APPRAISAL_READ_H

#include "codec/json_read.h"
#include "codec/yaml.h"
#include "policy/appraisal_i.h"

/* A text being read: its JSON, and where that comes from. */
struct hf_appraisal_text {
    struct hf_bytes json;
    const struct hf_yaml_map *map;
};

/* HF_E_CONFIG: "line 3, column 5: ...". */
hf_err hf_appraisal_at(const struct hf_appraisal_text *t, struct hf_json_value at, const char *fmt, ...)
    HF_PRINTF(3, 4);
void hf_appraisal_place(const struct hf_appraisal_text *t, struct hf_json_value at, size_t *line, size_t *column);

/* One value of a field. */
hf_err hf_appraisal_value_read(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f,
                               struct hf_json_value value, struct hf_appraisal_value *out);

#endif

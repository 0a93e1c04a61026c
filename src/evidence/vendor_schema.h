/*
 * What a vendor's documents must look like beyond being well formed: seed 002's vendor_schemas (required and optional
 * fields, rules of type, minimum and maximum), as a configuration has them.
 */
#ifndef HF_EVIDENCE_VENDOR_SCHEMA_H
#define HF_EVIDENCE_VENDOR_SCHEMA_H

#include "base/bytes.h"

/* Minimum and maximum are of a number's value, of a text's characters in bytes, of a list's or an object's items. */
struct hf_vendor_rule {
    const char *field;
    const char *type; /* "str", "int", "float", "bool", "list", "dict", and their longer names; NULL: any */
    bool has_min, has_max;
    double min, max;
};

struct hf_vendor_schema {
    const char *vendor_name; /* must be the document's vendor; NULL: any */
    const char *const *required;
    size_t n_required;
    const char *const *optional; /* with these, no other field may be there; NULL: others may */
    size_t n_optional;
    const struct hf_vendor_rule *rules;
    size_t n_rules;
};

/*
 * Does a document (a vendor commitment, or any other JSON object) keep to a schema? A field is a name at the top, or
 * in the commitment, or a path with dots: "commitment.model.name".
 *
 * HF_E_MISMATCH names the first field that does not fit and how; HF_E_CONFIG a type that is not known; HF_E_FORMAT
 * what is no JSON object.
 */
hf_err hf_vendor_schema_check(const struct hf_vendor_schema *schema, struct hf_bytes json);

#endif

/*
 * YAML (1.2, a subset) as JSON: configuration and policies are read by the tables of codec/json_fields.h, whichever of
 * the two they are written in.
 *
 * One document of block or flow mappings, sequences and scalars. Refused: anchors and aliases, tags, merge keys,
 * mappings or sequences as keys, keys that stand twice, more than 64 levels, a second document, what is not UTF-8.
 * Plain scalars follow YAML 1.2's core schema: null, true and false, whole numbers (decimal, 0o, 0x), decimal
 * fractions; everything else, and all that is quoted or in a block, is a text ("yes" and "no" too). Numbers with
 * leading zeros, which YAML 1.1 takes for octal, infinities and NaN are refused with the advice to quote them. Keys
 * are texts as they stand.
 */
#ifndef HF_CODEC_YAML_H
#define HF_CODEC_YAML_H

#include "codec/json_fields.h"

#define HF_YAML_DEPTH 64

/* Where the parts of the JSON come from. Start with {0}; free with hf_yaml_map_free. Empty where the text was JSON:
 * hf_json_where then tells places. */
struct hf_yaml_map {
    struct hf_buf marks;
};

void hf_yaml_map_free(struct hf_yaml_map *map);

/* Line and column, from 1, in the YAML of what begins at an offset of the JSON, or else of what stands before it. */
void hf_yaml_where(const struct hf_yaml_map *map, size_t offset, size_t *line, size_t *column);

/*
 * Replace *json by the document of a text of at most `max` bytes, on one line. A text that begins with '{' is JSON
 * and is checked and taken over as it is.
 *
 * Returns HF_OK, or, naming the line,
 *   HF_E_FORMAT       not YAML, two documents or none, a key twice, too deep, a number that does not fit
 *   HF_E_UNSUPPORTED  YAML beyond the subset
 *   HF_E_LIMIT        longer than max
 */
hf_err hf_yaml_to_json(struct hf_bytes text, size_t max, struct hf_buf *json, struct hf_yaml_map *map);

/*
 * hf_json_read_all for YAML: lines in problems and details are the YAML's. *json is replaced; HF_FIELD_RAW values
 * lie in it.
 */
hf_err hf_yaml_read(struct hf_bytes text, size_t max, const struct hf_json_field *fields, void *out,
                    struct hf_buf *json, struct hf_json_problems *problems);

#endif

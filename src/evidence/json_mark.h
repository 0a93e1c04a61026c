/* Formats that are JSON say in a member of their outermost object which one they are. */
#ifndef HF_EVIDENCE_JSON_MARK_H
#define HF_EVIDENCE_JSON_MARK_H

#include "base/bytes.h"

/* The text of a whole object's member `key`, the first of that name; false where there is none. By the look of it:
 * nothing is allocated, and that the rest is JSON is for its reader to find out. Escapes are not undone. */
bool hf_json_mark(struct hf_bytes in, const char *key, struct hf_bytes *value);

/* The same, and it is this one. */
bool hf_json_marked(struct hf_bytes in, const char *key, const char *value);

#endif

/* Formats that are JSON say in a member of their outermost object which one they are. */
#ifndef HF_EVIDENCE_JSON_MARK_H
#define HF_EVIDENCE_JSON_MARK_H

#include "base/bytes.h"

/* Is it an object whose member `key` is the text `value`, or any text for NULL? By the look of it: nothing is allocated, and that the rest
 * is JSON is for its reader to find out. Escapes in either are not undone. */
bool hf_json_marked(struct hf_bytes in, const char *key, const char *value);

#endif

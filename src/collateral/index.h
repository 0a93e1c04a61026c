/* The index of the cache: which addresses, which files. JSON, so that people can read it. */
#ifndef HF_COLLATERAL_INDEX_H
#define HF_COLLATERAL_INDEX_H

#include "collateral/cache.h"

/* In the order of their addresses. Start with {0}. */
struct hf_index {
    size_t n;
    struct hf_collateral_entry *entry;
};
void hf_index_free(struct hf_index *index);

/* From the folder; a missing one is empty, and so is one that cannot be understood (it is logged): what is lost can
 * be fetched again. */
hf_err hf_index_read(int dir, struct hf_index *out);

/* Into the folder, whole or not at all. */
hf_err hf_index_write(int dir, const struct hf_index *index);

/* By address, or by an id's first digits (8 at least); NULL when there is none. */
struct hf_collateral_entry *hf_index_find(const struct hf_index *index, const char *url_or_id);

/* Put in, in the place of one with the same address. HF_E_FULL. */
hf_err hf_index_put(struct hf_index *index, const struct hf_collateral_entry *entry);

void hf_index_remove(struct hf_index *index, size_t i);

/* Does any entry name this file? */
bool hf_index_names(const struct hf_index *index, const char *sha256);

#endif

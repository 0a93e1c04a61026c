/* Several items of evidence in one call: what binds them to each other. */
#ifndef HF_POLICY_COMPOSITE_H
#define HF_POLICY_COMPOSITE_H

#include "policy/verify.h"

/* Is this item, which nothing verifies by itself, judged by the verifier of another one in the call? Its name; NULL. */
const char *hf_composite_judged_with(const struct hf_evidence_item *item, const struct hf_judge *j);

/*
 * Row "binding" over all items, when there are several: every edge that was found, from an item to the caller's nonce
 * or to another item. A warning where they do not all hang together: then only the caller says that they belong to
 * one another.
 */
void hf_composite_judge(struct hf_verify_result *r);

/*
 * How an item stands in its company. What proves nothing by itself (an event log, a vTPM's quote) stands as the item
 * that proves it: the quote whose registers it replays to, the report that holds its key. What is emulated stays so.
 */
struct hf_standing {
    enum hf_level level;
    enum hf_environment environment;
    bool fresh;
};
void hf_composite_standing(const struct hf_verify_result *r, const struct hf_item_result *item,
                           struct hf_standing *out);

/* Whose evidence it is: its format's family; of what is inside where the format is a cloud's wrapping. */
const char *hf_composite_family(const struct hf_item_result *item);

#endif

/* Between the two forms of IMA lists. */
#ifndef HF_EVIDENCE_IMA_I_H
#define HF_EVIDENCE_IMA_I_H

#include "evidence/ima.h"

bool hf_ima_is_template(struct hf_bytes name, const char *wanted);

/* Fill in what follows from template and data. */
hf_err hf_ima_entry_fields(struct hf_ima_entry *entry);

/* One line of a text list; fails the list's reader. */
void hf_ima_read_text(struct hf_ima_list *list, struct hf_ima_entry *entry);

#endif

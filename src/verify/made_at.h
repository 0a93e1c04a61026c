/* For kinds that say when they were made, and for those whose nonce is a text. */
#ifndef HF_VERIFY_MADE_AT_H
#define HF_VERIFY_MADE_AT_H

#include "verify/judge.h"

#define HF_SKEW_S 300 /* how far a producer's clock may be ahead of the time of judgement */

/* Row "age": failed for what is made in the future. Sets f->made_at. How old is too old is a policy's to say. */
void hf_judge_made_at(const struct hf_judge *j, hf_time made_at, struct hf_verdict *v, struct hf_findings *f);

/* hf_judge_freshness over a nonce that is a text (NULL: none): its bytes, or those whose hexadecimal digits it is. */
void hf_judge_text_nonce(const struct hf_judge *j, const char *nonce, struct hf_verdict *v, struct hf_findings *f);

#endif

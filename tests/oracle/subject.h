/* Evidence that is good, or as good as its platform was, with everything that its verdict needs. */
#ifndef HF_ORACLE_SUBJECT_H
#define HF_ORACLE_SUBJECT_H

#include "policy/verify.h"
#include "vectors.h"

struct subject {
    char name[160];
    struct hf_verifier *verifier;
    struct hf_buf evidence;
    struct hf_bytes view;
    struct hf_verify_request request;
};

/* Called for each; the subject is freed when the call returns. */
typedef void on_subject(void *to, struct subject *s);

/* Those that are made here, and those among the third-party vectors. */
void subjects_made(on_subject *call, void *to);
void subjects_real(on_subject *call, void *to);

#endif

/* What is wrong with a TPM, or weaker than it could be, and what to do about it. */
#ifndef HF_CORE_TPM_DOCTOR_H
#define HF_CORE_TPM_DOCTOR_H

#include "core/core.h"

struct hf_symptom {
    const char *name;
    bool good;        /* false: something is wrong, or weaker than it could be */
    char text[320];   /* what was seen */
    char remedy[240]; /* what to do; "" where nothing is needed */
};

#define HF_SYMPTOMS_MAX 24
struct hf_diagnosis {
    size_t n;
    struct hf_symptom row[HF_SYMPTOMS_MAX];
};

void hf_symptom_add(struct hf_diagnosis *f, const char *name, bool good, const char *remedy, const char *fmt, ...)
    HF_PRINTF(5, 6);

/* Look at everything. What cannot be looked at is a finding as well; the call fails only where there is no TPM at all.
 */
hf_err hf_core_tpm_doctor(struct hf_core *core, const struct hf_who *who, struct hf_diagnosis *out);

/* Pin the storage root key that is there now: from then on another one is refused (HF_TPM_BUS_SRK). Made where there is
 * none. The Name in hex goes to `name`. */
hf_err hf_core_tpm_pin_srk(struct hf_core *core, const struct hf_who *who, char name[136]);

/* Forget the pin of this TPM and learn its key of now. Without `sure` nothing is changed, HF_E_ARG says so, and
 * `was` and `is` are filled in. */
struct hf_repin {
    char was[136], is[136]; /* Names in hex; "" for none */
    char level[8];          /* "tofu", "srk", "ek" of the old pin */
};
hf_err hf_core_tpm_repin(struct hf_core *core, const struct hf_who *who, bool sure, struct hf_repin *out);

#endif

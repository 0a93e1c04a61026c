/* Operations on the TPM as a whole, for the command, the daemon and the module alike. */
#ifndef HF_CORE_TPM_PLATFORM_H
#define HF_CORE_TPM_PLATFORM_H

#include "core/core.h"

#include <holdfast/platform.h>

hf_err hf_core_tpm_lockout_show(struct hf_core *core, const struct hf_who *who, struct hf_tpm_lockout *out);

/* The state afterwards in *out. */
hf_err hf_core_tpm_lockout_set(struct hf_core *core, const struct hf_who *who, const struct hf_secret *auth,
                               const struct hf_tpm_lockout_change *change, bool force, struct hf_tpm_lockout *out);
hf_err hf_core_tpm_lockout_reset(struct hf_core *core, const struct hf_who *who, const struct hf_secret *auth,
                                 bool force, struct hf_tpm_lockout *out);

hf_err hf_core_tpm_auth(struct hf_core *core, const struct hf_who *who, enum hf_tpm_authority authority,
                        const struct hf_secret *auth, const struct hf_secret *new_auth, bool force);

/* HF_E_WARNED with the report filled in where a step is not as it should be. */
hf_err hf_core_tpm_clear(struct hf_core *core, const struct hf_who *who, enum hf_tpm_authority by,
                         const struct hf_secret *auth, bool force, struct hf_tpm_clear_report *out);

hf_err hf_core_tpm_clock(struct hf_core *core, const struct hf_who *who, struct hf_tpm_clock *out);

/* Set forward to clock_ms; the clock afterwards in *out. */
hf_err hf_core_tpm_clock_set(struct hf_core *core, const struct hf_who *who, enum hf_tpm_authority by,
                             const struct hf_secret *auth, uint64_t clock_ms, struct hf_tpm_clock *out);

hf_err hf_core_tpm_info(struct hf_core *core, const struct hf_who *who, struct hf_tpm_info *out);

/* `rows` receives an array of struct hf_tpm_cap: of one group, or of all for HF_TPM_CAPS_GROUPS. */
hf_err hf_core_tpm_caps(struct hf_core *core, const struct hf_who *who, enum hf_tpm_caps_group group,
                        struct hf_buf *rows);

/* A swtpm state file becomes the embedded TPM (`replace`: over one that exists), or is written from it. An import
 * drops the pin of the TPM that was there. HF_E_ARG where the TPM chosen is not the embedded one; HF_E_BUSY while it
 * runs. */
hf_err hf_core_tpm_state_import(struct hf_core *core, const struct hf_who *who, const char *file, bool replace);
hf_err hf_core_tpm_state_export(struct hf_core *core, const struct hf_who *who, const char *file);

#endif

/* Operations on NV indices, for the command, the daemon and the module alike. */
#ifndef HF_CORE_TPM_NV_H
#define HF_CORE_TPM_NV_H

#include "core/core.h"

#include <holdfast/nv.h>

/* Which index, and what opens it. */
struct hf_core_nv {
    uint32_t index;
    enum hf_tpm_nv_by by;
    const struct hf_secret *auth;            /* NULL: empty */
    struct hf_policy *policy;                /* bound to the TPM by the operation; NULL: none */
    const struct hf_policy_answers *answers; /* for it; NULL: none are needed */
};

/* spec->policy is made from `policy`, which may be NULL. A PIN index with a limit is set to it at once. */
hf_err hf_core_tpm_nv_define(struct hf_core *core, const struct hf_who *who, const struct hf_tpm_nv_spec *spec,
                             struct hf_policy *policy, const uint32_t *pin_limit);

/* `special`: an index with policy_delete, by its policy in `ref` and the platform's `hierarchy_auth`. */
hf_err hf_core_tpm_nv_undefine(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref,
                               bool special, const struct hf_secret *hierarchy_auth);

hf_err hf_core_tpm_nv_read(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref, size_t offset,
                           size_t n, struct hf_secret **out);

/* What is written: bytes at an offset, bits to set, or a PIN's limit. */
struct hf_core_nv_write {
    size_t offset;
    struct hf_bytes data;
    const uint64_t *bits;  /* not NULL: set these */
    const uint32_t *limit; /* not NULL: set the limit, count 0 */
};
hf_err hf_core_tpm_nv_write(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref,
                            const struct hf_core_nv_write *what);
hf_err hf_core_tpm_nv_extend(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref,
                             struct hf_bytes data);

/* The value afterwards in *out where it may be read by the same authorization; *known says whether. */
hf_err hf_core_tpm_nv_increment(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref,
                                uint64_t *out, bool *known);

hf_err hf_core_tpm_nv_lock(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref, bool read);

/* `rows` receives an array of struct hf_tpm_nv_info. */
hf_err hf_core_tpm_nv_list(struct hf_core *core, const struct hf_who *who, struct hf_buf *rows);

/* What is known of an index's wear. TPMs do not count writes: these are the ones in this core's audit trail. */
struct hf_core_nv_wear {
    uint64_t writes;   /* successful writes, increments, extensions and locks */
    uint64_t since_ms; /* time of the trail's first record; 0: there is none */
};
hf_err hf_core_tpm_nv_show(struct hf_core *core, const struct hf_who *who, uint32_t index, struct hf_tpm_nv_info *info,
                           struct hf_core_nv_wear *wear);

#endif

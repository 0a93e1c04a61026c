/* Operations on the objects in a TPM: made, taken in, made persistent, removed, listed. */
#ifndef HF_CORE_TPM_OBJECTS_H
#define HF_CORE_TPM_OBJECTS_H

#include "core/tpm_keys.h"

#include <holdfast/objects.h>

/* What shall become of a key that is loaded. */
struct hf_core_keep {
    uint32_t persist;                   /* make it persistent there; 0: no */
    const struct hf_secret *owner_auth; /* for that; NULL: empty */
    bool system;                        /* also at a handle that belongs to the system */
    bool pem, context;                  /* wanted: its key file, its context file */
};

/* What comes back. The caller frees it, and closes the key. */
struct hf_core_kept {
    struct hf_tpm_key *key;
    struct hf_buf pem, context;
};
void hf_core_kept_free(struct hf_core_kept *kept);

/* tpm.primary. A policy text is bound, and its digest goes into the key. */
struct hf_core_primary {
    enum hf_tpm_hierarchy hierarchy;
    const struct hf_secret *hierarchy_auth;
    struct hf_tpm_key_spec spec;
    const char *policy;
};
hf_err hf_core_tpm_primary(struct hf_core *core, const struct hf_who *who, const struct hf_core_primary *what,
                           const struct hf_core_keep *keep, struct hf_core_kept *out);

/* Where a key comes from: a key or context file, or the blobs of TPM2_Create, or those of TPM2_Duplicate (with a seed).
 */
struct hf_core_source {
    const struct hf_core_key *key;
    struct hf_bytes public_blob, private_blob, seed;
    const struct hf_core_key *parent; /* of blobs; NULL: the storage root key */
    const char *label;
};

/* tpm.load: also says whether it can be loaded. With a persistent copy it is tpm.evict in the record. */
hf_err hf_core_tpm_load(struct hf_core *core, const struct hf_who *who, const struct hf_core_source *from,
                        const struct hf_core_keep *keep, struct hf_core_kept *out);

/* tpm.load-external: a public key, as hf_tpm_load_external takes it. */
hf_err hf_core_tpm_load_external(struct hf_core *core, const struct hf_who *who, const char *label,
                                 struct hf_bytes public_key, bool context, struct hf_core_kept *out);

/* tpm.duplicate: new_parent as TPMT_PUBLIC, TPM2B_PUBLIC, SubjectPublicKeyInfo PEM, or the key file of a storage key.
 */
hf_err hf_core_tpm_duplicate(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref,
                             struct hf_bytes new_parent, uint32_t parent_handle, struct hf_buf *pem);

/* tpm.evict: make a key persistent at a handle, or (ref NULL) remove what is there. HF_E_DENIED for a handle or object
 * of the system, unless `system`. */
struct hf_core_evict {
    uint32_t handle;
    const struct hf_secret *owner_auth;
    bool system;
};
hf_err hf_core_tpm_evict(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref,
                         const struct hf_core_evict *how);

/* tpm.flush: one handle of this connection, or (0) everything that others left in a TPM without a resource manager. */
hf_err hf_core_tpm_flush(struct hf_core *core, const struct hf_who *who, uint32_t handle, size_t *flushed);

/* tpm.list */
struct hf_core_list {
    hf_tpm_object_each *persistent, *transient, *session;
    void *arg;
};
hf_err hf_core_tpm_list(struct hf_core *core, const struct hf_who *who, const struct hf_core_list *list);

/* tpm.pipe: recorded when it is opened; the caller runs and closes it. */
hf_err hf_core_tpm_pipe(struct hf_core *core, const struct hf_who *who, struct hf_tpm_pipe **out);

#endif

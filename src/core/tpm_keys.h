/* Operations on keys in a TPM, for the command, the daemon and the module alike. */
#ifndef HF_CORE_TPM_KEYS_H
#define HF_CORE_TPM_KEYS_H

#include "core/core.h"

#include <holdfast/keyfile.h>
#include <holdfast/objects.h>

/* Which key, and what opens it. One of `file` and `handle` is given. */
struct hf_core_key {
    const char *label;            /* for the record: "k.pem", "0x81000005" */
    /* TSS2 PEM; a context file of tpm2-tools; or a public key alone: TPM2B_PUBLIC, TPMT_PUBLIC, SubjectPublicKeyInfo PEM */
    struct hf_bytes file;
    uint32_t handle;              /* persistent or loaded */
    const struct hf_secret *auth; /* NULL: empty */
    const char *policy;           /* text that replaces the one in the file; NULL: none */
    const struct hf_policy_answers *answers; /* for its policy; NULL: the empty ones */
};

/* Open it: for the operations here and their neighbours in core. The caller closes it. */
hf_err hf_core_key_open(struct hf_core *core, const struct hf_core_key *ref, struct hf_tpm_key **out);

/* What a file is that a key may come in. */
enum hf_core_key_kind { HF_CORE_KEY_FILE, HF_CORE_KEY_CONTEXT, HF_CORE_KEY_PUBLIC };
hf_err hf_core_key_kind(struct hf_bytes file, enum hf_core_key_kind *out);

/* TPMT_PUBLIC of any of them; a SubjectPublicKeyInfo counts as a storage key's. */
hf_err hf_core_public_area(struct hf_bytes file, struct hf_buf *out);

/* A policy text read, and bound to the TPM's PCR values and Names of now. */
hf_err hf_core_policy(struct hf_core *core, const char *text, struct hf_policy **out);

/* How a signature is made. Zero: the key's own, or the usual for its kind. */
struct hf_core_signing {
    enum hf_tpm_scheme scheme;
    unsigned hash;
    bool digest; /* the data is a digest already */
    bool in_tpm; /* verify there */
};

/* tpm.create, tpm.seal: what is made comes back as PEM and as the open key (closed by the caller). A policy
 * text is bound, its digest goes into the key and the policy into the file. */
struct hf_core_new_key {
    struct hf_tpm_key_spec spec;
    const struct hf_core_key *parent; /* NULL: the storage root key */
    const char *policy;
    const char *description;
    const struct hf_secret *sealed; /* data to seal; NULL: a key */
    const struct hf_secret *outside, *passphrase; /* a key to import; NULL: one is generated */
};
hf_err hf_core_tpm_create(struct hf_core *core, const struct hf_who *who, const struct hf_core_new_key *what,
                          struct hf_tpm_key **key, struct hf_buf *pem);

hf_err hf_core_tpm_sign(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes data,
                        const struct hf_core_signing *how, struct hf_buf *out);

/* HF_E_MISMATCH: the signature is not the key's. */
hf_err hf_core_tpm_verify(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes data,
                          struct hf_bytes signature, const struct hf_core_signing *how);

hf_err hf_core_tpm_encrypt(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes data,
                           const struct hf_tpm_crypt *how, struct hf_buf *out);
hf_err hf_core_tpm_decrypt(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes data,
                           const struct hf_tpm_crypt *how, struct hf_secret **out);
hf_err hf_core_tpm_hmac(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes data,
                        struct hf_buf *out);
hf_err hf_core_tpm_ecdh(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes peer,
                        struct hf_secret **out);
hf_err hf_core_tpm_unseal(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_secret **out);

/* The open key with everything it tells (hf_tpm_key_info, hf_tpm_key_public_pem). The caller closes it. */
hf_err hf_core_tpm_show(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_tpm_key **out);

hf_err hf_core_tpm_hash(struct hf_core *core, const struct hf_who *who, unsigned hash, struct hf_bytes data, struct hf_buf *out);
hf_err hf_core_tpm_random(struct hf_core *core, const struct hf_who *who, size_t n, struct hf_buf *out);

#endif

/* TSS2 key files, parsed and written without a TPM. */
#ifndef HF_TPM_KEYFILE_H
#define HF_TPM_KEYFILE_H

#include "base/bytes.h"

enum hf_keyfile_type { HF_KEYFILE_LOADABLE, HF_KEYFILE_IMPORTABLE, HF_KEYFILE_SEALED };

#define HF_KEYFILE_MAX ((size_t)256 * 1024)

struct hf_keyfile {
    enum hf_keyfile_type type;
    bool empty_auth;
    bool empty_auth_said;       /* [0] is there although it says FALSE, which DER leaves out: kept as it was */
    uint32_t parent;            /* persistent handle, or TPM2_RH_* for a primary of that hierarchy */
    struct hf_buf policy;       /* content of [1]: SEQUENCE OF TPMPolicy; empty: none */
    struct hf_buf secret;       /* [2]: TPM2B_ENCRYPTED_SECRET without its size; importable keys only */
    struct hf_buf auth_policy;  /* content of [3]: SEQUENCE OF TPMAuthPolicy */
    struct hf_buf description;  /* [4]: UTF-8 */
    bool rsa_parent;            /* [5]: the hierarchy's primary is the RSA one */
    bool rsa_parent_said;       /* as empty_auth_said */
    struct hf_buf more;         /* elements that are not known here, as they were, in their order */
    struct hf_buf public_area;  /* TPMT_PUBLIC */
    struct hf_buf private_blob; /* TPM2B_PRIVATE without its size */
};

void hf_keyfile_free(struct hf_keyfile *file);

/* DER of one TPMKey. `tolerant` of BER booleans and negative parents. */
hf_err hf_keyfile_parse(struct hf_bytes der, struct hf_keyfile *out);
hf_err hf_keyfile_write(const struct hf_keyfile *file, struct hf_buf *out);

/* The PEM around it. */
#define HF_KEYFILE_LABEL "TSS2 PRIVATE KEY"

#endif

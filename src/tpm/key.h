/* The inside of a key. */
#ifndef HF_TPM_KEY_H
#define HF_TPM_KEY_H

#include "crypto/pubkey.h"
#include "tpm/connection.h"

#include <holdfast/key.h>
#include <holdfast/policy.h>

struct hf_tpm_key {
    struct hf_tpm *tpm;
    TPMT_PUBLIC pub;
    struct hf_buf public_area;  /* TPMT_PUBLIC, as received */
    struct hf_buf private_blob; /* TPM2B_PRIVATE without its size; empty for primaries and persistent keys */
    struct hf_buf context;      /* TPMS_CONTEXT of a key that came as a saved context: how it is loaded */
    struct hf_tpm_name name;
    struct hf_tpm_name parent_name;
    struct hf_tpm_key *parent;   /* not owned; NULL: own_parent, or what parent_handle says */
    struct hf_tpm_key *own_parent; /* made for this key, closed with it */
    uint32_t parent_handle;      /* 0: the storage root key; a persistent handle; or a hierarchy, for its primary */
    bool rsa_parent;             /* the hierarchy's primary is the RSA one */
    bool external;               /* public part only */
    bool persistent;             /* at a handle that closing leaves alone */
    uint32_t hierarchy;          /* of a primary: TPM2_RH_*; 0 for others */
    struct hf_buf template;      /* of a primary: the TPMT_PUBLIC that it is made from, by which it is made again */
    uint32_t handle;             /* 0: not loaded */
    uint64_t generation;         /* of the connection in which it was loaded */
    struct hf_secret *auth;
    bool needs_auth;             /* its file says that the value is not empty */
    struct hf_policy *policy;    /* run before each use; NULL: authorization value */
    const struct hf_policy_answers *answers; /* for the policy; not owned; may be NULL */
    struct hf_pubkey *software;  /* the public part for software, made on first use */
    struct hf_buf creation_data, creation_hash, creation_ticket;
    struct hf_buf description;   /* of its file */
    struct hf_buf file_more;     /* elements of its file that are not known here */
};

/* Load it where it is not loaded in this connection: an entity to use it by. The connection is taken. */
hf_err hf_tpm_key_ready(struct hf_tpm_key *key, struct hf_tpm_entity *out);

/* Load a key that came as a saved context. The connection is taken. */
hf_err hf_tpm_key_load_context(struct hf_tpm_key *key);

/* Run a call in which the key is the first, authorized handle: ready, policy, call; once more after a
 * dead connection where the command may be repeated. `build` adds everything behind the first handle. */
typedef hf_err hf_tpm_build(struct hf_tpm_call *c, void *arg);
hf_err hf_tpm_key_run(struct hf_tpm_key *key, uint32_t code, hf_tpm_build *build, void *arg, struct hf_tpm_call *c);

/* Its policy on a session of its own, satisfied and ready for one command. */
hf_err hf_tpm_key_policy_session(struct hf_tpm_key *key, struct hf_tpm_session **out);

/* HF_E_KEY_TYPE for a parent that is no storage key. NULL is well: the storage root key. */
hf_err hf_tpm_key_check_parent(const struct hf_tpm_key *parent);

/* The parent that parent_handle names, as an entity; makes the hierarchy's primary where it is needed. */
hf_err hf_tpm_key_parent(struct hf_tpm_key *key, struct hf_tpm_entity *out);

/* After a load under the storage root key failed: HF_OK when there is another primary to try, which is then
 * the key's own parent; HF_E_PARENT (the detail left as it was) when there is none. */
hf_err hf_tpm_key_parent_again(struct hf_tpm_key *key);

/* What a key file should name as the parent of keys under the storage root key: the owner hierarchy where
 * it is the primary of the key file template, else its handle. */
hf_err hf_tpm_srk_file_parent(struct hf_tpm *tpm, uint32_t *out);

/* The key as an authorization for a command (TPM2_CC_*): a satisfied policy session in *session (closed by the caller),
 * or its value. */
hf_err hf_tpm_key_authorize(struct hf_tpm_key *key, uint32_t code, struct hf_tpm_auth *auth, struct hf_tpm_session **session);

/* The public part as a software key, owned by `key`. */
hf_err hf_tpm_key_software(const struct hf_tpm_key *key, struct hf_pubkey **out);
hf_err hf_tpm_public_to_software(const TPMT_PUBLIC *pub, struct hf_pubkey **out);

/* The other way: TPMT_PUBLIC of a public key as hf_tpm_public_from_pem says (holdfast/objects.h). */
hf_err hf_tpm_public_from_software(const struct hf_pubkey *key, bool storage, struct hf_buf *out);

/* A key with its public area parsed and nothing loaded. */
hf_err hf_tpm_key_new(struct hf_tpm *tpm, struct hf_bytes public_area, struct hf_tpm_key **out);

/* TPMT_PUBLIC for a specification (Part 2, 12.2.4), checked. */
hf_err hf_tpm_template(const struct hf_tpm_key_spec *spec, TPMT_PUBLIC *out);

/* "ecc-p256" and so on; the numbers where the algorithm has no name here. */
void hf_tpm_algorithm_name(const TPMT_PUBLIC *pub, char out[16]);

/* TPMI_RH_HIERARCHY of the public enumeration. */
hf_err hf_tpm_hierarchy_handle(enum hf_tpm_hierarchy h, uint32_t *out);

/* The signature scheme and hash that a use amounts to: HF_E_KEY_TYPE where key and wish do not go together. */
struct hf_tpm_sig_choice {
    uint16_t scheme;
    enum hf_hash_alg hash;
};
hf_err hf_tpm_sig_choose(const TPMT_PUBLIC *pub, enum hf_tpm_scheme scheme, unsigned hash, struct hf_tpm_sig_choice *out);

/* TPMT_SIGNATURE from a response to r || s or the RSA block; and back into a command. */
hf_err hf_tpm_sig_read(struct hf_reader *r, const TPMT_PUBLIC *pub, struct hf_buf *out);
hf_err hf_tpm_sig_write(const struct hf_tpm_sig_choice *how, struct hf_bytes sig, struct hf_writer *w);

/* A key whose private_blob is a duplicate for its parent: TPM2_Import turns it into one to load. */
hf_err hf_tpm_key_import_blob(struct hf_tpm_key *key, struct hf_bytes encrypted_secret);

/* A TPM2B with its size field, or its content alone: the content. */
struct hf_bytes hf_tpm2b_content(struct hf_bytes blob);

/* A digest by the TPM with the ticket that lets a restricted key sign it (TPMT_TK_HASHCHECK); ticket may be NULL. */
hf_err hf_tpm_hash_ticket(struct hf_tpm *tpm, enum hf_hash_alg hash, struct hf_bytes data, struct hf_buf *digest,
                          struct hf_buf *ticket);

#endif

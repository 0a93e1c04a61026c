/*
 * TPM policies as text: one text that can be printed, composed, turned into its digest without a TPM,
 * run on a TPM, and stored in a key file. The language is in policies(7) and docs/policies.md.
 *
 *     pcr sha256:7,16; authvalue
 *     or boot { pcr sha256:7=<hex> } recovery { secret owner ref="recovery" }
 *
 * Sources: TCG TPM 2.0 Library Specification 1.59, Part 1 section 19.7 (policies) and Part 3 section 23
 * (policy commands).
 */
#ifndef HOLDFAST_POLICY_H
#define HOLDFAST_POLICY_H

#include <holdfast/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A policy: steps that must all hold, some of which are choices between further steps. */
struct hf_policy;

/* The longest text that is read, and how much one policy may hold. */
#define HF_POLICY_TEXT_MAX 65536
#define HF_POLICY_STEPS_MAX 1024
#define HF_POLICY_DEPTH_MAX 16
#define HF_POLICY_BRANCHES_MAX 512

/*
 * Read a policy. Pure: no file is opened and no TPM is asked; what the text leaves to them (a PCR
 * value, a key in a file, the Name of an NV index) stays open until hf_policy_bind.
 *
 * Free the result with hf_policy_free.
 *
 * Returns HF_OK, or
 *   HF_E_FORMAT  the text is not a policy: the detail has line, column, what was seen and wanted
 *   HF_E_LIMIT   longer, deeper or wider than the limits above
 */
HF_API HF_MUST_CHECK hf_err hf_policy_parse(struct hf_bytes text, struct hf_policy **out);

/* A policy of its own, with everything that is bound and approved. */
HF_API HF_MUST_CHECK hf_err hf_policy_copy(const struct hf_policy *policy, struct hf_policy **out);

/* Append the canonical text, one line without a newline: parsing it gives the same policy. */
HF_API HF_MUST_CHECK hf_err hf_policy_print(const struct hf_policy *policy, struct hf_buf *out);

/* Accepts NULL in *policy; leaves NULL. */
HF_API void hf_policy_free(struct hf_policy **policy);

/*
 * Where the open parts of a policy come from. A function that is NULL stands for a source that is
 * not there: a policy that needs it then fails with HF_E_UNAVAILABLE, naming the step.
 */
struct hf_policy_source {
    void *arg; /* given to each of the functions */

    /* Append the value of a PCR: `bank` is "sha256" or another hash's name, `index` 0 to 23. */
    hf_err (*pcr)(void *arg, const char *bank, unsigned index, struct hf_buf *value);

    /* Append the TPMT_PUBLIC of the key that a step names by file. */
    hf_err (*key)(void *arg, const char *path, struct hf_buf *tpmt_public);

    /* Append the Name of an object or NV index that a step names by handle: 4 to 66 bytes. */
    hf_err (*name)(void *arg, uint32_t handle, struct hf_buf *name);
};

/*
 * Fill in everything that is open: PCRs without values, keys in files, handles without a Name. What
 * the text states already is kept, and a key whose file gives another Name than the text is refused.
 * On failure the policy may be filled in partly; it is still usable and may be bound again.
 *
 * Returns HF_OK, or
 *   HF_E_UNAVAILABLE  the source cannot give what a step needs
 *   HF_E_MISMATCH     a key file's Name is not the one in the text
 *   what the source returned
 */
HF_API HF_MUST_CHECK hf_err hf_policy_bind(struct hf_policy *policy, const struct hf_policy_source *source);

/* True when nothing is open, so that hf_policy_digest needs nothing else. */
HF_API bool hf_policy_bound(const struct hf_policy *policy);

/*
 * Append the policy's digest, computed here: what a TPM's policy session reaches when every step
 * holds, and what an object carries as its authPolicy.
 *
 *   hash  "sha1", "sha256", "sha384" or "sha512": the nameAlg of the object; NULL means "sha256"
 *
 * Returns HF_OK, or
 *   HF_E_ARG          a step is open: the detail names it (hf_policy_bind)
 *   HF_E_FORMAT       a digest in the text does not have the length of this hash
 *   HF_E_UNSUPPORTED  no such hash
 */
HF_API HF_MUST_CHECK hf_err hf_policy_digest(const struct hf_policy *policy, const char *hash, struct hf_buf *out);

/*
 * Bind to a TPM: its PCRs as they are now, and the Names of its NV indices and persistent objects. Keys
 * in files are read as PEM ("PUBLIC KEY", "RSA PUBLIC KEY") or from an approval. Errors as hf_policy_bind.
 */
HF_API HF_MUST_CHECK hf_err hf_policy_bind_tpm(struct hf_policy *policy, struct hf_tpm *tpm);

/* hf_policy_source.key for PEM files and approvals; arg is not used. The TPMT_PUBLIC has nameAlg SHA-256,
 * attributes userWithAuth | decrypt | sign, no scheme, and for RSA exponent 0 (which stands for 65537), as TSS2
 * key files have it. For EC keys its Name is that of tpm2_loadexternal; for RSA that writes the exponent out. */
HF_API HF_MUST_CHECK hf_err hf_policy_key_file(void *arg, const char *path, struct hf_buf *tpmt_public);

/* A permission, signed: "this policy will do". Opaque. */
struct hf_policy_approval;

/* What has to be signed for a `signed` step: the message is nonce || expiration (4 bytes, big-endian) ||
 * policyRef, hashed with the signature's own hash (Part 3, 23.3: cpHashA is empty here). */
struct hf_policy_assertion {
    const char *path;        /* the key as the policy names it; NULL: by Name alone */
    struct hf_bytes name;    /* the key's Name */
    struct hf_bytes message; /* to be hashed and signed */
};

/* Who answers what a policy asks for while it runs. Start with {0}; every field may stay so. */
struct hf_policy_answers {
    void *arg; /* given to each of the functions */

    /* Which alternative of each `or`, in the order they are met: labels or places from 1, with dots between
     * them: "recovery", "2.1". NULL, and an `or` behind the end: the first that can be satisfied. */
    const char *branch;

    /* The authorization value of what a `secret` or `nv` step points at: "owner", "0x01500016", a Name in hex.
     * The value is freed by the caller of this function; NULL is an empty one. No function: all are empty. */
    hf_err (*secret)(void *arg, const char *what, struct hf_secret **out);

    /* Append the TPMT_SIGNATURE of an assertion. */
    hf_err (*sign)(void *arg, const struct hf_policy_assertion *what, struct hf_buf *tpmt_signature);

    /* Append the TPMT_PUBLIC of a key that a step names by file. No function: hf_policy_key_file. */
    hf_err (*key)(void *arg, const char *path, struct hf_buf *tpmt_public);

    /* What `authorize` and `authorizenv` may be satisfied with; tried in order. */
    const struct hf_policy_approval *const *approval;
    size_t n_approvals;

    /* The Name of the object that is duplicated, where `duplicate-to` leaves it open. */
    struct hf_bytes duplicate_object;
};

/*
 * Who answers for a key's policy (hf_tpm_key_set_policy, hf_tpm_key_from_pem) whenever it runs; NULL: nobody.
 * The struct must outlive the key.
 *
 * A use of the key fails with HF_E_DENIED when a step does not hold; the detail names the step by line, column
 * and text, and what was found instead of what is wanted.
 */
HF_API void hf_tpm_key_set_answers(struct hf_tpm_key *key, const struct hf_policy_answers *answers);

/*
 * Would it hold now? Runs the policy in a real session, which authorizes nothing and is flushed.
 *
 * Returns HF_OK, or HF_E_DENIED and the like as a use would, with the step in the detail.
 */
HF_API HF_MUST_CHECK hf_err hf_policy_check(const struct hf_policy *policy, struct hf_tpm *tpm, const char *hash,
                                            const struct hf_policy_answers *answers);

/*
 * A second opinion: let the TPM compute the digest in trial sessions, step by step and branch by branch, and
 * compare each with what is computed here. `secret` steps need their authorization value also for this,
 * and `signed` and `authorize` their public key.
 *
 * Returns HF_OK, HF_E_MISMATCH with the step in the detail, or what the TPM answered.
 */
HF_API HF_MUST_CHECK hf_err hf_policy_try(const struct hf_policy *policy, struct hf_tpm *tpm, const char *hash,
                                          const struct hf_policy_answers *answers);

/*
 * Approvals: a key that may live elsewhere says which policies will do. Seal to `authorize` by that key and a
 * ref; then each approved policy opens what is sealed, and new ones can be approved without sealing again.
 * To be able to end an approval, approve a policy that ends with `nv COUNTER ule N`, and increment the counter.
 */
struct hf_policy_approval_spec {
    const char *hash;        /* of the policy; NULL: "sha256" */
    struct hf_bytes ref;     /* policyRef: what the approval is about; at most 64 bytes, may be empty */
    struct hf_bytes key_pem; /* public key: RSA or P-256, P-384, P-521 */
    void *arg;
    /* Append the signature over a digest of SHA-256 (32 bytes): r || s for ECDSA, the block of RSASSA. */
    hf_err (*sign)(void *arg, struct hf_bytes digest, struct hf_buf *signature);
};

/* Approve a bound policy. HF_E_MISMATCH when the signature is not by the key. Free with hf_policy_approval_free. */
HF_API HF_MUST_CHECK hf_err hf_policy_approve(const struct hf_policy *policy,
                                              const struct hf_policy_approval_spec *spec,
                                              struct hf_policy_approval **out);

/*
 * Read an approval from JSON and check it whole: digest, Name, signature.
 *
 * Returns HF_OK, or
 *   HF_E_FORMAT, HF_E_ARG  not an approval
 *   HF_E_INTEGRITY         digest or Name do not belong to policy and key
 *   HF_E_MISMATCH          the signature is not the key's
 */
HF_API HF_MUST_CHECK hf_err hf_policy_approval_parse(struct hf_bytes json, struct hf_policy_approval **out);
HF_API HF_MUST_CHECK hf_err hf_policy_approval_print(const struct hf_policy_approval *approval, struct hf_buf *out);
HF_API void hf_policy_approval_free(struct hf_policy_approval **approval);

/* The approved policy, owned by the approval. */
HF_API const struct hf_policy *hf_policy_approval_policy(const struct hf_policy_approval *approval);

/* The hash that the approved policy is for: "sha256". */
HF_API const char *hf_policy_approval_hash_name(const struct hf_policy_approval *approval);

/* The policy to seal with: `authorize` by the approval's key and ref. Free with hf_policy_free. */
HF_API HF_MUST_CHECK hf_err hf_policy_approval_seal_policy(const struct hf_policy_approval *approval,
                                                           struct hf_policy **out);

/* Put an approval beside a policy that begins with `authorize` by its key and ref, so that a key file carries
 * it. `label` may be NULL. */
HF_API HF_MUST_CHECK hf_err hf_policy_add_approval(struct hf_policy *policy, const struct hf_policy_approval *approval,
                                                   const char *label);

#ifdef __cplusplus
}
#endif
#endif

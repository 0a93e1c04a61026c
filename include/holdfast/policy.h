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

#include <holdfast/bytes.h>

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

#ifdef __cplusplus
}
#endif
#endif

/*
 * A policy in memory: steps in order, all of which must hold; an `or` holds branches of further steps.
 * Part 3 section 23 names the parameters.
 */
#ifndef HF_TPM_POLICY_TREE_H
#define HF_TPM_POLICY_TREE_H

#include "tpm/types.h"

#include <holdfast/policy.h>

enum hf_policy_kind {
    HF_POLICY_PCR,
    HF_POLICY_AUTHVALUE,
    HF_POLICY_PASSWORD, /* the digest of authvalue, and run as it, so that the password never crosses */
    HF_POLICY_SECRET,
    HF_POLICY_SIGNED,
    HF_POLICY_AUTHORIZE,
    HF_POLICY_AUTHORIZE_NV,
    HF_POLICY_NV,
    HF_POLICY_COUNTER_TIMER,
    HF_POLICY_COMMAND,
    HF_POLICY_LOCALITY,
    HF_POLICY_DUPLICATE_TO,
    HF_POLICY_CPHASH,
    HF_POLICY_NAMEHASH,
    HF_POLICY_TEMPLATE,
    HF_POLICY_NV_WRITTEN,
    HF_POLICY_PHYSICAL_PRESENCE,
    HF_POLICY_OR,
    HF_POLICY_DIGEST, /* a branch of which only the digest is known; stands alone in its branch */
    HF_POLICY_KINDS,
};

/* TPML_PCR_SELECTION: 16 banks at most in the reference code; software TPMs have 4. */
#define HF_POLICY_BANKS_MAX 8
#define HF_POLICY_PCR_COUNT 24 /* sizeofSelect is 3 (PC Client Platform TPM Profile) */

struct hf_policy_pcr {
    size_t n_banks;
    struct hf_policy_bank {
        enum hf_hash_alg alg;
        uint32_t mask; /* bit n: PCR n */
    } bank[HF_POLICY_BANKS_MAX];
    struct hf_digest *values; /* in the order of the selection; NULL: not known */
    size_t n_values;
    struct hf_digest digest; /* pcrDigest itself where that is all that is known; n = 0: not given */
};

/* Something that a step points at: by handle, by Name, or a key by file. */
struct hf_policy_object {
    uint32_t handle;         /* 0: none */
    struct hf_tpm_name name; /* n = 0: not known */
    char *path;              /* as the text has it; NULL: none */
    struct hf_buf pub;       /* TPMT_PUBLIC of a key, when known */
};

/* policyRef: at most the size of the largest digest. */
struct hf_policy_ref {
    size_t n;
    uint8_t bytes[HF_DIGEST_MAX];
    bool text; /* written as "text" rather than hex */
};

/* A comparison of PolicyNV and PolicyCounterTimer. */
struct hf_policy_compare {
    uint16_t offset;
    uint16_t operation; /* TPM2_EO_* */
    struct hf_digest operand;
    bool number; /* written as a number; the operand is big-endian then */
};

struct hf_policy_step;

struct hf_policy_steps {
    size_t n;
    struct hf_policy_step *step;
};

struct hf_policy_branch {
    char *label; /* NULL: none */
    struct hf_policy_steps steps;
};

struct hf_policy_step {
    enum hf_policy_kind kind;
    unsigned line, column; /* in the text it came from; 0: it came from elsewhere */

    struct hf_policy_pcr pcr;
    struct hf_policy_object object; /* secret, signed, authorize, authorizenv, nv; duplicate-to: the new parent */
    struct hf_tpm_name dup_object;  /* duplicate-to: the object; n = 0: not given */
    bool flag;                      /* nv-written yes; duplicate-to include-object */
    struct hf_policy_ref ref;       /* secret, signed, authorize */
    int32_t expires_s;              /* secret, signed: 0 for never */
    struct hf_policy_compare compare;
    uint32_t number;         /* command: TPM2_CC_*; locality: TPMA_LOCALITY */
    struct hf_digest digest; /* cphash, namehash, template, digest */
    struct hf_buf signature; /* authorize: TPMT_SIGNATURE that approves what stands before; only from key files */
    size_t n_branches;
    struct hf_policy_branch *branch;
};

/* A policy that the key of the `authorize` step which opens the key's policy has signed. */
struct hf_policy_approved {
    char *label;                  /* NULL: none */
    struct hf_policy_steps steps; /* ends with the `authorize` step that carries the signature */
};

struct hf_policy {
    struct hf_policy_steps steps;
    size_t n_approved;
    struct hf_policy_approved *approved; /* of a key file's authPolicy; not part of text and digest */
};

/* A new empty step or branch at the end. The place is valid until the next is added. */
hf_err hf_policy_steps_add(struct hf_policy_steps *steps, enum hf_policy_kind kind, struct hf_policy_step **out);
hf_err hf_policy_branch_add(struct hf_policy_step *step, struct hf_policy_branch **out);
hf_err hf_policy_approved_add(struct hf_policy *policy, struct hf_policy_approved **out);

void hf_policy_steps_free(struct hf_policy_steps *steps);

/* Append copies of steps. On failure `to` holds a part of them. */
hf_err hf_policy_steps_copy(const struct hf_policy_steps *from, struct hf_policy_steps *to);

/* An empty policy. */
hf_err hf_policy_new(struct hf_policy **out);

/* Number of PCRs selected. */
size_t hf_policy_pcr_count(const struct hf_policy_pcr *pcr);

/* True when a step's own open parts are filled in (branches are not looked at). */
bool hf_policy_step_bound(const struct hf_policy_step *step);

/* A Name of an object or index: nameAlg and a digest of its length. */
bool hf_policy_name_fits(struct hf_bytes name);

/* What `secret` may point at: a hierarchy, an NV index, a persistent object or a PCR. */
bool hf_policy_secret_fits(uint32_t handle);

/* Text of steps or of one step as hf_policy_print writes them. */
hf_err hf_policy_steps_print(const struct hf_policy_steps *steps, struct hf_buf *out);
hf_err hf_policy_step_print(const struct hf_policy_step *step, struct hf_buf *out);

/* "line 1, column 5: 'pcr sha256:7'" for error texts; the place is left out where there was no text. Gives `out`. */
#define HF_POLICY_WHERE 192
const char *hf_policy_where(const struct hf_policy_step *step, char out[HF_POLICY_WHERE]);

/* Visit every step, branches included, in the order of the text, until `visit` fails. */
typedef hf_err hf_policy_visit(struct hf_policy_step *step, void *arg);
hf_err hf_policy_steps_visit(struct hf_policy_steps *steps, hf_policy_visit *visit, void *arg);

#endif

/*
 * NV memory of a TPM: small, slow, finite in writes, and kept when everything else is gone.
 *
 * An index is named by its handle, 0x01000000 to 0x01ffffff (the owner's range begins at 0x01800000 by the
 * TCG's registry of handles, though the TPM enforces no such thing). Its kind decides what may be done:
 *
 *     ordinary   bytes, written and read at any offset
 *     counter    64 bits that only go up, one at a time; never below a counter that was deleted
 *     bits       64 bits that can be set, never cleared
 *     extend     a hash register, extended like a PCR
 *     pin-fail   a PIN: each wrong use raises a count until the limit is reached
 *     pin-pass   a PIN: each right use raises a count until the limit is reached
 *
 * Sources: TCG TPM 2.0 Library, Part 1, section 37; Part 2, section 13; Part 3, section 31; TCG Registry of
 * Reserved TPM 2.0 Handles.
 */
#ifndef HOLDFAST_NV_H
#define HOLDFAST_NV_H

#include <holdfast/policy.h>
#include <holdfast/quote.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kinds; the numbers are TPM_NT. */
enum hf_tpm_nv_kind {
    HF_TPM_NV_ORDINARY = 0,
    HF_TPM_NV_COUNTER = 1,
    HF_TPM_NV_BITS = 2,
    HF_TPM_NV_EXTEND = 4,
    HF_TPM_NV_PIN_FAIL = 8,
    HF_TPM_NV_PIN_PASS = 9,
};

/* "ordinary", "counter", "bits", "extend", "pin-fail", "pin-pass"; "unknown" for other numbers. */
HF_API const char *hf_tpm_nv_kind_name(unsigned kind);

/* The kind of a name. HF_E_ARG lists them. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_kind_by_name(const char *name, enum hf_tpm_nv_kind *out);

/*
 * Attributes (TPMA_NV) from text: "ownerwrite|ownerread|authread|no_da", the words of the specification in
 * lower case with or without TPMA_NV_, separated by "|" or ",", and "nt=counter". HF_E_ARG names the word.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_attributes_parse(const char *text, uint32_t *out);

/* The same back: appends the words with "|" between them. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_attributes_print(uint32_t attributes, struct hf_buf *out);

/* Whose authorization a use of an index takes. */
enum hf_tpm_nv_by {
    /* What its attributes permit: its policy when one is given; else its own value when one is given and
     * that is permitted; else the owner's, its own empty one, the platform's: the first that is permitted. */
    HF_TPM_NV_BY_ANY,
    HF_TPM_NV_BY_INDEX,    /* the index's own value */
    HF_TPM_NV_BY_OWNER,    /* the owner hierarchy's */
    HF_TPM_NV_BY_PLATFORM, /* the platform hierarchy's */
    HF_TPM_NV_BY_POLICY    /* the index's policy */
};

/* How to authorize a use. {0} will do for an index that anybody may use. */
struct hf_tpm_nv_auth {
    enum hf_tpm_nv_by by;
    const struct hf_secret *value;  /* NULL: empty */
    const struct hf_policy *policy; /* bound; NULL: none */
    const struct hf_policy_answers *answers; /* for the policy; NULL: none are needed */
};

/* What to define. Start with {0}, an index and a size. */
struct hf_tpm_nv_spec {
    uint32_t index;
    enum hf_tpm_nv_kind kind;
    /* Bytes; 0: what the kind has (8 for counter, bits and the two PINs, the hash for extend). */
    size_t size;
    unsigned hash; /* nameAlg, and the hash of extend; 0: SHA-256 */
    /*
     * TPMA_NV; 0: a preset. It is read and written by the policy when there is one, else by its own value
     * when there is one, else by the owner (the platform, for its indices). A PIN is written by the owner
     * and read by the owner and by its own value. The kind is added from `kind`.
     */
    uint32_t attributes;
    bool da; /* its own value is under dictionary-attack protection; else NO_DA is added */
    bool platform;                /* defined by the platform hierarchy: an owner's clear does not remove it */
    const struct hf_secret *auth; /* its own value; NULL: empty. At most the name hash's size */
    struct hf_bytes policy;       /* policy digest, of the name hash's size; empty: none */
    const struct hf_secret *hierarchy_auth; /* of owner or platform; NULL: empty */
};

/*
 * Define an index.
 *
 * Returns HF_OK, or
 *   HF_E_ARG     the attributes contradict each other, the size is not the kind's, the index is not one
 *   HF_E_EXISTS  the index is defined already
 *   HF_E_LIMIT   it would be larger than this TPM's limit; the detail has both
 *   HF_E_FULL    no NV space left, or no counter left
 *   HF_E_AUTH    the hierarchy has another authorization value
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_define(struct hf_tpm *tpm, const struct hf_tpm_nv_spec *spec);

/* Remove an index. Owner or platform, as it was defined, by its attributes. What was in it is gone. HF_E_DENIED for
 * one that only hf_tpm_nv_undefine_special removes. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_undefine(struct hf_tpm *tpm, uint32_t index, const struct hf_secret *hierarchy_auth);

/* Remove an index that was defined with policy_delete: its policy (given in `auth`, permitting this command)
 * and the platform both say so. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_undefine_special(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth,
                                                       const struct hf_secret *platform_auth);

/* What an index is. */
struct hf_tpm_nv_info {
    uint32_t index;
    unsigned kind; /* enum hf_tpm_nv_kind, or a number that is not known here */
    size_t size;
    unsigned hash;
    uint32_t attributes;
    bool written, write_locked, read_locked;
    bool platform;       /* the platform defined it */
    char owner[40];      /* who uses it, by the TCG's registry of handles: "EK certificate RSA 2048", "owner", ... */
    size_t n_policy, n_name;
    uint8_t policy[64];  /* policy digest */
    uint8_t name[66];    /* its Name; changes with the first write and with each lock */
};

/* What one index is. HF_E_NOT_FOUND. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_info_get(struct hf_tpm *tpm, uint32_t index, struct hf_tpm_nv_info *out);

/* Called for each index until it gives something else than HF_OK. */
typedef hf_err hf_tpm_nv_each(void *arg, const struct hf_tpm_nv_info *info);

/* All indices, ascending. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_list(struct hf_tpm *tpm, hf_tpm_nv_each *each, void *arg);

/*
 * Read n bytes from an offset, in as many commands as the TPM's buffer needs. Ask once for all with n = SIZE_MAX.
 * Between the commands another client may write; a policy is run again for each.
 *
 * Returns HF_OK, or
 *   HF_E_NOT_FOUND  not defined, or never written: the detail says which
 *   HF_E_ARG        offset and size leave the index
 *   HF_E_DENIED     locked for reading, or not permitted to who asks
 *   HF_E_AUTH       wrong value; where the index is under dictionary-attack protection the detail says how many
 *                   tries are left
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_read(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, size_t offset,
                                           size_t n, struct hf_secret **out);

/* Write bytes at an offset, in as many commands as the TPM's buffer needs; a failure half way says how far it
 * came. Whole-index writes are not atomic beyond one command. Errors as hf_tpm_nv_read. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_write(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, size_t offset,
                                            struct hf_bytes data);

/* Extend an index of kind extend with data of up to the TPM's buffer: new = H(old || data). */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_extend(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, struct hf_bytes data);

/* Increment a counter by one. The first increment sets it to the highest value any counter of this TPM ever had, plus one. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_increment(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth);

/* Set bits of an index of kind bits: new = old | bits. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_set_bits(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, uint64_t bits);

/* Set a PIN index to a limit, its count to zero. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_pin_limit(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, uint32_t limit);

/* The number in a counter, in bits, or (count << 32 | limit) in a PIN index. HF_E_KEY_TYPE for other kinds. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_number(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, uint64_t *out);

/* No more writes: until the next reset (write_stclear), or for good (writedefine). HF_E_ARG where neither was
 * defined. */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_lock_write(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth);

/* No more reads until the next reset (read_stclear). */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_lock_read(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth);

/* Give an index another value. Only under its policy, which must permit the command NV_ChangeAuth (Part 3, 31.15). */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_change_auth(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth,
                                                  const struct hf_secret *new_auth);

/*
 * Certify what an index holds: its Name, an offset and the bytes there, signed by `key` over the nonce.
 *
 *   n  bytes, at most what one command carries: the TPM's NV buffer less the statement around them
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_nv_certify(struct hf_tpm_key *key, uint32_t index, const struct hf_tpm_nv_auth *auth,
                                              size_t offset, size_t n, struct hf_bytes nonce, const struct hf_tpm_signing *how,
                                              struct hf_tpm_statement *out);

#ifdef __cplusplus
}
#endif
#endif

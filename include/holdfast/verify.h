/*
 * One verdict over any evidence: SGX, TDX, SEV, SEV-SNP, Nitro, TPM, CCA, PSA, NVIDIA and vendor commitments.
 *
 *     struct hf_verifier *verifier = NULL;
 *     struct hf_verify_result *result = NULL;
 *
 *     hf_verifier_new(&verifier);
 *     hf_verifier_add_collateral(verifier, tcb_info, "tcb.json");
 *     hf_verify_result_new(&result);
 *     if (hf_verify(verifier, &request, result) == HF_OK)
 *         ...                                           every check held
 *
 * Verification is pure: no network, no clock, no file, no environment. The same evidence, collateral, roots, policy,
 * nonce and time give the same verdict on every machine. Every check is a row, and none stops another.
 *
 * Sources: RFC 9334 (RATS: evidence, endorsements, appraisal policy, results); AR4SI for the tiers; each format's own
 * documents are named in docs/verify-*.md.
 */
#ifndef HOLDFAST_VERIFY_H
#define HOLDFAST_VERIFY_H

#include <holdfast/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a verifier needs to know: the vendors' roots (built in, pinned by key), more roots, collateral, a policy; and a
 * bounded cache of facts that do not depend on time. One thread at a time may use one; hf_verifier_beside gives
 * another thread its own.
 */
struct hf_verifier;

/* A verifier that knows the vendors' roots and nothing else. Free with hf_verifier_free. HF_E_MEMORY. */
HF_API HF_MUST_CHECK hf_err hf_verifier_new(struct hf_verifier **out);

/* Free it and set *verifier to NULL. Accepts NULL in *verifier. */
HF_API void hf_verifier_free(struct hf_verifier **verifier);

/* Another verifier that shares roots, collateral and policy with `base`, which must outlive it and may not be added to
 * any more, with a cache of its own: one for each thread. */
HF_API HF_MUST_CHECK hf_err hf_verifier_beside(const struct hf_verifier *base, struct hf_verifier **out);

/*
 * Add what others say about the platform: certificates and CRLs (PEM, DER), Intel TCB infos and identities (as
 * the services answer them), AMD certificate tables, Open Enclave endorsements and more, in any order. `source`
 * names it in rows. The bytes are copied.
 *
 * Returns HF_OK, HF_E_FORMAT (it is nothing that is known), HF_E_LIMIT, HF_E_MEMORY; nothing is added then.
 */
HF_API HF_MUST_CHECK hf_err hf_verifier_add_collateral(struct hf_verifier *verifier, struct hf_bytes in,
                                                       const char *source);

/* Trust a root, in addition to the vendors': certificates or public keys, PEM or DER. What is chained to it has the
 * environment `unknown`: that it is hardware is the caller's knowledge, not the verifier's. */
HF_API HF_MUST_CHECK hf_err hf_verifier_add_root(struct hf_verifier *verifier, struct hf_bytes in, const char *source);

/* The policy: the name of a built-in one ("sgx-strict-2026-11"), or a policy's text, YAML or JSON. Set again, evidence
 * must satisfy all that were set; NULL: none any more. HF_E_NOT_FOUND names the built-in ones, HF_E_CONFIG gives line
 * and column, or the field in which two contradict each other; nothing is changed then. */
HF_API HF_MUST_CHECK hf_err hf_verifier_set_policy(struct hf_verifier *verifier, const char *name_or_text);

/* A check made outside (a custom validator, a replay store): its result is quoted as a row. */
struct hf_verify_outside {
    const char *name;
    bool passed;
    const char *note; /* NULL: none */
};

/* One question. Start with {0}. Views must live until hf_verify returns; those of `evidence`, as long as the result. */
struct hf_verify_request {
    const struct hf_bytes *evidence; /* one or more files as they came: raw, hex, base64, PEM, JSON, CMW */
    size_t n_evidence;
    const char *kind; /* NULL or "auto": from the bytes; or "sgx", "snp-report", ... */
    int64_t at;       /* seconds since 1970-01-01 UTC at which to judge; may be negative */
    bool has_nonce;
    struct hf_bytes nonce; /* fresh bytes that the evidence must be about */
    bool has_report_data;
    struct hf_bytes report_data; /* the exact field that the evidence must carry */
    const char *recipe;          /* how the nonce stands in it; NULL: any that is known */
    struct hf_bytes public_key;  /* for recipes that name one */
    struct hf_bytes model_hash;  /* for recipes that name one */
    const char *const *expect;   /* "mrenclave=<hex>": claims as the JSON result prints them */
    size_t n_expect;
    const struct hf_verify_outside *outside;
    size_t n_outside;
};

/* The answer. It may be used again and again, which allocates nothing. */
struct hf_verify_result;

/* Room for an answer, about 400 KB. Free with hf_verify_result_free. HF_E_MEMORY. */
HF_API HF_MUST_CHECK hf_err hf_verify_result_new(struct hf_verify_result **out);

/* Free it and set *result to NULL. Accepts NULL in *result. */
HF_API void hf_verify_result_free(struct hf_verify_result **result);

/*
 * Judge. `result` is filled in unless the return value is one of those of the last group.
 *
 * Returns
 *   HF_OK           affirming: every check held
 *   HF_E_WARNED     warning: nothing failed, but something warns or lacks its input
 *   HF_E_UNTRUSTED  contraindicated, or nothing could be checked
 * or, when there is no verdict at all,
 *   HF_E_FORMAT     the bytes are of no known kind, or not of the kind that was said
 *   HF_E_ARG        an expectation that names no claim's name or has no value, an unknown kind or recipe
 *   HF_E_LIMIT, HF_E_MEMORY
 */
HF_API HF_MUST_CHECK hf_err hf_verify(struct hf_verifier *verifier, const struct hf_verify_request *request,
                                      struct hf_verify_result *result);

/* "affirming", "warning", "contraindicated", "none". Never NULL. */
HF_API const char *hf_verify_result_verdict(const struct hf_verify_result *result);

/* The i-th check; texts live as long as the result. HF_E_NOT_FOUND past the last. */
struct hf_verify_row {
    const char *name;
    const char *status; /* "ok", "not applicable", "absent", "warning", "failed" */
    const char *expected;
    const char *found;
    const char *note;
};
HF_API HF_MUST_CHECK hf_err hf_verify_result_row(const struct hf_verify_result *result, size_t i,
                                                 struct hf_verify_row *out);

/* A claim's value as text, appended: hex, decimal, true, words with commas. HF_E_NOT_FOUND. */
HF_API HF_MUST_CHECK hf_err hf_verify_result_claim(const struct hf_verify_result *result, const char *name,
                                                   struct hf_buf *out);

/* The whole answer as a checklist for people, appended. HF_E_MEMORY. */
HF_API HF_MUST_CHECK hf_err hf_verify_result_text(const struct hf_verify_result *result, struct hf_buf *out);

/* The whole answer as one JSON object, appended. HF_E_MEMORY. */
HF_API HF_MUST_CHECK hf_err hf_verify_result_json(const struct hf_verify_result *result, struct hf_buf *out);

/* The answer in the shape of a VerificationResult: status, failures, warnings, appended. HF_E_MEMORY. */
HF_API HF_MUST_CHECK hf_err hf_verify_result_pot(const struct hf_verify_result *result, struct hf_buf *out);

/* How an EAR is made. Start with {0}; give `key`, or `sign` and `alg`: that signs with a key that is elsewhere, a TPM's
 * for instance. Its `digest` is SHA-256 for ES256, SHA-384 for ES384, the message itself for EdDSA; it appends r || s,
 * or Ed25519's 64 bytes. */
struct hf_ear_how {
    bool cwt;                 /* a CWT (COSE_Sign1, tagged) in place of a JWT */
    struct hf_bytes key;      /* a private key, PEM or DER: P-256, P-384 or Ed25519 */
    hf_err (*sign)(void *arg, struct hf_bytes digest, struct hf_buf *out);
    void *arg;                /* for it */
    const char *alg;          /* "ES256", "ES384", "EdDSA": of `sign` */
    const char *kid;          /* the key's name in the header; NULL: none */
    int64_t expires;          /* seconds since 1970; 0: it does not */
    struct hf_bytes evidence; /* carried inside; empty: none */
    const char *developer;    /* who runs this verifier; NULL: "holdfast" */
    const char *build;        /* NULL: the library's version */
};

/*
 * The whole answer as an EAT Attestation Result (draft-ietf-rats-ear-04), signed, appended: a submodule for each item,
 * with its tier, trustworthiness vector, policy and claims. It is issued at the time of judgement.
 *
 * Returns HF_OK, or
 *   HF_E_ARG       neither a key nor a function, an unknown algorithm, a nonce that is not 8 to 64 bytes long
 *   HF_E_KEY_TYPE  a key that EARs are not signed with
 *   HF_E_FORMAT    no private key
 *   HF_E_MEMORY, and what `sign` returned
 */
HF_API HF_MUST_CHECK hf_err hf_verify_result_ear(const struct hf_verify_result *result, const struct hf_ear_how *how,
                                                 struct hf_buf *out);

#ifdef __cplusplus
}
#endif
#endif

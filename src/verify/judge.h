/*
 * What every verifier is given, and the rows that all kinds share. A verifier judges one item of evidence: it adds
 * rows to the verdict and claims to its own list, runs all its checks, and never stops at the first that fails.
 * It is pure: no file, network, clock or environment; the same inputs give the same rows.
 *
 * Names of rows that policies and readers know; a verifier uses them for what they mean, and adds its own beside:
 *
 *   structure            the bytes are what they claim to be
 *   signature            of the evidence itself, over the bytes as they came
 *   certificate chain    the signer's, to a pinned root (one row, or one for each link that fails)
 *   root                 which pin it ended in
 *   validity             both ends of every interval at the time of judgement
 *   revocation           lists that cover every certificate of the chain; `absent` without one, naming its URL
 *   platform level       the TCB: found and needed, in numbers; what would have to change
 *   advisories, collateral, module identity, relaunch, hardware id, firmware order: the format's
 *   debug, migration     of every kind, under these names
 *   reserved bits        unknown bits, versions, fields
 *   report data, nonce, freshness, age, environment: below; nonce use, replay: core/verify.h
 *   expected NAME        a wanted value (--expect, and a policy's measurements)
 *
 * With several items of evidence, rows of each begin with its name: "gpu: signature" (hf_judge does it).
 */
#ifndef HF_VERIFY_JUDGE_H
#define HF_VERIFY_JUDGE_H

#include "evidence/table.h"
#include "verify/anchors.h"
#include "verify/cache.h"
#include "verify/claims.h"
#include "verify/endorsements.h"
#include "verify/verdict.h"

/* How the caller's nonce stands in the evidence. */
enum hf_recipe {
    HF_RECIPE_ANY,                 /* the first of those below that fits; the row says which */
    HF_RECIPE_RAW64,               /* nonce || zeros, to the field's size; equal where the field has any length */
    HF_RECIPE_SHA256_NONCE,        /* SHA-256(nonce) || zeros */
    HF_RECIPE_SHA512_NONCE,        /* SHA-512(nonce) */
    HF_RECIPE_SHA512_NONCE_PUBKEY, /* SHA-512(nonce || public key) */
    HF_RECIPE_MODEL_NONCE_KEY,     /* SHA-256(model identity hash || nonce || public key) || zeros */
    HF_RECIPE_AZURE_HCL,           /* SHA-256(HCL runtime data) || zeros; the nonce is in the TPM quote */
};
const char *hf_recipe_name(enum hf_recipe recipe); /* "raw64". Never NULL */
hf_err hf_recipe_by_name(const char *name, enum hf_recipe *out);

/* When the verdict holds: the overlap of every interval that was looked at. */
struct hf_horizon {
    hf_time from, until;
    char from_by[64], until_by[64]; /* what ends it: "TCB info", "PCK certificate" */
};
void hf_horizon_start(struct hf_horizon *h);
void hf_horizon_narrow(struct hf_horizon *h, hf_time from, hf_time until, const char *by);

struct hf_judge {
    const struct hf_anchors *anchors;
    const struct hf_endorsements *endorsements; /* the verifier's; never NULL; may be empty */
    const struct hf_endorsements *inner;        /* what travelled with the evidence; never NULL; may be empty */
    struct hf_cache *cache;                     /* NULL: none */
    hf_time at;
    const struct hf_bytes *nonce;       /* NULL: none was given */
    const struct hf_bytes *report_data; /* the exact field that is wanted; NULL: none was given */
    enum hf_recipe recipe;
    struct hf_bytes public_key;                 /* for recipes that name one */
    struct hf_bytes model_hash;                 /* for recipes that name one: 32 bytes */
    const struct hf_evidence_item *const *also; /* other items judged in the same call: bindings are checked by it */
    size_t n_also;
};

/* What would have been needed and was not given, with the address that has it. */
#define HF_MISSING_MAX 8
struct hf_missing {
    char what[48]; /* "TCB info", "VCEK": as rows say it */
    char url[256];
};

/* What a verifier fills in beside the rows. */
struct hf_findings {
    struct hf_claims claims;
    struct hf_horizon horizon;
    enum hf_environment environment; /* what the root proves, lowered by the producer's mark */
    enum hf_level { HF_LEVEL_LOW, HF_LEVEL_MEDIUM, HF_LEVEL_HIGH } level; /* seed 002; LOW unless environment allows */
    bool has_time;
    hf_time made_at; /* when the evidence says that it was made */
    bool fresh;      /* nonce or report data were compared and equal: hf_judge_freshness sets it */
    size_t n_missing;
    struct hf_missing missing[HF_MISSING_MAX]; /* hf_judge_missing adds; `holdfast collateral fetch` gets them */
};

/* Something is missing that this URL has. The same URL is kept once; one that is too long, or the ninth, is dropped. */
void hf_judge_missing(struct hf_findings *f, const char *what, const char *url, ...) HF_PRINTF(3, 4);

/* The next endorsement of a kind, from both sets; *at starts at 0. NULL at the end. */
const struct hf_endorsement *hf_judge_next(const struct hf_judge *j, enum hf_endorsement_kind kind, size_t *at);

typedef void hf_judge_fn(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v,
                         struct hf_findings *f);

/* The verifier of a format (evidence/table.h) by name; NULL where it can be inspected only. Rows in verify/table.c. */
hf_judge_fn *hf_judge_of(const char *format);

/*
 * Rows "report data", "nonce" and "freshness" over the field that carries them: `carried` as it stands in the
 * evidence, `size` what it must be padded to (0: any length, compared as it is). Sets f->fresh.
 * Neither nonce nor report data given: row "freshness" is absent.
 */
void hf_judge_freshness(const struct hf_judge *j, struct hf_bytes carried, size_t size, struct hf_verdict *v,
                        struct hf_findings *f);

/* Row "debug": one switch over all kinds. `how`: "policy bit 19", "PCR0 is zero". Sets claim "debug". */
void hf_judge_debug(bool debug, const char *how, struct hf_verdict *v, struct hf_findings *f);

/*
 * Rows "certificate chain", "root" and "validity" of a chain, with the cache's help: the signatures of a chain that
 * was found good once are not checked again. Sets f->environment by the root and by HF_OID_EMULATED, and the horizon.
 * `out` is filled in as hf_chain_check does; false when any of the rows failed.
 */
bool hf_judge_chain(const struct hf_judge *j, enum hf_anchor_vendor vendor, const struct hf_cert *leaf,
                    const struct hf_certs *pool, const struct hf_chain_options *rules, struct hf_verdict *v,
                    struct hf_findings *f, struct hf_chain *out);

/*
 * Row "revocation" over every certificate of the chain below the root, by the lists among the endorsements. `url`:
 * where the list is that covers the leaf, and certificates without a CRL distribution point (may be NULL). A list of another time counts as missing, with its dates.
 */
bool hf_judge_revocation(const struct hf_judge *j, const struct hf_chain *chain, const char *url, struct hf_verdict *v,
                         struct hf_findings *f);

#endif

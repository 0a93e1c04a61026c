/*
 * From a leaf to a pinned root: pure, without system trust, network or clock.
 *
 * Every certificate on the way is checked at one time: both ends of its validity, its signature, CA bit,
 * path length, keyUsage, critical extensions. Each check is a row that says what was seen.
 */
#ifndef HF_CRYPTO_CHAIN_H
#define HF_CRYPTO_CHAIN_H

#include "crypto/x509.h"

#define HF_CHAIN_MAX 8   /* certificates, leaf and root included */
#define HF_CHAIN_ROWS 72 /* at most nine for each certificate */

enum hf_chain_check {
    HF_CHAIN_SIGNATURE,  /* by the next certificate's key; a root pinned by key: by itself */
    HF_CHAIN_NOT_BEFORE, /* valid already */
    HF_CHAIN_NOT_AFTER,  /* valid still */
    HF_CHAIN_CA,         /* may issue: basicConstraints */
    HF_CHAIN_PATH_LEN,   /* not more CAs below than it allows */
    HF_CHAIN_KEY_USAGE,  /* an issuer's has keyCertSign */
    HF_CHAIN_CRITICAL,   /* no critical extension that nobody understands */
    HF_CHAIN_EKU,        /* the leaf's extended key usage, when one is asked for */
    HF_CHAIN_ROOT,       /* the last certificate is pinned */
};

/* "signature", "not before", "CA bit", …. Never NULL. */
const char *hf_chain_check_name(enum hf_chain_check check);

struct hf_chain_row {
    const struct hf_cert *cert; /* whose */
    size_t depth;               /* 0: the leaf */
    enum hf_chain_check check;
    hf_err err;       /* HF_OK, or what was wrong */
    char detail[160]; /* "" when all is well */
};

struct hf_chain_options {
    hf_time at;
    /* The roots: by SHA-256 of SubjectPublicKeyInfo (that certificate must then also be self-signed, which
     * is what vouches for its dates), or by the certificate itself, which is taken as it is. */
    const uint8_t (*root_spki)[32];
    size_t n_root_spki;
    const struct hf_certs *roots;
    const char *const *understood; /* critical extensions that the caller judges, by OID */
    size_t n_understood;
    const char *leaf_eku; /* must be among the leaf's; NULL: not looked at */
    bool need_key_usage;  /* an issuer without keyUsage is refused */
    bool allow_sha1;      /* signatures over SHA-1 count */
    bool allow_v1_root;   /* a root pinned as a certificate may be version 1, without basicConstraints */
};

struct hf_chain {
    size_t n;
    const struct hf_cert *cert[HF_CHAIN_MAX]; /* leaf first; owned by whoever gave them */
    size_t n_rows;
    struct hf_chain_row row[HF_CHAIN_ROWS];
    hf_time valid_from, valid_until; /* when all of them are valid; of a chain kept for later, compare these */
    bool anchored;                   /* the last one is a pinned root */
};

/*
 * Build the best chain from a leaf and check it. `pool` holds intermediates, and roots that are pinned by key, in
 * any order; NULL for none. Among several ways the first is taken on which nothing fails.
 *
 * *out is filled in either way. Returns HF_OK when nothing failed, HF_E_UNTRUSTED when something did: the
 * detail names the first failed row, with the certificate and the reason. HF_E_ARG: no roots were given.
 */
hf_err hf_chain_check(const struct hf_cert *leaf, const struct hf_certs *pool, const struct hf_chain_options *options,
                      struct hf_chain *out);

/* Is this chain, already found good, valid at another time? HF_E_UNTRUSTED names the certificate. */
hf_err hf_chain_check_time(const struct hf_chain *chain, hf_time at);

#endif

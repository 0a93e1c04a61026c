/* Shared by chain.c, which finds a path, and chain_rules.c, which judges it. */
#ifndef HF_CRYPTO_CHAIN_I_H
#define HF_CRYPTO_CHAIN_I_H

#include "crypto/chain.h"

enum hf_anchor {
    HF_ANCHOR_NONE,
    HF_ANCHOR_CERT, /* pinned as a certificate */
    HF_ANCHOR_KEY,  /* pinned by its key; its own signature vouches for the rest */
};

/* The outcome of verifying a certificate with the next one's key (the last: with its own). */
struct hf_link {
    hf_err err;
    char detail[160];
};

struct hf_path {
    size_t n;
    const struct hf_cert *cert[HF_CHAIN_MAX];
    struct hf_link link[HF_CHAIN_MAX];
    enum hf_anchor anchor; /* of the last */
};

/* All rows of a path. */
void hf_path_judge(const struct hf_path *path, const struct hf_chain_options *opt, struct hf_chain *out);

#endif

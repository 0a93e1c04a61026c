/*
 * The ID block of a SEV-SNP guest: what its owner signed before launch, and the keys it was signed with. AMD
 * publication 56860, "ID Block" and "ID Authentication Information Structure". Little-endian.
 */
#ifndef HF_EVIDENCE_SNP_ID_BLOCK_H
#define HF_EVIDENCE_SNP_ID_BLOCK_H

#include "crypto/pubkey.h"
#include "evidence/table.h"

#define HF_SNP_ID_BLOCK_SIZE 96
#define HF_SNP_ID_AUTH_SIZE 4096
#define HF_AMD_KEY_SIZE 1028 /* of AMD's form of a public key */

/* Views point into the input. */
struct hf_snp_id_block {
    struct hf_bytes launch_digest;       /* 48 */
    struct hf_bytes family_id, image_id; /* 16 */
    uint32_t version;                    /* 1 */
    uint32_t guest_svn;
    uint64_t policy;
    struct hf_bytes whole; /* what is signed */
};

struct hf_snp_id_auth {
    uint32_t id_key_algo, author_key_algo; /* 1: ECDSA P-384 with SHA-384; author 0: none */
    struct hf_bytes block_r, block_s;      /* 72 each: of the ID block by the ID key */
    struct hf_bytes id_key;                /* 1028 */
    struct hf_bytes key_r, key_s;          /* of the ID key by the author key */
    struct hf_bytes author_key;            /* 1028 */
};

/* HF_E_TRUNCATED, HF_E_TRAILING; HF_E_FORMAT for another version, algorithm, or reserved bytes that are not zero. */
hf_err hf_snp_id_block_parse(struct hf_bytes in, struct hf_snp_id_block *out);
hf_err hf_snp_id_auth_parse(struct hf_bytes in, struct hf_snp_id_auth *out);

void hf_snp_id_block_write(const struct hf_snp_id_block *block, uint8_t out[HF_SNP_ID_BLOCK_SIZE]);
void hf_snp_id_auth_write(const struct hf_snp_id_auth *auth, uint8_t out[HF_SNP_ID_AUTH_SIZE]);

/* AMD's form of a P-384 key: curve 2, QX and QY in 72 bytes each, little-endian, zeros. HF_E_FORMAT, and back. */
hf_err hf_amd_key_parse(struct hf_bytes in, struct hf_pubkey **out);
hf_err hf_amd_key_write(const struct hf_pubkey *key, uint8_t out[HF_AMD_KEY_SIZE]);

/* What a report has as id_key_digest or author_key_digest: SHA-384 over AMD's form of the key. */
hf_err hf_amd_key_digest(struct hf_bytes amd_key, struct hf_digest *out);

hf_err hf_snp_id_block_inspect(struct hf_bytes in, struct hf_inspect *out);

#endif

/*
 * Keys in a TPM: primaries, children, persistent objects, and what they do.
 *
 * A key is a scope: closing it flushes what it loaded. Its blobs stay with it, so that it loads again
 * by itself after a reconnect, and any number of keys can be open on a TPM with three slots. A key may
 * be used from several threads; one connection serves one command at a time.
 *
 * Sources: TCG TPM 2.0 Library, Part 2, section 12 (structures), Part 3, sections 12 to 14 and 20.
 */
#ifndef HOLDFAST_KEY_H
#define HOLDFAST_KEY_H

#include <holdfast/tpm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hf_tpm_key;

/* Where a primary stands: its seed. */
enum hf_tpm_hierarchy { HF_TPM_OWNER, HF_TPM_ENDORSEMENT, HF_TPM_PLATFORM, HF_TPM_NULL };

/* Hash and scheme numbers are TPM_ALG_ID (TCG Algorithm Registry). 0 asks for the default named in each call. */
enum hf_tpm_scheme {
    HF_TPM_SCHEME_DEFAULT = 0,
    HF_TPM_RSASSA = 0x0014,
    HF_TPM_RSAES = 0x0015,
    HF_TPM_RSAPSS = 0x0016,
    HF_TPM_OAEP = 0x0017,
    HF_TPM_ECDSA = 0x0018,
    HF_TPM_HMAC = 0x0005,
};

/* What a key is for. */
enum hf_tpm_use {
    HF_TPM_USE_SIGN = 1,        /* signs whatever it is given; for hmac keys: authenticates */
    HF_TPM_USE_DECRYPT = 2,     /* decrypts, agrees on keys; for aes keys: encrypts and decrypts */
    HF_TPM_USE_ATTEST = 4,      /* restricted signing: signs only what the TPM itself made (quotes) */
    HF_TPM_USE_PARENT = 8,      /* restricted decryption: a storage key, other keys stand under it */
    HF_TPM_USE_MOVABLE = 16,    /* neither fixedTPM nor fixedParent: may be duplicated, under a policy that permits it */
    HF_TPM_USE_DA = 32,         /* its authorization is under dictionary-attack protection: for PINs */
    HF_TPM_USE_POLICY_ONLY = 64 /* userWithAuth clear: the policy alone permits its use */
};

/* What to make. Start with {0} and an algorithm. */
struct hf_tpm_key_spec {
    /* "ecc-p256", "ecc-p384", "ecc-p521", "rsa2048", "rsa3072", "rsa4096", "aes128", "aes256", "hmac".
     * What the TPM lacks is HF_E_UNSUPPORTED, never another key. */
    const char *algorithm;
    unsigned use;             /* bits of enum hf_tpm_use; 0: SIGN for rsa, ecc and hmac, DECRYPT for aes */
    unsigned hash;            /* nameAlg, and the hash of a restricted key's scheme; 0: SHA-256 */
    enum hf_tpm_scheme scheme; /* fixed scheme; 0: any at the time of use (attestation keys: ecdsa, rsassa) */
    const struct hf_secret *auth; /* its authorization value; NULL: empty. At most the name hash's size. */
    struct hf_bytes policy;   /* policy digest, of the name hash's size; empty: none */
    struct hf_bytes sealed;   /* data to seal (hf_tpm_seal sets it): algorithm is then "sealed" */
    struct hf_bytes outside;  /* outsideInfo, kept in the creation data; at most 64 bytes */
};

/* Make a primary key. `hierarchy_auth` may be NULL: empty. Takes the TPM 30 ms to minutes (RSA). */
HF_API HF_MUST_CHECK hf_err hf_tpm_create_primary(struct hf_tpm *tpm, enum hf_tpm_hierarchy hierarchy,
                                                  const struct hf_secret *hierarchy_auth, const struct hf_tpm_key_spec *spec,
                                                  struct hf_tpm_key **out);

/* The storage root key at 0x81000001: adopted, or made there (ECC P-256, the template of the TSS2 key
 * file specification). Never overwritten. */
HF_API HF_MUST_CHECK hf_err hf_tpm_storage_root(struct hf_tpm *tpm, struct hf_tpm_key **out);

/*
 * Make a key under a parent and load it.
 *
 *   parent  a storage key; NULL: the storage root key
 *
 * Returns HF_OK, or
 *   HF_E_UNSUPPORTED  the TPM has no such algorithm or size; the detail names the limit
 *   HF_E_KEY_TYPE     the parent is no storage key
 *   HF_E_ARG          spec contradicts itself
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_generate_key_pair(struct hf_tpm *tpm, struct hf_tpm_key *parent,
                                                     const struct hf_tpm_key_spec *spec, struct hf_tpm_key **out);

/*
 * A key from its blobs: TPM2B_PUBLIC and TPM2B_PRIVATE with or without their size fields. It is loaded
 * on first use. HF_E_PARENT when the blob does not belong under this parent or this TPM, or is damaged.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_load_key(struct hf_tpm *tpm, struct hf_tpm_key *parent, struct hf_bytes private_blob,
                                            struct hf_bytes public_blob, struct hf_tpm_key **out);

/* Only the public part of some key, for verifying and encrypting in the TPM: TPM2B_PUBLIC, TPMT_PUBLIC, or
 * SubjectPublicKeyInfo PEM. */
HF_API HF_MUST_CHECK hf_err hf_tpm_load_external(struct hf_tpm *tpm, struct hf_bytes public_blob, struct hf_tpm_key **out);

/* A persistent or loaded object by its handle. Closing does not flush it. HF_E_NOT_FOUND. */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_at(struct hf_tpm *tpm, uint32_t handle, struct hf_tpm_key **out);

/* Flush and free. An asynchronous operation with it that has begun is waited for; one that has not ends with
 * HF_E_CANCELLED. Accepts NULL in *key; leaves NULL. */
HF_API void hf_tpm_key_close(struct hf_tpm_key **key);

/* The key's parent is closed together with the key from now on, and belongs to it. */
HF_API void hf_tpm_key_keep_parent(struct hf_tpm_key *key);

/* Its authorization value from now on: a copy is kept in locked memory. NULL: empty. */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_set_auth(struct hf_tpm_key *key, const struct hf_secret *auth);

/* What a key is. Views live as long as the key. */
struct hf_tpm_key_info {
    char algorithm[16];         /* as in hf_tpm_key_spec, or "sealed", or the TPM's number */
    unsigned bits;
    unsigned use;               /* bits of enum hf_tpm_use */
    unsigned name_hash;
    unsigned scheme, scheme_hash; /* 0: any */
    uint32_t attributes;        /* TPMA_OBJECT */
    uint32_t handle;            /* 0 when not loaded */
    bool persistent;
    struct hf_bytes name;       /* nameAlg || digest, 22 to 66 bytes */
    struct hf_bytes policy;     /* policy digest; empty: none */
    struct hf_bytes public_area;  /* TPMT_PUBLIC */
    struct hf_bytes private_blob; /* TPM2B_PRIVATE without size; empty for primaries and persistent keys */
    struct hf_bytes parent_name;  /* empty for primaries and persistent keys */
};
HF_API void hf_tpm_key_info(const struct hf_tpm_key *key, struct hf_tpm_key_info *out);

/* The public part as SubjectPublicKeyInfo PEM. HF_E_KEY_TYPE for symmetric keys and sealed data. */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_public_pem(const struct hf_tpm_key *key, struct hf_buf *out);

/* Creation data (TPMS_CREATION_DATA), its hash and ticket, of a key made by this process. HF_E_NOT_FOUND
 * for others. Views live as long as the key. */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_creation(const struct hf_tpm_key *key, struct hf_bytes *data, struct hf_bytes *hash,
                                                struct hf_bytes *ticket);

/* Make a loaded key persistent at a handle, or remove the persistent object there. HF_E_EXISTS when the
 * handle is taken; HF_E_FULL. */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_persist(struct hf_tpm_key *key, const struct hf_secret *owner_auth, uint32_t handle);
HF_API HF_MUST_CHECK hf_err hf_tpm_evict(struct hf_tpm *tpm, const struct hf_secret *owner_auth, uint32_t handle);

/* Give a key another authorization value: a new private blob comes back in the key (Part 3, 12.8). A
 * persistent key cannot (HF_E_KEY_TYPE): load it from its blob. */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_change_auth(struct hf_tpm_key *key, const struct hf_secret *auth);

/*
 * Bring a key made elsewhere under a parent of this TPM (TPM2_Import). It was outside once: promise 1 does
 * not hold for it, and it can be duplicated again only where spec->use and a policy say so.
 *
 *   private_key  PEM or DER (PKCS#8, SEC1, PKCS#1) for ecc and rsa; 16, 24 or 32 raw bytes for aes; up to
 *                64 raw bytes for hmac
 *   passphrase   of an encrypted PEM; NULL: none
 *   spec         algorithm "aes…" or "hmac" for raw bytes; NULL or found out for the others
 *
 * HF_E_UNSUPPORTED where the TPM has no such algorithm or size.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_import_key(struct hf_tpm *tpm, struct hf_tpm_key *parent, const struct hf_secret *private_key,
                                              const struct hf_secret *passphrase, const struct hf_tpm_key_spec *spec,
                                              struct hf_tpm_key **out);

/*
 * Wrap a movable key for another parent, which may be in another TPM (TPM2_Duplicate). The key's policy must
 * permit it (command duplicate, or duplicate-to). Writes an importable "TSS2 PRIVATE KEY" PEM.
 *
 *   new_parent     TPMT_PUBLIC or TPM2B_PUBLIC of the other storage key
 *   parent_handle  by which the file names it there; 0: the owner hierarchy's primary
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_duplicate(struct hf_tpm_key *key, struct hf_bytes new_parent, uint32_t parent_handle,
                                             struct hf_buf *pem);

/*
 * Sign data, hashed here: any length.
 *
 *   scheme  0: the key's own, else ecdsa for ecc, rsassa for rsa
 *   hash    0: the key's own, else SHA-256 (P-384: SHA-384, P-521: SHA-512)
 *   out     replaced by r || s (each as long as the curve) or the RSA block
 *
 * Returns HF_OK, or
 *   HF_E_KEY_TYPE  the key cannot sign, or not with this scheme or hash
 *   HF_E_AUTH      wrong authorization value; for keys under dictionary-attack protection the detail
 *                  says how many tries are left
 *   HF_E_LOCKED    the TPM is in lockout
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_sign(struct hf_tpm_key *key, struct hf_bytes data, enum hf_tpm_scheme scheme, unsigned hash,
                                        struct hf_buf *out);

/* The same over a digest that is made already; 20 to 64 bytes, matching the hash. */
HF_API HF_MUST_CHECK hf_err hf_tpm_sign_digest(struct hf_tpm_key *key, struct hf_bytes digest, enum hf_tpm_scheme scheme,
                                               unsigned hash, struct hf_buf *out);

/* Verify in software with the public part. HF_E_MISMATCH: the signature is not the key's over this data. */
HF_API HF_MUST_CHECK hf_err hf_tpm_verify_signature(const struct hf_tpm_key *key, struct hf_bytes data, struct hf_bytes signature,
                                                    enum hf_tpm_scheme scheme, unsigned hash);

/* Verify in the TPM (TPM2_VerifySignature). */
HF_API HF_MUST_CHECK hf_err hf_tpm_verify_in_tpm(struct hf_tpm_key *key, struct hf_bytes data, struct hf_bytes signature,
                                                 enum hf_tpm_scheme scheme, unsigned hash);

/* How to encrypt. */
enum hf_tpm_mode {
    HF_TPM_MODE_DEFAULT,  /* aes: CFB as the seed's mode; rsa: OAEP with SHA-256 */
    HF_TPM_MODE_CFB,      /* iv (16 fresh bytes) || ciphertext; no integrity */
    HF_TPM_MODE_CFB_HMAC, /* the same || HMAC-SHA256 over all of it, by a key derived through the TPM: authenticated */
    HF_TPM_MODE_OAEP,
    HF_TPM_MODE_RSAES,
};
struct hf_tpm_crypt {
    enum hf_tpm_mode mode;
    unsigned hash;         /* OAEP; 0: SHA-256 */
    struct hf_bytes label; /* OAEP; a final NUL is added where it is missing (Part 1, B.4) */
};

/* Encrypt (aes in the TPM, any length; rsa in software with the public part, one block) and decrypt.
 * `how` may be NULL. HF_E_KEY_TYPE for a key that cannot; HF_E_INTEGRITY for an authenticated ciphertext
 * that was changed. */
HF_API HF_MUST_CHECK hf_err hf_tpm_encrypt(struct hf_tpm_key *key, struct hf_bytes data, const struct hf_tpm_crypt *how,
                                           struct hf_buf *out);
HF_API HF_MUST_CHECK hf_err hf_tpm_decrypt(struct hf_tpm_key *key, struct hf_bytes data, const struct hf_tpm_crypt *how,
                                           struct hf_secret **out);

/* HMAC with a key in the TPM, any length. out is replaced. */
HF_API HF_MUST_CHECK hf_err hf_tpm_hmac(struct hf_tpm_key *key, struct hf_bytes data, struct hf_buf *out);

/* ECDH: the shared point's x coordinate with a peer's point given as SPKI PEM or as x || y. */
HF_API HF_MUST_CHECK hf_err hf_tpm_ecdh(struct hf_tpm_key *key, struct hf_bytes peer, struct hf_secret **z);

/* A hash computed by the TPM, any length (sequences where needed). */
HF_API HF_MUST_CHECK hf_err hf_tpm_hash(struct hf_tpm *tpm, unsigned hash, struct hf_bytes data, struct hf_buf *out);

/*
 * Sealed data: up to 128 bytes that the TPM gives back to whoever satisfies authorization and policy.
 * spec->algorithm is ignored; spec->sealed is set from `data`. A `policy` digest goes in spec->policy.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_seal(struct hf_tpm *tpm, struct hf_tpm_key *parent, const struct hf_secret *data,
                                        const struct hf_tpm_key_spec *spec, struct hf_tpm_key **out);
HF_API HF_MUST_CHECK hf_err hf_tpm_unseal(struct hf_tpm_key *key, struct hf_secret **out);

/* Asynchronous signing: starts at once in a thread of the connection, in the order of starting. */
HF_API HF_MUST_CHECK hf_err hf_tpm_start_async_sign(struct hf_tpm_key *key, struct hf_bytes data, enum hf_tpm_scheme scheme,
                                                    unsigned hash, uint64_t *operation);

/* Wait at most wait_ms (UINT32_MAX: without end) for an operation: its result, once. HF_E_TIMEOUT while
 * it is under way; HF_E_NOT_FOUND for an id that is unknown or was collected. */
HF_API HF_MUST_CHECK hf_err hf_tpm_wait_for_completion(struct hf_tpm *tpm, uint64_t operation, uint32_t wait_ms,
                                                       struct hf_buf *out);

/* Cancel an operation that has not begun: HF_E_BUSY when it has. Its id is gone afterwards. */
HF_API HF_MUST_CHECK hf_err hf_tpm_cancel_operation(struct hf_tpm *tpm, uint64_t operation);

#ifdef __cplusplus
}
#endif
#endif

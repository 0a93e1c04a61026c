/*
 * The objects in a TPM: which are there, what they are, and handing them to other programs.
 *
 * Sources: TCG TPM 2.0 Library, Part 3, section 28 (contexts and persistence); TCG TPM 2.0 Provisioning Guidance
 * (handles of SRK and EK); TCG TPM 2.0 Keys for Device Identity and Attestation (IDevID, IAK).
 */
#ifndef HOLDFAST_OBJECTS_H
#define HOLDFAST_OBJECTS_H

#include <holdfast/keyfile.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An object at a handle. */
struct hf_tpm_object {
    uint32_t handle;
    char algorithm[16]; /* as in struct hf_tpm_key_info */
    /* "srk-keyfile", "srk-tcg", "srk-tpm2-tools", "srk": a storage root key by its template; "ek-rsa2048" and so
     * on by the EK profile; "idevid", "iak" by their handles; "attest", "parent", "sealed", "sign", "decrypt",
     * "sign-decrypt" by attributes */
    char kind[32];
    bool system; /* SRK, EK, IAK, IDevID: other programs count on it */
    size_t n_name;
    uint8_t name[66];
};

/* Called for each object until it gives something else than HF_OK. */
typedef hf_err hf_tpm_object_each(void *arg, const struct hf_tpm_object *object);

/* The persistent objects, in ascending order; and what this connection has in the TPM: transient objects, and
 * sessions (of these only the handle is known). */
HF_API HF_MUST_CHECK hf_err hf_tpm_persistent_each(struct hf_tpm *tpm, hf_tpm_object_each *each, void *arg);
HF_API HF_MUST_CHECK hf_err hf_tpm_transient_each(struct hf_tpm *tpm, hf_tpm_object_each *each, void *arg);
HF_API HF_MUST_CHECK hf_err hf_tpm_session_each(struct hf_tpm *tpm, hf_tpm_object_each *each, void *arg);

/* One of them. HF_E_NOT_FOUND. */
HF_API HF_MUST_CHECK hf_err hf_tpm_object_at(struct hf_tpm *tpm, uint32_t handle, struct hf_tpm_object *out);

/* Does a handle belong to the system, whatever stands there: "SRK", "IAK", "IDevID"? NULL: no. */
HF_API const char *hf_tpm_system_handle(uint32_t handle);

/* Load a key now rather than at its first use: says whether it can be. */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_load_now(struct hf_tpm_key *key);

/*
 * A key from the blobs of TPM2_Duplicate (as tpm2_duplicate writes them: public, private, seed), imported under a
 * parent. TPM2Bs with or without their size fields; there must be no inner wrapper. `parent` NULL: the storage
 * root key.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_load_duplicate(struct hf_tpm *tpm, struct hf_tpm_key *parent,
                                                  struct hf_bytes duplicate, struct hf_bytes public_blob,
                                                  struct hf_bytes seed, struct hf_tpm_key **out);

/*
 * A public key as TPMT_PUBLIC: from SubjectPublicKeyInfo PEM.
 *
 *   storage  false: for verifying and encrypting (sign | decrypt, any scheme). true: as the storage key that the
 *            key file specification's template makes, which is what the PEM of an SRK most likely stands for.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_public_from_pem(struct hf_bytes pem, bool storage, struct hf_buf *out);

/*
 * A loaded key as a context file of tpm2-tools (`tpm2_sign -c FILE`), and back. It is good until the TPM's next
 * reset, and for nobody but this TPM. HF_E_KEY_TYPE for a persistent key: name its handle instead. Reading:
 *   HF_E_PARENT  the TPM does not take it: another TPM's, damaged, or from before a reset
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_to_context(struct hf_tpm_key *key, struct hf_buf *out);
HF_API HF_MUST_CHECK hf_err hf_tpm_key_from_context(struct hf_tpm *tpm, struct hf_bytes file, struct hf_tpm_key **out);

/*
 * Flush what other programs left in the TPM: objects and sessions, loaded and saved. Only on a TPM without a
 * resource manager (swtpm, /dev/tpm0), where such things stay; HF_E_UNSUPPORTED behind one, which keeps clients
 * apart and cleans up after them by itself.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_flush_foreign(struct hf_tpm *tpm, size_t *flushed);

/* Flush one object or session of this connection. HF_E_NOT_FOUND. */
HF_API HF_MUST_CHECK hf_err hf_tpm_flush_handle(struct hf_tpm *tpm, uint32_t handle);

/*
 * Carry TPM commands from one descriptor and answers to another until the input ends, which must be at the end of
 * a command. For programs that speak to a TPM through a pipe: TPM2TOOLS_TCTI='cmd:exec holdfast tpm pipe'.
 * `options` as for hf_tpm_open. A resource manager stands in between where the TPM has none.
 *
 *   HF_E_TRUNCATED  the input ends inside a command
 *   HF_E_FORMAT     the input is no TPM command
 */
struct hf_tpm_pipe;
HF_API HF_MUST_CHECK hf_err hf_tpm_pipe_open(const struct hf_tpm_options *options, struct hf_tpm_pipe **out);
HF_API HF_MUST_CHECK hf_err hf_tpm_pipe_run(struct hf_tpm_pipe *p, int in, int out);
HF_API void hf_tpm_pipe_close(struct hf_tpm_pipe **p);

#ifdef __cplusplus
}
#endif
#endif

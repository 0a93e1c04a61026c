/* The inside of a connection: transport, session pool, salt key. */
#ifndef HF_TPM_CONNECTION_H
#define HF_TPM_CONNECTION_H

#include "tpm/session.h"

#include <holdfast/tpm.h>
#include <pthread.h>
#include <sys/types.h>

#define HF_TPM_NONCE 16 /* bytes of the nonces of both sides: the least that Part 1, 17.6.3.1 permits for any hash */
#define HF_TPM_POOL 2   /* pooled HMAC sessions; no command has more authorized handles */

struct hf_tpm_session {
    struct hf_tpm *tpm;
    uint32_t handle;     /* 0: none */
    uint64_t generation; /* of the connection it belongs to */
    bool policy;
    bool needs_auth;     /* policy: the HMAC includes the entity's value */
    enum hf_hash_alg alg;
    unsigned uses;
    uint8_t nonce_caller[HF_TPM_NONCE];
    uint8_t nonce_tpm[HF_TPM_NONCE];
    size_t n_key; /* 0: not salted */
    uint8_t key[HF_DIGEST_MAX];
};

/* The key that sessions are salted with. */
struct hf_tpm_salt {
    bool known;
    bool transient; /* made for this connection; flushed at close */
    uint32_t handle;
    struct hf_tpm_name name;
    struct hf_buf public_area; /* TPMT_PUBLIC */
    enum hf_tpm_bus level;
};

struct hf_tpm {
    pthread_mutex_t lock; /* recursive: one queue, and short sequences that must not be interrupted */
    pid_t pid;
    uint64_t generation; /* rises with every connection that is opened */
    struct hf_tpm_transport *transport;
    bool dead;
    char *uri;
    char *state_dir;
    char *tpm_state;
    char source[32];
    bool plain_bus;
    bool no_pin;
    bool managed_here;
    uint32_t timeout_ms;
    enum hf_tpm_environment environment;
    struct hf_tpm_session pool[HF_TPM_POOL];
    struct hf_tpm_salt salt;
    uint64_t srk_generation; /* the generation in which srk was read */
    struct hf_tpm_entity srk;
    uint32_t srk_file_parent; /* what key files name it by; 0: not found out yet */
    struct hf_tpm_jobs *jobs; /* the worker of asynchronous operations, started by the first one */
    uint64_t wait_ns;         /* spent waiting for the TPM, for measurements */
};

/* A connection over a transport that is open already, for tests and measurements: raw ones get the resource
 * manager unless `bare`. It is not opened again once it is dead. Takes ownership of *t. */
hf_err hf_tpm_open_over(struct hf_tpm_transport **t, bool bare, const struct hf_tpm_options *options, struct hf_tpm **out);

/* Take the connection: opens it again when it is dead or this is the child of a fork. */
hf_err hf_tpm_take(struct hf_tpm *tpm);
void hf_tpm_give(struct hf_tpm *tpm);

/* One exchange, raw. The connection is taken. Marks the connection dead when it is. */
hf_err hf_tpm_exchange(struct hf_tpm *tpm, struct hf_bytes command, struct hf_tpm_reply *reply);

/* A pooled HMAC session, started when there is none; `which` below HF_TPM_POOL. The connection is taken. */
hf_err hf_tpm_pool_get(struct hf_tpm *tpm, size_t which, struct hf_tpm_session **out);

/* Forget pooled sessions that the TPM no longer knows. */
void hf_tpm_pool_forget(struct hf_tpm *tpm);

/* Sessions at close. */
void hf_tpm_pool_flush(struct hf_tpm *tpm);

/* Make sure that the salt key is known and is the pinned one. The connection is taken. */
hf_err hf_tpm_salt_ready(struct hf_tpm *tpm);

/* Forget the salt key, so that the next session reads and checks it again. */
void hf_tpm_salt_forget(struct hf_tpm *tpm);

/* TPM2_FlushContext without a session; failures are logged. */
void hf_tpm_flush(struct hf_tpm *tpm, uint32_t handle);

/* The storage root key: adopted at 0x81000001, or made there (holdfast/key.h). */
#define HF_TPM_SRK 0x81000001u
#define HF_TPM_PLATFORM_PERSISTENT 0x81800000u /* from here on the platform's (Part 2, 7.5); the TSS's macro shifts into the sign */
hf_err hf_tpm_srk(struct hf_tpm *tpm, struct hf_tpm_entity *out);

/* TPMT_PUBLIC of the keyfile/systemd SRK: ECC P-256, AES-128-CFB, noDA, unique empty. */
hf_err hf_tpm_srk_template(struct hf_buf *out);

/* ReadPublic of an object without or with a session: its TPMT_PUBLIC, and the Name computed from it. */
hf_err hf_tpm_read_public(struct hf_tpm *tpm, uint32_t handle, struct hf_buf *public_area, struct hf_tpm_name *name);

/* NV_ReadPublic: TPMS_NV_PUBLIC and the Name computed from it. */
hf_err hf_tpm_nv_read_public(struct hf_tpm *tpm, uint32_t index, struct hf_buf *public_area, struct hf_tpm_name *name);

/* CreatePrimary with a given TPMT_PUBLIC and no authorization value. */
hf_err hf_tpm_primary_raw(struct hf_tpm *tpm, uint32_t hierarchy, const struct hf_tpm_auth *auth, struct hf_bytes public_area,
                          uint32_t *handle, struct hf_tpm_name *name, struct hf_buf *made);

/* EvictControl: make a loaded object persistent, or remove a persistent one (object == persistent). */
hf_err hf_tpm_evict_raw(struct hf_tpm *tpm, uint32_t hierarchy, const struct hf_tpm_auth *auth,
                        const struct hf_tpm_entity *object, uint32_t persistent);

/* Pins: Names of salt keys, a line each in <state>/tpm.pins. */
struct hf_tpm_pin {
    enum hf_tpm_bus level;
    uint32_t handle;
    struct hf_tpm_name name;
};
hf_err hf_tpm_pin_load(const char *state_dir, const char *uri, struct hf_tpm_pin *out); /* HF_E_NOT_FOUND */
hf_err hf_tpm_pin_save(const char *state_dir, const char *uri, const struct hf_tpm_pin *pin);
hf_err hf_tpm_pin_forget(const char *state_dir, const char *uri); /* HF_OK where there was none */

#endif

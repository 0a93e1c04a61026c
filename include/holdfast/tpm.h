/*
 * A connection to a TPM 2.0, and what it says of itself.
 *
 * Sources: TCG TPM 2.0 Library Specification, revision 1.59 (parts 1 to 4); TCG TPM v2.0 Provisioning
 * Guidance 1.0; ASN.1 Specification for TPM 2.0 Key Files.
 *
 * A connection may be used from several threads; commands take turns. After fork the child opens
 * its own on the next call. A dead connection is opened again on the next call, and keys are loaded
 * again by themselves.
 */
#ifndef HOLDFAST_TPM_H
#define HOLDFAST_TPM_H

#include <holdfast/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hf_tpm;

/* Where a TPM is and how to speak to it. Start with {0}; every field may stay so. */
struct hf_tpm_options {
    /* "device:/dev/tpmrm0", "swtpm:host=H,port=N", "swtpm:path=SOCKET", "mssim:host=H,port=N",
     * "tcti:NAME:CONF", "embedded[:DIR]", "record:FILE:URI", "replay:FILE". NULL: HOLDFAST_TPM, then
     * TPM2TOOLS_TCTI and its kind, then a device that is found, then the embedded TPM. */
    const char *uri;
    const char *configured_uri; /* from a configuration: counts where neither uri nor HOLDFAST_TPM says; NULL: none */
    const char *state_dir; /* NULL: HOLDFAST_STATE, then the place that holdfast(1) names */
    const char *tpm_state; /* the embedded TPM's own state, kept apart; NULL: "tpm" in state_dir */
    bool plain_bus;        /* no encryption of parameters: for debugging, said in every log and by doctor */
    bool no_pin;           /* neither check nor record the Name of the salt key */
    uint32_t timeout_ms;   /* for one command; 0: 5 minutes */
};

/* How well the way to the TPM is protected: which key the sessions are salted with. */
enum hf_tpm_bus {
    HF_TPM_BUS_PLAIN, /* encryption is turned off */
    HF_TPM_BUS_TOFU,  /* a key remembered from the first use */
    HF_TPM_BUS_SRK,   /* a storage root key whose Name was pinned when the TPM was provisioned */
    HF_TPM_BUS_EK,    /* an endorsement key whose certificate was verified */
};

/* What the TPM is. */
enum hf_tpm_environment {
    HF_TPM_ENV_UNKNOWN,  /* nothing proves that it is hardware; policies treat it as LOW */
    HF_TPM_ENV_EMULATED, /* software */
    HF_TPM_ENV_VIRTUAL,  /* a cloud's virtual TPM, by its vendor or its EK certificate */
    HF_TPM_ENV_HARDWARE, /* its EK certificate chains to a pinned vendor root */
};

/* "plain", "tofu", "srk", "ek"; "unknown", "emulated", "virtual", "hardware". Never NULL. */
HF_API const char *hf_tpm_bus_name(enum hf_tpm_bus bus);
HF_API const char *hf_tpm_environment_name(enum hf_tpm_environment env);

/*
 * Open a connection. `options` may be NULL. Starts the embedded TPM when it is the one chosen.
 *
 * Returns HF_OK, or
 *   HF_E_ARG          the URI is not one
 *   HF_E_UNAVAILABLE  nothing answers there; the detail says what was tried and what to do
 *   HF_E_PERMISSION   a device exists and may not be opened (group tss, for instance)
 *   HF_E_IMPOSTOR     the salt key is not the one pinned for this TPM
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_open(const struct hf_tpm_options *options, struct hf_tpm **out);

/* Flush what is left of this connection's objects and sessions, and close it. Keys of this
 * connection must be closed before. Accepts NULL in *tpm; leaves NULL. */
HF_API void hf_tpm_close(struct hf_tpm **tpm);

/* The TPM's fixed properties and limits (TPM2_GetCapability, Part 2 6.13), and this connection's. */
struct hf_tpm_info {
    char uri[256];
    char source[32];       /* what chose the URI: "option", "HOLDFAST_TPM", "found", "default", ... */
    char manufacturer[8];  /* "IBM", "INTC", "STM", ... */
    char vendor[20];       /* vendor strings 1 to 4 joined */
    uint64_t firmware;     /* TPM2_PT_FIRMWARE_VERSION_1 << 32 | _2 */
    uint32_t revision;     /* specification revision times 100: 159 */
    uint32_t year, day;    /* of the specification */
    enum hf_tpm_environment environment;
    enum hf_tpm_bus bus;
    bool fips;             /* TPMA_MODES.FIPS_140_2 or _3 is set */
    bool managed_here;     /* this process's resource manager swaps objects, not the device's */
    uint32_t transient_min, sessions_loaded_min, sessions_active_max, persistent_min;
    uint32_t nv_index_max, nv_buffer_max, nv_counters_max, max_digest, command_max, response_max, context_gap_max;
    /* variable */
    uint32_t nv_counters_used, nv_counters_free, persistent_used, persistent_free;
    bool in_lockout, owner_auth_set, endorsement_auth_set, lockout_auth_set, orderly;
    uint32_t lockout_counter, max_tries, recovery_s, lockout_recovery_s;
    char salt_key[136];    /* Name of the salt key in hex; "" when plain */
};
HF_API HF_MUST_CHECK hf_err hf_tpm_info_get(struct hf_tpm *tpm, struct hf_tpm_info *out);

/* What this connection is, without asking the TPM. */
HF_API enum hf_tpm_environment hf_tpm_environment(const struct hf_tpm *tpm);
HF_API enum hf_tpm_bus hf_tpm_bus(const struct hf_tpm *tpm);

/* n bytes from the TPM's random generator, encrypted on the way; any n up to 1 MiB. */
HF_API HF_MUST_CHECK hf_err hf_tpm_random(struct hf_tpm *tpm, size_t n, struct hf_buf *out);

#ifdef __cplusplus
}
#endif
#endif

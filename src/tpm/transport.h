/*
 * A way to a TPM: one command in, one response out. Transports know nothing of what they carry.
 */
#ifndef HF_TPM_TRANSPORT_H
#define HF_TPM_TRANSPORT_H

#include "base/bytes.h"

/* The largest command and response: TPM2_MAX_COMMAND_SIZE of the software TPM and of all chips seen. */
#define HF_TPM_IO_MAX 4096

/* How long a command may take before the TPM counts as dead. RSA key generation on slow chips takes
 * minutes; everything else far less (TCG PTP 6.5.1.3 long duration). */
#define HF_TPM_TIMEOUT_MS 300000u

struct hf_tpm_reply {
    size_t n;
    uint8_t bytes[HF_TPM_IO_MAX];
};

/* What stands behind a transport, as far as the transport itself can know. */
enum hf_tpm_kind {
    HF_TPM_KIND_UNKNOWN,  /* a device node or a foreign TCTI: ask the TPM for its vendor */
    HF_TPM_KIND_EMULATED, /* software for certain */
};

struct hf_tpm_transport {
    const struct hf_tpm_transport_ops *ops;
    enum hf_tpm_kind kind;
    bool managed; /* a resource manager stands behind it: each connection sees its own objects */
};

/* How to open one. */
struct hf_tpm_where {
    const char *rest;      /* the URI behind "scheme:", "" when there is none */
    const char *state_dir; /* holdfast's state directory, for embedded */
    const char *tpm_state; /* where the embedded TPM's state lies; NULL: "tpm" beneath state_dir */
};

struct hf_tpm_transport_ops {
    const char *scheme; /* "device": the word before the first colon of a URI */
    const char *about;  /* "device:/dev/tpmrm0", and what it is, for help */
    hf_err (*open)(const struct hf_tpm_where *where, struct hf_tpm_transport **out);

    /* Accepts an empty one. Leaves NULL. */
    void (*close)(struct hf_tpm_transport **t);

    /*
     * One exchange. The command is a whole TPM command of 10 to HF_TPM_IO_MAX bytes; the reply is
     * whole as well: at least 10 bytes, its size field equal to n (the callers of transports check
     * that again). HF_E_UNAVAILABLE when the other side is gone (the connection is dead then and
     * every later call gives HF_E_UNAVAILABLE at once), HF_E_TIMEOUT after timeout_ms (dead as well).
     */
    hf_err (*transact)(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                       struct hf_tpm_reply *reply);
};

/* Every transport of this build, in the order they are listed in help. NULL at the end. */
extern const struct hf_tpm_transport_ops *const hf_tpm_transports[];

/* The rows. */
extern const struct hf_tpm_transport_ops hf_tpm_device_ops;
extern const struct hf_tpm_transport_ops hf_tpm_swtpm_ops;
extern const struct hf_tpm_transport_ops hf_tpm_mssim_ops;
extern const struct hf_tpm_transport_ops hf_tpm_tcti_ops;
extern const struct hf_tpm_transport_ops hf_tpm_embedded_ops;
extern const struct hf_tpm_transport_ops hf_tpm_record_ops;
extern const struct hf_tpm_transport_ops hf_tpm_replay_ops;

/* Open "scheme:rest" or "scheme". HF_E_ARG lists the schemes when none fits. */
hf_err hf_tpm_transport_open(const char *uri, const char *state_dir, const char *tpm_state,
                             struct hf_tpm_transport **out);

void hf_tpm_transport_close(struct hf_tpm_transport **t);

/*
 * One exchange through any transport, checked: the way everybody but a wrapping transport calls
 * ops->transact. timeout_ms 0 is HF_TPM_TIMEOUT_MS. Besides the transport's own errors:
 *   HF_E_ARG      the command is not one: its size field, or 10 to HF_TPM_IO_MAX bytes
 *   HF_E_DEVICE   the answer is not one: too short, too long, a size field that differs from its
 *                 length, a tag that is neither TPM_ST_NO_SESSIONS nor TPM_ST_SESSIONS
 */
hf_err hf_tpm_transport_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                                 struct hf_tpm_reply *reply);

/*
 * Which TPM: option > HOLDFAST_TPM > configuration > TPM2TOOLS_TCTI, TSS2_TCTI and the like >
 * /dev/tpmrm0 or /dev/tpm0 where found > "embedded". Writes the URI (freed with hf_free) and where it came from.
 */
hf_err hf_tpm_uri_choose(const char *option, const char *configured, char **uri, const char **source);

/* Wrap a transport in a resource manager of this process, for raw devices. Takes ownership of *raw. */
hf_err hf_tpm_managed_open(struct hf_tpm_transport **raw, struct hf_tpm_transport **out);

/* libtpms in this very process, state in memory only: for the benchmark's floor and for tests.
 * Lives in the program holdfast-tpm and the test harness, not in the library (tpm_inproc.c). */

#endif

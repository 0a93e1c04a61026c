/*
 * The embedded TPM seen from its clients: where its socket is, how its process is started.
 * The process itself is the program holdfast-tpm (src/helper).
 */
#ifndef HF_TPM_EMBEDDED_H
#define HF_TPM_EMBEDDED_H

#include "tpm/transport.h"

#include <sys/un.h>

extern const struct hf_tpm_transport_ops hf_tpm_embedded_ops;

#define HF_EMBEDDED_SOCKET "socket" /* in the TPM's state directory */

/* How long to wait for the process to start, and to answer a new connection. */
#define HF_EMBEDDED_START_MS 15000u

/* The TPM's state directory: the URI's own, tpm_state, or "tpm" beneath state_dir. Free with hf_free. */
hf_err hf_embedded_dir(const struct hf_tpm_where *where, char **out);

/* The socket's address: through /proc/self/fd where the path is too long for one (107 bytes). `dir_fd`
 * is the open directory. */
hf_err hf_embedded_address(const char *dir, int dir_fd, struct sockaddr_un *out);

/* The path of holdfast-tpm: HOLDFAST_TPM_HELPER, beside this program, or where it was installed. */
hf_err hf_embedded_helper(char **out);

/* Start the process for a state directory unless it runs, and wait until it answers. What it says of
 * why it does not start is in the detail. */
hf_err hf_embedded_start(const char *dir);

/*
 * Carry bytes between `in`/`out` and the embedded TPM until `in` ends, which must be at the end of a
 * command. For `holdfast tpm pipe`: what other programs put behind the TCTI "cmd:".
 */
hf_err hf_embedded_relay(int in, int out, const struct hf_tpm_where *where);

/*
 * Take over a swtpm state file (tpm2-00.permall), or write one. Importing needs a directory whose TPM
 * does not run; where it holds a TPM already HF_E_EXISTS, unless `replace`. Exporting writes a file
 * (mode 0600, not over an existing one) that contains every secret of the TPM.
 */
hf_err hf_embedded_import_swtpm(const struct hf_tpm_where *where, const char *file, bool replace);
hf_err hf_embedded_export_swtpm(const struct hf_tpm_where *where, const char *file);

#endif

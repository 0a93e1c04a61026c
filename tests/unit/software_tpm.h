/*
 * A swtpm for a test: started in a folder of its own, killed and removed at the end.
 *
 *     HF_CLEANUP(software_tpm_stop) struct software_tpm tpm = {0};
 *
 *     if (!software_tpm_start(&tpm, SOFTWARE_TPM_TCP))
 *         skip();
 *     OK(hf_tpm_transport_open(tpm.uri, NULL, NULL, &t));
 */
#ifndef HF_SOFTWARE_TPM_H
#define HF_SOFTWARE_TPM_H

#include <stdbool.h>
#include <sys/types.h>

enum software_tpm_way { SOFTWARE_TPM_TCP, SOFTWARE_TPM_UNIX };

struct software_tpm {
    pid_t pid;
    char dir[64];  /* its state: a temporary folder */
    char uri[128]; /* "swtpm:host=127.0.0.1,port=N" or "swtpm:path=..." */
    unsigned port; /* of the data channel; its control channel is one above. 0 for unix */
};

/* Started up (TPM2_Startup CLEAR) and reachable. False, saying loudly why, where swtpm is not installed. A
 * swtpm that is there and does not start ends the test program. */
bool software_tpm_start(struct software_tpm *tpm, enum software_tpm_way way);

/* As a crash would: SIGKILL. The state stays, for software_tpm_restart. */
void software_tpm_kill(struct software_tpm *tpm);

/* With the same state at the same address. */
void software_tpm_restart(struct software_tpm *tpm);

/* SIGKILL and remove the state. Accepts one that was never started. */
void software_tpm_stop(struct software_tpm *tpm);

#endif

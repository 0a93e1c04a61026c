/*
 * The helper's loop: many clients, one TPM, one thread. Plain TPM bytes both ways on a unix socket,
 * which is swtpm's data protocol. Each turn of the loop serves at most one command of each client,
 * and only whole commands, so that nobody holds up the others.
 */
#ifndef HF_HELPER_SERVER_H
#define HF_HELPER_SERVER_H

#include "tpm/rm.h"
#include "tpm/transport.h"

#define HF_SERVER_CLIENTS 256 /* connections at once; more wait in the socket's queue */

struct hf_server {
    struct hf_rm *rm;
    int listener; /* bound, listening, non-blocking */
    int signals;  /* a signalfd: whatever it gives ends the loop */
    uint32_t idle_ms;
    bool (*broken)(void *arg); /* asked after each command: true ends the loop */
    void *arg;
};

/* Serve until idle, a signal, or broken. All connections are closed then. */
hf_err hf_server_run(const struct hf_server *server);

/* A listening socket in an open directory, in place of one that a dead process left. */
hf_err hf_server_listen(const char *dir, int dir_fd, int *out);

#endif

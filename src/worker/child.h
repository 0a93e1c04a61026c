/* The inside of a worker. */
#ifndef HF_WORKER_CHILD_H
#define HF_WORKER_CHILD_H

#include "worker/confine.h"
#include "worker/worker.h"

struct hf_child_conf {
    int fd;
    pid_t parent;
    struct hf_confinement limits;
    hf_worker_probe *probe;
};

/* Confine this process and answer questions until the parent is gone. Never returns. */
_Noreturn void hf_child_run(const struct hf_child_conf *conf);

/* Exit statuses. */
#define HF_CHILD_DONE 0
#define HF_CHILD_BROKEN 71 /* the socket failed, or a question did not hold together */

#endif

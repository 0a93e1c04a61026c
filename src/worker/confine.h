/*
 * What a worker gives up before it reads a byte from outside: descriptors, privileges, files, programs, other
 * processes, memory without end. It keeps one socket, memory and its end.
 */
#ifndef HF_WORKER_CONFINE_H
#define HF_WORKER_CONFINE_H

#include "base/bytes.h"

#include <sys/types.h>

struct hf_confinement {
    size_t memory;  /* bytes of address space */
    unsigned cpu_s; /* seconds of processor time; 0: without end */
};

/* The parts that a kernel or build may lack. */
#define HF_CONFINED_SECCOMP 1u
#define HF_CONFINED_LANDLOCK 2u

/* Of this process, which is single-threaded, for good. `parent`: ends with that process. *parts: what holds. The parts
 * that every kernel has must hold: HF_E_IO and others where one does not. */
hf_err hf_confine(int fd, pid_t parent, const struct hf_confinement *limits, unsigned *parts);

#endif

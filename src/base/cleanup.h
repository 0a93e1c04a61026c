/* Scope cleanup: the one extension to C11 that the project uses. A destructor takes the address of
 * what it destroys, accepts an empty one, and leaves it empty. */
#ifndef HF_BASE_CLEANUP_H
#define HF_BASE_CLEANUP_H

#include <stdio.h>
#include <unistd.h>

#define HF_CLEANUP(destructor) __attribute__((cleanup(destructor)))

/* Ownership moves out of a pointer: `*out = hf_take(thing)` leaves NULL behind. */
#define hf_take(pointer) \
    __extension__({ \
        __auto_type hf_taken_ = (pointer); \
        (pointer) = NULL; \
        hf_taken_; \
    })

/* Descriptors: -1 is the empty one. */
static inline void hf_fd_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static inline int hf_fd_take(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

static inline void hf_stream_close(FILE **stream)
{
    if (*stream)
        (void)fclose(*stream);
    *stream = NULL;
}

#endif

/* A file that goes to disk within 100 ms of being written, by a thread that sleeps otherwise. */
#ifndef HF_STORE_FLUSH_H
#define HF_STORE_FLUSH_H

#include "base/error.h"

#include <stdbool.h>

struct hf_flusher;

/* `fd` becomes the flusher's. Without a thread it goes to disk when it is freed. */
hf_err hf_flusher_new(int fd, bool thread, struct hf_flusher **out);

/* It was written to. */
void hf_flusher_note(struct hf_flusher *flusher);

/* To disk what is not there yet, and free. */
void hf_flusher_free(struct hf_flusher **flusher);

#endif

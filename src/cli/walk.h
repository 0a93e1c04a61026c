/*
 * The files beneath a folder, one by one, in whatever order the system has them, in bounded memory. Links to files are
 * followed, links to folders beneath the first are not: so there are no loops. What is no file (pipes, devices) is not
 * shown.
 */
#ifndef HF_CLI_WALK_H
#define HF_CLI_WALK_H

#include "base/bytes.h"

#define HF_WALK_DEPTH 64

struct hf_walk;

/* HF_E_NOT_FOUND, HF_E_PERMISSION, ...: the folder itself cannot be read. */
hf_err hf_walk_open(const char *folder, struct hf_walk **out);
void hf_walk_close(struct hf_walk **walk);

/* The next file: *path is valid until the next call, NULL at the end. A folder beneath that cannot be read is an error
 * with its name; the walk goes on behind it when called again. */
hf_err hf_walk_next(struct hf_walk *walk, const char **path);

/* All of them, sorted; HF_E_LIMIT where there are more than `max`. Free with hf_walk_names_free. */
struct hf_walk_names {
    size_t n;
    char **name;
};
hf_err hf_walk_all(const char *folder, size_t max, struct hf_walk_names *out);
void hf_walk_names_free(struct hf_walk_names *names);

#endif

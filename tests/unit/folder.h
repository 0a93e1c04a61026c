/* A folder of a test's own, with mode 0700, gone when the test ends. */
#ifndef HF_TEST_FOLDER_H
#define HF_TEST_FOLDER_H

#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

struct folder {
    char path[64];
    int fd;
};

static inline int folder_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void folder_free(struct folder *f)
{
    if (f->fd >= 0)
        (void)close(f->fd);
    if (f->path[0])
        (void)nftw(f->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline struct folder folder_new(void)
{
    struct folder f = {"/tmp/holdfast-test-XXXXXX", -1};

    CHECK(mkdtemp(f.path) != NULL);
    f.fd = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(f.fd >= 0);
    return f;
}

#define FOLDER(name) HF_CLEANUP(folder_free) struct folder name = folder_new()

#endif

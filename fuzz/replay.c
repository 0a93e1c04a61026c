/* The main of a fuzz target that replays its corpus: every file of every argument, folders included. */
#include "base/file.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static unsigned long count;

static void replay_file(const char *path)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    uint8_t *exact; /* of exactly the input's size, so that a sanitizer sees one byte past it */

    if (hf_file_read(path, (size_t)64 << 20, &in) != HF_OK) {
        (void)fprintf(stderr, "%s\n", hf_err_detail());
        exit(1);
    }
    exact = malloc(in.n ? in.n : 1);
    if (!exact)
        exit(1);
    if (in.n)
        memcpy(exact, in.p, in.n);
    (void)LLVMFuzzerTestOneInput(exact, in.n);
    free(exact);
    count++;
}

static void replay(const char *path)
{
    struct dirent **names = NULL;
    struct stat st;
    int n;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        replay_file(path);
        return;
    }
    n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char inside[4096];

        if (names[i]->d_name[0] != '.') {
            (void)snprintf(inside, sizeof(inside), "%s/%s", path, names[i]->d_name);
            replay(inside);
        }
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    (void)printf("%lu inputs replayed\n", count);
    return count ? 0 : 1;
}

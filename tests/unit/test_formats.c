/* evidence/table: no bytes are of two kinds, over every vector there is, whole and cut. */
#include "evidence/table.h"
#include "vectors.h"

#include <dirent.h>

static size_t files, known;

static void one(const char *path)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    static const size_t cuts[] = {0, 1, 16, 48, 384, 432, 584, 1024};

    if (hf_file_read(path, (size_t)16 << 20, &in) != HF_OK)
        return;
    files++;
    for (size_t c = 0; c < HF_COUNT(cuts); c++) {
        struct hf_bytes bytes = {in.p, cuts[c] && cuts[c] < in.n ? cuts[c] : in.n};
        const char *first = NULL;

        for (size_t i = 0; hf_evidence_formats[i]; i++) {
            if (!hf_evidence_formats[i]->detect(bytes))
                continue;
            if (first)
                FAIL("%s, %zu bytes: %s and %s", path, bytes.n, first, hf_evidence_formats[i]->name);
            first = hf_evidence_formats[i]->name;
        }
        known += first && c == 0;
    }
}

static void walk(const char *path, unsigned depth)
{
    DIR *dir = opendir(path);

    if (!dir) {
        one(path);
        return;
    }
    for (struct dirent *e = readdir(dir); e && depth < 8; e = readdir(dir)) {
        char below[2048];

        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
        walk(below, depth + 1);
    }
    closedir(dir);
}

TEST(no_bytes_are_of_two_kinds)
{
    NEED_VECTORS();
    walk(vectors_dir(), 0);
    print_message("# %zu of %zu files are evidence as they are\n", known, files);
    CHECK(known > 100);
}

TEST(names_are_unique_and_in_order)
{
    for (size_t i = 0; hf_evidence_formats[i]; i++) {
        const struct hf_evidence_format *f = hf_evidence_formats[i];

        CASE(f->name);
        CHECK(f->family && f->about && f->detect && f->inspect);
        CHECK(!hf_evidence_formats[i + 1] || strcmp(f->name, hf_evidence_formats[i + 1]->name) < 0);
        CHECK(!f->detect((struct hf_bytes){0}));
    }
}

TEST(few_zeros_or_ones_are_no_evidence)
{
    static uint8_t bytes[4096];

    for (unsigned fill = 0; fill < 2; fill++) {
        memset(bytes, fill ? 0xff : 0, sizeof(bytes));
        for (size_t n = 0; n <= sizeof(bytes); n++) {
            for (size_t i = 0; hf_evidence_formats[i]; i++) {
                if (hf_evidence_formats[i]->detect((struct hf_bytes){bytes, n}))
                    FAIL("%zu bytes of 0x%02x are %s", n, bytes[0], hf_evidence_formats[i]->name);
            }
        }
    }
}

TESTS(RUN(no_bytes_are_of_two_kinds), RUN(names_are_unique_and_in_order), RUN(few_zeros_or_ones_are_no_evidence))

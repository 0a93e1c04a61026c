/* Walking a folder. */
#include "cli/walk.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

struct level {
    DIR *dir;
    size_t path_n; /* of the path up to this folder */
};

struct hf_walk {
    struct hf_buf path; /* of the file shown, or of the innermost folder */
    size_t depth;
    struct level level[HF_WALK_DEPTH];
};

static hf_err descend(struct hf_walk *w, int fd)
{
    struct level *l = &w->level[w->depth];

    if (fd < 0)
        return hf_fail_errno("%.*s", (int)w->path.n, (const char *)w->path.p);
    l->dir = fdopendir(fd);
    if (!l->dir) {
        hf_err err = hf_fail_errno("%.*s", (int)w->path.n, (const char *)w->path.p);

        (void)close(fd);
        return err;
    }
    l->path_n = w->path.n;
    w->depth++;
    return HF_OK;
}

hf_err hf_walk_open(const char *folder, struct hf_walk **out)
{
    HF_CLEANUP(hf_walk_close) struct hf_walk *w = NULL;
    size_t n = strlen(folder);

    while (n > 1 && folder[n - 1] == '/')
        n--;
    HF_TRY(hf_alloc(sizeof(*w), &w));
    HF_TRY(hf_buf_add(&w->path, (struct hf_bytes){(const uint8_t *)folder, n}));
    HF_TRY(descend(w, open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    *out = hf_take(w);
    return HF_OK;
}

void hf_walk_close(struct hf_walk **walk)
{
    if (!*walk)
        return;
    while ((*walk)->depth)
        (void)closedir((*walk)->level[--(*walk)->depth].dir);
    hf_buf_free(&(*walk)->path);
    hf_free(walk);
}

/* What an entry is; links to folders are passed over. */
static bool is_kind(const struct level *l, const struct dirent *e, mode_t kind)
{
    struct stat st;

    if (e->d_type == DT_REG || e->d_type == DT_DIR)
        return kind == (e->d_type == DT_REG ? S_IFREG : S_IFDIR);
    if (e->d_type == DT_LNK || kind == S_IFREG)
        return kind == S_IFREG && fstatat(dirfd(l->dir), e->d_name, &st, 0) == 0 && S_ISREG(st.st_mode);
    return fstatat(dirfd(l->dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == kind;
}

static hf_err enter(struct hf_walk *w, const struct level *l, const char *name)
{
    if (w->depth == HF_WALK_DEPTH)
        return hf_fail(HF_E_LIMIT, "%.*s: folders more than %d deep", (int)w->path.n, (const char *)w->path.p,
                       HF_WALK_DEPTH);
    return descend(w, openat(dirfd(l->dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

hf_err hf_walk_next(struct hf_walk *walk, const char **path)
{
    while (walk->depth) {
        struct level *l = &walk->level[walk->depth - 1];
        struct dirent *e;
        char *text = NULL;

        walk->path.n = l->path_n;
        errno = 0;
        e = readdir(l->dir);
        if (!e) {
            hf_err err = errno ? hf_fail_errno("%.*s", (int)walk->path.n, (const char *)walk->path.p) : HF_OK;

            (void)closedir(l->dir);
            walk->depth--;
            HF_TRY(err);
            continue;
        }
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        HF_TRY(hf_buf_printf(&walk->path, "/%s", e->d_name));
        if (is_kind(l, e, S_IFDIR)) {
            HF_TRY(enter(walk, l, e->d_name));
        } else if (is_kind(l, e, S_IFREG)) {
            HF_TRY(hf_buf_text(&walk->path, &text));
            *path = text;
            return HF_OK;
        }
    }
    *path = NULL;
    return HF_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void hf_walk_names_free(struct hf_walk_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        hf_free(&names->name[i]);
    hf_free(&names->name);
    names->n = 0;
}

hf_err hf_walk_all(const char *folder, size_t max, struct hf_walk_names *out)
{
    HF_CLEANUP(hf_walk_names_free) struct hf_walk_names names = {0};
    HF_CLEANUP(hf_walk_close) struct hf_walk *w = NULL;
    const char *path = NULL;

    HF_TRY(hf_walk_open(folder, &w));
    for (;;) {
        HF_TRY(hf_walk_next(w, &path));
        if (!path)
            break;
        if (names.n == max)
            return hf_fail(HF_E_LIMIT, "%s has more than %zu files", folder, max);
        HF_TRY(hf_realloc((names.n + 1) * sizeof(*names.name), &names.name));
        HF_TRY(hf_strdup(path, &names.name[names.n]));
        names.n++;
    }
    if (names.n)
        qsort(names.name, names.n, sizeof(*names.name), by_name);
    *out = names;
    names = (struct hf_walk_names){0};
    return HF_OK;
}

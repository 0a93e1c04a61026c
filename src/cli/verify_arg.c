/* Options of judging, and the files they name. */
#include "cli/verify_arg.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/walk.h"
#include "codec/hex.h"
#include "collateral/cache.h"
#include "worker/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define COLLATERAL_FILES 4096u
#define HEX_MAX ((size_t)64 << 10)
#define PASSED_SAID 8u /* notes about files that hold no collateral, before they are only counted */

/* One piece of the briefing. */
struct told {
    enum hf_brief what;
    bool named; /* on the command line, so it must be taken */
    char *path; /* as notes and errors call it; rows have its name alone */
    bool said;  /* a note was printed */
};

void hf_cli_judgement_free(struct hf_cli_judgement *j)
{
    hf_briefing_free(&j->briefing);
    hf_buf_free(&j->nonce);
    hf_buf_free(&j->report_data);
    hf_buf_free(&j->public_key);
    hf_buf_free(&j->model_hash);
    for (size_t i = 0; i < j->n_told; i++)
        hf_free(&j->told[i].path);
    hf_free(&j->told);
    j->n_told = 0;
}

const char *hf_cli_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static hf_err read_regular(int fd, const char *path, size_t size, struct hf_buf *out)
{
    size_t before = out->n;
    uint8_t *place = NULL;

    HF_TRY(hf_buf_grow(out, size, &place));
    for (size_t n = 0; n < size;) {
        ssize_t got = read(fd, place + n, size - n);

        if (got < 0 && errno == EINTR)
            continue;
        out->n = got > 0 ? out->n : before;
        if (got < 0)
            return hf_fail_errno("%s", path);
        if (got == 0)
            return hf_fail(HF_E_IO, "%s became shorter while it was read", path);
        n += (size_t)got;
    }
    return HF_OK;
}

hf_err hf_cli_evidence_read(const char *path, struct hf_buf *out)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;
    struct stat st;

    if (strcmp(path, "-") == 0)
        return hf_file_read(path, HF_EVIDENCE_MAX, out);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0)
        return hf_fail_errno("%s", path);
    if (S_ISDIR(st.st_mode))
        return hf_fail(HF_E_ARG, "%s is a directory, not a file", path);
    if (!S_ISREG(st.st_mode) || st.st_size == 0) /* a pipe, or a file that has no size to tell, as in /proc */
        return hf_fd_read_all(fd, path, HF_EVIDENCE_MAX, out);
    if ((uint64_t)st.st_size > HF_EVIDENCE_MAX)
        return hf_fail(HF_E_LIMIT, "%s has %lld bytes; at most %zu are read", path, (long long)st.st_size,
                       HF_EVIDENCE_MAX);
    return read_regular(fd, path, (size_t)st.st_size, out);
}

void hf_cli_evidence_free(struct hf_cli_evidence *e)
{
    for (size_t i = 0; i < HF_COUNT(e->buf); i++)
        hf_buf_free(&e->buf[i]);
}

hf_err hf_cli_evidence_all(const struct hf_opt_list *files, struct hf_cli_evidence *out)
{
    bool from_input = false;

    if (files->n > HF_EVIDENCE_ITEMS_MAX)
        return hf_fail(HF_E_ARG, "%zu files for one verdict; at most %d, and `holdfast verify-batch` for many verdicts",
                       files->n, HF_EVIDENCE_ITEMS_MAX);
    for (size_t i = 0; i < files->n; i++) {
        if (strcmp(files->item[i], "-") == 0 && from_input)
            return hf_fail(HF_E_ARG, "standard input is read once");
        from_input |= strcmp(files->item[i], "-") == 0;
    }
    for (; out->n < files->n; out->n++) {
        const char *path = files->item[out->n];

        HF_TRY(hf_cli_evidence_read(path, &out->buf[out->n]));
        out->view[out->n] = hf_buf_bytes(&out->buf[out->n]);
        if (out->view[out->n].n == 0)
            return hf_fail(HF_E_FORMAT, "%s is empty: nothing to judge", path);
    }
    return HF_OK;
}

/* ---- the briefing ---- */

static hf_err tell(struct hf_cli_judgement *j, enum hf_brief what, bool named, const char *path, struct hf_bytes bytes)
{
    HF_TRY(hf_realloc((j->n_told + 1) * sizeof(*j->told), &j->told));
    j->told[j->n_told] = (struct told){.what = what, .named = named};
    HF_TRY(hf_strdup(path, &j->told[j->n_told].path));
    j->n_told++;
    return hf_briefing_add(&j->briefing, what, hf_cli_base_name(path), bytes);
}

static hf_err tell_file(struct hf_cli_judgement *j, enum hf_brief what, bool named, const char *path)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};

    HF_TRY(hf_cli_evidence_read(path, &bytes));
    return tell(j, what, named, path, hf_buf_bytes(&bytes));
}

static hf_err tell_folder(const struct hf_cli *cli, struct hf_cli_judgement *j, const char *folder)
{
    HF_CLEANUP(hf_walk_names_free) struct hf_walk_names names = {0};

    HF_TRY(hf_walk_all(folder, COLLATERAL_FILES, &names));
    if (names.n == 0)
        hf_cli_say(cli, "note: there is no file in %s", folder);
    for (size_t i = 0; i < names.n; i++) {
        size_t before = j->briefing.n;

        if (tell_file(j, HF_BRIEF_COLLATERAL, false, names.name[i]) != HF_OK && j->briefing.n == before) {
            hf_cli_say(cli, "note: passed over: %s", hf_err_detail());
            if (j->n_told > before)
                hf_free(&j->told[--j->n_told].path);
        }
    }
    return HF_OK;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A file that is there, else the name of a built-in policy. */
static hf_err tell_policy(struct hf_cli_judgement *j, const char *policy)
{
    struct stat st;

    if (strcmp(policy, "-") == 0 || strchr(policy, '/') || stat(policy, &st) == 0)
        return tell_file(j, HF_BRIEF_POLICY, true, policy);
    return tell(j, HF_BRIEF_POLICY, true, policy, hf_bytes_text(policy));
}

static hf_err read_files(struct hf_cli *cli, const struct hf_cli_verify_opts *opts, struct hf_cli_judgement *j)
{
    for (size_t i = 0; i < opts->root.n; i++)
        HF_TRY(tell_file(j, HF_BRIEF_ROOT, true, opts->root.item[i]));
    for (size_t i = 0; i < opts->collateral.n; i++) {
        const char *path = opts->collateral.item[i];

        if (is_folder(path))
            HF_TRY(tell_folder(cli, j, path));
        else
            HF_TRY(tell_file(j, HF_BRIEF_COLLATERAL, true, path));
    }
    for (size_t i = 0; i < opts->policy.n; i++)
        HF_TRY(tell_policy(j, opts->policy.item[i]));
    return HF_OK;
}

/* What `holdfast collateral fetch` has kept. */
static hf_err tell_cached(void *arg, const struct hf_collateral_entry *entry, struct hf_bytes bytes)
{
    return tell(arg, HF_BRIEF_COLLATERAL, false, entry->url, bytes);
}

static hf_err tell_cache(struct hf_cli *cli, struct hf_cli_judgement *j)
{
    HF_CLEANUP(hf_collateral_close) struct hf_collateral *cache = NULL;
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_core(cli, &core));
    if (faccessat(hf_core_state_dir(core), HF_COLLATERAL_FOLDER, F_OK, 0) != 0)
        return HF_OK; /* nothing was ever fetched */
    HF_TRY(hf_collateral_open(hf_core_state_dir(core), &cache));
    return hf_collateral_each(cache, tell_cached, j);
}

/* ---- values ---- */

static hf_err read_hex(const char *name, const char *text, struct hf_buf *out, bool *has, struct hf_bytes *view)
{
    *has = text != NULL;
    if (!text)
        return HF_OK;
    if (!text[0])
        return hf_fail(HF_E_ARG, "--%s is empty: an unset variable?", name);
    if (strlen(text) > 2 * HEX_MAX)
        return hf_fail(HF_E_ARG, "--%s has more than %zu bytes", name, HEX_MAX);
    if (hf_hex_parse(hf_bytes_text(text), out) != HF_OK)
        return hf_fail(HF_E_ARG, "--%s: %.200s", name, hf_err_detail());
    *view = hf_buf_bytes(out);
    return HF_OK;
}

static hf_err read_values(const struct hf_cli_verify_opts *opts, struct hf_cli_judgement *j)
{
    struct hf_verify_request *q = &j->request;
    bool has;

    HF_TRY(read_hex("nonce", opts->nonce, &j->nonce, &q->has_nonce, &q->nonce));
    HF_TRY(read_hex("report-data", opts->report_data, &j->report_data, &q->has_report_data, &q->report_data));
    HF_TRY(read_hex("public-key", opts->public_key, &j->public_key, &has, &q->public_key));
    HF_TRY(read_hex("model-hash", opts->model_hash, &j->model_hash, &has, &q->model_hash));
    q->at = hf_now();
    if (opts->at && hf_time_parse(opts->at, &q->at) != HF_OK)
        return hf_fail(HF_E_ARG, "--at: %.200s", hf_err_detail());
    q->kind = opts->kind;
    q->recipe = opts->recipe;
    q->expect = opts->expect.item;
    q->n_expect = opts->expect.n;
    return HF_OK;
}

hf_err hf_cli_judgement_read(struct hf_cli *cli, const struct hf_cli_verify_opts *opts, struct hf_cli_judgement *out)
{
    HF_TRY(read_values(opts, out));
    HF_TRY(read_files(cli, opts, out));
    return opts->no_cache ? HF_OK : tell_cache(cli, out);
}

/* ---- telling ---- */

struct telling {
    const struct hf_cli *cli;
    struct hf_cli_judgement *j;
    size_t passed; /* files of folders and of the cache */
};

/* The detail of a refusal may begin with the name that the judge knows: the path is said in its place. */
static const char *without_name(const char *detail, const char *path)
{
    const char *name = hf_cli_base_name(path);
    size_t n = strlen(name);

    if (strncmp(detail, name, n) != 0)
        return detail;
    return detail[n] == ':' && detail[n + 1] == ' ' ? detail + n + 2 : detail[n] == ' ' ? detail + n + 1 : detail;
}

static hf_err on_refused(void *to, size_t i, hf_err err, const char *detail)
{
    struct telling *t = to;
    struct told *told = &t->j->told[i];

    detail = without_name(detail, told->path);
    if (told->named)
        return hf_fail(err, "%s: %s", told->path, detail);
    t->passed += !told->said;
    if (!told->said && t->passed <= PASSED_SAID)
        hf_cli_say(t->cli, "note: passed over: %s: %s", told->path, detail);
    told->said = true;
    return HF_OK;
}

hf_err hf_cli_judgement_tell(struct hf_cli *cli, struct hf_cli_judgement *j, struct hf_worker *worker)
{
    struct telling t = {.cli = cli, .j = j};
    unsigned parts = 0;

    HF_TRY(hf_worker_confinement(worker, &parts));
    if (!(parts & HF_CONFINED_SECCOMP))
        hf_cli_say(cli, "note: this build or kernel has no seccomp: the judge is confined by limits alone");
    if (j->briefing.n)
        HF_TRY(hf_worker_brief(worker, &j->briefing, on_refused, &t));
    if (t.passed > PASSED_SAID)
        hf_cli_say(cli, "note: passed over: %zu more files; name one with --collateral to see what it lacks",
                   t.passed - PASSED_SAID);
    return HF_OK;
}

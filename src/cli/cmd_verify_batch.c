/* holdfast verify-batch */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/batch.h"
#include "cli/walk.h"
#include "codec/utf8.h"
#include "policy/summary.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#define JOBS_MAX 256u
#define NONCE_MAX 4096u /* characters */

struct batch_opts {
    struct hf_cli_verify_opts judge;
    struct hf_opt_list from;
    const char *nonces;
    uint32_t jobs;
    bool lines;
};

static const struct hf_opt rows[] = {
    HF_CLI_VERIFY_ROWS(struct batch_opts, judge),
    {HF_OPT_U32, 'j', "jobs", offsetof(struct batch_opts, jobs), "N", "workers (default: one for each processor)", NULL,
     false},
    {HF_OPT_FLAG, 'l', "lines", offsetof(struct batch_opts, lines), NULL,
     "a line for each file too, in no particular order; with --json an object each", NULL, false},
    {HF_OPT_FILE, 0, "nonces", offsetof(struct batch_opts, nonces), "FILE",
     "a nonce in hex for each path of the list on standard input, line by line", NULL, false},
    {HF_OPT_WORDS, 0, "DIR|FILE|-", offsetof(struct batch_opts, from), NULL,
     "folders of evidence, files, or - for a list of paths on standard input", NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

/* Where the files come from, and what was counted. */
struct source {
    const struct hf_cli *cli;
    const struct batch_opts *opt;
    size_t operand;       /* of opt->from, the next one */
    struct hf_walk *walk; /* of a folder that is open */
    FILE *list;           /* standard input */
    FILE *nonces;
    char *line, *nonce_line;
    size_t line_size, nonce_size;
    char nonce[NONCE_MAX + 1];
    /* counts */
    struct hf_verify_summary summary;
    uint64_t total; /* of all files; 0: not known */
    uint64_t n, contraindicated, warned, failed;
    uint64_t started, shown;
    bool bar;
    struct hf_buf text;
};

static void source_free(struct source *s)
{
    hf_walk_close(&s->walk);
    hf_stream_close(&s->nonces);
    free(s->line);
    free(s->nonce_line);
    hf_buf_free(&s->text);
}

static volatile sig_atomic_t stopped;

static void on_interrupt(int number)
{
    (void)number;
    stopped = 1;
}

/* ---- the next file ---- */

static hf_err read_line(FILE *from, const char *what, char **line, size_t *size, bool *there)
{
    ssize_t n = getline(line, size, from);

    *there = n >= 0;
    if (n < 0)
        return ferror(from) ? hf_fail_errno("%s", what) : HF_OK;
    while (n > 0 && ((*line)[n - 1] == '\n' || (*line)[n - 1] == '\r'))
        (*line)[--n] = 0;
    if (strlen(*line) != (size_t)n)
        return hf_fail(HF_E_FORMAT, "%s: a line with a NUL", what);
    return HF_OK;
}

/* The nonce that lies beside a file, in hex: FILE.nonce. "" where there is none. */
static hf_err nonce_beside(struct source *s, const char *path)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;
    ssize_t n;

    s->nonce[0] = 0;
    s->text.n = 0;
    HF_TRY(hf_buf_printf(&s->text, "%s.nonce%c", path, 0));
    fd = open((const char *)s->text.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return HF_OK;
    n = read(fd, s->nonce, NONCE_MAX);
    n = n < 0 ? 0 : n;
    while (n > 0 && strchr(" \t\r\n", s->nonce[n - 1]))
        n--;
    s->nonce[n] = 0;
    if (n == 0) /* what is there and says nothing must not pass for none */
        (void)snprintf(s->nonce, sizeof(s->nonce), "empty");
    return HF_OK;
}

static bool is_nonce_file(const char *path)
{
    size_t n = strlen(path);

    return n > 6 && strcmp(path + n - 6, ".nonce") == 0;
}

static hf_err next_listed(struct source *s, const char **path)
{
    bool there = false, has_nonce = false;

    HF_TRY(read_line(s->list, "standard input", &s->line, &s->line_size, &there));
    if (s->nonces)
        HF_TRY(read_line(s->nonces, s->opt->nonces, &s->nonce_line, &s->nonce_size, &has_nonce));
    if (s->nonces && there != has_nonce)
        return hf_fail(HF_E_ARG, "%s has %s lines than the list of files: they must be as many", s->opt->nonces,
                       there ? "fewer" : "more");
    if (!there) {
        s->list = NULL;
        return HF_OK;
    }
    if (s->nonces && strlen(s->nonce_line) > NONCE_MAX)
        return hf_fail(HF_E_LIMIT, "%s: a line of %zu characters", s->opt->nonces, strlen(s->nonce_line));
    *path = s->line;
    return HF_OK;
}

static hf_err done(void *to, const char *path, hf_err err, const char *detail, const struct hf_verify_result *result);

/* A folder that cannot be read, or is too deep: not judged, as a file would be, and what is behind it is. */
static hf_err walked(struct source *s, hf_err err)
{
    return err == HF_OK || err == HF_E_MEMORY
               ? err
               : done(s, s->opt->from.item[s->operand - 1], err, hf_err_detail(), NULL);
}

/* Open the next operand. A file is the answer itself. */
static hf_err next_operand(struct source *s, const char **path)
{
    const char *name = s->opt->from.item[s->operand++];
    struct stat st;

    if (strcmp(name, "-") == 0)
        s->list = stdin;
    else if (stat(name, &st) == 0 && S_ISDIR(st.st_mode))
        return walked(s, hf_walk_open(name, &s->walk));
    else
        *path = name;
    return HF_OK;
}

static hf_err next_path(struct source *s, const char **path)
{
    hf_err err;

    *path = NULL;
    while (!*path) {
        if (s->walk) {
            err = hf_walk_next(s->walk, path);
            HF_TRY(walked(s, err));
            if (*path && is_nonce_file(*path))
                *path = NULL;
            else if (!*path && err == HF_OK)
                hf_walk_close(&s->walk);
        } else if (s->list) {
            HF_TRY(next_listed(s, path));
        } else if (s->operand < s->opt->from.n) {
            HF_TRY(next_operand(s, path));
        } else {
            return HF_OK;
        }
    }
    return HF_OK;
}

static hf_err next(void *to, const char **path, const char **nonce)
{
    struct source *s = to;

    HF_TRY(next_path(s, path));
    if (*path && s->list && s->nonces)
        (void)snprintf(s->nonce, sizeof(s->nonce), "%s", s->nonce_line);
    else if (*path)
        HF_TRY(nonce_beside(s, *path));
    *nonce = s->nonce;
    return HF_OK;
}

/* ---- what became of a file ---- */

static void bar(struct source *s, bool last)
{
    static const char blocks[] = "##############################";
    uint64_t now = hf_monotonic_ms();
    uint64_t took = now - s->started;
    int done = s->total ? (int)(30 * s->n / s->total) : 0;

    if (!s->bar || (!last && now - s->shown < 100))
        return;
    s->shown = now;
    (void)fprintf(stderr, "\r[%-30.*s] %llu of %llu, %llu/s, %llu bad\x1b[K%s", done, blocks, (unsigned long long)s->n,
                  (unsigned long long)s->total, (unsigned long long)(took ? s->n * 1000 / took : 0),
                  (unsigned long long)(s->contraindicated + s->failed), last ? "\n" : "");
    (void)fflush(stderr);
}

/* The row that decided: the first of the worst. */
static const struct hf_check *deciding(const struct hf_verify_result *r)
{
    const struct hf_check *worst = NULL;

    for (size_t i = 0; i < r->verdict.n; i++) {
        if (r->verdict.row[i].status >= HF_CHECK_ABSENT && (!worst || r->verdict.row[i].status > worst->status))
            worst = &r->verdict.row[i];
    }
    return worst;
}

static void put_name(struct hf_buf *out, const char *path)
{
    struct hf_bytes text = hf_bytes_text(path);

    for (size_t i = 0, len; i < text.n; i += len ? len : 1) {
        len = hf_utf8_shown(text.p + i, text.n - i);
        if (len ? hf_buf_add(out, (struct hf_bytes){text.p + i, len}) : hf_buf_printf(out, "\\x%02x", text.p[i]))
            return;
    }
}

static hf_err line_text(struct source *s, const char *path, const char *verdict, const char *detail,
                        const struct hf_verify_result *r)
{
    const struct hf_check *row = r ? deciding(r) : NULL;

    s->text.n = 0;
    HF_TRY(hf_buf_printf(&s->text, "%-15s ", verdict));
    put_name(&s->text, path);
    HF_TRY(hf_buf_printf(&s->text, "  %s", r && r->n ? r->item[0].format->name : ""));
    if (row)
        HF_TRY(hf_buf_printf(&s->text, "  %s: %s", row->name, row->note[0] ? row->note : row->found));
    else if (detail[0])
        HF_TRY(hf_buf_printf(&s->text, "  %s", detail));
    return hf_buf_add(&s->text, hf_bytes_text("\n"));
}

static hf_err line_json(struct source *s, const char *path, const char *verdict, hf_err err, const char *detail,
                        const struct hf_verify_result *r)
{
    struct hf_json j;

    s->text.n = 0;
    j = hf_json(&s->text, false);
    hf_json_object(&j, NULL);
    hf_json_text(&j, "file", path);
    hf_json_text(&j, "verdict", verdict);
    if (!r) {
        hf_json_text(&j, "error", hf_err_name(err));
        hf_json_text(&j, "detail", detail);
    }
    hf_json_array(&j, "kinds");
    for (size_t i = 0; r && i < r->n; i++)
        hf_json_text(&j, NULL, r->item[i].format->name);
    hf_json_close(&j);
    hf_json_array(&j, "checks");
    for (size_t i = 0; r && i < r->verdict.n; i++) {
        const struct hf_check *row = &r->verdict.row[i];

        if (row->status < HF_CHECK_ABSENT)
            continue;
        hf_json_object(&j, NULL);
        hf_json_text(&j, "name", row->name);
        hf_json_text(&j, "status", hf_check_status_name(row->status));
        hf_json_text(&j, "found", row->found);
        hf_json_text(&j, "note", row->note);
        hf_json_close(&j);
    }
    hf_json_close(&j);
    hf_json_close(&j);
    HF_TRY(hf_json_end(&j));
    return hf_buf_add(&s->text, hf_bytes_text("\n"));
}

static hf_err done(void *to, const char *path, hf_err err, const char *detail, const struct hf_verify_result *result)
{
    bool judged = err == HF_OK || err == HF_E_WARNED || err == HF_E_UNTRUSTED;
    const char *verdict = judged ? hf_verify_result_verdict(result) : "error";
    struct source *s = to;

    s->n++;
    s->warned += err == HF_E_WARNED;
    s->contraindicated += err == HF_E_UNTRUSTED;
    s->failed += !judged;
    hf_verify_summary_add(&s->summary, judged ? result : NULL);
    if (s->opt->lines) {
        HF_TRY(s->cli->json ? line_json(s, path, verdict, err, detail, judged ? result : NULL)
                            : line_text(s, path, verdict, detail, judged ? result : NULL));
        if (fwrite(s->text.p, 1, s->text.n, stdout) != s->text.n)
            return hf_fail_errno("standard output");
    } else if (!judged && s->failed <= 20) {
        hf_cli_say(s->cli, "%s%s%s", strstr(detail, path) ? "" : path, strstr(detail, path) ? "" : ": ", detail);
    }
    bar(s, false);
    return HF_OK;
}

/* ---- the whole ---- */

/* For the bar: how many files there will be. */
static uint64_t count(const struct batch_opts *opt)
{
    uint64_t n = 0;

    for (size_t i = 0; i < opt->from.n; i++) {
        HF_CLEANUP(hf_walk_close) struct hf_walk *w = NULL;
        const char *path = "";
        hf_err err = HF_OK;

        if (strcmp(opt->from.item[i], "-") == 0)
            return 0;
        n++;
        if (hf_walk_open(opt->from.item[i], &w) != HF_OK)
            continue;
        n--;
        while ((err = hf_walk_next(w, &path)) != HF_OK || path)
            n += err != HF_OK || !is_nonce_file(path);
    }
    return n;
}

static hf_err summary_text(const struct source *s, uint64_t took_ms, bool whole)
{
    const struct hf_cli *cli = s->cli;
    uint64_t affirming = s->n - s->warned - s->contraindicated - s->failed;

    hf_cli_line(cli, "files", "%llu%s", (unsigned long long)s->n, whole ? "" : " before it was interrupted");
    hf_cli_line(cli, "affirming", "%llu", (unsigned long long)affirming);
    hf_cli_line(cli, "warning", "%llu", (unsigned long long)s->warned);
    hf_cli_line(cli, "contraindicated", "%llu", (unsigned long long)s->contraindicated);
    hf_cli_line(cli, "not judged", "%llu", (unsigned long long)s->failed);
    hf_cli_say(cli, "%llu.%llu s, %llu/s", (unsigned long long)(took_ms / 1000),
               (unsigned long long)(took_ms % 1000 / 100), (unsigned long long)(took_ms ? s->n * 1000 / took_ms : 0));
    return HF_OK;
}

static hf_err summary_json(const struct source *s, hf_time now, bool whole)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = hf_json(&text, !s->opt->lines);

    hf_json_object(&j, NULL);
    if (s->opt->lines)
        hf_json_object(&j, "summary");
    hf_verify_summary_json(&s->summary, now, &j);
    hf_json_u64(&j, "affirming", s->n - s->warned - s->contraindicated - s->failed);
    hf_json_u64(&j, "warning", s->warned);
    hf_json_u64(&j, "contraindicated", s->contraindicated);
    hf_json_u64(&j, "not_judged", s->failed);
    hf_json_bool(&j, "complete", whole);
    if (s->opt->lines)
        hf_json_close(&j);
    hf_json_close(&j);
    HF_TRY(hf_json_end(&j));
    HF_TRY(hf_buf_add(&text, hf_bytes_text("\n")));
    return hf_cli_print(s->cli, hf_buf_bytes(&text));
}

struct work {
    const struct hf_batch *batch;
    struct source *source;
};

static hf_err work(struct hf_core *core, void *arg)
{
    const struct work *w = arg;
    const struct source *s = w->source;

    (void)core;
    HF_TRY(hf_batch_run(w->batch));
    if (s->contraindicated || s->failed)
        return hf_fail(HF_E_UNTRUSTED, "%llu of %llu files are contraindicated, %llu could not be judged",
                       (unsigned long long)s->contraindicated, (unsigned long long)s->n, (unsigned long long)s->failed);
    if (s->warned)
        return hf_fail(HF_E_WARNED, "%llu of %llu files have warnings", (unsigned long long)s->warned,
                       (unsigned long long)s->n);
    return s->n ? HF_OK : hf_fail(HF_E_NOT_FOUND, "there is no file to judge");
}

static hf_err begun(struct hf_core *core, void *arg)
{
    (void)core;
    (void)arg;
    return HF_OK;
}

static hf_err check_options(const struct batch_opts *opt)
{
    if (opt->jobs > JOBS_MAX)
        return hf_fail(HF_E_ARG, "--jobs %u: at most %u", opt->jobs, JOBS_MAX);
    if (opt->nonces && (opt->from.n != 1 || strcmp(opt->from.item[0], "-") != 0))
        return hf_fail(HF_E_ARG, "--nonces goes with a list of paths on standard input: -");
    return HF_OK;
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    const struct batch_opts *opt = options;
    HF_CLEANUP(hf_cli_judgement_free) struct hf_cli_judgement j = {0};
    HF_CLEANUP(source_free) struct source s = {.cli = cli, .opt = opt, .started = hf_monotonic_ms()};
    struct hf_batch batch = {.cli = cli, .judgement = &j, .next = next, .done = done, .to = &s, .stop = &stopped};
    struct work w = {&batch, &s};
    const struct sigaction interrupt = {.sa_handler = on_interrupt};
    const char *object = hf_cli_base_name(opt->from.item[0]);
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    hf_err err;

    HF_TRY(check_options(opt));
    if (opt->nonces && !(s.nonces = fopen(opt->nonces, "re")))
        return hf_fail_errno("%s", opt->nonces);
    HF_TRY(hf_cli_judgement_read(cli, &opt->judge, &j));
    HF_TRY(hf_cli_core(cli, &core));
    batch.jobs = opt->jobs ? opt->jobs : hf_batch_processors();
    s.bar = !cli->quiet && !opt->lines && isatty(STDERR_FILENO);
    s.total = s.bar ? count(opt) : 0;
    s.bar = s.total > 0;
    (void)sigaction(SIGINT, &interrupt, NULL);
    (void)sigaction(SIGTERM, &interrupt, NULL);
    /* lines are released while the work goes on: so its beginning is recorded before */
    HF_TRY(hf_core_do(core, &who, HF_OP_EVIDENCE_VERIFY_BATCH, object, begun, NULL));
    err = hf_core_do(core, &who, HF_OP_EVIDENCE_VERIFY_BATCH, object, work, &w);
    bar(&s, true);
    if (err == HF_OK || err == HF_E_WARNED || err == HF_E_UNTRUSTED || err == HF_E_CANCELLED) {
        char detail[256];

        (void)snprintf(detail, sizeof(detail), "%s", hf_err_detail());
        HF_TRY(cli->json ? summary_json(&s, hf_now(), err != HF_E_CANCELLED)
                         : summary_text(&s, hf_monotonic_ms() - s.started, err != HF_E_CANCELLED));
        return err == HF_OK ? HF_OK : hf_fail(err, "%s", detail);
    }
    return err;
}

const struct hf_command hf_cmd_verify_batch = {
    .words = "verify-batch",
    .about = "Judge many files of evidence, each by itself, and sum up",
    .text =
        "Every file beneath the folders, or every path on standard input, is judged by itself as `holdfast verify` "
        "does, by several confined workers at once and in bounded memory. Certificates and signatures that were found "
        "good once are not checked again; dates, policy and nonces are.\n\n"
        "A file FILE.nonce beside FILE has its nonce in hex, and is no evidence itself; --nonces has them for a "
        "list.\n\n"
        "Files that are no evidence, and files and folders that cannot be read, count as not judged. An interrupt "
        "(Ctrl-C) ends it with what was counted so far, and status 75.\n\n"
        "Exit status 0: all affirming; 3: some with warnings; 1: some contraindicated or not judged.",
    .example = "mkdir evidence\nhead -c 64 /dev/zero > evidence/zeros\nholdfast verify-batch evidence || test $? -eq 1",
    .opts = rows,
    .size = sizeof(struct batch_opts),
    .run = run,
};

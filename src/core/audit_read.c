/* Reading the audit trail. */
#include "core/audit_read.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "core/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define CHUNK ((size_t)64 * 1024)

struct source {
    int fd;
    const char *name;
    uint64_t left; /* bytes that stood there when the walk began */
    hf_audit_visit *visit;
    void *arg;
};

static hf_err fill(struct source *s, struct hf_buf *in)
{
    size_t want = s->left < CHUNK ? (size_t)s->left : CHUNK;
    uint8_t *place = NULL;
    ssize_t got;

    HF_TRY(hf_buf_grow(in, want, &place));
    in->n -= want;
    do {
        got = read(s->fd, place, want);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return hf_fail_errno("%s", s->name);
    in->n += (size_t)got;
    s->left = got ? s->left - (uint64_t)got : 0;
    return HF_OK;
}

/* Visit the whole lines in `in`, and keep what follows the last. */
static hf_err visit_lines(struct source *s, struct hf_buf *in, struct hf_audit_place *place)
{
    const uint8_t *at = in->p;
    const uint8_t *end = in->p + in->n;
    const uint8_t *newline;

    while (at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        place->line++;
        HF_TRY(s->visit(s->arg, place, (struct hf_bytes){at, (size_t)(newline - at)}));
        at = newline + 1;
    }
    memmove(in->p, at, (size_t)(end - at));
    in->n = (size_t)(end - at);
    return HF_OK;
}

static hf_err walk_file(struct source *s)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    struct hf_audit_place place = {.file = s->name, .whole = true};

    while (s->left && in.n <= HF_AUDIT_LINE_MAX) {
        HF_TRY(fill(s, &in));
        if (in.n)
            HF_TRY(visit_lines(s, &in, &place));
    }
    if (in.n == 0)
        return HF_OK;
    place.whole = false;
    place.line++;
    return s->visit(s->arg, &place, (struct hf_bytes){in.p, in.n < HF_AUDIT_LINE_MAX ? in.n : HF_AUDIT_LINE_MAX});
}

static hf_err size_of(int fd, const char *name, uint64_t *size)
{
    off_t end = lseek(fd, 0, SEEK_END);

    if (end < 0 || lseek(fd, 0, SEEK_SET) != 0)
        return hf_fail_errno("%s", name);
    *size = (uint64_t)end;
    return HF_OK;
}

/* What stands there now, seen at one moment: the closed files' names, and audit.log open with its size. */
static hf_err snapshot(int dir, struct hf_audit_names *names, int *fd, uint64_t *size)
{
    HF_CLEANUP(hf_fd_close) int lock_fd = -1;
    hf_err err;

    HF_TRY(hf_open_beneath(dir, HF_AUDIT_LOCK, O_RDWR | O_CREAT, 0600, &lock_fd));
    HF_TRY(hf_audit_lock(lock_fd, false));
    err = hf_audit_names(dir, names);
    if (err == HF_OK)
        err = hf_open_beneath(dir, HF_AUDIT_FILE, O_RDONLY, 0, fd);
    if (err == HF_OK)
        err = size_of(*fd, HF_AUDIT_FILE, size);
    hf_audit_unlock(lock_fd);
    return err == HF_E_NOT_FOUND ? HF_OK : err; /* no audit.log: nothing was recorded yet, or it is gone */
}

hf_err hf_audit_walk(int state_dir, size_t files, hf_audit_visit *visit, void *arg)
{
    HF_CLEANUP(hf_audit_names_free) struct hf_audit_names names = {0};
    HF_CLEANUP(hf_fd_close) int current = -1;
    uint64_t size = 0;
    size_t start;

    HF_TRY(snapshot(state_dir, &names, &current, &size));
    start = files && names.n + 1 > files ? names.n + 1 - files : 0;
    for (size_t i = start; i < names.n; i++) {
        HF_CLEANUP(hf_fd_close) int fd = -1;
        struct source s = {.name = names.name[i], .visit = visit, .arg = arg};

        HF_TRY(hf_open_beneath(state_dir, s.name, O_RDONLY, 0, &fd));
        HF_TRY(size_of(fd, s.name, &s.left));
        s.fd = fd;
        HF_TRY(walk_file(&s));
    }
    if (current >= 0) {
        struct source s = {current, HF_AUDIT_FILE, size, visit, arg};

        HF_TRY(walk_file(&s));
    }
    return HF_OK;
}

/* ---- the verdict ---- */

struct judge {
    const struct hf_audit_head *anchor;
    struct hf_audit_head at; /* the record before */
    bool prev_known;         /* false before the first record of a chain that begins later than 1 */
    struct hf_audit_report report;
};

static HF_PRINTF(3, 4) hf_err broken(struct judge *j, const struct hf_audit_place *place, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(j->report.broken, sizeof(j->report.broken), fmt, args);
    va_end(args);
    if (place) {
        (void)snprintf(j->report.file, sizeof(j->report.file), "%s", place->file);
        j->report.line = place->line;
        return hf_fail(HF_E_MISMATCH, "%s line %" PRIu64 ": %s", place->file, place->line, j->report.broken);
    }
    return hf_fail(HF_E_MISMATCH, "%s", j->report.broken);
}

static hf_err judge_order(struct judge *j, const struct hf_audit_place *place, const struct hf_audit_record *rec)
{
    uint64_t want = j->at.seq + 1;

    if (rec->seq > want)
        return broken(j, place, "records %" PRIu64 " to %" PRIu64 " are missing", want, rec->seq - 1);
    if (rec->seq < want)
        return broken(j, place, "record %" PRIu64 " stands where record %" PRIu64 " belongs", rec->seq, want);
    if (j->prev_known && memcmp(rec->prev, j->at.hash, 32) != 0)
        return broken(j, place, "record %" PRIu64 " does not follow the record before it: one of the two was forged",
                      rec->seq);
    return HF_OK;
}

static hf_err judge_line(void *arg, const struct hf_audit_place *place, struct hf_bytes line)
{
    struct judge *j = arg;
    struct hf_audit_record rec;
    hf_err err;

    if (!place->whole)
        return broken(j, place, "the line after record %" PRIu64 " has no end", j->at.seq);
    err = hf_audit_line_parse(line, &rec);
    if (err == HF_E_FORMAT)
        return broken(j, place, "the line after record %" PRIu64 " is damaged: %.200s", j->at.seq, hf_err_detail());
    HF_TRY(err);
    err = hf_audit_line_check(line, &rec);
    if (err == HF_E_INTEGRITY)
        return broken(j, place, "record %" PRIu64 " was altered: its hash does not fit its content", rec.seq);
    HF_TRY(err);
    HF_TRY(judge_order(j, place, &rec));
    if (j->anchor && j->anchor->seq == rec.seq) {
        if (memcmp(j->anchor->hash, rec.hash, 32) != 0)
            return broken(j, place, "record %" PRIu64 " is not the anchored one: the chain was written anew", rec.seq);
        j->report.anchored = true;
    }
    if (j->report.records++ == 0)
        j->report.first = rec.seq;
    j->report.gaps += strcmp(rec.op, "audit.gap") == 0;
    j->at.seq = rec.seq;
    memcpy(j->at.hash, rec.hash, 32);
    j->prev_known = true;
    return HF_OK;
}

static hf_err judge_anchor(struct judge *j)
{
    if (!j->anchor || j->report.anchored || j->anchor->seq == 0)
        return HF_OK;
    if (j->anchor->seq > j->at.seq)
        return broken(j, NULL,
                      "the chain ends at record %" PRIu64 " and the anchor is record %" PRIu64 ": %" PRIu64
                      " records were cut off",
                      j->at.seq, j->anchor->seq, j->anchor->seq - j->at.seq);
    return broken(j, NULL, "the anchor is record %" PRIu64 ", before the first record that is here", j->anchor->seq);
}

hf_err hf_audit_verify(int state_dir, uint64_t first, const struct hf_audit_head *anchor, struct hf_audit_report *out)
{
    struct judge j = {.anchor = anchor};
    hf_err err;

    if (first == 0)
        return hf_fail(HF_E_ARG, "records are counted from 1");
    j.at.seq = first - 1;
    j.prev_known = first == 1; /* whose prev is zeros */
    err = hf_audit_walk(state_dir, 0, judge_line, &j);
    if (err == HF_OK)
        err = judge_anchor(&j);
    if (err != HF_OK && err != HF_E_MISMATCH)
        return err;
    j.report.last = j.report.records ? j.at.seq : 0;
    memcpy(j.report.hash, j.at.hash, 32);
    *out = j.report;
    if (err == HF_OK && j.report.gaps)
        return hf_fail(HF_E_WARNED, "the chain is intact and tells of %" PRIu64 " torn tails", j.report.gaps);
    return err;
}

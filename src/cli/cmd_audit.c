/* holdfast audit tail | verify | export */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"
#include "codec/hex.h"
#include "core/audit_ops.h"

#include <inttypes.h>

static hf_err parsed(const struct hf_audit_place *place, struct hf_bytes line, struct hf_audit_record *rec)
{
    hf_err err = place->whole ? hf_audit_line_parse(line, rec) : hf_fail(HF_E_TRUNCATED, "the line has no end");

    return err == HF_OK ? HF_OK
                        : hf_fail(HF_E_INTEGRITY, "%s line %" PRIu64 ": %.300s; holdfast audit verify tells more",
                                  place->file, place->line, hf_err_detail());
}

/* "2026-11-24T17:04:28.123Z" */
static void time_text(uint64_t ms, char out[HF_TIME_TEXT + 8])
{
    char seconds[HF_TIME_TEXT];

    hf_time_write((hf_time)(ms / 1000), seconds);
    (void)snprintf(out, HF_TIME_TEXT + 8, "%.*s.%03uZ", (int)strcspn(seconds, "Z"), seconds, (unsigned)(ms % 1000));
}

/* ---- tail ---- */

#define TAIL_MAX 1000u

struct tail_opts {
    uint32_t n;
};

static const struct hf_opt tail_rows[] = {
    {HF_OPT_U32, 'n', "lines", offsetof(struct tail_opts, n), "N", "how many records, at most 1000 (default 20)", NULL,
     false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void tail_defaults(void *options)
{
    ((struct tail_opts *)options)->n = 20;
}

/* The last n lines, in a ring. */
struct ring {
    size_t n;
    size_t seen;
    struct hf_buf line[TAIL_MAX];
};

static hf_err keep(void *arg, const struct hf_audit_place *place, struct hf_bytes line)
{
    struct ring *ring = arg;
    struct hf_audit_record rec;

    HF_TRY(parsed(place, line, &rec));
    return hf_buf_set(&ring->line[ring->seen++ % ring->n], line);
}

static void ring_free(struct ring **ring)
{
    for (size_t i = 0; *ring && i < TAIL_MAX; i++)
        hf_buf_free(&(*ring)->line[i]);
    hf_free(ring);
}

static hf_err print_record(struct hf_bytes line)
{
    struct hf_audit_record rec;
    char when[HF_TIME_TEXT + 8];

    HF_TRY(hf_audit_line_parse(line, &rec));
    time_text(rec.time_ms, when);
    (void)printf("%6" PRIu64 "  %s  %-12s  %-8s  %-20s  %-14s  %s%s%s\n", rec.seq, when, rec.who, rec.door, rec.op,
                 rec.result, rec.object, rec.object[0] && rec.detail[0] ? "  " : "", rec.detail);
    return HF_OK;
}

static hf_err run_tail(struct hf_cli *cli, const void *options)
{
    const struct tail_opts *opt = options;
    HF_CLEANUP(ring_free) struct ring *ring = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_json j = {0};
    size_t start;

    if (opt->n == 0 || opt->n > TAIL_MAX)
        return hf_fail(HF_E_ARG, "--lines %u: 1 to %u are given", (unsigned)opt->n, TAIL_MAX);
    HF_TRY(hf_alloc(sizeof(*ring), &ring));
    ring->n = opt->n;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_audit_walk(core, &who, HF_OP_AUDIT_TAIL, 2, keep, ring)); /* the file now open may be a new one */
    start = ring->seen > ring->n ? ring->seen - ring->n : 0;
    if (cli->json) {
        HF_TRY(hf_cli_json_start(&text, &j));
        hf_json_array(&j, "records");
    }
    for (size_t i = start; i < ring->seen; i++) {
        struct hf_bytes line = hf_buf_bytes(&ring->line[i % ring->n]);

        if (cli->json)
            hf_json_raw(&j, NULL, line);
        else
            HF_TRY(print_record(line));
    }
    if (!cli->json)
        return HF_OK;
    hf_json_close(&j);
    return hf_cli_json_end(&text, &j);
}

const struct hf_command hf_cmd_audit_tail = {
    .words = "audit tail",
    .about = "Show the latest audit records",
    .text = "Number, time, who, through which door, operation, result, object and detail of each.",
    .example = "holdfast audit tail\nholdfast audit tail --lines 5 --json",
    .opts = tail_rows,
    .size = sizeof(struct tail_opts),
    .run = run_tail,
    .defaults = tail_defaults,
};

/* ---- verify ---- */

struct verify_opts {
    const char *anchor;
    uint64_t first;
};

static const struct hf_opt verify_rows[] = {
    {HF_OPT_TEXT, 0, "anchor", offsetof(struct verify_opts, anchor), "SEQ:HASH",
     "a record noted elsewhere earlier, as verify prints it", NULL, false},
    {HF_OPT_U64, 0, "first", offsetof(struct verify_opts, first), "SEQ",
     "the record the chain begins with, when older files are kept elsewhere", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void verify_defaults(void *options)
{
    ((struct verify_opts *)options)->first = 1;
}

static hf_err anchor_parse(const char *text, struct hf_audit_head *out)
{
    const char *colon = strchr(text, ':');
    char number[24] = "";

    if (!colon || (size_t)(colon - text) >= sizeof(number))
        return hf_fail(HF_E_ARG, "--anchor \"%.100s\" is not a number, a colon and 64 hex digits", text);
    memcpy(number, text, (size_t)(colon - text));
    HF_TRY(hf_text_u64(number, UINT64_MAX, "--anchor", &out->seq));
    if (hf_hex_parse_exact(hf_bytes_text(colon + 1), out->hash, sizeof(out->hash)) != HF_OK)
        return hf_fail(HF_E_ARG, "--anchor: \"%.80s\" is not 64 hex digits", colon + 1);
    return HF_OK;
}

static hf_err verify_json(const struct hf_audit_report *rep, hf_err err)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_bool(&j, "intact", err != HF_E_MISMATCH);
    hf_json_u64(&j, "records", rep->records);
    hf_json_u64(&j, "first", rep->first);
    hf_json_u64(&j, "last", rep->last);
    hf_json_hex(&j, "hash", HF_BYTES_OF(rep->hash));
    hf_json_u64(&j, "gaps", rep->gaps);
    hf_json_bool(&j, "anchored", rep->anchored);
    if (rep->broken[0]) {
        hf_json_text(&j, "broken", rep->broken);
        hf_json_text(&j, "file", rep->file);
        hf_json_u64(&j, "line", rep->line);
    }
    return hf_cli_json_end(&text, &j);
}

static hf_err verify_lines(const struct hf_cli *cli, const struct hf_audit_report *rep, hf_err err)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf hash = {0};
    char *hex = NULL;

    HF_TRY(hf_hex_write(HF_BYTES_OF(rep->hash), &hash));
    HF_TRY(hf_buf_text(&hash, &hex));
    hf_cli_line(cli, "chain", err == HF_E_MISMATCH ? "broken: %s" : "intact%s", rep->broken);
    if (rep->line)
        hf_cli_line(cli, "at", "%s line %" PRIu64, rep->file, rep->line);
    hf_cli_line(cli, "records", "%" PRIu64 " (%" PRIu64 " to %" PRIu64 ")", rep->records, rep->first, rep->last);
    hf_cli_line(cli, "torn tails", "%" PRIu64, rep->gaps);
    hf_cli_line(cli, "anchor", "%" PRIu64 ":%s", rep->last, hex);
    return HF_OK;
}

static hf_err run_verify(struct hf_cli *cli, const void *options)
{
    const struct verify_opts *opt = options;
    struct hf_audit_report rep = {0};
    struct hf_audit_head anchor = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    hf_err err;

    if (opt->anchor)
        HF_TRY(anchor_parse(opt->anchor, &anchor));
    HF_TRY(hf_cli_core(cli, &core));
    err = hf_core_audit_verify(core, &who, opt->first, opt->anchor ? &anchor : NULL, &rep);
    if (err != HF_OK && err != HF_E_WARNED && err != HF_E_MISMATCH)
        return err;
    HF_TRY(cli->json ? verify_json(&rep, err) : verify_lines(cli, &rep, err));
    return err;
}

const struct hf_command hf_cmd_audit_verify = {
    .words = "audit verify",
    .about = "Check the chain of audit records",
    .text = "Names the first record that is damaged, missing, out of order, forged or cut off, and exits with 1 then; "
            "with 3 when the chain is intact and tells of records that power loss tore off.\n\n"
            "A chain that was cut off at its end, or written anew from its start, is told by an anchor: the last line "
            "of this command's answer, noted elsewhere at an earlier time.",
    .example = "holdfast audit verify\nholdfast audit verify --json",
    .opts = verify_rows,
    .size = sizeof(struct verify_opts),
    .run = run_verify,
    .defaults = verify_defaults,
};

/* ---- export ---- */

struct export_opts {
    const char *format;
};

static const struct hf_opt export_rows[] = {
    {HF_OPT_TEXT, 0, "format", offsetof(struct export_opts, format), "FORMAT",
     "JSON lines (default), or ArcSight CEF 0", "json|cef", false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err export_json(void *arg, const struct hf_audit_place *place, struct hf_bytes line)
{
    struct hf_audit_record rec;

    (void)arg;
    HF_TRY(parsed(place, line, &rec));
    (void)fwrite(line.p, 1, line.n, stdout);
    (void)putchar('\n');
    return HF_OK;
}

/* A value of a CEF extension: backslash, equals and line ends are escaped. */
static void cef_value(const char *key, const char *value)
{
    if (!value[0])
        return;
    (void)printf(" %s=", key);
    for (; *value; value++) {
        if (*value == '\n' || *value == '\r')
            (void)fputs(*value == '\n' ? "\\n" : "\\r", stdout);
        else
            (void)printf(*value == '\\' || *value == '=' ? "\\%c" : "%c", *value);
    }
}

/* A field of the CEF header: backslash and bar are escaped, line ends do not occur. */
static void cef_field(const char *value)
{
    for (; *value; value++)
        (void)printf(*value == '\\' || *value == '|' ? "\\%c" : "%c", *value == '\n' || *value == '\r' ? ' ' : *value);
    (void)putchar('|');
}

/* CEF counts from 0 to 10: what was refused weighs more than what failed. */
static int severity(const char *result)
{
    if (strcmp(result, "HF_OK") == 0)
        return 2;
    if (strcmp(result, "HF_E_DENIED") == 0 || strcmp(result, "HF_E_AUTH") == 0 || strcmp(result, "HF_E_LOCKED") == 0 ||
        strcmp(result, "HF_E_IMPOSTOR") == 0)
        return 8;
    return 5;
}

static hf_err export_cef(void *arg, const struct hf_audit_place *place, struct hf_bytes line)
{
    struct hf_audit_record rec;

    (void)arg;
    HF_TRY(parsed(place, line, &rec));
    (void)printf("CEF:0|holdfast|holdfast|%s|", hf_version());
    cef_field(rec.op);
    cef_field(rec.op);
    (void)printf("%d|rt=%" PRIu64 " externalId=%" PRIu64, severity(rec.result), rec.time_ms, rec.seq);
    cef_value("suser", rec.who);
    cef_value("app", rec.door);
    cef_value("fname", rec.object);
    cef_value("outcome", rec.result);
    cef_value("msg", rec.detail);
    if (rec.code)
        (void)printf(" cn1Label=deviceCode cn1=%u", (unsigned)rec.code);
    (void)putchar('\n');
    return HF_OK;
}

static hf_err run_export(struct hf_cli *cli, const void *options)
{
    const struct export_opts *opt = options;
    bool cef = opt->format && strcmp(opt->format, "cef") == 0;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_core(cli, &core));
    return hf_core_audit_walk(core, &who, HF_OP_AUDIT_EXPORT, 0, cef ? export_cef : export_json, NULL);
}

const struct hf_command hf_cmd_audit_export = {
    .words = "audit export",
    .about = "Print every audit record for another program",
    .text = "JSON lines are the records as they are chained, so the chain can be checked elsewhere.",
    .example = "holdfast audit export > audit.jsonl\nholdfast audit export --format cef",
    .opts = export_rows,
    .size = sizeof(struct export_opts),
    .run = run_export,
};

/* holdfast evidence inspect | kinds: what is in evidence, and what kinds there are. */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/verify_arg.h"
#include "codec/utf8.h"

/* ---- inspect ---- */

#define VALUE_SHOWN 48u /* bytes of a value in a table; --json has all */

struct inspect_opts {
    const char *file, *kind;
};

static const struct hf_opt inspect_rows[] = {
    {HF_OPT_TEXT, 'k', "kind", offsetof(struct inspect_opts, kind), "KIND",
     "what it is: auto, or one of `holdfast evidence kinds`", NULL, false},
    {HF_OPT_WORD, 0, "FILE", offsetof(struct inspect_opts, file), NULL,
     "evidence: raw, hex, base64, PEM, a cloud's JSON, CMW; - for standard input", NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

/* One inspection under way. */
struct telling {
    const struct hf_cli *cli;
    struct hf_json *j; /* NULL: a table */
    size_t items;
    hf_err err; /* the first item's that did not fit */
    char detail[512];
    struct hf_buf text; /* one row's value, or all of a JSON answer */
    struct hf_buf value;
};

static void put_shown(struct hf_buf *out, struct hf_bytes text, size_t max)
{
    for (size_t i = 0, len; i < text.n && i < max; i += len ? len : 1) {
        len = hf_utf8_shown(text.p + i, text.n - i);
        if (len ? hf_buf_add(out, (struct hf_bytes){text.p + i, len}) : hf_buf_printf(out, "\\x%02x", text.p[i]))
            return;
    }
}

static void put_value(const struct hf_inspect_row *row, size_t max, struct hf_buf *out)
{
    hf_err err = HF_OK;

    out->n = 0;
    if (row->kind == HF_INSPECT_NUMBER)
        err = row->number < 10 ? hf_buf_printf(out, "%llu", (unsigned long long)row->number)
                               : hf_buf_printf(out, "%llu (0x%llx)", (unsigned long long)row->number,
                                               (unsigned long long)row->number);
    else if (row->kind == HF_INSPECT_TEXT)
        put_shown(out, row->bytes, 2 * max);
    for (size_t i = 0; row->kind == HF_INSPECT_BYTES && err == HF_OK && i < row->bytes.n && i < max; i++)
        err = hf_buf_printf(out, "%02x", row->bytes.p[i]);
    if (err == HF_OK && row->kind != HF_INSPECT_NUMBER && row->kind != HF_INSPECT_GROUP &&
        row->bytes.n > (row->kind == HF_INSPECT_TEXT ? 2 : 1) * max)
        (void)hf_buf_printf(out, "... (%zu bytes)", row->bytes.n);
}

static void on_row_text(struct telling *t, const struct hf_inspect_row *row)
{
    int indent = 2 * (int)(row->depth < 20 ? row->depth : 20);

    put_value(row, VALUE_SHOWN, &t->value);
    if (row->n)
        (void)printf("%7zu %6zu  ", row->at, row->n);
    else
        (void)printf("%16s", "");
    if (row->kind == HF_INSPECT_GROUP)
        (void)printf("%*s%s\n", indent, "", row->name);
    else
        (void)printf("%*s%-*s %.*s%s%s\n", indent, "", 26 - indent > 0 ? 26 - indent : 1, row->name, (int)t->value.n,
                     (const char *)t->value.p, row->meaning[0] ? "  " : "", row->meaning);
}

static void on_row_json(struct telling *t, const struct hf_inspect_row *row)
{
    hf_json_object(t->j, NULL);
    hf_json_u64(t->j, "offset", row->at);
    hf_json_u64(t->j, "size", row->n);
    hf_json_u64(t->j, "depth", row->depth);
    hf_json_text(t->j, "name", row->name);
    if (row->kind == HF_INSPECT_NUMBER && row->number > (uint64_t)1 << 53)
        hf_json_printf(t->j, "value", "%llu", (unsigned long long)row->number);
    else if (row->kind == HF_INSPECT_NUMBER)
        hf_json_u64(t->j, "value", row->number);
    else if (row->kind == HF_INSPECT_TEXT)
        hf_json_text_n(t->j, "value", row->bytes);
    else if (row->kind == HF_INSPECT_BYTES)
        hf_json_hex(t->j, "value", row->bytes);
    else
        hf_json_bool(t->j, "group", true);
    if (row->meaning[0])
        hf_json_text(t->j, "meaning", row->meaning);
    hf_json_close(t->j);
}

static void on_row(void *to, const struct hf_inspect_row *row)
{
    struct telling *t = to;

    if (t->j)
        on_row_json(t, row);
    else
        on_row_text(t, row);
}

static void on_item(void *to, const struct hf_inspect_item *item)
{
    struct telling *t = to;
    const char *kind = item->format ? item->format->name : "endorsement";

    if (t->j && t->items) {
        hf_json_close(t->j);
        hf_json_close(t->j);
    }
    if (t->j) {
        hf_json_object(t->j, NULL);
        hf_json_text(t->j, "kind", kind);
        hf_json_text(t->j, "where", item->where);
        hf_json_u64(t->j, "bytes", item->n);
        hf_json_text(t->j, "problem", item->err == HF_OK ? NULL : item->detail);
        hf_json_array(t->j, "fields");
    } else {
        (void)printf("%s%s%s%s: %zu bytes, %s\n", t->items ? "\n" : "", item->where, item->where[0] ? ": " : "", kind,
                     item->n, item->format ? item->format->about : "what others say about the platform");
        if (item->format)
            (void)printf("%7s %6s  %-26s %s\n", "offset", "size", "name", "value  meaning");
    }
    if (item->err != HF_OK && t->err == HF_OK) {
        t->err = item->err;
        (void)snprintf(t->detail, sizeof(t->detail), "%s%s%s", item->where, item->where[0] ? ": " : "", item->detail);
    }
    t->items++;
}

static void telling_free(struct telling *t)
{
    hf_buf_free(&t->text);
    hf_buf_free(&t->value);
}

static hf_err run_inspect(struct hf_cli *cli, const void *options)
{
    const struct inspect_opts *opt = options;
    HF_CLEANUP(hf_worker_stop) struct hf_worker *worker = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    HF_CLEANUP(telling_free) struct telling t = {.cli = cli};
    struct hf_json j = {0};

    HF_TRY(hf_worker_start(&(struct hf_worker_conf){.cpu_s = 60}, &worker));
    HF_TRY(hf_cli_evidence_read(opt->file, &in));
    if (cli->json) {
        HF_TRY(hf_cli_json_start(&t.text, &j));
        hf_json_array(&j, "items");
        t.j = &j;
    }
    HF_TRY(hf_worker_inspect(worker, hf_buf_bytes(&in), opt->kind, on_item, on_row, &t));
    if (cli->json) {
        if (t.items) {
            hf_json_close(&j);
            hf_json_close(&j);
        }
        hf_json_close(&j);
        HF_TRY(hf_cli_json_end(&t.text, &j));
    }
    /* An unknown version is malformed data to who runs this: 69 is for a device or service that is not there. */
    return t.err == HF_OK ? HF_OK : hf_fail(t.err == HF_E_UNSUPPORTED ? HF_E_FORMAT : t.err, "%s", t.detail);
}

const struct hf_command hf_cmd_evidence_inspect = {
    .words = "evidence inspect",
    .about = "Print evidence field by field, whether or not it would verify",
    .text = "Offset, size, name, value and meaning of every field, for each item in an envelope. Nothing is judged: "
            "what is printed is what the bytes say, not what is true. Bytes that do not fit their format are told as far as "
            "they go; the command then ends with 65 and says what did not fit. Long values are cut in the table; "
            "--json has them whole.",
    .example = "head -c 64 /dev/zero > evidence.bin\nholdfast evidence inspect evidence.bin || test $? -eq 65",
    .opts = inspect_rows,
    .size = sizeof(struct inspect_opts),
    .run = run_inspect,
};

/* ---- kinds ---- */

static hf_err run_kinds(struct hf_cli *cli, const void *options)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = {0};

    (void)options;
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_array(&j, "kinds");
    if (!cli->json)
        (void)printf("%-18s %-10s %-8s %s\n", "KIND", "FAMILY", "JUDGED", "ABOUT");
    for (size_t i = 0; hf_evidence_formats[i]; i++) {
        const struct hf_evidence_format *f = hf_evidence_formats[i];
        bool judged = hf_judge_of(f->name) != NULL;

        if (!cli->json)
            (void)printf("%-18s %-10s %-8s %s\n", f->name, f->family, judged ? "yes" : "no", f->about);
        hf_json_object(&j, NULL);
        hf_json_text(&j, "kind", f->name);
        hf_json_text(&j, "family", f->family);
        hf_json_bool(&j, "judged", judged);
        hf_json_text(&j, "about", f->about);
        hf_json_close(&j);
    }
    hf_json_close(&j);
    return cli->json ? hf_cli_json_end(&text, &j) : HF_OK;
}

const struct hf_command hf_cmd_evidence_kinds = {
    .words = "evidence kinds",
    .about = "List the kinds of evidence that are known",
    .text = "Kind and family are what --kind takes; by itself a kind is found from the bytes. What is not judged can "
            "be inspected: nothing in it is signed.",
    .example = "holdfast evidence kinds",
    .run = run_kinds,
};

/* Reading an object by a table of fields. */
#include "codec/json_fields.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

/* Bytes of a field of each kind, for the copy that is filled first. */
static const size_t sizes[] = {
    [HF_FIELD_TEXT] = sizeof(char *),
    [HF_FIELD_TEXTS] = sizeof(struct hf_json_texts),
    [HF_FIELD_HEX] = sizeof(struct hf_buf),
    [HF_FIELD_BASE64] = sizeof(struct hf_buf),
    [HF_FIELD_DIGEST] = sizeof(struct hf_digest),
    [HF_FIELD_U32] = sizeof(uint32_t),
    [HF_FIELD_U64] = sizeof(uint64_t),
    [HF_FIELD_I64] = sizeof(int64_t),
    [HF_FIELD_DOUBLE] = sizeof(double),
    [HF_FIELD_HANDLE] = sizeof(uint32_t),
    [HF_FIELD_NUMBERS] = sizeof(struct hf_json_numbers),
    [HF_FIELD_BOOL] = sizeof(bool),
    [HF_FIELD_RAW] = sizeof(struct hf_json_value),
};

/* One reading: where it stands in the body, and what it found. */
struct reading {
    struct hf_bytes text;
    struct hf_json_problems *problems;
    struct hf_json_problem here; /* its path alone is in use */
};

static void enter_key(struct reading *rd, const char *key)
{
    if (rd->here.depth < HF_JSON_PATH_MAX) {
        rd->here.path[rd->here.depth].index = 0;
        (void)snprintf(rd->here.path[rd->here.depth].key, sizeof(rd->here.path[0].key), "%s", key);
    }
    rd->here.depth++;
}

static void enter_index(struct reading *rd, size_t index)
{
    if (rd->here.depth < HF_JSON_PATH_MAX) {
        rd->here.path[rd->here.depth].key[0] = 0;
        rd->here.path[rd->here.depth].index = index;
    }
    rd->here.depth++;
}

static void leave(struct reading *rd)
{
    rd->here.depth--;
}

/* Keep a problem with the value at `at`. */
static HF_PRINTF(4, 5) void problem(struct reading *rd, const uint8_t *at, const char *type, const char *fmt, ...)
{
    struct hf_json_problem *p;
    va_list args;

    if (rd->problems->n++ >= HF_JSON_PROBLEMS_MAX)
        return;
    p = &rd->problems->item[rd->problems->n - 1];
    *p = rd->here;
    if (p->depth > HF_JSON_PATH_MAX)
        p->depth = HF_JSON_PATH_MAX;
    (void)snprintf(p->type, sizeof(p->type), "%s", type);
    va_start(args, fmt);
    (void)vsnprintf(p->msg, sizeof(p->msg), fmt, args);
    va_end(args);
    hf_json_where(rd->text, at, &p->line, &p->column);
}

static bool wrong_type(struct reading *rd, struct hf_json_value v, enum hf_json_type want, const char *type)
{
    if (v.type == want)
        return false;
    problem(rd, v.raw.p, type, "%s, where %s is wanted", hf_json_type_name(v.type), hf_json_type_name(want));
    return true;
}

static bool is_word(const char *text, const char *words)
{
    size_t n = strlen(text);

    for (const char *w = words; *w; w += strcspn(w, "|"), w += *w == '|') {
        if (strcspn(w, "|") == n && memcmp(w, text, n) == 0)
            return true;
    }
    return false;
}

/* A text as a C string, or NULL in *out after a problem. */
static hf_err read_text(struct reading *rd, const struct hf_json_field *row, uint64_t max, struct hf_json_value v,
                        char **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_free) char *copy = NULL;

    if (wrong_type(rd, v, HF_JSON_TEXT, "string_type"))
        return HF_OK;
    HF_TRY(hf_json_as_text(v, &text));
    if (max && text.n > max) {
        problem(rd, v.raw.p, "string_too_long", "%zu bytes, where at most %llu are wanted", text.n,
                (unsigned long long)max);
        return HF_OK;
    }
    if (text.n && memchr(text.p, 0, text.n)) {
        problem(rd, v.raw.p, "value_error", "the text holds a NUL character");
        return HF_OK;
    }
    HF_TRY(hf_text_of(hf_buf_bytes(&text), &copy));
    if (row->words && !is_word(copy, row->words)) {
        problem(rd, v.raw.p, "literal_error", "\"%.40s\", where one of %.120s is wanted", copy, row->words);
        return HF_OK;
    }
    *out = hf_take(copy);
    return HF_OK;
}

static void free_texts(struct hf_json_texts *texts)
{
    for (size_t i = 0; i < texts->n; i++)
        hf_free(&texts->item[i]);
    hf_free(&texts->item);
    texts->n = 0;
}

static hf_err read_texts(struct reading *rd, const struct hf_json_field *row, struct hf_json_value v,
                         struct hf_json_texts *out)
{
    HF_CLEANUP(free_texts) struct hf_json_texts texts = {0};
    struct hf_json_iter it = hf_json_iter(v);
    uint64_t max = row->max ? row->max : HF_JSON_TEXTS_MAX;
    size_t n;

    if (wrong_type(rd, v, HF_JSON_ARRAY, "list_type"))
        return HF_OK;
    n = hf_json_count(v);
    if (n > max) {
        problem(rd, v.raw.p, "too_long", "%zu items, where at most %llu are wanted", n, (unsigned long long)max);
        return HF_OK;
    }
    if (n)
        HF_TRY(hf_alloc(n * sizeof(texts.item[0]), &texts.item));
    while (hf_json_next(&it)) {
        char *item = NULL;
        hf_err err;

        enter_index(rd, it.index);
        err = read_text(rd, row, 0, it.value, &item);
        leave(rd);
        HF_TRY(err);
        if (item)
            texts.item[texts.n++] = item;
    }
    *out = texts;
    texts = (struct hf_json_texts){0};
    return HF_OK;
}

static bool read_number(struct reading *rd, uint64_t max, struct hf_json_value v, uint64_t *out)
{
    if (wrong_type(rd, v, HF_JSON_NUMBER, "int_type"))
        return false;
    if (hf_json_as_u64(v, max, out) == HF_OK)
        return true;
    problem(rd, v.raw.p, "int_parsing", "%s", hf_err_detail() + strlen("JSON: "));
    return false;
}

static void read_numbers(struct reading *rd, uint64_t max, struct hf_json_value v, struct hf_json_numbers *out)
{
    struct hf_json_numbers numbers = {0};
    struct hf_json_iter it = hf_json_iter(v);
    size_t n = hf_json_count(v);

    if (wrong_type(rd, v, HF_JSON_ARRAY, "list_type"))
        return;
    if (n > HF_JSON_NUMBERS_MAX) {
        problem(rd, v.raw.p, "too_long", "%zu items, where at most %d are wanted", n, HF_JSON_NUMBERS_MAX);
        return;
    }
    while (hf_json_next(&it)) {
        enter_index(rd, it.index);
        if (read_number(rd, max ? max : UINT64_MAX, it.value, &numbers.item[numbers.n]))
            numbers.n++;
        leave(rd);
    }
    *out = numbers;
}

/* A number, or a text that holds one. */
static hf_err read_handle(struct reading *rd, uint64_t max, struct hf_json_value v, uint32_t *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *number = NULL;
    uint64_t value = 0;

    max = max && max < UINT32_MAX ? max : UINT32_MAX;
    if (v.type != HF_JSON_TEXT) {
        if (read_number(rd, max, v, &value))
            *out = (uint32_t)value;
        return HF_OK;
    }
    HF_TRY(hf_json_as_text(v, &text));
    HF_TRY(hf_buf_text(&text, &number));
    if (strlen(number) != text.n || hf_text_u64(number, max, "the number", &value) != HF_OK) {
        problem(rd, v.raw.p, "int_parsing", "\"%.40s\", where a number up to %llu in decimal or 0x... is wanted",
                number, (unsigned long long)max);
        return HF_OK;
    }
    *out = (uint32_t)value;
    return HF_OK;
}

/* Hex or base64 within max bytes. Memory is a failure, all else a problem. */
static hf_err read_encoded(struct reading *rd, bool hex, uint64_t max, struct hf_json_value v, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    hf_err err;

    if (wrong_type(rd, v, HF_JSON_TEXT, "string_type"))
        return HF_OK;
    err = hex ? hf_json_as_hex(v, &bytes) : hf_json_as_base64(v, &bytes);
    if (err == HF_E_FORMAT) {
        problem(rd, v.raw.p, "value_error", "%s", hf_err_detail());
        return HF_OK;
    }
    HF_TRY(err);
    if (max && bytes.n > max) {
        problem(rd, v.raw.p, "bytes_too_long", "%zu bytes, where at most %llu are wanted", bytes.n,
                (unsigned long long)max);
        return HF_OK;
    }
    out->p = bytes.p;
    out->n = bytes.n;
    out->cap = bytes.cap;
    bytes = (struct hf_buf){0};
    return HF_OK;
}

static hf_err read_digest(struct reading *rd, uint64_t max, struct hf_json_value v, struct hf_digest *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};

    HF_TRY(read_encoded(rd, true, max && max < HF_DIGEST_MAX ? max : HF_DIGEST_MAX, v, &bytes));
    if (bytes.n) {
        *out = (struct hf_digest){.n = bytes.n};
        memcpy(out->bytes, bytes.p, bytes.n);
    }
    return HF_OK;
}

static void read_signed(struct reading *rd, struct hf_json_value v, int64_t *out)
{
    if (!wrong_type(rd, v, HF_JSON_NUMBER, "int_type") && hf_json_as_i64(v, out) != HF_OK)
        problem(rd, v.raw.p, "int_parsing", "%s", hf_err_detail() + strlen("JSON: "));
}

static void read_double(struct reading *rd, struct hf_json_value v, double *out)
{
    if (!wrong_type(rd, v, HF_JSON_NUMBER, "float_type") && hf_json_as_double(v, out) != HF_OK)
        problem(rd, v.raw.p, "finite_number", "%s", hf_err_detail());
}

static hf_err read_object(struct reading *rd, struct hf_json_value v, const struct hf_json_field *fields, char *out);

static hf_err read_field(struct reading *rd, const struct hf_json_field *row, struct hf_json_value v, char *out)
{
    void *at = out + row->at;
    uint64_t number = 0;

    switch (row->kind) {
    case HF_FIELD_TEXT:
        return read_text(rd, row, row->max, v, at);
    case HF_FIELD_TEXTS:
        return read_texts(rd, row, v, at);
    case HF_FIELD_HEX:
        return read_encoded(rd, true, row->max, v, at);
    case HF_FIELD_BASE64:
        return read_encoded(rd, false, row->max, v, at);
    case HF_FIELD_DIGEST:
        return read_digest(rd, row->max, v, at);
    case HF_FIELD_U32:
        if (read_number(rd, row->max && row->max < UINT32_MAX ? row->max : UINT32_MAX, v, &number))
            *(uint32_t *)at = (uint32_t)number;
        return HF_OK;
    case HF_FIELD_U64:
        (void)read_number(rd, row->max ? row->max : UINT64_MAX, v, at);
        return HF_OK;
    case HF_FIELD_I64:
        read_signed(rd, v, at);
        return HF_OK;
    case HF_FIELD_DOUBLE:
        read_double(rd, v, at);
        return HF_OK;
    case HF_FIELD_HANDLE:
        return read_handle(rd, row->max, v, at);
    case HF_FIELD_NUMBERS:
        read_numbers(rd, row->max, v, at);
        return HF_OK;
    case HF_FIELD_BOOL:
        if (!wrong_type(rd, v, HF_JSON_BOOL, "bool_type"))
            return hf_json_as_bool(v, at);
        return HF_OK;
    case HF_FIELD_RAW:
        *(struct hf_json_value *)at = v;
        return HF_OK;
    case HF_FIELD_OBJECT:
        return read_object(rd, v, row->fields, at);
    case HF_FIELD_END:
        break;
    }
    return hf_fail(HF_E_INTERNAL, "field \"%s\" has kind %d", row->key, (int)row->kind);
}

static hf_err unknown_key(struct reading *rd, struct hf_json_value key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf name = {0};
    char *text = NULL;

    HF_TRY(hf_json_as_text(key, &name));
    HF_TRY(hf_buf_text(&name, &text));
    enter_key(rd, text[0] ? text : "\"\"");
    problem(rd, key.raw.p, "extra_forbidden", "unknown key \"%.64s\"", text);
    leave(rd);
    return HF_OK;
}

static hf_err read_member(struct reading *rd, const struct hf_json_field *row, struct hf_json_value v, char *out)
{
    hf_err err = HF_OK;

    if (v.type == HF_JSON_NULL && !row->required && row->kind != HF_FIELD_RAW)
        return HF_OK;
    enter_key(rd, row->key);
    err = read_field(rd, row, v, out);
    leave(rd);
    if (err == HF_OK && row->given)
        *(bool *)(void *)(out + row->given_at) = true;
    return err;
}

static hf_err read_object(struct reading *rd, struct hf_json_value v, const struct hf_json_field *fields, char *out)
{
    struct hf_json_iter it = hf_json_iter(v);
    bool seen[HF_JSON_FIELDS_MAX] = {false};
    size_t rows = 0;

    while (fields[rows].kind != HF_FIELD_END)
        rows++;
    if (rows > HF_JSON_FIELDS_MAX)
        return hf_fail(HF_E_INTERNAL, "a table of %zu fields, where %d is the limit", rows, HF_JSON_FIELDS_MAX);
    if (wrong_type(rd, v, HF_JSON_OBJECT, "dict_type"))
        return HF_OK;
    while (hf_json_next(&it)) {
        size_t i = 0;

        while (i < rows && !hf_json_is(it.key, fields[i].key))
            i++;
        if (i == rows) {
            HF_TRY(unknown_key(rd, it.key));
            continue;
        }
        seen[i] = true;
        HF_TRY(read_member(rd, &fields[i], it.value, out));
    }
    for (size_t i = 0; i < rows; i++) {
        if (seen[i] || !fields[i].required)
            continue;
        enter_key(rd, fields[i].key);
        problem(rd, v.raw.p, "missing", "Field required");
        leave(rd);
    }
    return HF_OK;
}

/* Bytes of the struct that the rows describe. */
static size_t extent(const struct hf_json_field *fields)
{
    size_t end = 0;

    for (; fields->kind != HF_FIELD_END; fields++) {
        size_t after = fields->at + (fields->kind == HF_FIELD_OBJECT ? extent(fields->fields) : sizes[fields->kind]);

        end = after > end ? after : end;
        if (fields->given && fields->given_at + sizeof(bool) > end)
            end = fields->given_at + sizeof(bool);
    }
    return end;
}

void hf_json_free(const struct hf_json_field *fields, void *out)
{
    for (; fields->kind != HF_FIELD_END; fields++) {
        void *at = (char *)out + fields->at;

        if (fields->kind == HF_FIELD_TEXT)
            hf_free(at);
        else if (fields->kind == HF_FIELD_TEXTS)
            free_texts(at);
        else if (fields->kind == HF_FIELD_HEX || fields->kind == HF_FIELD_BASE64)
            hf_buf_free(at);
        else if (fields->kind == HF_FIELD_OBJECT)
            hf_json_free(fields->fields, at);
    }
}

hf_err hf_json_problems_err(const struct hf_json_problems *problems)
{
    const struct hf_json_problem *first = &problems->item[0];
    char path[HF_JSON_PATH_TEXT];
    char more[40] = "";

    if (problems->n == 0)
        return HF_OK;
    hf_json_problem_path(first, path);
    if (problems->n > 1)
        (void)snprintf(more, sizeof(more), " (and %zu more)", problems->n - 1);
    return hf_fail(HF_E_ARG, "%s%s%s (line %zu, column %zu)%s", path, path[0] ? ": " : "", first->msg, first->line,
                   first->column, more);
}

hf_err hf_json_read_value(struct hf_bytes text, struct hf_json_value object, const struct hf_json_field *fields,
                          void *out, struct hf_json_problems *problems)
{
    struct reading rd = {.text = text, .problems = problems};
    HF_CLEANUP(hf_free) char *copy = NULL;
    size_t size = extent(fields);
    hf_err err;

    *problems = (struct hf_json_problems){0};
    HF_TRY(hf_alloc(size + 1, &copy));
    memcpy(copy, out, size);
    err = read_object(&rd, object, fields, copy);
    if (err == HF_OK)
        err = hf_json_problems_err(problems);
    if (err != HF_OK) {
        hf_json_free(fields, copy);
        return err;
    }
    memcpy(out, copy, size);
    return HF_OK;
}

hf_err hf_json_read_all(struct hf_bytes text, const struct hf_json_field *fields, void *out,
                        struct hf_json_problems *problems)
{
    struct hf_json_value top;

    *problems = (struct hf_json_problems){0};
    HF_TRY(hf_json_parse(text, &top));
    return hf_json_read_value(text, top, fields, out, problems);
}

hf_err hf_json_read(struct hf_bytes text, const struct hf_json_field *fields, void *out)
{
    struct hf_json_problems problems;

    return hf_json_read_all(text, fields, out, &problems);
}

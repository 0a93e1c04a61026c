/* Reading a command line by its table. */
#include "base/opt.h"
#include "base/text.h"

#include <stdio.h>

static bool is_operand(enum hf_opt_kind kind)
{
    return kind == HF_OPT_WORD || kind == HF_OPT_WORDS;
}

static const struct hf_opt *by_name(const struct hf_opt *rows, const char *name, size_t n)
{
    for (; rows->kind != HF_OPT_END; rows++) {
        if (!is_operand(rows->kind) && strlen(rows->name) == n && strncmp(rows->name, name, n) == 0)
            return rows;
    }
    return NULL;
}

static const struct hf_opt *by_letter(const struct hf_opt *rows, char letter)
{
    for (; rows->kind != HF_OPT_END; rows++) {
        if (!is_operand(rows->kind) && rows->letter && rows->letter == letter)
            return rows;
    }
    return NULL;
}

/* "Did you mean": the option with the fewest letters changed; NULL when none is near. */
static const char *nearest(const struct hf_opt *rows, const char *name, size_t n)
{
    const char *best = NULL;
    size_t best_distance = n / 4 + 2; /* farther is another word */

    for (; rows->kind != HF_OPT_END; rows++) {
        size_t d = hf_text_distance((struct hf_bytes){(const uint8_t *)name, n}, hf_bytes_text(rows->name));

        if (!is_operand(rows->kind) && d <= best_distance) {
            best = rows->name;
            best_distance = d - (d > 0);
        }
    }
    return best;
}

static bool word_allowed(const char *words, const char *value)
{
    size_t n = strlen(value);

    for (const char *at = words; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
        if (strcspn(at, "|") == n && strncmp(at, value, n) == 0)
            return true;
    }
    return false;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static hf_err hex_value(const char *name, const char *text, struct hf_buf *out)
{
    size_t n = strlen(text);
    uint8_t *place = NULL;

    if (n % 2)
        return hf_fail(HF_E_ARG, "--%s: %zu hex digits; an even number is needed", name, n);
    hf_buf_free(out);
    HF_TRY(hf_buf_grow(out, n / 2 + 1, &place)); /* one more, so that p is never NULL when given */
    out->n = n / 2;
    for (size_t i = 0; i < n; i++) {
        int v = nibble(text[i]);

        if (v < 0)
            return hf_fail(HF_E_ARG, "--%s: '%c' at position %zu is not a hex digit", name, text[i], i + 1);
        place[i / 2] = (uint8_t)(i % 2 ? place[i / 2] | v : v << 4);
    }
    return HF_OK;
}

static hf_err list_add(const char *name, struct hf_opt_list *list, const char *value)
{
    if (list->n == HF_OPT_LIST_MAX)
        return hf_fail(HF_E_ARG, "%s: more than %d values", name, HF_OPT_LIST_MAX);
    list->item[list->n++] = value;
    return HF_OK;
}

static hf_err auth_allowed(const char *name, const char *value)
{
    if (strcmp(value, "-") == 0 || strncmp(value, "file:", 5) == 0 || strncmp(value, "fd:", 3) == 0 ||
        strncmp(value, "env:", 4) == 0)
        return HF_OK;
    return hf_fail(HF_E_ARG, "--%s takes file:PATH, fd:N, env:NAME or -; a secret never stands on the command line",
                   name);
}

static hf_err store(const struct hf_opt *row, const char *value, void *out)
{
    char *place = (char *)out + row->at;
    uint64_t number = 0;
    uint32_t number32;

    if (row->words && value && !word_allowed(row->words, value))
        return hf_fail(HF_E_ARG, "%s%s: \"%.80s\" is not one of %s", is_operand(row->kind) ? "" : "--", row->name,
                       value, row->words);
    switch (row->kind) {
    case HF_OPT_FLAG:
        *(bool *)(void *)place = true;
        return HF_OK;
    case HF_OPT_AUTH:
        HF_TRY(auth_allowed(row->name, value));
        memcpy(place, &value, sizeof(value));
        return HF_OK;
    case HF_OPT_TEXT:
    case HF_OPT_FILE:
    case HF_OPT_WORD:
        memcpy(place, &value, sizeof(value));
        return HF_OK;
    case HF_OPT_HEX:
        return hex_value(row->name, value, (struct hf_buf *)(void *)place);
    case HF_OPT_U32:
        HF_TRY(hf_text_u64(value, UINT32_MAX, row->name, &number));
        number32 = (uint32_t)number;
        memcpy(place, &number32, sizeof(number32));
        return HF_OK;
    case HF_OPT_U64:
        HF_TRY(hf_text_u64(value, UINT64_MAX, row->name, &number));
        memcpy(place, &number, sizeof(number));
        return HF_OK;
    case HF_OPT_LIST:
    case HF_OPT_WORDS:
        return list_add(row->name, (struct hf_opt_list *)(void *)place, value);
    case HF_OPT_END:
        break;
    }
    return hf_fail(HF_E_INTERNAL, "option row %s has an unknown kind", row->name);
}

/* One option with its value; *i moves past what was used. */
static hf_err option(const struct hf_opt *rows, int argc, char *const *argv, int *i, const struct hf_opt **row,
                     void *out)
{
    const char *arg = argv[*i];
    const char *value = NULL;

    if (arg[1] == '-') {
        const char *equals = strchr(arg, '=');
        size_t n = equals ? (size_t)(equals - arg) - 2 : strlen(arg) - 2;
        const char *near;

        *row = by_name(rows, arg + 2, n);
        value = equals ? equals + 1 : NULL;
        near = *row ? NULL : nearest(rows, arg + 2, n);
        if (!*row)
            return hf_fail(HF_E_ARG, "unknown option %.*s%s%s%s", (int)n + 2, arg, near ? "; did you mean --" : "",
                           near ? near : "", near ? "?" : "");
    } else {
        *row = by_letter(rows, arg[1]);
        if (!*row)
            return hf_fail(HF_E_ARG, "unknown option -%c", arg[1]);
        if (arg[2] && (*row)->kind == HF_OPT_FLAG)
            return hf_fail(HF_E_ARG, "give %s as options of their own", arg);
        value = arg[2] ? arg + 2 : NULL;
    }
    if ((*row)->kind == HF_OPT_FLAG && value)
        return hf_fail(HF_E_ARG, "--%s takes no value", (*row)->name);
    if ((*row)->kind != HF_OPT_FLAG && !value) {
        if (*i + 1 >= argc)
            return hf_fail(HF_E_ARG, "--%s needs %s", (*row)->name, (*row)->value ? (*row)->value : "a value");
        value = argv[++*i];
    }
    return store(*row, value, out);
}

#define ROWS_MAX 64

hf_err hf_opts_parse(const struct hf_opt *rows, int argc, char *const *argv, void *out)
{
    bool seen[ROWS_MAX] = {false};
    const struct hf_opt *operand = rows;
    bool only_operands = false;

    for (int i = 0; i < argc; i++) {
        const struct hf_opt *row = NULL;

        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
            continue;
        }
        if (!only_operands && argv[i][0] == '-' && argv[i][1]) {
            HF_TRY(option(rows, argc, argv, &i, &row, out));
            if (seen[row - rows] && row->kind != HF_OPT_LIST && row->kind != HF_OPT_FLAG)
                return hf_fail(HF_E_ARG, "--%s is given twice", row->name);
        } else {
            while (operand->kind != HF_OPT_END && !is_operand(operand->kind))
                operand++;
            if (operand->kind == HF_OPT_END)
                return hf_fail(HF_E_ARG, "\"%.80s\" is one word too many", argv[i]);
            row = operand;
            HF_TRY(store(row, argv[i], out));
            if (row->kind == HF_OPT_WORD)
                operand++;
        }
        seen[row - rows] = true;
    }
    for (size_t i = 0; rows[i].kind != HF_OPT_END; i++) {
        if (rows[i].required && !seen[i])
            return hf_fail(HF_E_ARG, is_operand(rows[i].kind) ? "%s is missing" : "--%s is required", rows[i].name);
    }
    return HF_OK;
}

void hf_opts_free(const struct hf_opt *rows, void *out)
{
    for (; rows->kind != HF_OPT_END; rows++) {
        if (rows->kind == HF_OPT_HEX)
            hf_buf_free((struct hf_buf *)(void *)((char *)out + rows->at));
    }
}

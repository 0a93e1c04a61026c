/* The values of an appraisal policy: read from JSON, each kind by its rules. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "policy/appraisal_read.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 256 /* bytes of one text in a policy */

static hf_err bad(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value at,
                  const char *want)
{
    return hf_appraisal_at(t, at, "%s: saw %.*s%s, want %s", f->path, (int)(at.raw.n < 60 ? at.raw.n : 60),
                           (const char *)at.raw.p, at.raw.n > 60 ? "..." : "", want);
}

/* A text, or a number as it is written. */
static hf_err plain(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value v,
                    struct hf_buf *out)
{
    hf_err err = HF_E_FORMAT;

    out->n = 0;
    if (v.type == HF_JSON_NUMBER)
        err = hf_buf_add(out, v.raw);
    else if (v.type == HF_JSON_TEXT)
        err = hf_json_as_text(v, out);
    if (err == HF_E_MEMORY)
        return err;
    if (err != HF_OK)
        return bad(t, f, v, "a text");
    if (out->n == 0 || out->n > TEXT_MAX)
        return hf_appraisal_at(t, v, "%s: a text of %zu bytes, want 1 to %d", f->path, out->n, TEXT_MAX);
    for (size_t i = 0; i < out->n; i++) {
        if (out->p[i] < 0x20 || out->p[i] == 0x7f)
            return bad(t, f, v, "a text without control characters");
    }
    return HF_OK;
}

/* The place of a word in "a|b|c". */
static bool word_at(const char *words, struct hf_bytes word, uint64_t *place)
{
    *place = 0;
    for (const char *at = words; *at; ++*place) {
        size_t n = strcspn(at, "|");

        if (n == word.n && memcmp(at, word.p, n) == 0)
            return true;
        at += n + (at[n] == '|');
    }
    return false;
}

static hf_err want_word(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value v,
                        struct hf_buf *text, uint64_t *place)
{
    HF_TRY(plain(t, f, v, text));
    if (word_at(f->words, hf_buf_bytes(text), place))
        return HF_OK;
    return hf_appraisal_at(t, v, "%s: \"%.*s\" is none of %s", f->path, (int)(text->n < 60 ? text->n : 60),
                           (const char *)text->p, f->words);
}

/* Hex digits as claims print them: lower case; a 0x before them goes. */
static hf_err want_hex(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value v,
                       uint64_t size, struct hf_buf *text)
{
    size_t skip;

    HF_TRY(plain(t, f, v, text));
    skip = text->n > 2 && text->p[0] == '0' && (text->p[1] == 'x' || text->p[1] == 'X') ? 2 : 0;
    memmove(text->p, text->p + skip, text->n -= skip);
    for (size_t i = 0; i < text->n; i++) {
        if (!isxdigit(text->p[i]))
            return bad(t, f, v, "hex");
        text->p[i] = (uint8_t)tolower(text->p[i]);
    }
    if (text->n % 2 || (size && text->n != 2 * size))
        return hf_appraisal_at(t, v, "%s: %zu hex digits, want %zu", f->path, text->n,
                               size ? (size_t)(2 * size) : text->n + 1);
    return HF_OK;
}

static hf_err want_number(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value v,
                          uint64_t max, uint64_t *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *word = NULL;

    if (v.type == HF_JSON_NUMBER && hf_json_as_u64(v, max, out) == HF_OK)
        return HF_OK;
    if (v.type == HF_JSON_TEXT && v.raw.n < 32) {
        HF_TRY(plain(t, f, v, &text));
        HF_TRY(hf_buf_text(&text, &word));
        if (strlen(word) == text.n && hf_text_u64(word, max, f->path, out) == HF_OK)
            return HF_OK;
    }
    return hf_appraisal_at(t, v, "%s: saw %.*s, want a whole number of at most %llu", f->path,
                           (int)(v.raw.n < 40 ? v.raw.n : 40), (const char *)v.raw.p, (unsigned long long)max);
}

static hf_err read_seconds(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f,
                           struct hf_json_value v, uint64_t *out)
{
    double seconds;

    if (v.type != HF_JSON_NUMBER || hf_json_as_double(v, &seconds) != HF_OK || !(seconds >= 0) || seconds > 1e11)
        return bad(t, f, v, "seconds from 0 to 10^11");
    *out = (uint64_t)llround(seconds * 1000);
    return HF_OK;
}

static hf_err read_date(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value v,
                        uint64_t *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char when[48];
    hf_time time;

    HF_TRY(plain(t, f, v, &text));
    (void)snprintf(when, sizeof(when), "%.*s%s", (int)(text.n < 40 ? text.n : 40), (const char *)text.p,
                   text.n == 10 && text.p[4] == '-' ? "T00:00:00Z" : "");
    if (v.type != HF_JSON_TEXT || hf_time_parse(when, &time) != HF_OK || time < 0)
        return bad(t, f, v, "a date as 2026-11-01 or a time of RFC 3339");
    *out = (uint64_t)time;
    return HF_OK;
}

/* ---- bytes ---- */

static uint8_t nibble(uint8_t c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static hf_err read_hex_bytes(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f,
                             struct hf_json_value v, struct hf_appraisal_value *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    HF_TRY(want_hex(t, f, v, f->size, &text));
    out->n = (size_t)f->size;
    for (size_t i = 0; i < out->n; i++)
        out->bytes[i] = (uint8_t)(nibble(text.p[2 * i]) << 4 | nibble(text.p[2 * i + 1]));
    return HF_OK;
}

/* A number, also as the text "0x30000", is the field's integer; other hex is its bytes as claims print them. */
static hf_err read_mask(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value v,
                        struct hf_appraisal_value *out)
{
    bool written_0x = v.type == HF_JSON_TEXT && v.raw.n > 4 && memcmp(v.raw.p, "\"0x", 3) == 0;
    uint64_t number = 0;

    if (v.type != HF_JSON_NUMBER && !written_0x)
        return read_hex_bytes(t, f, v, out);
    HF_TRY(want_number(t, f, v, f->size < 8 ? ((uint64_t)1 << (8 * f->size)) - 1 : UINT64_MAX, &number));
    out->n = (size_t)f->size;
    for (size_t i = 0; i < out->n && i < 8; i++)
        out->bytes[i] = (uint8_t)(number >> (8 * i));
    return HF_OK;
}

static hf_err read_svns(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value v,
                        struct hf_appraisal_value *out)
{
    if (v.type == HF_JSON_TEXT)
        return read_hex_bytes(t, f, v, out);
    if (v.type != HF_JSON_ARRAY || hf_json_count(v) > f->size || hf_json_count(v) == 0)
        return bad(t, f, v, "a list of at most 16 numbers, or hex");
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        uint64_t number;

        HF_TRY(want_number(t, f, it.value, 255, &number));
        out->bytes[it.index] = (uint8_t)number;
    }
    out->n = (size_t)f->size;
    return HF_OK;
}

/* ---- lists ---- */

static hf_err add_one(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value v,
                      struct hf_appraisal_value *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    uint64_t number = 0;
    hf_err err;

    if (f->kind == HF_AP_NUMBERS)
        HF_TRY(want_number(t, f, v, f->size, &number));
    else if (f->kind == HF_AP_WORDS)
        HF_TRY(want_word(t, f, v, &text, &number));
    else if (f->kind == HF_AP_HEXES)
        HF_TRY(want_hex(t, f, v, f->size, &text));
    else
        HF_TRY(plain(t, f, v, &text));
    err = f->kind == HF_AP_NUMBERS ? hf_appraisal_add_number(out, number)
                                   : hf_appraisal_add_text(out, hf_buf_bytes(&text));
    if (err == HF_E_EXISTS || err == HF_E_LIMIT)
        return hf_appraisal_at(t, v, "%s: a value that stands twice, or one too many", f->path);
    return err;
}

static hf_err read_list(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value v,
                        struct hf_appraisal_value *out)
{
    if (v.type == HF_JSON_OBJECT || v.type == HF_JSON_BOOL)
        return bad(t, f, v, "a value or a list of values");
    if (v.type != HF_JSON_ARRAY)
        return add_one(t, f, v, out);
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);)
        HF_TRY(add_one(t, f, it.value, out));
    if (out->n == 0 && f->kind != HF_AP_TEXTS && f->kind != HF_AP_WORDS)
        return bad(t, f, v, "at least one value: leave the key out where any will do");
    return HF_OK;
}

/* ---- named values ---- */

static hf_err add_measure(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f,
                          struct hf_appraisal_named *named, struct hf_json_value v, uint64_t digest_size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    hf_err err;

    if (v.type == HF_JSON_BOOL)
        HF_TRY(hf_buf_add(&text, v.raw));
    else if (f->kind == HF_AP_PCRS)
        HF_TRY(want_hex(t, f, v, digest_size, &text));
    else
        HF_TRY(plain(t, f, v, &text));
    err = hf_appraisal_named_add(named, hf_buf_bytes(&text));
    if (err == HF_E_EXISTS || err == HF_E_LIMIT)
        return hf_appraisal_at(t, v, "%s: a value of %s that stands twice, or one too many", f->path, named->name);
    return err;
}

static hf_err read_named(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, const char *group,
                         const char *name, uint64_t digest_size, struct hf_json_value v, struct hf_appraisal_value *out)
{
    struct hf_appraisal_named *named = NULL;
    hf_err err;

    err = hf_appraisal_add_named(out, group, name, &named);
    if (err == HF_E_EXISTS)
        return hf_appraisal_at(t, v, "%s: %s stands twice", f->path, name);
    HF_TRY(err);
    if (v.type != HF_JSON_ARRAY)
        return add_measure(t, f, named, v, digest_size);
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);)
        HF_TRY(add_measure(t, f, named, it.value, digest_size));
    if (named->n == 0)
        return bad(t, f, v, "at least one value");
    return HF_OK;
}

static hf_err claim_key(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value key,
                        char out[32])
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    HF_TRY(plain(t, f, key, &text));
    if (text.n >= 32)
        return bad(t, f, key, "a claim's name of at most 31 characters");
    (void)snprintf(out, 32, "%.*s", (int)text.n, (const char *)text.p);
    return HF_OK;
}

/* Seed 002 writes name -> value; by provider, provider -> name -> value or list of values. */
static hf_err read_measures(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f,
                            struct hf_json_value v, struct hf_appraisal_value *out)
{
    char group[32], name[32];

    if (v.type != HF_JSON_OBJECT)
        return bad(t, f, v, "an object: provider, measurement, value");
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        uint64_t place;

        HF_TRY(claim_key(t, f, it.key, group));
        if (it.value.type == HF_JSON_NULL)
            continue;
        if (it.value.type != HF_JSON_OBJECT) {
            HF_TRY(read_named(t, f, "", group, 0, it.value, out));
            continue;
        }
        if (!word_at(hf_appraisal_fields[HF_AP_PROVIDERS].words, hf_bytes_text(group), &place))
            return hf_appraisal_at(t, it.key, "%s: \"%s\" is none of %s", f->path, group,
                                   hf_appraisal_fields[HF_AP_PROVIDERS].words);
        for (struct hf_json_iter in = hf_json_iter(it.value); hf_json_next(&in);) {
            HF_TRY(claim_key(t, f, in.key, name));
            if (in.value.type != HF_JSON_NULL)
                HF_TRY(read_named(t, f, group, name, 0, in.value, out));
        }
    }
    return HF_OK;
}

/* "7", "pcr7", "sha256:7", "sha384:7": the claim is pcr7; a bank's name fixes the length of its values. */
static hf_err read_pcrs(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f, struct hf_json_value v,
                        struct hf_appraisal_value *out)
{
    static const struct {
        const char *prefix;
        uint64_t size;
    } banks[] = {{"sha1:", 20}, {"sha256:", 32}, {"sha384:", 48}, {"sha512:", 64}, {"pcr", 0}, {"", 0}};
    char key[32], claim[16], *end = NULL;

    if (v.type != HF_JSON_OBJECT)
        return bad(t, f, v, "an object: register, value");
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        size_t b = 0, skip;
        unsigned long n;

        HF_TRY(claim_key(t, f, it.key, key));
        while (strncmp(key, banks[b].prefix, strlen(banks[b].prefix)) != 0)
            b++;
        skip = strlen(banks[b].prefix);
        n = isdigit((unsigned char)key[skip]) ? strtoul(key + skip, &end, 10) : 99;
        if (n > 31 || *end)
            return hf_appraisal_at(t, it.key, "%s: \"%s\" is no register; write 7 or sha256:7", f->path, key);
        (void)snprintf(claim, sizeof(claim), "pcr%lu", n);
        HF_TRY(read_named(t, f, "", claim, banks[b].size, it.value, out));
    }
    return out->n ? HF_OK : bad(t, f, v, "at least one register");
}

hf_err hf_appraisal_value_read(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f,
                               struct hf_json_value v, struct hf_appraisal_value *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    bool yes = false;

    switch (f->kind) {
    case HF_AP_BOOL:
        if (hf_json_as_bool(v, &yes) != HF_OK)
            return bad(t, f, v, "true or false");
        out->number = yes;
        return HF_OK;
    case HF_AP_SECONDS:
        return read_seconds(t, f, v, &out->number);
    case HF_AP_NUMBER:
        return want_number(t, f, v, f->size, &out->number);
    case HF_AP_DATE:
        return read_date(t, f, v, &out->number);
    case HF_AP_WORD:
        return want_word(t, f, v, &text, &out->number);
    case HF_AP_WORDS:
    case HF_AP_TEXTS:
    case HF_AP_HEXES:
    case HF_AP_NUMBERS:
        return read_list(t, f, v, out);
    case HF_AP_SVNS:
        return read_svns(t, f, v, out);
    case HF_AP_MASK:
        return read_mask(t, f, v, out);
    case HF_AP_MEASURES:
        return read_measures(t, f, v, out);
    case HF_AP_PCRS:
        return read_pcrs(t, f, v, out);
    }
    return HF_E_INTERNAL;
}

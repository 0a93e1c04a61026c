/* Claims: one vocabulary over all kinds of evidence. */
#include "verify/claims.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/hex.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

#define EXACT_MAX ((uint64_t)1 << 53) /* integers that every JSON reader keeps: RFC 8259, 6 */

void hf_claims_start(struct hf_claims *c)
{
    c->n = c->lost = c->used = 0;
}

static struct hf_claim *add(struct hf_claims *c, const char *name, enum hf_claim_kind kind)
{
    struct hf_claim *claim;

    if (c->n == HF_CLAIMS_MAX) {
        c->lost++;
        return NULL;
    }
    claim = &c->item[c->n++];
    *claim = (struct hf_claim){.kind = kind};
    (void)strncat(claim->name, name, sizeof(claim->name) - 1);
    return claim;
}

static void add_bytes(struct hf_claims *c, const char *name, enum hf_claim_kind kind, struct hf_bytes value)
{
    struct hf_claim *claim = add(c, name, kind);

    if (claim)
        claim->bytes = value;
}

void hf_claim_bytes(struct hf_claims *c, const char *name, struct hf_bytes value)
{
    add_bytes(c, name, HF_CLAIM_BYTES, value);
}

void hf_claim_text(struct hf_claims *c, const char *name, struct hf_bytes value)
{
    add_bytes(c, name, HF_CLAIM_TEXT, value);
}

void hf_claim_word(struct hf_claims *c, const char *name, const char *value)
{
    add_bytes(c, name, HF_CLAIM_TEXT, hf_bytes_text(value));
}

void hf_claim_texts(struct hf_claims *c, const char *name, struct hf_bytes comma_separated)
{
    add_bytes(c, name, HF_CLAIM_TEXTS, comma_separated);
}

static void add_number(struct hf_claims *c, const char *name, enum hf_claim_kind kind, uint64_t value)
{
    struct hf_claim *claim = add(c, name, kind);

    if (claim)
        claim->number = value;
}

void hf_claim_number(struct hf_claims *c, const char *name, uint64_t value)
{
    add_number(c, name, HF_CLAIM_NUMBER, value);
}

void hf_claim_bool(struct hf_claims *c, const char *name, bool value)
{
    add_number(c, name, HF_CLAIM_BOOL, value);
}

static void add_copy(struct hf_claims *c, const char *name, enum hf_claim_kind kind, struct hf_bytes value)
{
    uint8_t *place = c->scratch + c->used;

    if (value.n > sizeof(c->scratch) - c->used) {
        c->lost++;
        return;
    }
    if (value.n)
        memcpy(place, value.p, value.n);
    c->used += value.n;
    add_bytes(c, name, kind, (struct hf_bytes){place, value.n});
}

void hf_claim_bytes_copy(struct hf_claims *c, const char *name, struct hf_bytes value)
{
    add_copy(c, name, HF_CLAIM_BYTES, value);
}

void hf_claim_texts_copy(struct hf_claims *c, const char *name, struct hf_bytes comma_separated)
{
    add_copy(c, name, HF_CLAIM_TEXTS, comma_separated);
}

void hf_claim_printf(struct hf_claims *c, const char *name, const char *fmt, ...)
{
    char *place = (char *)c->scratch + c->used;
    size_t room = sizeof(c->scratch) - c->used;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(place, room, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= room) {
        c->lost++;
        return;
    }
    c->used += (size_t)n + 1;
    hf_claim_text(c, name, (struct hf_bytes){(const uint8_t *)place, (size_t)n});
}

const struct hf_claim *hf_claim_find(const struct hf_claims *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->item[i].name, name) == 0)
            return &c->item[i];
    }
    return NULL;
}

hf_err hf_claim_value_text(const struct hf_claim *claim, struct hf_buf *out)
{
    switch (claim->kind) {
    case HF_CLAIM_BYTES:
        return hf_hex_write(claim->bytes, out);
    case HF_CLAIM_TEXT:
    case HF_CLAIM_TEXTS:
        return hf_buf_add(out, claim->bytes);
    case HF_CLAIM_NUMBER:
        return hf_buf_printf(out, "%" PRIu64, claim->number);
    case HF_CLAIM_BOOL:
        return hf_buf_printf(out, "%s", claim->number ? "true" : "false");
    }
    return HF_E_INTERNAL;
}

static bool hex_is(struct hf_bytes value, const char *text)
{
    static const char digits[] = "0123456789abcdef";

    if (strncmp(text, "0x", 2) == 0)
        text += 2;
    if (strlen(text) != 2 * value.n)
        return false;
    for (size_t i = 0; i < value.n; i++) {
        if (tolower((unsigned char)text[2 * i]) != digits[value.p[i] >> 4] ||
            tolower((unsigned char)text[2 * i + 1]) != digits[value.p[i] & 15])
            return false;
    }
    return true;
}

bool hf_claim_is(const struct hf_claim *claim, const char *text)
{
    char *end = NULL;
    unsigned long long number;

    switch (claim->kind) {
    case HF_CLAIM_BYTES:
        return hex_is(claim->bytes, text);
    case HF_CLAIM_TEXT:
    case HF_CLAIM_TEXTS:
        return hf_bytes_equal(claim->bytes, hf_bytes_text(text));
    case HF_CLAIM_BOOL:
        return strcasecmp(text, claim->number ? "true" : "false") == 0;
    case HF_CLAIM_NUMBER:
        if (!isdigit((unsigned char)text[0]))
            return false;
        number = strtoull(text, &end, text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10);
        return *end == 0 && number == claim->number;
    }
    return false;
}

bool hf_claim_next_word(struct hf_bytes *rest, struct hf_bytes *word)
{
    const uint8_t *comma = rest->n ? memchr(rest->p, ',', rest->n) : NULL;
    size_t n = comma ? (size_t)(comma - rest->p) : rest->n;

    if (rest->n == 0)
        return false;
    *word = (struct hf_bytes){rest->p, n};
    n += comma ? 1 : 0;
    *rest = (struct hf_bytes){rest->p + n, rest->n - n};
    return true;
}

static void texts_json(struct hf_bytes words, const char *name, struct hf_json *j)
{
    struct hf_bytes word;

    hf_json_array(j, name);
    while (hf_claim_next_word(&words, &word))
        hf_json_text_n(j, NULL, word);
    hf_json_close(j);
}

void hf_claims_json(const struct hf_claims *c, struct hf_json *j)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct hf_claim *claim = &c->item[i];

        if (claim->kind == HF_CLAIM_BYTES)
            hf_json_hex(j, claim->name, claim->bytes);
        else if (claim->kind == HF_CLAIM_TEXT)
            hf_json_text_n(j, claim->name, claim->bytes);
        else if (claim->kind == HF_CLAIM_TEXTS)
            texts_json(claim->bytes, claim->name, j);
        else if (claim->kind == HF_CLAIM_BOOL)
            hf_json_bool(j, claim->name, claim->number != 0);
        else if (claim->number <= EXACT_MAX)
            hf_json_u64(j, claim->name, claim->number);
        else
            hf_json_printf(j, claim->name, "%" PRIu64, claim->number);
    }
}

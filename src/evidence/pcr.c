/* Selections and values of PCRs. TPM 2.0 Library Specification Part 2, 10.6.1 and 10.9.7. */
#include "evidence/pcr.h"

#include <stdio.h>
#include <stdlib.h>

const char *hf_pcr_alg_text(uint16_t alg, char place[HF_ALG_TEXT])
{
    const char *name = hf_hash_name((enum hf_hash_alg)alg);

    if (name)
        memcpy(place, name, strlen(name) + 1); /* at most "sha3_256" */
    else
        (void)snprintf(place, HF_ALG_TEXT, "0x%04x", alg);
    return place;
}

static bool selects(const struct hf_pcr_selection *sel, uint16_t alg)
{
    for (size_t i = 0; i < sel->n; i++) {
        if (sel->bank[i].alg == alg)
            return true;
    }
    return false;
}

/* "sha256" up to the colon; *at moves past the colon. */
static hf_err parse_bank(const char *text, const char **at, const struct hf_pcr_selection *sel, uint16_t *alg)
{
    size_t position = (size_t)(*at - text) + 1;
    size_t n = strcspn(*at, ":+,");
    enum hf_hash_alg found = HF_HASH_NONE;

    if ((*at)[n] != ':')
        return hf_fail(HF_E_ARG, "PCR selection, position %zu: a bank and a colon are needed, as in sha256:0,7",
                       position);
    if (n == 0 || hf_hash_by_name((struct hf_bytes){(const uint8_t *)*at, n}, &found) != HF_OK)
        return hf_fail(HF_E_ARG,
                       "PCR selection, position %zu: \"%.*s\" is not a bank; sha1, sha256, sha384, sha512, sm3_256 are",
                       position, (int)(n > 40 ? 40 : n), *at);
    if (selects(sel, (uint16_t)found))
        return hf_fail(HF_E_ARG, "PCR selection, position %zu: bank %s is named twice", position, hf_hash_name(found));
    *alg = (uint16_t)found;
    *at += n + 1;
    return HF_OK;
}

/* One decimal register number; *at moves past it. */
static hf_err parse_pcr(const char *text, const char **at, uint32_t *mask)
{
    size_t position = (size_t)(*at - text) + 1;
    unsigned pcr = 0;
    size_t digits = 0;

    for (; (*at)[digits] >= '0' && (*at)[digits] <= '9'; digits++) {
        if (pcr < 1000) /* past any register already: no overflow */
            pcr = pcr * 10 + (unsigned)((*at)[digits] - '0');
    }
    if (digits == 0)
        return hf_fail(HF_E_ARG, "PCR selection, position %zu: a register number from 0 to %d is needed", position,
                       HF_PCR_COUNT - 1);
    if (pcr >= HF_PCR_COUNT)
        return hf_fail(HF_E_ARG, "PCR selection, position %zu: PCR %.*s is out of range; 0 to %d exist", position,
                       (int)(digits > 20 ? 20 : digits), *at, HF_PCR_COUNT - 1);
    if (*mask & 1u << pcr)
        return hf_fail(HF_E_ARG, "PCR selection, position %zu: PCR %u is named twice", position, pcr);
    *mask |= 1u << pcr;
    *at += digits;
    return HF_OK;
}

static hf_err parse_list(const char *text, const char **at, uint32_t *mask)
{
    if (strncmp(*at, "all", 3) == 0) {
        *mask = (1u << HF_PCR_COUNT) - 1;
        *at += 3;
        return HF_OK;
    }
    for (;;) {
        HF_TRY(parse_pcr(text, at, mask));
        if (**at != ',')
            return HF_OK;
        (*at)++;
    }
}

hf_err hf_pcr_selection_parse(const char *text, struct hf_pcr_selection *out)
{
    struct hf_pcr_selection sel = {0};
    const char *at = text;

    for (;;) {
        struct hf_pcr_select bank = {.size = 3};

        HF_TRY(parse_bank(text, &at, &sel, &bank.alg));
        HF_TRY(parse_list(text, &at, &bank.mask));
        if (sel.n == HF_PCR_BANKS_MAX)
            return hf_fail(HF_E_ARG, "PCR selection: more than %d banks", HF_PCR_BANKS_MAX);
        sel.bank[sel.n++] = bank;
        if (!*at)
            break;
        if (*at != '+')
            return hf_fail(HF_E_ARG, "PCR selection, position %zu: '%c' where a comma, a plus or the end is needed",
                           (size_t)(at - text) + 1, *at);
        at++;
    }
    *out = sel;
    return HF_OK;
}

/* Append to a text in a fixed place; what does not fit is left out. */
static void append(char *place, size_t size, size_t *n, const char *text)
{
    while (*text && *n + 1 < size)
        place[(*n)++] = *text++;
    place[*n] = 0;
}

void hf_pcr_selection_text(const struct hf_pcr_selection *sel, char *place, size_t size)
{
    size_t n = 0;

    place[0] = 0;
    for (size_t i = 0; i < sel->n; i++) {
        char alg[HF_ALG_TEXT];
        bool first = true;

        if (!sel->bank[i].mask)
            continue;
        append(place, size, &n, n ? "+" : "");
        append(place, size, &n, hf_pcr_alg_text(sel->bank[i].alg, alg));
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            char number[4] = {(char)('0' + pcr / 10), (char)('0' + pcr % 10)};

            if (!(sel->bank[i].mask & 1u << pcr))
                continue;
            append(place, size, &n, first ? ":" : ",");
            append(place, size, &n, pcr < 10 ? number + 1 : number);
            first = false;
        }
    }
}

hf_err hf_pcr_selection_print(const struct hf_pcr_selection *sel, struct hf_buf *out)
{
    char text[HF_PCR_SELECTION_TEXT];

    hf_pcr_selection_text(sel, text, sizeof(text));
    return hf_buf_add(out, hf_bytes_text(text));
}

static uint32_t read_bitmap(struct hf_reader *r, uint8_t size)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < size; i++)
        mask |= (uint32_t)hf_rd_u8(r) << (8 * i);
    if (mask >> HF_PCR_COUNT)
        hf_rd_fail(r, HF_E_FORMAT, "PCR selection bitmap 0x%08x: PCR %d is the last", mask, HF_PCR_COUNT - 1);
    return mask;
}

void hf_pcr_selection_read(struct hf_reader *r, struct hf_pcr_selection *out)
{
    uint32_t count = hf_rd_u32be(r);

    *out = (struct hf_pcr_selection){0};
    if (count > HF_PCR_BANKS_MAX)
        hf_rd_fail(r, HF_E_FORMAT, "PCR selection of %u banks; at most %d are read", count, HF_PCR_BANKS_MAX);
    for (uint32_t i = 0; i < count && hf_rd_err(r) == HF_OK; i++) {
        struct hf_pcr_select bank = {.alg = hf_rd_u16be(r), .size = hf_rd_u8(r)};

        if (hf_rd_err(r) == HF_OK && (bank.size < 1 || bank.size > 4))
            hf_rd_fail(r, HF_E_FORMAT, "PCR selection bitmap of %u bytes; 1 to 4 are allowed", bank.size);
        bank.mask = hf_rd_err(r) == HF_OK ? read_bitmap(r, bank.size) : 0;
        if (selects(out, bank.alg))
            hf_rd_fail(r, HF_E_FORMAT, "PCR selection names bank 0x%04x twice", bank.alg);
        out->bank[out->n++] = bank;
    }
    if (hf_rd_err(r) != HF_OK)
        *out = (struct hf_pcr_selection){0};
}

void hf_pcr_selection_write(const struct hf_pcr_selection *sel, struct hf_writer *w)
{
    hf_wr_u32be(w, (uint32_t)sel->n);
    for (size_t i = 0; i < sel->n; i++) {
        hf_wr_u16be(w, sel->bank[i].alg);
        hf_wr_u8(w, sel->bank[i].size);
        for (unsigned b = 0; b < sel->bank[i].size; b++)
            hf_wr_u8(w, (uint8_t)(sel->bank[i].mask >> (8 * b)));
    }
}

static int by_alg(const void *a, const void *b)
{
    const struct hf_pcr_select *x = a, *y = b;

    return (x->alg > y->alg) - (x->alg < y->alg);
}

void hf_pcr_selection_sort(struct hf_pcr_selection *sel)
{
    size_t n = 0;

    for (size_t i = 0; i < sel->n; i++) {
        if (sel->bank[i].mask)
            sel->bank[n++] = (struct hf_pcr_select){sel->bank[i].alg, 3, sel->bank[i].mask};
    }
    sel->n = n;
    qsort(sel->bank, n, sizeof(sel->bank[0]), by_alg);
}

bool hf_pcr_selection_same(const struct hf_pcr_selection *a, const struct hf_pcr_selection *b)
{
    struct hf_pcr_selection x = *a, y = *b;

    hf_pcr_selection_sort(&x);
    hf_pcr_selection_sort(&y);
    if (x.n != y.n)
        return false;
    for (size_t i = 0; i < x.n; i++) {
        if (x.bank[i].alg != y.bank[i].alg || x.bank[i].mask != y.bank[i].mask)
            return false;
    }
    return true;
}

size_t hf_pcr_selection_count(const struct hf_pcr_selection *sel)
{
    size_t n = 0;

    for (size_t i = 0; i < sel->n; i++)
        n += (size_t)__builtin_popcount(sel->bank[i].mask);
    return n;
}

void hf_pcrs_selection(const struct hf_pcrs *pcrs, struct hf_pcr_selection *out)
{
    *out = (struct hf_pcr_selection){0};
    for (size_t i = 0; i < pcrs->n; i++)
        out->bank[out->n++] = (struct hf_pcr_select){pcrs->bank[i].alg, 3, pcrs->bank[i].mask};
}

const struct hf_pcr_bank *hf_pcrs_bank(const struct hf_pcrs *pcrs, uint16_t alg)
{
    for (size_t i = 0; i < pcrs->n; i++) {
        if (pcrs->bank[i].alg == alg)
            return &pcrs->bank[i];
    }
    return NULL;
}

struct hf_bytes hf_pcrs_value(const struct hf_pcrs *pcrs, uint16_t alg, unsigned pcr)
{
    const struct hf_pcr_bank *bank = hf_pcrs_bank(pcrs, alg);

    if (!bank || pcr >= HF_PCR_COUNT || !(bank->mask & 1u << pcr))
        return (struct hf_bytes){NULL, 0};
    return (struct hf_bytes){bank->value[pcr], bank->size};
}

hf_err hf_pcrs_put(struct hf_pcrs *pcrs, uint16_t alg, unsigned pcr, struct hf_bytes value)
{
    size_t size = hf_hash_size((enum hf_hash_alg)alg);
    size_t i = 0;

    if (size == 0)
        return hf_fail(HF_E_UNSUPPORTED, "PCR bank 0x%04x is of an unknown hash", alg);
    if (pcr >= HF_PCR_COUNT)
        return hf_fail(HF_E_FORMAT, "PCR %u does not exist; 0 to %d do", pcr, HF_PCR_COUNT - 1);
    if (value.n != size)
        return hf_fail(HF_E_FORMAT, "PCR %u in bank %s: %zu bytes where %zu are needed", pcr,
                       hf_hash_name((enum hf_hash_alg)alg), value.n, size);
    while (i < pcrs->n && pcrs->bank[i].alg != alg)
        i++;
    if (i == HF_PCR_BANKS_MAX)
        return hf_fail(HF_E_LIMIT, "more than %d PCR banks", HF_PCR_BANKS_MAX);
    if (i == pcrs->n)
        pcrs->bank[pcrs->n++] = (struct hf_pcr_bank){.alg = alg, .size = (uint16_t)size};
    memcpy(pcrs->bank[i].value[pcr], value.p, size);
    pcrs->bank[i].mask |= 1u << pcr;
    return HF_OK;
}

void hf_pcr_reset_value(unsigned pcr, size_t size, uint8_t *out)
{
    memset(out, pcr >= 17 && pcr <= 22 ? 0xff : 0, size);
}

hf_err hf_pcrs_digest(const struct hf_pcrs *pcrs, const struct hf_pcr_selection *sel, enum hf_hash_alg alg,
                      struct hf_digest *out)
{
    struct hf_bytes parts[HF_PCR_BANKS_MAX * HF_PCR_COUNT];
    size_t n = 0;

    for (size_t i = 0; i < sel->n; i++) {
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            char name[HF_ALG_TEXT];

            if (!(sel->bank[i].mask & 1u << pcr))
                continue;
            parts[n] = hf_pcrs_value(pcrs, sel->bank[i].alg, pcr);
            if (parts[n].n == 0)
                return hf_fail(HF_E_NOT_FOUND, "no value for %s PCR %u", hf_pcr_alg_text(sel->bank[i].alg, name), pcr);
            n++;
        }
    }
    return hf_hash(alg, parts, n, out);
}

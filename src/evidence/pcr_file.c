/* Files of PCR values: values alone, and tpm2-tools' host structures. */
#include "base/writer.h"
#include "evidence/tpm_quote.h"

/* TPML_PCR_SELECTION and TPML_DIGEST as tss2_tpm2_types.h lays them out on a little-endian host. */
#define SELECTIONS 16
#define DIGESTS 8
#define DIGEST_ROOM 64

/* Walk over a selection: the next register at or behind (*bank, *pcr), or false. */
static bool next_pcr(const struct hf_pcr_selection *sel, size_t *bank, unsigned *pcr)
{
    for (; *bank < sel->n; (*bank)++, *pcr = 0) {
        for (; *pcr < HF_PCR_COUNT; (*pcr)++) {
            if (sel->bank[*bank].mask & 1u << *pcr)
                return true;
        }
    }
    return false;
}

static size_t values_size(const struct hf_pcr_selection *sel)
{
    size_t n = 0;

    for (size_t i = 0; i < sel->n; i++)
        n += hf_hash_size((enum hf_hash_alg)sel->bank[i].alg) * (size_t)__builtin_popcount(sel->bank[i].mask);
    return n;
}

hf_err hf_pcr_values_parse(struct hf_bytes in, const struct hf_pcr_selection *sel, struct hf_pcr_claim *out)
{
    struct hf_pcr_claim claim = {.selection = *sel};
    struct hf_reader r = hf_reader(in);

    if (in.n != values_size(sel))
        return hf_fail(HF_E_FORMAT, "PCR values of %zu bytes; the selection has %zu registers of %zu bytes together",
                       in.n, hf_pcr_selection_count(sel), values_size(sel));
    for (size_t bank = 0; bank < sel->n; bank++) {
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (!(sel->bank[bank].mask & 1u << pcr))
                continue;
            HF_TRY(hf_pcrs_put(&claim.pcrs, sel->bank[bank].alg, pcr,
                               hf_rd_view(&r, hf_hash_size((enum hf_hash_alg)sel->bank[bank].alg))));
        }
    }
    HF_TRY(hf_rd_end(&r));
    *out = claim;
    return HF_OK;
}

hf_err hf_pcr_values_write(const struct hf_pcrs *pcrs, const struct hf_pcr_selection *sel, struct hf_buf *out)
{
    size_t bank = 0;

    for (unsigned pcr = 0; next_pcr(sel, &bank, &pcr); pcr++) {
        struct hf_bytes value = hf_pcrs_value(pcrs, sel->bank[bank].alg, pcr);
        char name[HF_ALG_TEXT];

        if (value.n == 0)
            return hf_fail(HF_E_NOT_FOUND, "no value for %s PCR %u", hf_pcr_alg_text(sel->bank[bank].alg, name), pcr);
        HF_TRY(hf_buf_add(out, value));
    }
    return HF_OK;
}

static void read_selection(struct hf_reader *r, struct hf_pcr_selection *out)
{
    uint32_t count = hf_rd_u32le(r); /*  0 count */

    if (hf_rd_err(r) == HF_OK && (count == 0 || count > HF_PCR_BANKS_MAX))
        hf_rd_fail(r, HF_E_FORMAT, "serialized PCR file of %u banks; 1 to %d are read", count, HF_PCR_BANKS_MAX);
    for (uint32_t i = 0; i < SELECTIONS; i++) {
        struct hf_pcr_select bank = {.alg = hf_rd_u16le(r)}; /*  0 hash */
        bool used = hf_rd_err(r) == HF_OK && i < count;

        bank.size = hf_rd_u8(r);    /*  2 sizeofSelect */
        bank.mask = hf_rd_u32le(r); /*  3 pcrSelect[4] */
        hf_rd_skip(r, 1);           /*  7 filling */
        if (!used)
            continue;
        if (bank.size < 1 || bank.size > 4)
            hf_rd_fail(r, HF_E_FORMAT, "serialized PCR file: a bitmap of %u bytes; 1 to 4 are allowed", bank.size);
        else if (bank.size < 4)
            bank.mask &= (1u << 8 * bank.size) - 1;
        if (bank.mask >> HF_PCR_COUNT)
            hf_rd_fail(r, HF_E_FORMAT, "serialized PCR file: bitmap 0x%08x; PCR %d is the last", bank.mask,
                       HF_PCR_COUNT - 1);
        for (size_t before = 0; before < out->n; before++) {
            if (out->bank[before].alg == bank.alg)
                hf_rd_fail(r, HF_E_FORMAT, "serialized PCR file: bank 0x%04x twice", bank.alg);
        }
        out->bank[out->n++] = bank;
    }
}

/* One TPML_DIGEST: its values go to the next registers of the selection. */
static hf_err read_digests(struct hf_reader *r, struct hf_pcr_claim *claim, size_t *bank, unsigned *pcr)
{
    uint32_t count = hf_rd_u32le(r);

    if (hf_rd_err(r) == HF_OK && count > DIGESTS)
        return hf_fail(HF_E_FORMAT, "serialized PCR file: a list of %u values; %d are the most", count, DIGESTS);
    for (uint32_t i = 0; i < DIGESTS; i++) {
        uint16_t size = hf_rd_u16le(r);
        struct hf_bytes room = hf_rd_view(r, DIGEST_ROOM);

        HF_TRY(hf_rd_err(r));
        if (i >= count)
            continue;
        if (size > DIGEST_ROOM || !next_pcr(&claim->selection, bank, pcr))
            return hf_fail(HF_E_FORMAT, "serialized PCR file: a value of %u bytes that no selected register has", size);
        HF_TRY(hf_pcrs_put(&claim->pcrs, claim->selection.bank[*bank].alg, *pcr, (struct hf_bytes){room.p, size}));
        (*pcr)++;
    }
    return HF_OK;
}

hf_err hf_pcr_serialized_parse(struct hf_bytes in, struct hf_pcr_claim *out)
{
    struct hf_pcr_claim claim = {.has_selection = true};
    struct hf_reader r = hf_reader(in);
    uint32_t lists;
    size_t bank = 0;
    unsigned pcr = 0;

    read_selection(&r, &claim.selection);
    lists = hf_rd_u32le(&r);
    HF_TRY(hf_rd_err(&r));
    for (uint32_t i = 0; i < lists && hf_rd_err(&r) == HF_OK; i++)
        HF_TRY(read_digests(&r, &claim, &bank, &pcr));
    HF_TRY(hf_rd_end(&r));
    if (next_pcr(&claim.selection, &bank, &pcr))
        return hf_fail(HF_E_FORMAT, "serialized PCR file: no value for the selected PCR %u", pcr);
    *out = claim;
    return HF_OK;
}

hf_err hf_pcr_serialized_write(const struct hf_pcrs *pcrs, const struct hf_pcr_selection *sel, struct hf_buf *out)
{
    size_t count = hf_pcr_selection_count(sel);
    size_t lists = (count + DIGESTS - 1) / DIGESTS;
    size_t size = 4 + SELECTIONS * 8 + 4 + lists * (4 + DIGESTS * (2 + DIGEST_ROOM));
    uint8_t
        place[4 + SELECTIONS * 8 + 4 + HF_PCR_BANKS_MAX * HF_PCR_COUNT / DIGESTS * (4 + DIGESTS * (2 + DIGEST_ROOM))];
    struct hf_writer w = hf_writer(place, size);
    struct hf_bytes done;
    size_t bank = 0;
    unsigned pcr = 0;

    hf_wr_u32le(&w, (uint32_t)sel->n);
    for (size_t i = 0; i < SELECTIONS; i++) {
        bool used = i < sel->n;

        hf_wr_u16le(&w, used ? sel->bank[i].alg : 0);
        hf_wr_u8(&w, used ? sel->bank[i].size : 0);
        hf_wr_u32le(&w, used ? sel->bank[i].mask : 0);
        hf_wr_zero(&w, 1);
    }
    hf_wr_u32le(&w, (uint32_t)lists);
    for (size_t i = 0; i < lists * DIGESTS; i++) {
        bool used = next_pcr(sel, &bank, &pcr);
        struct hf_bytes value = used ? hf_pcrs_value(pcrs, sel->bank[bank].alg, pcr) : (struct hf_bytes){NULL, 0};

        if (used && value.n == 0)
            return hf_fail(HF_E_NOT_FOUND, "no value for the selected PCR %u", pcr);
        if (i % DIGESTS == 0)
            hf_wr_u32le(&w, (uint32_t)(count - i < DIGESTS ? count - i : DIGESTS));
        hf_wr_u16le(&w, (uint16_t)value.n);
        hf_wr_bytes(&w, value);
        hf_wr_zero(&w, DIGEST_ROOM - value.n);
        pcr++;
    }
    HF_TRY(hf_wr_end(&w, &done));
    return hf_buf_add(out, done);
}

hf_err hf_pcr_file_parse(struct hf_bytes in, const struct hf_pcr_selection *signed_selection, struct hf_pcr_claim *out)
{
    if (in.n == values_size(signed_selection))
        return hf_pcr_values_parse(in, signed_selection, out);
    if (in.n < 4 + SELECTIONS * 8 + 4)
        return hf_fail(HF_E_FORMAT, "PCR file of %zu bytes; values alone would have %zu, tpm2-tools' form at least %d",
                       in.n, values_size(signed_selection), 4 + SELECTIONS * 8 + 4);
    return hf_pcr_serialized_parse(in, out);
}

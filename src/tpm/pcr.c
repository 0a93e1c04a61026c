/* Reading, extending and resetting PCRs (TPM 2.0 Library Part 3, section 22). */
#include "tpm/pcr.h"
#include "tpm/caps.h"

#include <stdlib.h>

/* How often a coherent reading is tried while registers change. */
#define READ_TRIES 8

static hf_err check_index(unsigned index)
{
    return index < HF_PCR_COUNT ? HF_OK : hf_fail(HF_E_ARG, "PCR %u: registers are 0 to %d", index, HF_PCR_COUNT - 1);
}

/* Banks without a register are not allocated. */
static void drop_empty(struct hf_pcr_selection *sel)
{
    size_t n = 0;

    for (size_t i = 0; i < sel->n; i++) {
        if (sel->bank[i].mask)
            sel->bank[n++] = sel->bank[i];
    }
    sel->n = n;
}

hf_err hf_tpm_pcr_banks(struct hf_tpm *tpm, struct hf_pcr_selection *out)
{
    struct hf_pcr_selection sel = {0};
    struct hf_tpm_call c;
    bool more = false;

    HF_TRY(hf_tpm_capability(tpm, TPM2_CAP_PCRS, 0, 1, &c, &more));
    hf_pcr_selection_read(&c.r, &sel);
    HF_TRY(hf_rd_end(&c.r));
    drop_empty(&sel);
    if (sel.n == 0)
        return hf_fail(HF_E_UNSUPPORTED, "the TPM has no PCR bank allocated");
    *out = sel;
    return HF_OK;
}

hf_err hf_tpm_pcr_selection(struct hf_tpm *tpm, const char *text, struct hf_pcr_selection *out)
{
    struct hf_pcr_selection sel = {0};

    if (!text)
        return hf_tpm_pcr_banks(tpm, out);
    HF_TRY(hf_pcr_selection_parse(text, &sel));
    if (hf_pcr_selection_count(&sel) == 0)
        return hf_fail(HF_E_ARG, "no PCR is selected");
    *out = sel;
    return HF_OK;
}

static hf_err absent(const struct hf_pcr_selection *sel)
{
    char alg[HF_ALG_TEXT];

    for (size_t i = 0; i < sel->n; i++) {
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (sel->bank[i].mask & 1u << pcr)
                return hf_fail(HF_E_UNSUPPORTED, "the TPM has no PCR %u in a %s bank", pcr,
                               hf_pcr_alg_text(sel->bank[i].alg, alg));
        }
    }
    return hf_fail(HF_E_DEVICE, "TPM2_PCR_Read gave no register");
}

/* One value for each register that TPM2_PCR_Read says it read; these leave `want`. */
static hf_err take_values(struct hf_reader *r, const struct hf_pcr_selection *said, struct hf_pcr_selection *want,
                          struct hf_pcrs *out)
{
    uint32_t n = hf_rd_u32be(r);

    if (n != hf_pcr_selection_count(said) || said->n != want->n)
        return hf_fail(HF_E_DEVICE, "TPM2_PCR_Read: %u values for %zu registers", (unsigned)n,
                       hf_pcr_selection_count(said));
    for (size_t i = 0; i < said->n; i++) {
        uint32_t mask = said->bank[i].mask;

        if (said->bank[i].alg != want->bank[i].alg || mask & ~want->bank[i].mask)
            return hf_fail(HF_E_DEVICE, "TPM2_PCR_Read gave registers that were not asked for");
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (mask & 1u << pcr)
                HF_TRY(hf_pcrs_put(out, said->bank[i].alg, pcr, hf_rd_view(r, hf_rd_u16be(r))));
        }
        want->bank[i].mask &= ~mask;
    }
    return hf_rd_end(r);
}

/* TPM_RC_HASH: it does not even know the hash of a bank. */
static hf_err explain_hash(struct hf_tpm *tpm, const struct hf_pcr_selection *want, hf_err err)
{
    uint32_t rc = hf_err_device_code();
    struct hf_pcr_selection have;
    char alg[HF_ALG_TEXT];

    if (err == HF_OK || (rc & 0xbf) != TPM2_RC_HASH)
        return err;
    HF_TRY(hf_tpm_pcr_banks(tpm, &have));
    for (size_t i = 0; i < want->n; i++) {
        size_t k = 0;

        while (k < have.n && have.bank[k].alg != want->bank[i].alg)
            k++;
        if (k == have.n)
            return hf_fail_device(HF_E_UNSUPPORTED, rc, "the TPM has no %s bank",
                                  hf_pcr_alg_text(want->bank[i].alg, alg));
    }
    return hf_tpm_fail_rc(hf_tpm_command_find(TPM2_CC_PCR_Read), rc);
}

/* One TPM2_PCR_Read, which gives at most eight registers. */
static hf_err read_some(struct hf_tpm *tpm, struct hf_pcr_selection *want, uint32_t *counter, struct hf_pcrs *out)
{
    struct hf_pcr_selection said = {0};
    struct hf_tpm_call c;
    size_t before = hf_pcr_selection_count(want);

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_PCR_Read));
    hf_pcr_selection_write(want, &c.w);
    HF_TRY(explain_hash(tpm, want, hf_tpm_call_run(tpm, &c)));
    *counter = hf_rd_u32be(&c.r);
    hf_pcr_selection_read(&c.r, &said);
    HF_TRY(hf_rd_err(&c.r));
    HF_TRY(take_values(&c.r, &said, want, out));
    return hf_pcr_selection_count(want) < before ? HF_OK : absent(want);
}

/* All of them, and whether the update counter stood still. */
static hf_err read_once(struct hf_tpm *tpm, const struct hf_pcr_selection *sel, struct hf_pcrs *out, bool *coherent)
{
    struct hf_pcr_selection want = *sel;
    uint32_t first = 0;
    uint32_t counter = 0;

    *coherent = true;
    *out = (struct hf_pcrs){0};
    for (bool begun = false; hf_pcr_selection_count(&want) && *coherent; begun = true) {
        HF_TRY(read_some(tpm, &want, &counter, out));
        if (!begun)
            first = counter;
        *coherent = counter == first;
    }
    return HF_OK;
}

hf_err hf_tpm_pcr_read(struct hf_tpm *tpm, const struct hf_pcr_selection *sel, struct hf_pcrs *out)
{
    struct hf_pcrs pcrs;
    bool coherent = false;

    for (int i = 0; i < READ_TRIES && !coherent; i++)
        HF_TRY(read_once(tpm, sel, &pcrs, &coherent));
    if (!coherent)
        return hf_fail(HF_E_BUSY, "PCRs changed during each of %d readings", READ_TRIES);
    *out = pcrs;
    return HF_OK;
}

hf_err hf_tpm_read_pcrs(struct hf_tpm *tpm, const char *selection, struct hf_pcrs *out)
{
    struct hf_pcr_selection sel;

    HF_TRY(hf_tpm_pcr_selection(tpm, selection, &sel));
    return hf_tpm_pcr_read(tpm, &sel, out);
}

hf_err hf_tpm_read_pcr(struct hf_tpm *tpm, const char *bank, unsigned index, struct hf_buf *out)
{
    struct hf_pcr_selection sel = {.n = 1};
    enum hf_hash_alg alg = HF_SHA256;
    struct hf_pcrs pcrs;

    HF_TRY(check_index(index));
    if (bank)
        HF_TRY(hf_hash_by_name(hf_bytes_text(bank), &alg));
    sel.bank[0].alg = (uint16_t)alg;
    sel.bank[0].size = 3;
    sel.bank[0].mask = 1u << index;
    HF_TRY(hf_tpm_pcr_read(tpm, &sel, &pcrs));
    return hf_buf_set(out, hf_pcrs_value(&pcrs, (uint16_t)alg, index));
}

/* TPM_RC_LOCALITY: the register is not for callers of this locality. */
static hf_err explain(hf_err err, const char *what, unsigned index)
{
    uint32_t rc = hf_err_device_code();

    if (err == HF_OK || rc != TPM2_RC_LOCALITY)
        return err;
    return hf_fail_device(HF_E_DENIED, rc, "PCR %u cannot be %s from here: its locality does not permit it", index,
                          what);
}

static hf_err check_digests(const struct hf_pcr_digest *digests, size_t n)
{
    char alg[HF_ALG_TEXT];

    if (n == 0 || n > HF_PCR_BANKS_MAX)
        return hf_fail(HF_E_ARG, "%zu digests to extend by; 1 to %d are possible", n, HF_PCR_BANKS_MAX);
    for (size_t i = 0; i < n; i++) {
        size_t size = hf_hash_size((enum hf_hash_alg)digests[i].alg);

        if (size == 0)
            return hf_fail(HF_E_UNSUPPORTED, "hash 0x%04x is not known", digests[i].alg);
        if (digests[i].n != size)
            return hf_fail(HF_E_ARG, "a digest of %u bytes for a %s bank, which has %zu", digests[i].n,
                           hf_pcr_alg_text(digests[i].alg, alg), size);
        for (size_t k = 0; k < i; k++) {
            if (digests[k].alg == digests[i].alg)
                return hf_fail(HF_E_ARG, "two digests for the %s bank", hf_pcr_alg_text(digests[i].alg, alg));
        }
    }
    return HF_OK;
}

hf_err hf_tpm_extend_pcr_digests(struct hf_tpm *tpm, unsigned index, const struct hf_pcr_digest *digests, size_t n)
{
    struct hf_tpm_entity pcr = hf_tpm_entity_plain(index);
    struct hf_tpm_call c;

    HF_TRY(check_index(index));
    HF_TRY(check_digests(digests, n));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_PCR_Extend));
    hf_tpm_call_handle(&c, &pcr, NULL);
    hf_wr_u32be(&c.w, (uint32_t)n); /* TPML_DIGEST_VALUES */
    for (size_t i = 0; i < n; i++) {
        hf_wr_u16be(&c.w, digests[i].alg);
        hf_wr_bytes(&c.w, (struct hf_bytes){digests[i].bytes, digests[i].n});
    }
    return explain(hf_tpm_call_run(tpm, &c), "extended", index);
}

hf_err hf_pcr_change_data(struct hf_bytes data, const uint16_t *algs, size_t n_algs, struct hf_pcr_change *out)
{
    struct hf_pcr_change change = *out;

    if (n_algs > HF_PCR_BANKS_MAX)
        return hf_fail(HF_E_ARG, "%zu banks; at most %d are possible", n_algs, HF_PCR_BANKS_MAX);
    for (size_t i = 0; i < n_algs; i++) {
        struct hf_digest digest;

        HF_TRY(hf_hash_one((enum hf_hash_alg)algs[i], data, &digest));
        change.digest[i].alg = algs[i];
        change.digest[i].n = (uint16_t)digest.n;
        memcpy(change.digest[i].bytes, digest.bytes, digest.n);
    }
    change.n = n_algs;
    *out = change;
    return HF_OK;
}

hf_err hf_tpm_extend_pcr(struct hf_tpm *tpm, unsigned index, struct hf_bytes data)
{
    struct hf_pcr_selection banks;
    struct hf_pcr_change change = {.kind = HF_PCR_EXTEND, .at = index};
    uint16_t algs[HF_PCR_BANKS_MAX];

    HF_TRY(check_index(index));
    HF_TRY(hf_tpm_pcr_banks(tpm, &banks));
    for (size_t i = 0; i < banks.n; i++)
        algs[i] = banks.bank[i].alg;
    HF_TRY(hf_pcr_change_data(data, algs, banks.n, &change));
    return hf_tpm_extend_pcr_digests(tpm, index, change.digest, change.n);
}

hf_err hf_tpm_pcr_reset(struct hf_tpm *tpm, unsigned index)
{
    struct hf_tpm_entity pcr = hf_tpm_entity_plain(index);
    struct hf_tpm_call c;

    HF_TRY(check_index(index));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_PCR_Reset));
    hf_tpm_call_handle(&c, &pcr, NULL);
    return explain(hf_tpm_call_run(tpm, &c), "reset", index);
}

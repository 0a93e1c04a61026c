/* The visits that all structures share. */
#include "tpm/marshal.h"

#include <stdarg.h>
#include <stdio.h>

struct hf_tpm_marshal hf_tpm_marshal_reading(struct hf_bytes in)
{
    return (struct hf_tpm_marshal){.r = hf_reader(in)};
}

struct hf_tpm_marshal hf_tpm_marshal_writing(void *place, size_t size)
{
    return (struct hf_tpm_marshal){.writing = true, .w = hf_writer(place, size)};
}

/* The detail of the first failure, with the structure's name before it. */
static hf_err fail_in(hf_err err, const char *what)
{
    return hf_fail(err, "%s: %s", what, hf_err_detail());
}

hf_err hf_tpm_marshal_end(const struct hf_tpm_marshal *m, const char *what)
{
    hf_err err = hf_rd_end(&m->r);

    return err == HF_OK ? HF_OK : fail_in(err, what);
}

hf_err hf_tpm_marshal_give(const struct hf_tpm_marshal *m, const char *what, struct hf_buf *out)
{
    struct hf_bytes done = {0};

    if (m->err != HF_OK)
        return fail_in(m->err, what);
    HF_TRY(hf_wr_end(&m->w, &done));
    return hf_buf_add(out, done);
}

void hf_tpm_marshal_fail(struct hf_tpm_marshal *m, hf_err err, const char *fmt, ...)
{
    char line[256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    if (!m->writing) {
        hf_rd_fail(&m->r, err, "before offset %zu: %s", hf_rd_at(&m->r), line);
    } else if (m->err == HF_OK) {
        m->err = hf_fail(err, "%s", line);
        m->w.full = true; /* nothing more is written: a size that does not fit is not followed */
    }
}

void hf_tpm_visit_u8(struct hf_tpm_marshal *m, uint8_t *v)
{
    if (m->writing)
        hf_wr_u8(&m->w, *v);
    else
        *v = hf_rd_u8(&m->r);
}

void hf_tpm_visit_u16(struct hf_tpm_marshal *m, uint16_t *v)
{
    if (m->writing)
        hf_wr_u16be(&m->w, *v);
    else
        *v = hf_rd_u16be(&m->r);
}

void hf_tpm_visit_u32(struct hf_tpm_marshal *m, uint32_t *v)
{
    if (m->writing)
        hf_wr_u32be(&m->w, *v);
    else
        *v = hf_rd_u32be(&m->r);
}

void hf_tpm_visit_u64(struct hf_tpm_marshal *m, uint64_t *v)
{
    if (m->writing)
        hf_wr_u64be(&m->w, *v);
    else
        *v = hf_rd_u64be(&m->r);
}

void hf_tpm_visit_yes_no(struct hf_tpm_marshal *m, uint8_t *v)
{
    hf_tpm_visit_u8(m, v);
    if (*v > 1)
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "TPMI_YES_NO is %u, not 0 or 1", *v);
}

void hf_tpm_visit_bytes(struct hf_tpm_marshal *m, uint8_t *bytes, size_t n)
{
    if (m->writing)
        hf_wr_bytes(&m->w, (struct hf_bytes){bytes, n});
    else
        hf_rd_copy(&m->r, bytes, n);
}

void hf_tpm_visit_sized(struct hf_tpm_marshal *m, uint16_t *size, uint8_t *bytes, size_t cap)
{
    hf_tpm_visit_u16(m, size);
    if (*size > cap)
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "a size of %u bytes; at most %zu are possible there", *size, cap);
    else
        hf_tpm_visit_bytes(m, bytes, *size);
}

/* Part 1, 16: empty, a handle, or a hash algorithm and a digest of its size. */
void hf_tpm_visit_name(struct hf_tpm_marshal *m, TPM2B_NAME *name)
{
    size_t want;

    hf_tpm_visit_sized(m, &name->size, name->name, sizeof(name->name));
    if (name->size == 0 || name->size == 4 || name->size > sizeof(name->name))
        return;
    want = name->size < 2 ? 0 : hf_hash_size((enum hf_hash_alg)(name->name[0] << 8 | name->name[1]));
    if (want == 0 || want + 2 != name->size)
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "a Name of %u bytes that is neither a handle nor a digest", name->size);
}

void hf_tpm_visit_hash(struct hf_tpm_marshal *m, uint16_t *alg, bool null_too)
{
    hf_tpm_visit_u16(m, alg);
    if (hf_hash_size((enum hf_hash_alg) * alg) == 0 && !(null_too && *alg == TPM2_ALG_NULL))
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a hash algorithm that is known", *alg);
}

static bool is_key_size(uint16_t alg, uint16_t bits)
{
    switch (alg) {
    case TPM2_ALG_AES:
    case TPM2_ALG_CAMELLIA:
        return bits == 128 || bits == 192 || bits == 256;
    case TPM2_ALG_SM4:
        return bits == 128;
    case TPM2_ALG_TDES:
        return bits == 128 || bits == 192;
    default:
        return false;
    }
}

static bool is_mode(uint16_t mode)
{
    switch (mode) {
    case TPM2_ALG_CMAC:
    case TPM2_ALG_CTR:
    case TPM2_ALG_OFB:
    case TPM2_ALG_CBC:
    case TPM2_ALG_CFB:
    case TPM2_ALG_ECB:
    case TPM2_ALG_NULL:
        return true;
    default:
        return false;
    }
}

void hf_tpm_visit_sym_object(struct hf_tpm_marshal *m, TPMT_SYM_DEF_OBJECT *sym)
{
    hf_tpm_visit_u16(m, &sym->algorithm);
    if (sym->algorithm == TPM2_ALG_NULL)
        return;
    hf_tpm_visit_u16(m, &sym->keyBits.sym);
    hf_tpm_visit_u16(m, &sym->mode.sym);
    if (!is_key_size(sym->algorithm, sym->keyBits.sym))
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "symmetric algorithm 0x%04x with %u bits is not known", sym->algorithm,
                            sym->keyBits.sym);
    else if (!is_mode(sym->mode.sym))
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a symmetric mode that is known", sym->mode.sym);
}

static void pcr_bank(struct hf_tpm_marshal *m, TPMS_PCR_SELECTION *bank)
{
    hf_tpm_visit_hash(m, &bank->hash, false);
    hf_tpm_visit_u8(m, &bank->sizeofSelect);
    if (bank->sizeofSelect < 1 || bank->sizeofSelect > sizeof(bank->pcrSelect))
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "a PCR selection of %u bytes; 1 to %zu are possible", bank->sizeofSelect,
                            sizeof(bank->pcrSelect));
    else
        hf_tpm_visit_bytes(m, bank->pcrSelect, bank->sizeofSelect);
}

void hf_tpm_visit_pcr_selection(struct hf_tpm_marshal *m, TPML_PCR_SELECTION *list)
{
    hf_tpm_visit_u32(m, &list->count);
    if (list->count > HF_COUNT(list->pcrSelections)) {
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "%u PCR banks; at most %zu are possible", list->count,
                            HF_COUNT(list->pcrSelections));
        return;
    }
    for (uint32_t i = 0; i < list->count; i++)
        pcr_bank(m, &list->pcrSelections[i]);
}

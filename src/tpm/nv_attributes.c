/* The words of NV: kinds, attributes, ranges of handles (Part 2, 13.2 and 13.4; Registry of Reserved Handles). */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "tpm/nv.h"

#include <stdio.h>
#include <strings.h>

static const struct {
    unsigned kind;
    const char *name;
    const char *word; /* in attribute texts */
} kinds[] = {
    {HF_TPM_NV_ORDINARY, "ordinary", "ordinary"},
    {HF_TPM_NV_COUNTER, "counter", "counter"},
    {HF_TPM_NV_BITS, "bits", "bits"},
    {HF_TPM_NV_EXTEND, "extend", "extend"},
    {HF_TPM_NV_PIN_FAIL, "pin-fail", "pinfail"},
    {HF_TPM_NV_PIN_PASS, "pin-pass", "pinpass"},
};

const char *hf_tpm_nv_kind_name(unsigned kind)
{
    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        if (kinds[i].kind == kind)
            return kinds[i].name;
    }
    return "unknown";
}

hf_err hf_tpm_nv_kind_by_name(const char *name, enum hf_tpm_nv_kind *out)
{
    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        if (strcasecmp(kinds[i].name, name) == 0 || strcasecmp(kinds[i].word, name) == 0) {
            *out = (enum hf_tpm_nv_kind)kinds[i].kind;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_ARG, "\"%.40s\" is no kind of NV index: ordinary, counter, bits, extend, pin-fail or pin-pass",
                   name);
}

static const struct {
    uint32_t bit;
    const char *word;
} words[] = {
    {TPMA_NV_PPWRITE, "ppwrite"},
    {TPMA_NV_OWNERWRITE, "ownerwrite"},
    {TPMA_NV_AUTHWRITE, "authwrite"},
    {TPMA_NV_POLICYWRITE, "policywrite"},
    {TPMA_NV_POLICY_DELETE, "policy_delete"},
    {TPMA_NV_WRITELOCKED, "writelocked"},
    {TPMA_NV_WRITEALL, "writeall"},
    {TPMA_NV_WRITEDEFINE, "writedefine"},
    {TPMA_NV_WRITE_STCLEAR, "write_stclear"},
    {TPMA_NV_GLOBALLOCK, "globallock"},
    {TPMA_NV_PPREAD, "ppread"},
    {TPMA_NV_OWNERREAD, "ownerread"},
    {TPMA_NV_AUTHREAD, "authread"},
    {TPMA_NV_POLICYREAD, "policyread"},
    {TPMA_NV_NO_DA, "no_da"},
    {TPMA_NV_ORDERLY, "orderly"},
    {TPMA_NV_CLEAR_STCLEAR, "clear_stclear"},
    {TPMA_NV_READLOCKED, "readlocked"},
    {TPMA_NV_WRITTEN, "written"},
    {TPMA_NV_PLATFORMCREATE, "platformcreate"},
    {TPMA_NV_READ_STCLEAR, "read_stclear"},
};

static hf_err word_parse(const char *word, uint32_t *out)
{
    enum hf_tpm_nv_kind kind;

    if (strncasecmp(word, "TPMA_NV_", 8) == 0)
        word += 8;
    if (strncasecmp(word, "nt=", 3) == 0) {
        HF_TRY(hf_tpm_nv_kind_by_name(word + 3, &kind));
        *out |= (uint32_t)kind << TPMA_NV_TPM2_NT_SHIFT;
        return HF_OK;
    }
    for (size_t i = 0; i < HF_COUNT(words); i++) {
        if (strcasecmp(words[i].word, word) == 0) {
            *out |= words[i].bit;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_ARG,
                   "\"%.40s\" is no attribute of an NV index; ownerwrite, authread, policyread, write_stclear, "
                   "nt=counter and so on are",
                   word);
}

hf_err hf_tpm_nv_attributes_parse(const char *text, uint32_t *out)
{
    HF_CLEANUP(hf_free) char *copy = NULL;
    uint32_t attributes = 0;
    char *rest = NULL;
    size_t n = 0;

    HF_TRY(hf_strdup(text, &copy));
    for (char *word = strtok_r(copy, "|, ", &rest); word; word = strtok_r(NULL, "|, ", &rest), n++)
        HF_TRY(word_parse(word, &attributes));
    if (n == 0)
        return hf_fail(HF_E_ARG, "no attributes are named");
    *out = attributes;
    return HF_OK;
}

hf_err hf_tpm_nv_attributes_print(uint32_t attributes, struct hf_buf *out)
{
    unsigned kind = hf_tpm_nv_kind_of(attributes);
    const char *between = "";

    for (size_t i = 0; i < HF_COUNT(words); i++) {
        if (!(attributes & words[i].bit))
            continue;
        HF_TRY(hf_buf_printf(out, "%s%s", between, words[i].word));
        between = "|";
    }
    if (kind == HF_TPM_NV_ORDINARY)
        return HF_OK;
    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        if (kinds[i].kind == kind)
            return hf_buf_printf(out, "%snt=%s", between, kinds[i].word);
    }
    return hf_buf_printf(out, "%snt=0x%x", between, kind);
}

/* The handles of the EK Credential Profile 2.6, table 6, and of the registry. First match. */
static const struct {
    uint32_t first, last;
    const char *owner;
} ranges[] = {
    {0x01c00002, 0x01c00002, "EK certificate, RSA 2048"},
    {0x01c00003, 0x01c00003, "EK nonce, RSA 2048"},
    {0x01c00004, 0x01c00004, "EK template, RSA 2048"},
    {0x01c0000a, 0x01c0000a, "EK certificate, ECC P-256"},
    {0x01c0000b, 0x01c0000b, "EK nonce, ECC P-256"},
    {0x01c0000c, 0x01c0000c, "EK template, ECC P-256"},
    {0x01c00012, 0x01c00012, "EK certificate, RSA 2048 high"},
    {0x01c00014, 0x01c00014, "EK certificate, ECC P-256 high"},
    {0x01c00016, 0x01c00016, "EK certificate, ECC P-384"},
    {0x01c00018, 0x01c00018, "EK certificate, ECC P-521"},
    {0x01c0001c, 0x01c0001c, "EK certificate, RSA 3072"},
    {0x01c0001e, 0x01c0001e, "EK certificate, RSA 4096"},
    {0x01c00013, 0x01c0001f, "EK template"},
    {0x01c00100, 0x01c001ff, "EK certificate chain"},
    {0x01c00000, 0x01c07fff, "EK credentials"},
    {0x01c08000, 0x01c0ffff, "platform certificate"},
    {0x01c10000, 0x01c1ffff, "TCG, PC client"},
    {0x01c90000, 0x01c9ffff, "device identity (IDevID)"},
    {0x01000000, 0x013fffff, "TPM manufacturer"},
    {0x01400000, 0x017fffff, "platform manufacturer"},
    {0x01800000, 0x01bfffff, "owner"},
    {0x01c00000, 0x01ffffff, "TCG"},
};

void hf_tpm_nv_owner(uint32_t index, uint32_t attributes, char *out, size_t size)
{
    const char *owner = "unknown";

    for (size_t i = 0; i < HF_COUNT(ranges); i++) {
        if (index >= ranges[i].first && index <= ranges[i].last) {
            owner = ranges[i].owner;
            break;
        }
    }
    /* The registry is a convention: who really defined it is in the attributes. */
    if (!(attributes & TPMA_NV_PLATFORMCREATE) && index < 0x01800000)
        owner = "owner";
    (void)snprintf(out, size, "%s", owner);
}

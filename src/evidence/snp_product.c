/* AMD's products with SEV-SNP, and the TCB_VERSION of each. AMD publication 56860, "TCB_VERSION". */
#include "evidence/snp_report.h"

static const char *const names[] = {
    [HF_SNP_PRODUCT_UNKNOWN] = "unknown", [HF_SNP_PRODUCT_MILAN] = "Milan",   [HF_SNP_PRODUCT_GENOA] = "Genoa",
    [HF_SNP_PRODUCT_TURIN] = "Turin",     [HF_SNP_PRODUCT_VENICE] = "Venice",
};

const char *hf_snp_product_name(enum hf_snp_product product)
{
    return (size_t)product < HF_COUNT(names) ? names[product] : names[0];
}

enum hf_snp_product hf_snp_product_of(uint8_t family, uint8_t model)
{
    static const struct {
        uint8_t family, first, last;
        enum hf_snp_product product;
    } rows[] = {
        {0x19, 0x00, 0x0f, HF_SNP_PRODUCT_MILAN},  {0x19, 0x10, 0x1f, HF_SNP_PRODUCT_GENOA},
        {0x19, 0xa0, 0xaf, HF_SNP_PRODUCT_GENOA},  {0x1a, 0x00, 0x11, HF_SNP_PRODUCT_TURIN},
        {0x1a, 0x50, 0x57, HF_SNP_PRODUCT_VENICE}, {0x1a, 0x90, 0xaf, HF_SNP_PRODUCT_VENICE},
        {0x1a, 0xc0, 0xc7, HF_SNP_PRODUCT_VENICE},
    };

    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (family == rows[i].family && model >= rows[i].first && model <= rows[i].last)
            return rows[i].product;
    }
    return HF_SNP_PRODUCT_UNKNOWN;
}

enum hf_snp_product hf_snp_product_by_name(struct hf_bytes name)
{
    static const struct {
        const char *name;
        enum hf_snp_product product;
    } rows[] = {
        {"Milan", HF_SNP_PRODUCT_MILAN}, {"Genoa", HF_SNP_PRODUCT_GENOA}, {"Bergamo", HF_SNP_PRODUCT_GENOA},
        {"Siena", HF_SNP_PRODUCT_GENOA}, {"Turin", HF_SNP_PRODUCT_TURIN}, {"Venice", HF_SNP_PRODUCT_VENICE},
    };
    const uint8_t *dash = name.n ? memchr(name.p, '-', name.n) : NULL;

    if (dash) /* the stepping */
        name.n = (size_t)(dash - name.p);
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (hf_bytes_equal(name, hf_bytes_text(rows[i].name)))
            return rows[i].product;
    }
    return HF_SNP_PRODUCT_UNKNOWN;
}

hf_err hf_snp_tcb_parse(const uint8_t raw[8], enum hf_snp_product product, struct hf_snp_tcb *out)
{
    struct hf_snp_tcb tcb = {.microcode = raw[7]};
    size_t from, to; /* reserved */

    if (product == HF_SNP_PRODUCT_TURIN) {
        tcb.has_fmc = true;
        tcb.fmc = raw[0];
        tcb.boot_loader = raw[1];
        tcb.tee = raw[2];
        tcb.snp = raw[3];
        from = 4;
        to = 7;
    } else if (product == HF_SNP_PRODUCT_MILAN || product == HF_SNP_PRODUCT_GENOA) {
        tcb.boot_loader = raw[0];
        tcb.tee = raw[1];
        tcb.snp = raw[6];
        from = 2;
        to = 6;
    } else {
        return hf_fail(HF_E_UNSUPPORTED,
                       "the layout of a TCB of product %s is not known; known are Milan, Genoa, Turin",
                       hf_snp_product_name(product));
    }
    for (size_t i = from; i < to; i++) {
        if (raw[i])
            return hf_fail(HF_E_FORMAT, "byte %zu of a TCB of product %s is %u; it is reserved", i,
                           hf_snp_product_name(product), raw[i]);
    }
    *out = tcb;
    return HF_OK;
}

void hf_snp_tcb_write(const struct hf_snp_tcb *tcb, uint8_t raw[8])
{
    memset(raw, 0, 8);
    raw[7] = tcb->microcode;
    if (tcb->has_fmc) {
        raw[0] = tcb->fmc;
        raw[1] = tcb->boot_loader;
        raw[2] = tcb->tee;
        raw[3] = tcb->snp;
    } else {
        raw[0] = tcb->boot_loader;
        raw[1] = tcb->tee;
        raw[6] = tcb->snp;
    }
}

/* Name and decimal number. By hand: a warm verdict writes ten levels, and snprintf would be half of its cost. */
static char *put_part(char *at, const char *name, uint8_t value)
{
    while (*name)
        *at++ = *name++;
    if (value >= 100)
        *at++ = (char)('0' + value / 100);
    if (value >= 10)
        *at++ = (char)('0' + value / 10 % 10);
    *at++ = (char)('0' + value % 10);
    return at;
}

void hf_snp_tcb_text(const struct hf_snp_tcb *tcb, char out[HF_SNP_TCB_TEXT])
{
    char *at = out;

    if (tcb->has_fmc)
        at = put_part(at, "fmc=", tcb->fmc);
    at = put_part(at, tcb->has_fmc ? " bl=" : "bl=", tcb->boot_loader);
    at = put_part(at, " tee=", tcb->tee);
    at = put_part(at, " snp=", tcb->snp);
    at = put_part(at, " ucode=", tcb->microcode);
    *at = 0;
}

const char *hf_snp_tcb_part(const struct hf_snp_tcb *tcb, size_t i, uint8_t *out)
{
    static const char *const parts[HF_SNP_TCB_PARTS] = {"FMC", "boot loader", "TEE", "SNP", "microcode"};
    const uint8_t values[HF_SNP_TCB_PARTS] = {tcb->fmc, tcb->boot_loader, tcb->tee, tcb->snp, tcb->microcode};

    if (i >= HF_SNP_TCB_PARTS)
        return NULL;
    *out = values[i];
    return parts[i];
}

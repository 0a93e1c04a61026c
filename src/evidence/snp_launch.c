/* Launch digests of SEV, SEV-ES and SEV-SNP guests. AMD publications 56860 and 55766. */
#include "evidence/snp_launch.h"
#include "base/cleanup.h"
#include "base/writer.h"
#include "crypto/hash.h"

#include <inttypes.h>

#define FOUR_GIB ((uint64_t)1 << 32)
#define VMSA_GPA 0xfffffffff000u /* where firmware records a VMSA, whatever address it has */
#define PAGE_INFO_SIZE 112
#define BOOT_EIP 0xfffffff0u
#define IMAGE_MAX ((size_t)256 << 20)

enum page_type { NORMAL = 1, VMSA = 2, ZERO = 3, UNMEASURED = 4, SECRETS = 5, CPUID = 6 };

hf_err hf_sev_mode_by_name(const char *name, enum hf_sev_mode *out)
{
    static const char *const names[] = {"snp", "snp:svsm", "seves", "sev"};

    for (size_t i = 0; i < HF_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum hf_sev_mode)i;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_ARG, "\"%.40s\" is no mode; there are snp, snp:svsm, seves, sev", name);
}

/* ---- SEV-SNP: a digest chained over pages ---- */

/* PAGE_INFO, whose digest is the next launch digest. */
static hf_err add_page(struct hf_digest *ld, enum page_type type, uint64_t gpa, const struct hf_digest *contents)
{
    uint8_t info[PAGE_INFO_SIZE];
    struct hf_writer w = hf_writer(info, sizeof(info));

    hf_wr_bytes(&w, hf_digest_bytes(ld));       /* DIGEST_CUR */
    hf_wr_bytes(&w, hf_digest_bytes(contents)); /* CONTENTS */
    hf_wr_u16le(&w, PAGE_INFO_SIZE);            /* LENGTH */
    hf_wr_u8(&w, (uint8_t)type);                /* PAGE_TYPE */
    hf_wr_zero(&w, 5);                          /* IMI_PAGE, VMPL3 to VMPL1 permissions, reserved */
    hf_wr_u64le(&w, gpa);                       /* GPA */
    return hf_hash_one(HF_SHA384, HF_BYTES_OF(info), ld);
}

static hf_err add_content(struct hf_digest *ld, enum page_type type, uint64_t gpa, struct hf_bytes pages)
{
    for (size_t at = 0; at < pages.n; at += HF_OVMF_PAGE) {
        struct hf_digest contents = {0};

        HF_TRY(hf_hash_one(HF_SHA384, (struct hf_bytes){pages.p + at, HF_OVMF_PAGE}, &contents));
        HF_TRY(add_page(ld, type, gpa + at, &contents));
    }
    return HF_OK;
}

/* Pages whose content is not measured, or known. */
static hf_err add_blank(struct hf_digest *ld, enum page_type type, uint64_t gpa, uint64_t size)
{
    static const struct hf_digest none = {.n = 48};

    if (size % HF_OVMF_PAGE)
        return hf_fail(HF_E_FORMAT, "a section of %" PRIu64 " bytes at 0x%" PRIx64 "; whole pages of %d are needed",
                       size, gpa, HF_OVMF_PAGE);
    for (uint64_t at = 0; at < size; at += HF_OVMF_PAGE)
        HF_TRY(add_page(ld, type, gpa + at, &none));
    return HF_OK;
}

static hf_err check_image(struct hf_bytes image, const char *what)
{
    if (image.n == 0 || image.n % HF_OVMF_PAGE || image.n > IMAGE_MAX)
        return hf_fail(HF_E_FORMAT, "%s has %zu bytes; whole pages of %d, at most %zu MiB, are needed", what, image.n,
                       HF_OVMF_PAGE, IMAGE_MAX >> 20);
    return HF_OK;
}

static hf_err add_image(struct hf_digest *ld, struct hf_bytes image, uint64_t end)
{
    return add_content(ld, NORMAL, end - image.n, image);
}

static hf_err add_hashes(struct hf_digest *ld, const struct hf_sev_kernel *kernel, const struct hf_ovmf *ovmf,
                         const struct hf_ovmf_section *section)
{
    uint8_t page[HF_OVMF_PAGE] = {0};
    size_t at = ovmf->hashes_gpa % HF_OVMF_PAGE;

    if (!kernel)
        return add_blank(ld, ZERO, section->gpa, section->size);
    if (!ovmf->has_hashes || section->size != HF_OVMF_PAGE || at + HF_SEV_HASH_TABLE_SIZE > HF_OVMF_PAGE)
        return hf_fail(HF_E_FORMAT,
                       "the firmware has no page for the hashes of a kernel: %u bytes at 0x%x, table at 0x%x",
                       section->size, section->gpa, ovmf->hashes_gpa);
    hf_sev_hash_table(kernel, page + at);
    return add_content(ld, NORMAL, section->gpa, HF_BYTES_OF(page));
}

static hf_err add_section(struct hf_digest *ld, const struct hf_sev_launch *l, const struct hf_ovmf *ovmf,
                          const struct hf_ovmf_section *s)
{
    switch (s->type) {
    case HF_OVMF_SNP_MEMORY:
        return add_blank(ld, l->vmm == HF_VMM_GCE ? UNMEASURED : ZERO, s->gpa, s->size);
    case HF_OVMF_SNP_SECRETS:
        return add_blank(ld, SECRETS, s->gpa, HF_OVMF_PAGE);
    case HF_OVMF_CPUID: /* EC2 adds it last */
        return l->vmm == HF_VMM_EC2 ? HF_OK : add_blank(ld, CPUID, s->gpa, HF_OVMF_PAGE);
    case HF_OVMF_SVSM_CAA:
        return add_blank(ld, ZERO, s->gpa, s->size);
    case HF_OVMF_KERNEL_HASHES:
        return add_hashes(ld, l->kernel, ovmf, s);
    default:
        return hf_fail(HF_E_FORMAT, "unknown SEV metadata section type %u; known are 1 to 4 and 16", s->type);
    }
}

static hf_err add_metadata(struct hf_digest *ld, const struct hf_sev_launch *l, const struct hf_ovmf *ovmf)
{
    if (l->kernel && !hf_ovmf_find(ovmf, HF_OVMF_KERNEL_HASHES))
        return hf_fail(HF_E_FORMAT, "the firmware has no section for the hashes of a kernel: it cannot check one");
    for (size_t i = 0; i < ovmf->n; i++)
        HF_TRY(add_section(ld, l, ovmf, &ovmf->section[i]));
    for (size_t i = 0; l->vmm == HF_VMM_EC2 && i < ovmf->n; i++) {
        if (ovmf->section[i].type == HF_OVMF_CPUID)
            HF_TRY(add_blank(ld, CPUID, ovmf->section[i].gpa, HF_OVMF_PAGE));
    }
    return HF_OK;
}

/* The i-th vCPU's first page of registers. */
static hf_err vmsa_of(const struct hf_sev_launch *l, const struct hf_ovmf *ovmf, uint64_t svsm_gpa, unsigned i,
                      uint8_t page[HF_SEV_VMSA_SIZE])
{
    struct hf_sev_vcpu vcpu = {.vmm = l->vmm, .cpu_signature = l->cpu_signature, .eip = BOOT_EIP};

    vcpu.svsm = l->mode == HF_SEV_SNP_SVSM;
    vcpu.features = l->mode == HF_SEV_ES ? 0 : l->features | 1;
    if (vcpu.svsm) {
        vcpu.features = 1;
        vcpu.eip = (uint32_t)(svsm_gpa + ovmf->svsm_launch);
    } else if (i) {
        if (!ovmf->has_reset)
            return hf_fail(HF_E_FORMAT, "the firmware does not say where further vCPUs start");
        vcpu.eip = ovmf->reset_eip;
    }
    hf_sev_vmsa(&vcpu, page);
    return HF_OK;
}

static hf_err add_vcpus(struct hf_digest *ld, const struct hf_sev_launch *l, const struct hf_ovmf *ovmf,
                        uint64_t svsm_gpa)
{
    uint8_t page[HF_SEV_VMSA_SIZE];

    for (unsigned i = 0; i < l->vcpus; i++) {
        HF_TRY(vmsa_of(l, ovmf, svsm_gpa, i, page));
        HF_TRY(add_content(ld, VMSA, VMSA_GPA, HF_BYTES_OF(page)));
    }
    return HF_OK;
}

hf_err hf_snp_ovmf_digest(struct hf_bytes ovmf, struct hf_digest *out)
{
    struct hf_digest ld = {.n = 48};

    HF_TRY(check_image(ovmf, "the firmware"));
    HF_TRY(add_image(&ld, ovmf, FOUR_GIB));
    *out = ld;
    return HF_OK;
}

static hf_err snp(const struct hf_sev_launch *l, struct hf_digest *ld)
{
    struct hf_ovmf ovmf;

    HF_TRY(hf_ovmf_parse(l->ovmf, &ovmf));
    if (!ovmf.has_metadata)
        return hf_fail(HF_E_FORMAT, "the firmware has no SEV metadata: it is not made for SEV-SNP");
    if (l->ovmf_digest)
        memcpy(ld->bytes, l->ovmf_digest, 48);
    else
        HF_TRY(hf_snp_ovmf_digest(l->ovmf, ld));
    HF_TRY(add_metadata(ld, l, &ovmf));
    return add_vcpus(ld, l, &ovmf, 0);
}

/* The SVSM's image ends where the firmware's variables begin; its own metadata count. */
static hf_err snp_svsm(const struct hf_sev_launch *l, struct hf_digest *ld)
{
    uint64_t end = FOUR_GIB - l->ovmf.n;
    struct hf_ovmf svsm;

    HF_TRY(check_image(l->svsm, "the SVSM"));
    if (l->vmm != HF_VMM_QEMU || l->kernel || l->ovmf_digest)
        return hf_fail(HF_E_ARG, "an SVSM goes with QEMU, and without a kernel or a firmware digest");
    if (l->variables_size > end - l->svsm.n)
        return hf_fail(HF_E_ARG, "variables of %" PRIu64 " bytes leave no room below the firmware", l->variables_size);
    end -= l->variables_size;
    HF_TRY(hf_ovmf_parse(l->svsm, &svsm));
    if (!svsm.has_svsm || !svsm.has_metadata)
        return hf_fail(HF_E_FORMAT, "the SVSM's image does not say where it starts, or has no SEV metadata");
    HF_TRY(hf_snp_ovmf_digest(l->ovmf, ld));
    HF_TRY(add_image(ld, l->svsm, end));
    HF_TRY(add_metadata(ld, l, &svsm));
    return add_vcpus(ld, l, &svsm, end - l->svsm.n);
}

/* ---- SEV and SEV-ES: one digest over it all ---- */

static hf_err legacy(const struct hf_sev_launch *l, struct hf_digest *out)
{
    HF_CLEANUP(hf_hasher_free) struct hf_hasher h = {0};
    uint8_t table[HF_SEV_HASH_TABLE_SIZE], page[HF_SEV_VMSA_SIZE];
    struct hf_ovmf ovmf;

    HF_TRY(hf_ovmf_parse(l->ovmf, &ovmf));
    HF_TRY(hf_hasher_new(HF_SHA256, &h));
    HF_TRY(hf_hasher_add(&h, l->ovmf));
    if (l->kernel) {
        if (!ovmf.has_hashes || ovmf.hashes_gpa == 0)
            return hf_fail(HF_E_FORMAT, "the firmware has no place for the hashes of a kernel: it cannot check one");
        hf_sev_hash_table(l->kernel, table);
        HF_TRY(hf_hasher_add(&h, HF_BYTES_OF(table)));
    }
    for (unsigned i = 0; l->mode == HF_SEV_ES && i < l->vcpus; i++) {
        HF_TRY(vmsa_of(l, &ovmf, 0, i, page));
        HF_TRY(hf_hasher_add(&h, HF_BYTES_OF(page)));
    }
    return hf_hasher_end(&h, out);
}

hf_err hf_sev_launch_digest(const struct hf_sev_launch *l, struct hf_digest *out)
{
    struct hf_digest ld = {.n = 48};

    if (l->mode != HF_SEV_LEGACY && (l->vcpus == 0 || l->vcpus > HF_SNP_LAUNCH_VCPUS_MAX))
        return hf_fail(HF_E_ARG, "%u vCPUs; 1 to %d", l->vcpus, HF_SNP_LAUNCH_VCPUS_MAX);
    HF_TRY(check_image(l->ovmf, "the firmware"));
    if (l->mode == HF_SEV_SNP)
        HF_TRY(snp(l, &ld));
    else if (l->mode == HF_SEV_SNP_SVSM)
        HF_TRY(snp_svsm(l, &ld));
    else
        HF_TRY(legacy(l, &ld));
    *out = ld;
    return HF_OK;
}

/* The page of registers a vCPU starts with. AMD64 Architecture Programmer's Manual, volume 2, table B-4. */
#include "base/writer.h"
#include "evidence/snp_launch.h"

#include <stdio.h>
#include <strings.h>

static void put(uint8_t *page, size_t at, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++)
        page[at + i] = (uint8_t)(value >> 8 * i);
}

struct segment {
    uint16_t selector, attributes;
    uint32_t limit;
    uint64_t base;
};

static void put_segment(uint8_t *page, size_t at, struct segment s)
{
    put(page, at, 2, s.selector);
    put(page, at + 2, 2, s.attributes);
    put(page, at + 4, 4, s.limit);
    put(page, at + 8, 8, s.base);
}

/* What the VMMs set differently. */
static const struct {
    const char *name;
    uint16_t cs_first, cs_other, ss, tr; /* attributes of segments */
    bool shows_cpu;                      /* RDX is the CPU's signature, else: */
    uint64_t rdx;
    uint64_t pat;
    uint32_t mxcsr;
    uint16_t fcw;
} vmms[] = {
    [HF_VMM_QEMU] = {"qemu", 0x9b, 0x9b, 0x93, 0x8b, true, 0, 0x0007040600070406, 0x1f80, 0x37f},
    [HF_VMM_EC2] = {"ec2", 0x9a, 0x9b, 0x92, 0x83, false, 0x600, 0x0007040600070406, 0, 0},
    [HF_VMM_GCE] = {"gce", 0x9b, 0x9b, 0x93, 0x8b, false, 0x600, 0x00070106, 0, 0},
    [HF_VMM_KRUN] = {"krun", 0x9a, 0x9a, 0x92, 0x83, false, 0, 0x0007040600070406, 0, 0},
};

/* Real mode at the reset vector. */
static void put_real_mode(uint8_t *page, const struct hf_sev_vcpu *c)
{
    uint16_t cs = c->eip == 0xfffffff0 ? vmms[c->vmm].cs_first : vmms[c->vmm].cs_other;
    struct segment data = {0, 0x93, 0xffff, 0};

    put_segment(page, 0x00, data);                                                      /* ES */
    put_segment(page, 0x10, (struct segment){0xf000, cs, 0xffff, c->eip & 0xffff0000}); /* CS */
    put_segment(page, 0x20, (struct segment){0, vmms[c->vmm].ss, 0xffff, 0});           /* SS */
    put_segment(page, 0x30, data);                                                      /* DS */
    put_segment(page, 0x40, data);                                                      /* FS */
    put_segment(page, 0x50, data);                                                      /* GS */
    put(page, 0x158, 8, 0x10);                                                          /* CR0 */
    put(page, 0x178, 8, c->eip & 0xffff);                                               /* RIP */
}

/* An SVSM starts in protected mode with flat segments. */
static void put_flat(uint8_t *page, const struct hf_sev_vcpu *c)
{
    struct segment data = {0x10, 0xc93, 0xffffffff, 0};

    put_segment(page, 0x00, data);
    put_segment(page, 0x10, (struct segment){0x08, 0xc9b, 0xffffffff, 0});
    put_segment(page, 0x20, data);
    put_segment(page, 0x30, data);
    put_segment(page, 0x40, data);
    put_segment(page, 0x50, (struct segment){0, 0x93, 0xffff, 0});
    put(page, 0x158, 8, 0x11);
    put(page, 0x178, 8, c->eip);
}

void hf_sev_vmsa(const struct hf_sev_vcpu *c, uint8_t out[HF_SEV_VMSA_SIZE])
{
    uint64_t rdx = vmms[c->vmm].shows_cpu ? c->cpu_signature : vmms[c->vmm].rdx;

    memset(out, 0, HF_SEV_VMSA_SIZE);
    if (c->svsm)
        put_flat(out, c);
    else
        put_real_mode(out, c);
    put_segment(out, 0x60, (struct segment){0, 0, 0xffff, 0});               /* GDTR */
    put_segment(out, 0x70, (struct segment){0, 0x82, 0xffff, 0});            /* LDTR */
    put_segment(out, 0x80, (struct segment){0, 0, 0xffff, 0});               /* IDTR */
    put_segment(out, 0x90, (struct segment){0, vmms[c->vmm].tr, 0xffff, 0}); /* TR */
    put(out, 0x0d0, 8, 0x1000);                                              /* EFER: SVME, as KVM sets it */
    put(out, 0x148, 8, 0x40);                                                /* CR4: MCE, as KVM sets it */
    put(out, 0x160, 8, 0x400);                                               /* DR7 */
    put(out, 0x168, 8, 0xffff0ff0);                                          /* DR6 */
    put(out, 0x170, 8, 0x2);                                                 /* RFLAGS */
    put(out, 0x268, 8, vmms[c->vmm].pat);                                    /* G_PAT */
    put(out, 0x310, 8, rdx);                                                 /* RDX */
    put(out, 0x3b0, 8, c->features);                                         /* SEV_FEATURES */
    put(out, 0x3e8, 8, 0x1);                                                 /* XCR0 */
    put(out, 0x408, 4, vmms[c->vmm].mxcsr);                                  /* MXCSR */
    put(out, 0x410, 2, vmms[c->vmm].fcw);                                    /* x87 FCW */
}

hf_err hf_sev_vmm_by_name(const char *name, enum hf_sev_vmm *out)
{
    for (size_t i = 0; i < HF_COUNT(vmms); i++) {
        if (strcasecmp(vmms[i].name, name) == 0) {
            *out = (enum hf_sev_vmm)i;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_ARG, "\"%.40s\" is no VMM whose initial state is known; there are qemu, ec2, gce, krun", name);
}

/* CPUID Fn0000_0001_EAX: AMD publication 25481. */
uint32_t hf_sev_cpu_signature(unsigned family, unsigned model, unsigned stepping)
{
    unsigned base = family > 0xf ? 0xf : family, extended = family > 0xf ? family - 0xf : 0;

    return (extended & 0xff) << 20 | (model >> 4 & 0xf) << 16 | base << 8 | (model & 0xf) << 4 | (stepping & 0xf);
}

hf_err hf_sev_cpu_by_name(const char *name, uint32_t *out)
{
    /* QEMU, target/i386/cpu.c: versions of a model (-v1, -v2, ...) share its signature. */
    static const struct {
        const char *name;
        uint8_t family, model, stepping;
    } models[] = {
        {"EPYC-Rome", 23, 49, 0}, {"EPYC-Milan", 25, 1, 1}, {"EPYC-Genoa", 25, 17, 0},
        {"EPYC-Turin", 26, 0, 0}, {"EPYC-IBPB", 23, 1, 2},  {"EPYC", 23, 1, 2},
    };

    for (size_t i = 0; i < HF_COUNT(models); i++) {
        size_t n = strlen(models[i].name);

        if (strncasecmp(models[i].name, name, n) != 0)
            continue;
        if (name[n] == 0 || ((name[n + 1] == 'v' || name[n + 1] == 'V') && name[n] == '-' && name[n + 2] >= '1' &&
                             name[n + 2] <= '9' && name[n + 3] == 0)) {
            *out = hf_sev_cpu_signature(models[i].family, models[i].model, models[i].stepping);
            return HF_OK;
        }
    }
    return hf_fail(HF_E_ARG,
                   "\"%.40s\" is no CPU model that is known; there are EPYC, EPYC-IBPB, EPYC-Rome, EPYC-Milan, "
                   "EPYC-Genoa, EPYC-Turin, each also with a version as in EPYC-v4",
                   name);
}

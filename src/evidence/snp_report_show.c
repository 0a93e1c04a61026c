/* The fields of a SEV-SNP report, for people. AMD publication 56860, "ATTESTATION_REPORT". */
#include "base/reader.h"
#include "evidence/amd_cert_table.h"
#include "evidence/snp_report.h"

#include <inttypes.h>
#include <stdio.h>

struct bit {
    unsigned bit;
    const char *name;
};

static const struct bit policy_bits[] = {
    {16, "SMT allowed"},
    {17, "reserved one"},
    {18, "migration agent allowed"},
    {19, "DEBUG"},
    {20, "single socket"},
    {21, "CXL allowed"},
    {22, "AES-256-XTS required"},
    {23, "RAPL must be disabled"},
    {24, "ciphertext hiding required"},
    {25, "page swap disabled"},
};

static const struct bit platform_bits[] = {
    {0, "SMT"},
    {1, "TSME"},
    {2, "ECC"},
    {3, "RAPL disabled"},
    {4, "ciphertext hiding"},
    {5, "alias check complete"},
    {6, "IOMMU write safe"},
    {7, "TIO"},
};

/* Names of the set bits, and the number of each that has none. */
static void bits_text(uint64_t value, const struct bit *bits, size_t n, char *out, size_t room)
{
    size_t used = 0;

    out[0] = 0;
    for (unsigned b = 0; b < 64 && used < room; b++) {
        const char *name = NULL;

        for (size_t i = 0; i < n; i++)
            name = bits[i].bit == b ? bits[i].name : name;
        if (!(value >> b & 1))
            continue;
        if (name)
            used += (size_t)snprintf(out + used, room - used, "%s%s", used ? ", " : "", name);
        else
            used += (size_t)snprintf(out + used, room - used, "%sunknown bit %u", used ? ", " : "", b);
    }
}

static uint64_t number(struct hf_bytes place)
{
    uint64_t v = 0;

    for (size_t i = place.n; i-- > 0;)
        v = v << 8 | place.p[i];
    return v;
}

static uint64_t tell_number(struct hf_inspect *out, const char *name, struct hf_bytes in, size_t at, size_t n,
                            const char *meaning)
{
    struct hf_bytes place = {in.p + at, n};
    uint64_t v = number(place);

    hf_inspect_number(out, name, place, v, "%s", meaning);
    return v;
}

static void tell_bytes(struct hf_inspect *out, const char *name, struct hf_bytes in, size_t at, size_t n)
{
    hf_inspect_bytes(out, name, (struct hf_bytes){in.p + at, n}, NULL);
}

static void tell_policy(struct hf_inspect *out, struct hf_bytes in)
{
    struct hf_bytes place = {in.p + 0x08, 8};
    uint64_t policy = number(place);
    char text[160];

    bits_text(policy & ~(uint64_t)0xffff, policy_bits, HF_COUNT(policy_bits), text, sizeof(text));
    hf_inspect_number(out, "policy", place, policy, "ABI %u.%u at least; %s", HF_SNP_POLICY_ABI_MAJOR(policy),
                      HF_SNP_POLICY_ABI_MINOR(policy), text);
}

static void tell_platform(struct hf_inspect *out, struct hf_bytes in)
{
    struct hf_bytes place = {in.p + 0x40, 8};
    char text[160];

    bits_text(number(place), platform_bits, HF_COUNT(platform_bits), text, sizeof(text));
    hf_inspect_number(out, "platform_info", place, number(place), "%s", text);
}

static void tell_flags(struct hf_inspect *out, struct hf_bytes in)
{
    static const char *const keys[8] = {"VCEK",     "VLEK",     "reserved", "reserved",
                                        "reserved", "reserved", "reserved", "none"};
    struct hf_bytes place = {in.p + 0x48, 4};
    uint32_t flags = (uint32_t)number(place);

    hf_inspect_number(out, "flags", place, flags, "signing key %s%s%s%s", keys[HF_SNP_SIGNING_KEY(flags)],
                      flags & HF_SNP_FLAG_AUTHOR_KEY ? ", author key" : "",
                      flags & HF_SNP_FLAG_MASK_CHIP_KEY ? ", chip key masked: not signed" : "",
                      flags & ~HF_SNP_FLAGS_KNOWN ? ", unknown bits" : "");
}

static void tell_tcb(struct hf_inspect *out, const char *name, struct hf_bytes in, size_t at,
                     enum hf_snp_product product)
{
    char text[HF_SNP_TCB_TEXT];
    struct hf_snp_tcb tcb;

    if (hf_snp_tcb_parse(in.p + at, product, &tcb) == HF_OK) {
        hf_snp_tcb_text(&tcb, text);
        hf_inspect_bytes(out, name, (struct hf_bytes){in.p + at, 8}, "%s", text);
    } else {
        hf_inspect_bytes(out, name, (struct hf_bytes){in.p + at, 8}, "%s", hf_err_detail());
    }
}

static void tell_firmware(struct hf_inspect *out, const char *name, struct hf_bytes in, size_t at)
{
    hf_inspect_bytes(out, name, (struct hf_bytes){in.p + at, 3}, "%u.%u build %u", in.p[at + 2], in.p[at + 1],
                     in.p[at]);
}

static void tell_cpuid(struct hf_inspect *out, struct hf_bytes in, uint64_t version)
{
    if (version < 3)
        return;
    hf_inspect_bytes(out, "cpuid", (struct hf_bytes){in.p + 0x188, 3}, "%s: family 0x%02x, model 0x%02x, stepping %u",
                     hf_snp_product_name(hf_snp_product_of(in.p[0x188], in.p[0x189])), in.p[0x188], in.p[0x189],
                     in.p[0x18a]);
}

static void tell_version(struct hf_inspect *out, struct hf_bytes in)
{
    uint64_t version = number((struct hf_bytes){in.p, 4});

    (void)tell_number(out, "version", in, 0x00, 4, version < 2 || version > 5 ? "unknown; known are 2 to 5" : "");
}

/* All fields, each where the latest version has it. */
static void tell_all(struct hf_inspect *out, struct hf_bytes in, enum hf_snp_product layout)
{
    uint64_t version = number((struct hf_bytes){in.p, 4});
    uint64_t vmpl = number((struct hf_bytes){in.p + 0x30, 4});
    uint64_t algo = number((struct hf_bytes){in.p + 0x34, 4});

    tell_version(out, in);
    (void)tell_number(out, "guest_svn", in, 0x04, 4, "");
    tell_policy(out, in);
    tell_bytes(out, "family_id", in, 0x10, 16);
    tell_bytes(out, "image_id", in, 0x20, 16);
    (void)tell_number(out, "vmpl", in, 0x30, 4, vmpl == HF_SNP_VMPL_HOST ? "the host asked for this report" : "");
    (void)tell_number(out, "signature_algo", in, 0x34, 4,
                      algo == HF_SNP_ALG_ECDSA_P384_SHA384 ? "ECDSA P-384 with SHA-384" : "unknown");
    tell_tcb(out, "current_tcb", in, 0x38, layout);
    tell_platform(out, in);
    tell_flags(out, in);
    tell_bytes(out, "report_data", in, 0x50, 64);
    tell_bytes(out, "measurement", in, 0x90, 48);
    tell_bytes(out, "host_data", in, 0xc0, 32);
    tell_bytes(out, "id_key_digest", in, 0xe0, 48);
    tell_bytes(out, "author_key_digest", in, 0x110, 48);
    tell_bytes(out, "report_id", in, 0x140, 32);
    tell_bytes(out, "report_id_ma", in, 0x160, 32);
    tell_tcb(out, "reported_tcb", in, 0x180, layout);
    tell_cpuid(out, in, version);
    tell_bytes(out, "chip_id", in, 0x1a0, 64);
    tell_tcb(out, "committed_tcb", in, 0x1e0, layout);
    tell_firmware(out, "current_version", in, 0x1e8);
    tell_firmware(out, "committed_version", in, 0x1ec);
    tell_tcb(out, "launch_tcb", in, 0x1f0, layout);
    if (version >= 5) {
        (void)tell_number(out, "launch_mit_vector", in, 0x1f8, 8, "");
        (void)tell_number(out, "current_mit_vector", in, 0x200, 8, "");
    }
    tell_bytes(out, "signature_r", in, 0x2a0, 72);
    tell_bytes(out, "signature_s", in, 0x2e8, 72);
}

hf_err hf_snp_report_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    struct hf_bytes report, table;
    struct hf_snp_report rep;
    hf_err err;

    hf_snp_report_split(in, &report, &table);
    err = hf_snp_report_parse(report, &rep);
    if (report.n < HF_SNP_REPORT_SIZE) {
        if (report.n >= 4)
            tell_version(out, report);
        return err;
    }
    tell_all(out, report, err == HF_OK ? hf_snp_report_layout(&rep) : HF_SNP_PRODUCT_UNKNOWN);
    err = table.n && hf_amd_cert_table_looks(table) ? hf_amd_cert_table_inspect(table, out) : HF_OK;
    HF_TRY(hf_snp_report_parse(report, &rep)); /* again: why it does not fit must be the last word */
    if (rep.reserved_at)
        return hf_fail(HF_E_FORMAT, "reserved byte at 0x%zx is not zero", rep.reserved_at);
    return err;
}

/* holdfast evidence measure */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "codec/hex.h"
#include "crypto/hash.h"
#include "evidence/snp_launch.h"

#include <inttypes.h>

#define IMAGE_MAX ((size_t)256 << 20)
#define BOOT_MAX ((size_t)1 << 30)

struct measure_opts {
    const char *mode, *vmm, *ovmf, *cpu, *kernel, *initrd, *append, *svsm;
    uint32_t vcpus, signature;
    uint64_t features, variables;
    struct hf_buf ovmf_digest;
};

static const struct hf_opt rows[] = {
    {HF_OPT_FILE, 'o', "ovmf", offsetof(struct measure_opts, ovmf), "FILE", "the guest's firmware image", NULL, true},
    {HF_OPT_TEXT, 'm', "mode", offsetof(struct measure_opts, mode), "MODE", "what protects the guest (snp)",
     "snp|snp:svsm|seves|sev", false},
    {HF_OPT_U32, 'n', "vcpus", offsetof(struct measure_opts, vcpus), "N", "how many vCPUs it has (1)", NULL, false},
    {HF_OPT_TEXT, 't', "vcpu-type", offsetof(struct measure_opts, cpu), "MODEL",
     "QEMU's CPU model: EPYC-v4, EPYC-Milan, EPYC-Genoa, ... (EPYC-v4)", NULL, false},
    {HF_OPT_U32, 0, "vcpu-signature", offsetof(struct measure_opts, signature), "NUMBER",
     "or its CPUID signature: 0xa00f11 for Milan", NULL, false},
    {HF_OPT_TEXT, 0, "vmm", offsetof(struct measure_opts, vmm), "NAME", "who starts it (qemu)", "qemu|ec2|gce|krun",
     false},
    {HF_OPT_U64, 0, "features", offsetof(struct measure_opts, features), "BITS",
     "SEV_FEATURES of the vCPUs (1: SNP active)", NULL, false},
    {HF_OPT_FILE, 'k', "kernel", offsetof(struct measure_opts, kernel), "FILE",
     "a kernel that is booted directly, with -kernel and kernel-hashes=on", NULL, false},
    {HF_OPT_FILE, 0, "initrd", offsetof(struct measure_opts, initrd), "FILE", "its initrd", NULL, false},
    {HF_OPT_TEXT, 0, "append", offsetof(struct measure_opts, append), "TEXT", "its command line", NULL, false},
    {HF_OPT_HEX, 0, "ovmf-digest", offsetof(struct measure_opts, ovmf_digest), "HEX",
     "48 bytes: the digest after the firmware's pages, instead of them", NULL, false},
    {HF_OPT_FILE, 0, "svsm", offsetof(struct measure_opts, svsm), "FILE", "the SVSM's image, for snp:svsm", NULL,
     false},
    {HF_OPT_U64, 0, "variables", offsetof(struct measure_opts, variables), "BYTES",
     "size of the firmware's variables file, for snp:svsm", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void defaults(void *options)
{
    struct measure_opts *opt = options;

    opt->vcpus = 1;
    opt->features = 1;
}

/* Images, and hashes of what is too large to keep. */
struct inputs {
    struct hf_buf ovmf, svsm;
    struct hf_sev_kernel kernel;
};

static void inputs_free(struct inputs *in)
{
    hf_buf_free(&in->ovmf);
    hf_buf_free(&in->svsm);
}

static hf_err read_boot(const struct measure_opts *opt, struct hf_sev_kernel *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf kernel = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf initrd = {0};

    HF_TRY(hf_cli_read(opt->kernel, BOOT_MAX, &kernel));
    if (opt->initrd)
        HF_TRY(hf_cli_read(opt->initrd, BOOT_MAX, &initrd));
    return hf_sev_kernel_hash(hf_buf_bytes(&kernel), hf_buf_bytes(&initrd), opt->append, out);
}

static hf_err gather(const struct measure_opts *opt, struct inputs *in, struct hf_sev_launch *l)
{
    if ((opt->initrd || opt->append) && !opt->kernel)
        return hf_fail(HF_E_ARG, "--initrd and --append go with --kernel");
    if (opt->ovmf_digest.n && opt->ovmf_digest.n != 48)
        return hf_fail(HF_E_ARG, "--ovmf-digest has %zu bytes; it takes 48", opt->ovmf_digest.n);
    HF_TRY(hf_sev_mode_by_name(opt->mode ? opt->mode : "snp", &l->mode));
    HF_TRY(hf_sev_vmm_by_name(opt->vmm ? opt->vmm : "qemu", &l->vmm));
    if ((l->mode == HF_SEV_SNP_SVSM) != (opt->svsm != NULL))
        return hf_fail(HF_E_ARG, "--svsm goes with --mode snp:svsm");
    l->cpu_signature = opt->signature;
    if (opt->cpu || !opt->signature)
        HF_TRY(hf_sev_cpu_by_name(opt->cpu ? opt->cpu : "EPYC-v4", &l->cpu_signature));
    l->vcpus = opt->vcpus;
    l->features = opt->features;
    l->variables_size = opt->variables;
    l->ovmf_digest = opt->ovmf_digest.n ? opt->ovmf_digest.p : NULL;
    HF_TRY(hf_cli_read(opt->ovmf, IMAGE_MAX, &in->ovmf));
    l->ovmf = hf_buf_bytes(&in->ovmf);
    if (opt->svsm)
        HF_TRY(hf_cli_read(opt->svsm, IMAGE_MAX, &in->svsm));
    l->svsm = hf_buf_bytes(&in->svsm);
    if (opt->kernel) {
        HF_TRY(read_boot(opt, &in->kernel));
        l->kernel = &in->kernel;
    }
    return HF_OK;
}

/* The digest and everything it was made from: a difference is found by comparing these. */
static hf_err say_json(const struct measure_opts *opt, const struct hf_sev_launch *l, const struct hf_digest *ld)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_digest firmware = {0};
    struct hf_json j;

    HF_TRY(hf_hash_one(HF_SHA256, l->ovmf, &firmware));
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_hex(&j, "launch_digest", hf_digest_bytes(ld));
    hf_json_text(&j, "mode", opt->mode ? opt->mode : "snp");
    hf_json_text(&j, "vmm", opt->vmm ? opt->vmm : "qemu");
    hf_json_hex(&j, "firmware_sha256", hf_digest_bytes(&firmware));
    if (l->mode != HF_SEV_LEGACY) {
        hf_json_u64(&j, "vcpus", l->vcpus);
        hf_json_printf(&j, "vcpu_signature", "0x%x", l->cpu_signature);
        hf_json_printf(&j, "features", "0x%" PRIx64, l->features);
    }
    if (l->kernel) {
        hf_json_hex(&j, "kernel_sha256", HF_BYTES_OF(l->kernel->kernel));
        hf_json_hex(&j, "initrd_sha256", HF_BYTES_OF(l->kernel->initrd));
        hf_json_hex(&j, "command_line_sha256", HF_BYTES_OF(l->kernel->command_line));
    }
    return hf_cli_json_end(&text, &j);
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    const struct measure_opts *opt = options;
    HF_CLEANUP(inputs_free) struct inputs in = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};
    struct hf_sev_launch launch = {.mode = HF_SEV_SNP};
    struct hf_digest ld;

    HF_TRY(gather(opt, &in, &launch));
    HF_TRY(hf_sev_launch_digest(&launch, &ld));
    if (cli->json)
        return say_json(opt, &launch, &ld);
    HF_TRY(hf_hex_write(hf_digest_bytes(&ld), &hex));
    (void)printf("%.*s\n", (int)hex.n, (const char *)hex.p);
    return HF_OK;
}

const struct hf_command hf_cmd_evidence_measure = {
    .words = "evidence measure",
    .about = "Compute the launch digest that an AMD SEV guest must have",
    .text = "The digest is what a SEV-SNP report carries as its measurement, and what a SEV or SEV-ES launch "
            "measurement is "
            "made over. It depends on the firmware, the kernel that is booted directly, the number and model of vCPUs, "
            "and the VMM, which sets their registers. Compare it with holdfast verify --expect measurement=HEX. With "
            "--json every input is told, so that two runs that differ can be compared.",
    .example = "head -c 8192 /dev/zero >OVMF.fd\nholdfast evidence measure --mode sev --ovmf OVMF.fd\n"
               "holdfast evidence measure --mode sev --ovmf OVMF.fd --json",
    .opts = rows,
    .size = sizeof(struct measure_opts),
    .run = run,
    .without_config = true,
    .defaults = defaults,
};

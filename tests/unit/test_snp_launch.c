/* Launch digests: known answers, and what must not be computed. */
#include "codec/hex.h"
#include "crypto/hash.h"
#include "evidence/snp_launch.h"
#include "vectors.h"

static bool is_null(const char *json)
{
    return !json || json_is(json, "null");
}

static void text_of(const char *json, char *out, size_t room)
{
    struct hf_bytes word = json_word(json);

    (void)snprintf(out, room, "%.*s", (int)word.n, (const char *)word.p);
}

TEST(recomputed_digests_are_the_known_ones)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    size_t n = 0;

    NEED_VECTORS();
    for (const char *c = json_first(vector_text("evidence/sev/launch-digest/cases.json", &json)); c; c = json_next(c)) {
        HF_CLEANUP(hf_buf_free) struct hf_buf ovmf = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf want = {0};
        struct hf_sev_launch l = {.mode = HF_SEV_LEGACY};
        struct hf_sev_kernel kernel;
        uint8_t digest[48];
        struct hf_digest ld;
        char id[16], text[256], path[300];

        text_of(json_key(c, "id"), id, sizeof(id));
        CASE(id);
        text_of(json_key(c, "mode"), text, sizeof(text));
        if (strcmp(text, "SEV_SNP") == 0)
            l.mode = HF_SEV_SNP;
        else if (strcmp(text, "SEV_ES") == 0)
            l.mode = HF_SEV_ES;
        l.vcpus = (unsigned)json_number(json_key(c, "vcpus"));
        text_of(json_key(c, "vcpu_sig"), text, sizeof(text));
        l.cpu_signature = (uint32_t)strtoul(text, NULL, 16);
        text_of(json_key(c, "guest_features"), text, sizeof(text));
        l.features = strtoull(text, NULL, 16);
        text_of(json_key(c, "vmm"), text, sizeof(text));
        OK(hf_sev_vmm_by_name(text, &l.vmm));
        text_of(json_key(c, "ovmf"), text, sizeof(text));
        (void)snprintf(path, sizeof(path), "evidence/%s", text);
        vector(path, &ovmf);
        l.ovmf = hf_buf_bytes(&ovmf);
        if (!is_null(json_key(c, "kernel"))) {
            struct hf_bytes none = {0};

            text[0] = 0;
            if (!is_null(json_key(c, "cmdline")))
                text_of(json_key(c, "cmdline"), text, sizeof(text));
            OK(hf_sev_kernel_hash(none, none, text, &kernel));
            l.kernel = &kernel;
        }
        if (!is_null(json_key(c, "precomputed_ovmf_hash"))) {
            OK(hf_hex_parse_exact(json_word(json_key(c, "precomputed_ovmf_hash")), digest, sizeof(digest)));
            l.ovmf_digest = digest;
        }
        OK(hf_hex_parse(json_word(json_key(c, "expected_launch_digest")), &want));
        OK(hf_sev_launch_digest(&l, &ld));
        CHECK_BYTES(hf_digest_bytes(&ld), hf_buf_bytes(&want));
        n++;
    }
    print_message("# %zu launch digests\n", n);
    CHECK(n >= 9);
}

/* ---- firmware of our own ---- */

static void firmware(struct hf_ovmf *out)
{
    *out = (struct hf_ovmf){
        .has_table = true,
        .has_reset = true,
        .reset_eip = 0x80b004,
        .has_hashes = true,
        .hashes_gpa = 0x810c00,
        .hashes_size = 0x400,
        .has_svsm = true,
        .svsm_launch = 0x100,
        .has_metadata = true,
        .n = 5,
        .section = {{0x800000, 0x3000, HF_OVMF_SNP_MEMORY},
                    {0x80d000, 0x1000, HF_OVMF_SNP_SECRETS},
                    {0x80e000, 0x1000, HF_OVMF_CPUID},
                    {0x80f000, 0x1000, HF_OVMF_SVSM_CAA},
                    {0x810000, 0x1000, HF_OVMF_KERNEL_HASHES}},
    };
}

TEST(what_firmware_says_is_written_and_read_again)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf image = {0};
    struct hf_ovmf ovmf, again;

    firmware(&ovmf);
    OK(hf_ovmf_write(&ovmf, &image));
    CHECK(image.n == HF_OVMF_PAGE);
    OK(hf_ovmf_parse(hf_buf_bytes(&image), &again));
    ovmf.image = again.image;
    CHECK(again.has_table && again.n == 5 && again.reset_eip == 0x80b004 && again.svsm_launch == 0x100);
    CHECK(memcmp(ovmf.section, again.section, sizeof(ovmf.section)) == 0);
    CHECK(hf_ovmf_find(&again, HF_OVMF_CPUID)->gpa == 0x80e000);
    CHECK(hf_ovmf_find(&again, (enum hf_ovmf_section_type)9) == NULL);
    OK(hf_ovmf_parse((struct hf_bytes){image.p, HF_OVMF_PAGE - 1}, &again)); /* its end is elsewhere: no table */
    CHECK(!again.has_table);
    OK(hf_ovmf_parse((struct hf_bytes){NULL, 0}, &again));
    CHECK(!again.has_table);
}

TEST(tables_and_metadata_that_do_not_fit_are_refused)
{
    /* The table ends at 4064: footer 4046, reset 4024, SVSM 4002, hashes 3976, metadata 3954 */
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
        hf_err want;
    } cases[] = {
        {"the table longer than the image", 4047, 0xff, HF_E_FORMAT},
        {"the table shorter than its footer", 4046, 17, HF_E_FORMAT},
        {"the table a byte longer", 4046, 111, HF_E_TRUNCATED},
        {"an entry shorter than its name", 4028, 17, HF_E_FORMAT},
        {"an entry without a number", 4028, 18, HF_E_FORMAT},
        {"metadata outside", 3957, 1, HF_E_TRUNCATED},
        {"metadata without ASEV", 0, 'B', HF_E_FORMAT},
        {"metadata version 2", 8, 2, HF_E_FORMAT},
        {"a section too many", 12, 6, HF_E_FORMAT},
        {"more sections than there is room for", 13, 1, HF_E_LIMIT},
        {"the metadata's size", 4, 77, HF_E_FORMAT},
    };
    struct hf_ovmf ovmf, out;

    firmware(&ovmf);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf image = {0};

        CASE(cases[i].name);
        OK(hf_ovmf_write(&ovmf, &image));
        image.p[cases[i].at] = cases[i].value;
        FAILS(hf_ovmf_parse(hf_buf_bytes(&image), &out), cases[i].want);
    }
}

/* A launch of this firmware. */
static void launch_of(struct hf_buf *image, struct hf_sev_launch *out)
{
    struct hf_ovmf ovmf;

    firmware(&ovmf);
    OK(hf_ovmf_write(&ovmf, image));
    *out = (struct hf_sev_launch){.mode = HF_SEV_SNP, .vcpus = 2, .cpu_signature = 0x800f12, .features = 1};
    out->ovmf = hf_buf_bytes(image);
}

TEST(every_input_changes_the_digest)
{
    static const enum hf_sev_vmm vmms[] = {HF_VMM_QEMU, HF_VMM_EC2, HF_VMM_GCE, HF_VMM_KRUN};
    HF_CLEANUP(hf_buf_free) struct hf_buf image = {0};
    struct hf_sev_kernel kernel, other;
    struct hf_sev_launch l, made[12];
    struct hf_digest ld[12];
    size_t n = 0;

    launch_of(&image, &l);
    OK(hf_sev_kernel_hash(hf_bytes_text("kernel"), hf_bytes_text("initrd"), "quiet", &kernel));
    OK(hf_sev_kernel_hash(hf_bytes_text("kernel"), hf_bytes_text("initrd"), "quiet ", &other));
    for (size_t i = 0; i < HF_COUNT(vmms); i++) {
        made[n] = l;
        made[n++].vmm = vmms[i];
    }
    made[n] = l;
    made[n++].vcpus = 3;
    made[n] = l;
    made[n++].cpu_signature++;
    made[n] = l;
    made[n++].features = 0x21;
    made[n] = l;
    made[n++].kernel = &kernel;
    made[n] = l;
    made[n++].kernel = &other;
    made[n] = l;
    made[n++].mode = HF_SEV_ES;
    made[n] = l;
    made[n++].mode = HF_SEV_LEGACY;
    made[n] = l;
    made[n].mode = HF_SEV_SNP_SVSM;
    made[n++].svsm = l.ovmf;
    for (size_t i = 0; i < n; i++) {
        OK(hf_sev_launch_digest(&made[i], &ld[i]));
        CHECK(ld[i].n == (made[i].mode == HF_SEV_ES || made[i].mode == HF_SEV_LEGACY ? 32 : 48));
        for (size_t k = 0; k < i; k++)
            CHECK(memcmp(ld[i].bytes, ld[k].bytes, 32) != 0);
    }
    made[n - 1].variables_size = 0x1000; /* moves the SVSM */
    OK(hf_sev_launch_digest(&made[n - 1], &ld[0]));
    CHECK(memcmp(ld[0].bytes, ld[n - 1].bytes, 48) != 0);
    OK(hf_snp_ovmf_digest(l.ovmf, &ld[0]));
    l.ovmf_digest = ld[0].bytes;
    OK(hf_sev_launch_digest(&l, &ld[1]));
    l.ovmf_digest = NULL;
    OK(hf_sev_launch_digest(&l, &ld[2]));
    CHECK(memcmp(ld[1].bytes, ld[2].bytes, 48) == 0);
}

TEST(launches_that_cannot_be_are_refused)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf image = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf bare = {0};
    struct hf_sev_kernel kernel = {.kernel = {0}};
    struct hf_sev_launch l;
    struct hf_ovmf ovmf = {.has_table = true};
    struct hf_digest ld;

    launch_of(&image, &l);
    l.vcpus = 0;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_ARG);
    l.vcpus = HF_SNP_LAUNCH_VCPUS_MAX + 1;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_ARG);
    l.vcpus = 2;
    l.ovmf.n--;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_FORMAT);
    l.ovmf.n = 0;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_FORMAT);
    OK(hf_ovmf_write(&ovmf, &bare));
    l.ovmf = hf_buf_bytes(&bare);
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_FORMAT); /* no metadata */
    l.mode = HF_SEV_ES;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_FORMAT); /* where does the second vCPU start? */
    l.vcpus = 1;
    OK(hf_sev_launch_digest(&l, &ld));
    l.kernel = &kernel;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_FORMAT); /* no place for its hashes */
    l.mode = HF_SEV_LEGACY;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_FORMAT);
    l.kernel = NULL;
    OK(hf_sev_launch_digest(&l, &ld));
    firmware(&ovmf);
    ovmf.section[0].type = 5;
    hf_buf_free(&bare);
    OK(hf_ovmf_write(&ovmf, &bare));
    l.ovmf = hf_buf_bytes(&bare);
    l.mode = HF_SEV_SNP;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_FORMAT);
    CHECK_DETAIL("unknown SEV metadata section type 5");
    launch_of(&image, &l);
    l.mode = HF_SEV_SNP_SVSM;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_FORMAT); /* no SVSM */
    l.svsm = l.ovmf;
    l.variables_size = (uint64_t)1 << 32;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_ARG);
    l.variables_size = 0;
    l.vmm = HF_VMM_EC2;
    FAILS(hf_sev_launch_digest(&l, &ld), HF_E_ARG);
}

TEST(cpus_modes_and_vmms_have_names)
{
    static const struct {
        const char *name;
        uint32_t signature; /* 0: no such name */
    } cases[] = {
        {"EPYC", 0x800f12},
        {"EPYC-v4", 0x800f12},
        {"epyc-v4", 0x800f12},
        {"EPYC-IBPB", 0x800f12},
        {"EPYC-Rome", 0x830f10},
        {"EPYC-Milan", 0xa00f11},
        {"EPYC-Genoa-v1", 0xa10f10},
        {"EPYC-Turin", 0xb00f00},
        {"EPYC-v0", 0},
        {"EPYC-v", 0},
        {"EPYC-v44", 0},
        {"EPYC-", 0},
        {"EPYC-Milan-", 0},
        {"Skylake", 0},
        {"", 0},
    };
    enum hf_sev_mode mode;
    enum hf_sev_vmm vmm;
    uint32_t signature;

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        signature = 0;
        CHECK((hf_sev_cpu_by_name(cases[i].name, &signature) == HF_OK) == (cases[i].signature != 0));
        CHECK(signature == cases[i].signature);
    }
    OK(hf_sev_mode_by_name("snp:svsm", &mode));
    CHECK(mode == HF_SEV_SNP_SVSM);
    FAILS(hf_sev_mode_by_name("tdx", &mode), HF_E_ARG);
    OK(hf_sev_vmm_by_name("QEMU", &vmm));
    FAILS(hf_sev_vmm_by_name("xen", &vmm), HF_E_ARG);
}

TESTS(RUN(what_firmware_says_is_written_and_read_again), RUN(tables_and_metadata_that_do_not_fit_are_refused),
      RUN(every_input_changes_the_digest), RUN(launches_that_cannot_be_are_refused),
      RUN(cpus_modes_and_vmms_have_names), RUN(recomputed_digests_are_the_known_ones))

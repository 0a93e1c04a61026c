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

TESTS(RUN(recomputed_digests_are_the_known_ones))

/* Evidence in the pieces that clouds and their tools make of it: TPM quotes, SEV-SNP reports. */
#include "codec/base64.h"
#include "codec/hex.h"
#include "evidence/amd_cert_table.h"
#include "policy/verify.h"
#include "testca.h"
#include "vectors.h"

/* Two certificates, and both as PEM. */
static void make_certs(struct testca ca[2], struct hf_buf *chain)
{
    for (size_t i = 0; i < 2; i++) {
        OK(testca_new(&(struct testca_spec){.ca = true, .key_usage = HF_KU_CERT_SIGN}, NULL, &ca[i]));
        OK(hf_cert_to_pem(ca[i].cert, chain));
    }
}

static void free_certs(struct testca (*ca)[2])
{
    testca_free(&(*ca)[0]);
    testca_free(&(*ca)[1]);
}

static const char *row_of(const struct hf_verify_result *result, const char *name)
{
    const struct hf_check *row = hf_verdict_row(&result->verdict, name);

    return row ? hf_check_status_name(row->status) : "none";
}

static void verify_json(const struct hf_buf *json, struct hf_verify_result *result)
{
    HF_CLEANUP(hf_verifier_free) struct hf_verifier *verifier = NULL;
    struct hf_bytes evidence = hf_buf_bytes(json);
    struct hf_verify_request q = {.evidence = &evidence, .n_evidence = 1, .at = 1700000000};

    OK(hf_verifier_new(&verifier));
    FAILS(hf_verify(verifier, &q, result), HF_E_UNTRUSTED);
}

TEST(a_quote_with_its_key_beside_it_becomes_an_envelope)
{
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *result = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

    NEED_VECTORS();
    OK(hf_verify_result_new(&result));
    vector("evidence/tpm/trustee.evidence.json", &json);
    verify_json(&json, result);
    CHECK(result->n == 1);
    CHECK_TEXT(result->item[0].format->name, "tpm-quote");
    CHECK_TEXT(row_of(result, "signature"), "ok");
    CHECK_TEXT(row_of(result, "pcr selection"), "ok");
    CHECK_TEXT(row_of(result, "pcr digest"), "ok");
    CHECK_TEXT(row_of(result, "ak"), "failed"); /* its own word for its key is none */
}

static void put(struct hf_buf *out, const char *text)
{
    OK(hf_buf_add(out, hf_bytes_text(text)));
}

static void put_bytes(struct hf_buf *out, struct hf_bytes bytes, int how)
{
    if (how == 0) {
        put(out, "\"");
        OK(hf_hex_write(bytes, out));
        put(out, "\"");
    } else if (how == 1) {
        put(out, "\"");
        OK(hf_base64url_write(bytes, out));
        put(out, "\"");
    } else {
        for (size_t i = 0; i < bytes.n; i++) {
            char number[8];

            (void)snprintf(number, sizeof(number), "%s%u", i ? "," : "[", bytes.p[i]);
            put(out, number);
        }
        put(out, "]");
    }
}

/* trustee's shape for Azure's confidential VMs, each of its three writings of bytes. */
static void azure_json(const char *stem, int how, struct hf_buf *out)
{
    static const char *const parts[] = {"hcl.bin", "sig.bin", "attest.bin", "pcrs-sha256.bin"};
    static const char *const heads[] = {"{\"version\":1,\"hcl_report\":",
                                        ",\"vcek\":\"\",\"tpm_quote\":{\"signature\":", ",\"message\":",
                                        ",\"pcrs\":"};
    HF_CLEANUP(hf_buf_free) struct hf_buf part = {0};
    char path[128];

    for (size_t i = 0; i < HF_COUNT(parts); i++) {
        (void)snprintf(path, sizeof(path), "evidence/tpm/%s.%s", stem, parts[i]);
        vector(path, &part);
        put(out, heads[i]);
        if (i < 3) {
            put_bytes(out, hf_buf_bytes(&part), how);
            continue;
        }
        for (size_t pcr = 0; pcr < 24; pcr++) {
            put(out, pcr ? "," : "[");
            put_bytes(out, (struct hf_bytes){part.p + 32 * pcr, 32}, how);
        }
        put(out, "]}}");
    }
}

TEST(a_quote_takes_its_key_from_the_hardware_report_beside_it)
{
    static const char *const stems[] = {"az-snp-12afe089", "az-snp-47a66c13"};
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *result = NULL;

    NEED_VECTORS();
    OK(hf_verify_result_new(&result));
    for (int i = 0; i < 6; i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

        CASE(stems[i % 2]);
        azure_json(stems[i % 2], i / 2, &json);
        verify_json(&json, result);
        CHECK(result->n == 2);
        CHECK_TEXT(result->item[0].format->name, "azure-hcl");
        CHECK_TEXT(result->item[1].format->name, "tpm-quote");
        CHECK_TEXT(row_of(result, "tpm_quote: signature"), "ok");
        CHECK_TEXT(row_of(result, "tpm_quote: pcr digest"), "ok");
    }
    CASE("");
}

/* A field of a report as one of the two libraries writes it. */
static void put_field(struct hf_buf *out, const char *name, const uint8_t *at, size_t n, bool number, bool proto)
{
    uint64_t value = 0;
    char text[64];

    put(out, out->n > 1 && out->p[out->n - 1] != '{' ? ",\"" : "\"");
    put(out, name);
    put(out, "\":");
    if (!number && proto) {
        put(out, "\"");
        OK(hf_base64_write((struct hf_bytes){at, n}, out));
        put(out, "\"");
        return;
    }
    if (!number) {
        put_bytes(out, (struct hf_bytes){at, n}, 2);
        return;
    }
    for (size_t i = n; i > 0; i--)
        value = value << 8 | at[i - 1];
    (void)snprintf(text, sizeof(text), n == 8 && proto ? "\"%llu\"" : "%llu", (unsigned long long)value);
    put(out, text);
}

static void put_tcb_object(struct hf_buf *out, const char *name, const uint8_t tcb[8])
{
    char text[256];

    (void)snprintf(text, sizeof(text),
                   ",\"%s\":{\"fmc\":%u,\"bootloader\":%u,\"tee\":%u,\"snp\":%u,\"microcode\":%u}", name,
                   tcb[0], tcb[1], tcb[2], tcb[3], tcb[7]);
    put(out, text);
}

static void take_apart(const uint8_t *r, bool proto, struct hf_buf *out)
{
    static const struct {
        size_t at, n;
        bool number;
        const char *proto, *serde; /* NULL: written otherwise */
    } rows[] = {
        {0x000, 4, true, "version", "version"},
        {0x004, 4, true, "guestSvn", "guest_svn"},
        {0x008, 8, true, "policy", "policy"},
        {0x010, 16, false, "familyId", "family_id"},
        {0x020, 16, false, "imageId", "image_id"},
        {0x030, 4, true, "vmpl", "vmpl"},
        {0x034, 4, true, "signatureAlgo", "sig_algo"},
        {0x038, 8, true, "currentTcb", NULL},
        {0x040, 8, true, "platformInfo", "plat_info"},
        {0x048, 4, true, "signerInfo", "key_info"},
        {0x050, 64, false, "reportData", "report_data"},
        {0x090, 48, false, "measurement", "measurement"},
        {0x0c0, 32, false, "hostData", "host_data"},
        {0x0e0, 48, false, "idKeyDigest", "id_key_digest"},
        {0x110, 48, false, "authorKeyDigest", "author_key_digest"},
        {0x140, 32, false, "reportId", "report_id"},
        {0x160, 32, false, "reportIdMa", "report_id_ma"},
        {0x180, 8, true, "reportedTcb", NULL},
        {0x188, 1, true, NULL, "cpuid_fam_id"},
        {0x189, 1, true, NULL, "cpuid_mod_id"},
        {0x18a, 1, true, NULL, "cpuid_step"},
        {0x1a0, 64, false, "chipId", "chip_id"},
        {0x1e0, 8, true, "committedTcb", NULL},
        {0x1e8, 1, true, "currentBuild", "current_build"},
        {0x1e9, 1, true, "currentMinor", "current_minor"},
        {0x1ea, 1, true, "currentMajor", "current_major"},
        {0x1ec, 1, true, "committedBuild", "committed_build"},
        {0x1ed, 1, true, "committedMinor", "committed_minor"},
        {0x1ee, 1, true, "committedMajor", "committed_major"},
        {0x1f0, 8, true, "launchTcb", NULL},
        {0x1f8, 8, true, "launchMitVector", "launch_mit_vector"},
        {0x200, 8, true, "currentMitVector", "current_mit_vector"},
        {0x2a0, 512, false, "signature", NULL},
    };
    char text[64];

    put(out, "{");
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        const char *name = proto ? rows[i].proto : rows[i].serde;

        if (name)
            put_field(out, name, r + rows[i].at, rows[i].n, rows[i].number, proto);
    }
    if (proto) {
        unsigned family = r[0x188], model = r[0x189], stepping = r[0x18a];

        (void)snprintf(text, sizeof(text), ",\"cpuid1eaxFms\":%u",
                       (family - 0xf) << 20 | 0xf00 | (model >> 4) << 16 | (model & 0xf) << 4 | stepping);
        put(out, text);
    } else {
        put_tcb_object(out, "current_tcb", r + 0x38);
        put_tcb_object(out, "reported_tcb", r + 0x180);
        put_tcb_object(out, "committed_tcb", r + 0x1e0);
        put_tcb_object(out, "launch_tcb", r + 0x1f0);
        put(out, ",\"_reserved_0\":0,\"signature\":{");
        put_field(out, "r", r + 0x2a0, 72, false, false);
        put_field(out, "s", r + 0x2e8, 72, false, false);
        put(out, "}");
    }
    put(out, "}");
}

TEST(a_report_that_was_taken_apart_is_put_together_again)
{
    HF_CLEANUP(free_certs) struct testca ca[2] = {{0}};
    HF_CLEANUP(hf_buf_free) struct hf_buf chain = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};

    NEED_VECTORS();
    make_certs(ca, &chain);
    vector("evidence/snp/report-v5-turin-85da705e.bin", &report);
    for (int proto = 0; proto < 2; proto++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
        struct hf_evidence_set set = {0};

        put(&json, proto ? "{\"sevSnpAttestation\":{\"report\":" : "{\"attestation_report\":");
        take_apart(report.p, proto, &json);
        put(&json, proto ? ",\"certificateChain\":{\"vcekCert\":\""
                         : ",\"cert_chain\":[{\"cert_type\":\"VCEK\",\"data\":");
        if (proto)
            OK(hf_base64_write(ca[0].cert->der, &json));
        else
            put_bytes(&json, ca[0].cert->der, 2);
        put(&json, proto ? "\"}}}" : "}]}");
        OK(hf_evidence_open(hf_buf_bytes(&json), "snp", &set));
        CHECK(set.n == 2);
        CHECK_TEXT(set.item[0].where, proto ? "sevSnpAttestation/report" : "attestation_report");
        for (size_t i = 0; i < report.n; i++) {
            if (set.item[0].bytes.p[i] != report.p[i])
                FAIL("byte 0x%zx is 0x%02x, want 0x%02x", i, set.item[0].bytes.p[i], report.p[i]);
        }
        CHECK(set.item[1].format == NULL);
        hf_evidence_set_free(&set);
    }
}

TEST(a_report_comes_with_its_certificates_behind_it_or_beside_it)
{
    HF_CLEANUP(free_certs) struct testca ca[2] = {{0}};
    HF_CLEANUP(hf_buf_free) struct hf_buf chain = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf rows = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf extended = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    struct hf_amd_cert_table table = {.n = 2};
    struct hf_evidence_set set = {0};

    NEED_VECTORS();
    make_certs(ca, &chain);
    vector("evidence/snp/report-v5-turin-85da705e.bin", &report);
    for (size_t i = 0; i < table.n; i++) {
        memcpy(table.row[i].guid, hf_amd_guid(i ? "ASK" : "VCEK"), 16);
        table.row[i].data = ca[i].cert->der;
    }
    OK(hf_amd_cert_table_write(&table, &rows));
    OK(hf_buf_add(&extended, hf_buf_bytes(&report)));
    OK(hf_buf_add(&extended, hf_buf_bytes(&rows)));
    OK(hf_evidence_open(hf_buf_bytes(&extended), "snp", &set));
    CHECK(set.n == 1); /* the format knows what is behind a report */
    hf_evidence_set_free(&set);
    put(&json, "{\"provider\":\"sev_guest\",\"outblob\":");
    put_bytes(&json, hf_buf_bytes(&report), 1);
    put(&json, ",\"auxblob\":");
    put_bytes(&json, hf_buf_bytes(&rows), 0);
    put(&json, "}");
    OK(hf_evidence_open(hf_buf_bytes(&json), "snp", &set));
    CHECK(set.n == 2);
    CHECK_BYTES(set.item[0].bytes, hf_buf_bytes(&report));
    CHECK_BYTES(set.item[1].bytes, hf_buf_bytes(&chain));
    hf_evidence_set_free(&set);
}

TESTS(RUN(a_quote_with_its_key_beside_it_becomes_an_envelope),
      RUN(a_quote_takes_its_key_from_the_hardware_report_beside_it),
      RUN(a_report_that_was_taken_apart_is_put_together_again),
      RUN(a_report_comes_with_its_certificates_behind_it_or_beside_it))

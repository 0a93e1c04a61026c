/* What AMD's certificates say about chip, level and product. */
#include "codec/der.h"
#include "make_amd.h"
#include "test.h"
#include "vectors.h"

/* Extensions as a certificate has them, made from what a writer gives; one may be replaced or left out. */
struct made {
    struct hf_amd_vek_extension value[HF_AMD_VEK_EXTENSIONS];
    struct hf_extension ext[HF_AMD_VEK_EXTENSIONS];
    uint8_t oid[HF_AMD_VEK_EXTENSIONS][HF_DER_OID_MAX];
    size_t n;
};

static void made_set(struct made *m, size_t i, const char *oid, struct hf_bytes value)
{
    size_t n = 0;

    OK(hf_der_oid_encode(oid, m->oid[i], &n));
    m->ext[i] = (struct hf_extension){.oid = {m->oid[i], n}, .value = value};
}

static void make(struct made *m, enum hf_snp_product product, bool vlek)
{
    struct hf_snp_report rep;
    struct hf_amd_vek vek;

    make_snp_report(3, product, &rep);
    rep.flags = vlek ? HF_SNP_KEY_VLEK << 2 : 0;
    make_vek_of(&rep, product, product == HF_SNP_PRODUCT_TURIN ? "Turin" : "Milan-B1", &vek);
    vek.tcb.microcode = 219; /* two bytes as INTEGER */
    OK(hf_amd_vek_write(&vek, m->value, &m->n));
    for (size_t i = 0; i < m->n; i++)
        made_set(m, i, m->value[i].oid, (struct hf_bytes){m->value[i].value, m->value[i].n});
}

TEST(what_is_written_is_read_again)
{
    static const struct {
        const char *name;
        enum hf_snp_product product;
        bool vlek;
        size_t n;
    } cases[] = {{"VCEK", HF_SNP_PRODUCT_MILAN, false, 11},
                 {"VLEK", HF_SNP_PRODUCT_MILAN, true, 11},
                 {"Turin's VCEK: .3.9, no .3.4, 8 bytes of id", HF_SNP_PRODUCT_TURIN, false, 11}};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_amd_vek_extension again[HF_AMD_VEK_EXTENSIONS];
        struct made m;
        struct hf_amd_vek vek;
        size_t n = 0;

        CASE(cases[i].name);
        make(&m, cases[i].product, cases[i].vlek);
        CHECK(m.n == cases[i].n);
        OK(hf_amd_vek_read(m.ext, m.n, &vek));
        CHECK(vek.product == cases[i].product && vek.tcb.microcode == 219);
        CHECK((vek.csp_id.n != 0) == cases[i].vlek && vek.tcb.has_fmc == (cases[i].product == HF_SNP_PRODUCT_TURIN));
        OK(hf_amd_vek_write(&vek, again, &n));
        CHECK(n == m.n);
        for (size_t k = 0; k < n; k++) {
            CHECK_TEXT(again[k].oid, m.value[k].oid);
            CHECK_BYTES(((struct hf_bytes){again[k].value, again[k].n}), m.ext[k].value);
        }
    }
}

TEST(extensions_that_do_not_fit_are_refused)
{
    static const struct {
        const char *name, *oid;
        struct hf_bytes value;
        hf_err want;
    } cases[] = {
        {"a level over 255", HF_AMD_OID ".3.8", {(const uint8_t *)"\x02\x02\x01\x00", 4}, HF_E_FORMAT},
        {"a negative level", HF_AMD_OID ".3.8", {(const uint8_t *)"\x02\x01\x80", 3}, HF_E_FORMAT},
        {"a level that is no INTEGER", HF_AMD_OID ".3.8", {(const uint8_t *)"\x04\x01\x01", 3}, HF_E_FORMAT},
        {"more behind it", HF_AMD_OID ".3.8", {(const uint8_t *)"\x02\x01\x01\x00", 4}, HF_E_TRAILING},
        {"an empty one", HF_AMD_OID ".3.8", {(const uint8_t *)"", 0}, HF_E_TRUNCATED},
        {"no microcode", "1.2.3", {(const uint8_t *)"", 0}, HF_E_NOT_FOUND},
        {"an extension of tomorrow", HF_AMD_OID ".3.10", {(const uint8_t *)"\x02\x01\x01", 3}, HF_E_FORMAT},
        {"a product with a control character", HF_AMD_OID ".2", {(const uint8_t *)"\x16\x02M\x1b", 4}, HF_E_FORMAT},
        {"another one", HF_AMD_OID ".6", {(const uint8_t *)"\x02\x01\x01", 3}, HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct made m;
        struct hf_amd_vek vek;

        CASE(cases[i].name);
        make(&m, HF_SNP_PRODUCT_MILAN, false);
        made_set(&m, 9, cases[i].oid, cases[i].value); /* in place of .3.8 */
        FAILS(hf_amd_vek_read(m.ext, m.n, &vek), cases[i].want);
    }
}

TEST(a_certificate_has_a_chip_or_a_cloud_and_a_product)
{
    static const uint8_t id[65] = {1};
    struct made m;
    struct hf_amd_vek vek;

    make(&m, HF_SNP_PRODUCT_MILAN, false);
    FAILS(hf_amd_vek_read(m.ext, m.n - 1, &vek), HF_E_FORMAT); /* neither */
    CHECK_DETAIL("neither");
    for (size_t n = 0; n <= sizeof(id); n++) {
        made_set(&m, 10, HF_AMD_OID ".4", (struct hf_bytes){id, n});
        CHECK((hf_amd_vek_read(m.ext, m.n, &vek) == HF_OK) == (n == 8 || n == 64));
    }
    for (size_t n = 0; n <= 64; n++) { /* the same in an OCTET STRING */
        uint8_t wrapped[66] = {0x04, (uint8_t)n};

        made_set(&m, 10, HF_AMD_OID ".4", (struct hf_bytes){wrapped, n + 2});
        CHECK((hf_amd_vek_read(m.ext, m.n, &vek) == HF_OK) == (n == 8 || n == 64 || n == 6 || n == 62));
        CHECK(vek.hwid_wrapped == (n == 8 || n == 64) || (n != 8 && n != 64));
    }
    made_set(&m, 10, HF_AMD_OID ".4", (struct hf_bytes){id, 64});
    made_set(&m, 0, HF_AMD_OID ".5",
             hf_bytes_text("\x16\x03"
                           "abc"));
    FAILS(hf_amd_vek_read(m.ext, m.n, &vek), HF_E_FORMAT);
    CHECK_DETAIL("both");
    make(&m, HF_SNP_PRODUCT_MILAN, false);
    made_set(&m, 1, "1.2.3", (struct hf_bytes){id, 1});
    FAILS(hf_amd_vek_read(m.ext, m.n, &vek), HF_E_NOT_FOUND);
}

TEST(real_certificates_are_read)
{
    static const struct {
        const char *file, *product, *level;
        size_t hwid;
        const char *csp;
    } cases[] = {
        {"vcek-milan-34309875", "Milan-B0", "bl=3 tee=0 snp=8 ucode=115", 64, ""},
        {"vcek-turin-49d521f0", "Turin", "fmc=1 bl=1 tee=1 snp=4 ucode=81", 8, ""},
        {"vlek-milan-a827485f", "Milan", "bl=3 tee=0 snp=21 ucode=209", 0, "CN=cc-eu-west-1.amazonaws.com"},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
        struct hf_amd_vek vek;
        char path[96], text[HF_SNP_TCB_TEXT];

        CASE(cases[i].file);
        (void)snprintf(path, sizeof(path), "evidence/snp/pki/%s.der", cases[i].file);
        vector(path, &der);
        OK(hf_cert_parse(hf_buf_bytes(&der), &cert));
        CHECK(hf_amd_vek_is(cert));
        OK(hf_amd_vek_parse(cert, &vek));
        hf_snp_tcb_text(&vek.tcb, text);
        CHECK_TEXT(text, cases[i].level);
        CHECK_BYTES(vek.product_name, hf_bytes_text(cases[i].product));
        CHECK_BYTES(vek.csp_id, hf_bytes_text(cases[i].csp));
        CHECK(vek.hwid.n == cases[i].hwid);
    }
}

TESTS(RUN(what_is_written_is_read_again), RUN(extensions_that_do_not_fit_are_refused),
      RUN(a_certificate_has_a_chip_or_a_cloud_and_a_product), RUN(real_certificates_are_read))

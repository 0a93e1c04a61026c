/* The view of a SEV-SNP report, its writer, its levels and products, and what an inspector tells. */
#include "inspected.h"
#include "make_amd.h"
#include "test.h"
#include "vectors.h"

static void signed_report(unsigned version, enum hf_snp_product product, uint8_t out[HF_SNP_REPORT_SIZE])
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    struct hf_snp_report rep;

    OK(hf_privkey_generate_ec(HF_P384, &key));
    make_snp_report(version, product, &rep);
    OK(make_snp_sign(&rep, key, out));
}

TEST(a_report_of_every_version_is_written_again_byte_for_byte)
{
    for (unsigned version = 2; version <= 5; version++) {
        uint8_t bytes[HF_SNP_REPORT_SIZE], again[HF_SNP_REPORT_SIZE];
        struct hf_snp_report rep;

        signed_report(version, version == 5 ? HF_SNP_PRODUCT_TURIN : HF_SNP_PRODUCT_GENOA, bytes);
        OK(hf_snp_report_parse(HF_BYTES_OF(bytes), &rep));
        CHECK(rep.version == version && rep.reserved_at == 0 && rep.body.n == HF_SNP_SIGNED_SIZE);
        hf_snp_report_write(&rep, again);
        CHECK_BYTES(HF_BYTES_OF(again), HF_BYTES_OF(bytes));
        CHECK((rep.family != 0) == (version >= 3) && (rep.launch_mitigations != 0) == (version == 5));
    }
}

TEST(parse_takes_one_whole_report_of_a_known_version)
{
    static const struct {
        const char *name;
        size_t size;
        uint8_t version;
        hf_err want;
    } cases[] = {
        {"exact", 1184, 3, HF_OK},
        {"one byte short", 1183, 3, HF_E_TRUNCATED},
        {"one byte too many", 1185, 3, HF_E_TRAILING},
        {"what is signed alone", 672, 3, HF_E_TRUNCATED},
        {"nothing", 0, 3, HF_E_TRUNCATED},
        {"version 1", 1184, 1, HF_E_FORMAT},
        {"version 6", 1184, 6, HF_E_FORMAT},
        {"version 6, cut", 100, 6, HF_E_FORMAT},
    };
    uint8_t bytes[HF_SNP_REPORT_SIZE + 1] = {0};
    struct hf_snp_report rep;

    signed_report(3, HF_SNP_PRODUCT_GENOA, bytes);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        bytes[0] = cases[i].version;
        FAILS(hf_snp_report_parse((struct hf_bytes){bytes, cases[i].size}, &rep), cases[i].want);
    }
    bytes[0] = 7;
    FAILS(hf_snp_report_parse((struct hf_bytes){bytes, 1184}, &rep), HF_E_FORMAT);
    CHECK_DETAIL("unknown report version 7; known are 2 to 5");
}

TEST(reserved_bytes_that_are_set_are_found)
{
    static const struct {
        unsigned version;
        size_t at;
        bool reserved;
    } cases[] = {
        {3, 0x04c, true}, {3, 0x18b, true}, {3, 0x188, false}, {2, 0x188, true},  {3, 0x1eb, true},
        {3, 0x1ef, true}, {3, 0x1f8, true}, {4, 0x207, true},  {5, 0x1f8, false}, {5, 0x207, false},
        {5, 0x208, true}, {5, 0x29f, true}, {5, 0x2a0, false}, {5, 0x330, true},  {5, 0x49f, true},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t bytes[HF_SNP_REPORT_SIZE];
        struct hf_snp_report rep;

        signed_report(cases[i].version, HF_SNP_PRODUCT_GENOA, bytes);
        bytes[cases[i].at] ^= 0x40;
        OK(hf_snp_report_parse(HF_BYTES_OF(bytes), &rep));
        if (rep.reserved_at != (cases[i].reserved ? cases[i].at : 0))
            FAIL("version %u, byte 0x%zx: found 0x%zx", cases[i].version, cases[i].at, rep.reserved_at);
    }
}

TEST(products_are_known_by_cpuid_and_by_name)
{
    static const struct {
        uint8_t family, model;
        const char *name;
    } cpus[] = {
        {0x19, 0x00, "Milan"},   {0x19, 0x0f, "Milan"},   {0x19, 0x10, "Genoa"},   {0x19, 0x1f, "Genoa"},
        {0x19, 0x20, "unknown"}, {0x19, 0xa0, "Genoa"},   {0x19, 0xaf, "Genoa"},   {0x19, 0xb0, "unknown"},
        {0x1a, 0x00, "Turin"},   {0x1a, 0x11, "Turin"},   {0x1a, 0x12, "unknown"}, {0x1a, 0x50, "Venice"},
        {0x1a, 0x57, "Venice"},  {0x1a, 0x58, "unknown"}, {0x1a, 0x90, "Venice"},  {0x1a, 0xaf, "Venice"},
        {0x1a, 0xc0, "Venice"},  {0x1a, 0xc8, "unknown"}, {0x17, 0x01, "unknown"}, {0, 0, "unknown"},
    };
    static const struct {
        const char *text, *name;
    } names[] = {{"Milan-B0", "Milan"}, {"Milan", "Milan"}, {"Genoa-B1", "Genoa"},   {"Siena-A0", "Genoa"},
                 {"Bergamo", "Genoa"},  {"Turin", "Turin"}, {"Venice-A0", "Venice"}, {"milan", "unknown"},
                 {"", "unknown"},       {"-B0", "unknown"}, {"Milan2", "unknown"}};

    for (size_t i = 0; i < HF_COUNT(cpus); i++)
        CHECK_TEXT(hf_snp_product_name(hf_snp_product_of(cpus[i].family, cpus[i].model)), cpus[i].name);
    for (size_t i = 0; i < HF_COUNT(names); i++)
        CHECK_TEXT(hf_snp_product_name(hf_snp_product_by_name(hf_bytes_text(names[i].text))), names[i].name);
}

TEST(levels_are_read_by_product_and_written_again)
{
    static const uint8_t milan[8] = {3, 0, 0, 0, 0, 0, 8, 115}, turin[8] = {1, 1, 2, 4, 0, 0, 0, 81};
    struct hf_snp_tcb tcb;
    char text[HF_SNP_TCB_TEXT];
    uint8_t raw[8], part = 0;

    OK(hf_snp_tcb_parse(milan, HF_SNP_PRODUCT_MILAN, &tcb));
    hf_snp_tcb_text(&tcb, text);
    CHECK_TEXT(text, "bl=3 tee=0 snp=8 ucode=115");
    hf_snp_tcb_write(&tcb, raw);
    CHECK(memcmp(raw, milan, sizeof(raw)) == 0);
    OK(hf_snp_tcb_parse(turin, HF_SNP_PRODUCT_TURIN, &tcb));
    hf_snp_tcb_text(&tcb, text);
    CHECK_TEXT(text, "fmc=1 bl=1 tee=2 snp=4 ucode=81");
    hf_snp_tcb_write(&tcb, raw);
    CHECK(memcmp(raw, turin, sizeof(raw)) == 0);
    CHECK_TEXT(hf_snp_tcb_part(&tcb, 4, &part), "microcode");
    CHECK(part == 81 && hf_snp_tcb_part(&tcb, 5, &part) == NULL);
    FAILS(hf_snp_tcb_parse(milan, HF_SNP_PRODUCT_TURIN, &tcb), HF_E_FORMAT); /* byte 6 is reserved there */
    FAILS(hf_snp_tcb_parse(turin, HF_SNP_PRODUCT_GENOA, &tcb), HF_E_FORMAT);
    FAILS(hf_snp_tcb_parse(milan, HF_SNP_PRODUCT_VENICE, &tcb), HF_E_UNSUPPORTED);
    CHECK_DETAIL("Venice");
    FAILS(hf_snp_tcb_parse(milan, HF_SNP_PRODUCT_UNKNOWN, &tcb), HF_E_UNSUPPORTED);
}

TEST(addresses_of_certificates_have_the_chips_id_and_its_level)
{
    char url[HF_SNP_URL_MAX];
    struct hf_snp_report rep;
    static const uint8_t zero[64];

    make_snp_report(5, HF_SNP_PRODUCT_TURIN, &rep);
    hf_snp_report_vcek_url(&rep, HF_SNP_PRODUCT_TURIN, url);
    CHECK_TEXT(url, "https://kdsintf.amd.com/vcek/v1/Turin/0102030405060708?fmcSPL=01&blSPL=01&teeSPL=00&snpSPL=08&"
                    "ucodeSPL=115");
    hf_snp_report_vcek_url(&rep, HF_SNP_PRODUCT_VENICE, url);
    CHECK_TEXT(url, "");
    rep.flags = HF_SNP_KEY_VLEK << 2;
    hf_snp_report_vcek_url(&rep, HF_SNP_PRODUCT_TURIN, url);
    CHECK_TEXT(url, "");
    rep.flags = 0;
    rep.chip_id = HF_BYTES_OF(zero);
    hf_snp_report_vcek_url(&rep, HF_SNP_PRODUCT_TURIN, url);
    CHECK_TEXT(url, "");
}

TEST(scalars_wider_than_their_curve_are_refused)
{
    uint8_t le[72] = {1, 2}, be[48];

    OK(hf_amd_scalar(HF_BYTES_OF(le), "r", be));
    CHECK(be[47] == 1 && be[46] == 2 && be[0] == 0);
    for (size_t i = 48; i < 72; i++) {
        le[i] = 1;
        FAILS(hf_amd_scalar(HF_BYTES_OF(le), "r", be), HF_E_FORMAT);
        le[i] = 0;
    }
    FAILS(hf_amd_scalar((struct hf_bytes){le, 71}, "r", be), HF_E_FORMAT);
}

TEST(reports_are_detected_and_others_are_not)
{
    static const struct {
        const char *name;
        size_t n;
        size_t at;
        uint8_t value;
        bool want;
    } cases[] = {
        {"a report", 1184, 0x04, 0, true},
        {"of an unknown version", 1184, 0, 9, true},
        {"cut", 1000, 0x04, 0, true},
        {"cut behind the algorithm", 0x38, 0x04, 0, true},
        {"cut before it", 0x37, 0x04, 0, false},
        {"version 0", 1184, 0, 0, false},
        {"a quote's start", 1184, 2, 2, false},
        {"cut, algorithm 2", 1000, 0x34, 2, false},
        {"cut, VMPL 9", 1000, 0x30, 9, false},
        {"trailing bytes", 1185, 0x04, 0, false},
        {"nothing", 0, 0x04, 0, false},
    };
    uint8_t bytes[HF_SNP_REPORT_SIZE + 1] = {0};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        const struct hf_evidence_format *format = NULL;
        uint8_t was;

        CASE(cases[i].name);
        signed_report(3, HF_SNP_PRODUCT_MILAN, bytes);
        bytes[HF_SNP_REPORT_SIZE] = 1;
        was = bytes[cases[i].at];
        bytes[cases[i].at] = cases[i].value;
        CHECK((hf_evidence_detect((struct hf_bytes){bytes, cases[i].n}, "snp", &format) == HF_OK) == cases[i].want);
        bytes[cases[i].at] = was;
    }
}

static struct inspected told;

static void want_told(const char *line)
{
    if (!strstr(told.text, line))
        FAIL("not told: %s\n%s", line, told.text);
}

TEST(an_inspector_tells_every_field_also_of_reports_that_would_not_verify)
{
    uint8_t bytes[HF_SNP_REPORT_SIZE];

    signed_report(5, HF_SNP_PRODUCT_TURIN, bytes);
    OK(inspected(HF_BYTES_OF(bytes), hf_snp_report_inspect, &told));
    want_told("0 version @0+4 = 5 ()\n");
    want_told("0 policy @8+8 = 196608 (ABI 0.0 at least; SMT allowed, reserved one)\n");
    want_told("0 platform_info @64+8 = 36 (ECC, alias check complete)\n");
    want_told("0 flags @72+4 = 0 (signing key VCEK)\n");
    want_told("0 reported_tcb @384+8 = 0 (fmc=1 bl=1 tee=0 snp=8 ucode=115)\n");
    want_told("0 cpuid @392+3 = 0 (Turin: family 0x1a, model 0x01, stepping 1)\n");
    want_told("0 current_version @488+3 = 0 (1.55 build 40)\n");
    want_told("0 current_mit_vector @512+8 = 63 ()\n");
    if (told.rows != 28)
        FAIL("%zu rows", told.rows);
    bytes[0x40] = 0xc0;
    bytes[0x41] = 1;
    bytes[0x48] = 0x27;
    bytes[0x4c] = 1;
    FAILS(inspected(HF_BYTES_OF(bytes), hf_snp_report_inspect, &told), HF_E_FORMAT);
    want_told("(IOMMU write safe, TIO, unknown bit 8)\n");
    want_told("(signing key VLEK, author key, chip key masked: not signed, unknown bits)\n");
    bytes[0] = 9;
    FAILS(inspected(HF_BYTES_OF(bytes), hf_snp_report_inspect, &told), HF_E_FORMAT);
    want_told("0 version @0+4 = 9 (unknown; known are 2 to 5)\n");
    want_told("0 measurement @144+48 = 0 ()\n");
    FAILS(inspected((struct hf_bytes){bytes, 700}, hf_snp_report_inspect, &told), HF_E_FORMAT);
    CHECK(told.rows == 1);
    bytes[0] = 5;
    FAILS(inspected((struct hf_bytes){bytes, 700}, hf_snp_report_inspect, &told), HF_E_TRUNCATED);
}

TESTS(RUN(an_inspector_tells_every_field_also_of_reports_that_would_not_verify),
      RUN(a_report_of_every_version_is_written_again_byte_for_byte),
      RUN(parse_takes_one_whole_report_of_a_known_version), RUN(reserved_bytes_that_are_set_are_found),
      RUN(products_are_known_by_cpuid_and_by_name), RUN(levels_are_read_by_product_and_written_again),
      RUN(addresses_of_certificates_have_the_chips_id_and_its_level), RUN(scalars_wider_than_their_curve_are_refused),
      RUN(reports_are_detected_and_others_are_not))

/* crypto/asn1. */
#include "codec/hex.h"
#include "crypto/asn1.h"
#include "test.h"

TEST(only_minimal_definite_lengths_are_taken)
{
    static const struct {
        const char *name;
        const char *hex;
        hf_err want;
    } cases[] = {
        {"empty", "0400", HF_OK},
        {"one byte", "0401aa", HF_OK},
        {"indefinite", "0480aa0000", HF_E_FORMAT},
        {"a long form for a short length", "048101aa", HF_E_FORMAT},
        {"a leading zero in the length", "048200ff", HF_E_FORMAT},
        {"five length octets", "04850000000001aa", HF_E_FORMAT},
        {"past the end", "0402aa", HF_E_TRUNCATED},
        {"4 GiB", "0484ffffffff", HF_E_TRUNCATED},
        {"no length", "04", HF_E_TRUNCATED},
        {"nothing", "", HF_E_TRUNCATED},
        {"another tag", "0500", HF_E_FORMAT},
        {"something after", "040000", HF_E_TRAILING},
        {"a tag of several octets", "1f8100", HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        struct hf_reader r;

        CASE(cases[i].name);
        OK(hf_hex_parse(hf_bytes_text(cases[i].hex), &in));
        r = hf_reader(hf_buf_bytes(&in));
        (void)hf_asn1_take(&r, HF_ASN1_OCTETS);
        FAILS(hf_rd_end(&r), cases[i].want);
    }
}

static hf_err read_kind(const char *kind, struct hf_bytes in)
{
    struct hf_reader r = hf_reader(in);

    if (strcmp(kind, "uint") == 0)
        (void)hf_asn1_uint(&r);
    else if (strcmp(kind, "u64") == 0)
        (void)hf_asn1_u64(&r);
    else if (strcmp(kind, "bool") == 0)
        (void)hf_asn1_bool(&r);
    else if (strcmp(kind, "bits") == 0)
        (void)hf_asn1_bits(&r);
    else if (strcmp(kind, "named") == 0)
        (void)hf_asn1_named_bits(&r);
    else
        (void)hf_asn1_time(&r);
    return hf_rd_end(&r);
}

TEST(values_that_are_not_der_are_refused)
{
    static const struct {
        const char *name;
        const char *kind;
        const char *hex;
        hf_err want;
    } cases[] = {
        {"zero", "uint", "020100", HF_OK},
        {"a sign octet", "uint", "02020080", HF_OK},
        {"an empty number", "uint", "0200", HF_E_FORMAT},
        {"a negative number", "uint", "020180", HF_E_FORMAT},
        {"a needless zero", "uint", "02020001", HF_E_FORMAT},
        {"64 bits", "u64", "020900ffffffffffffffff", HF_OK},
        {"65 bits", "u64", "0209010000000000000000", HF_E_LIMIT},
        {"true", "bool", "0101ff", HF_OK},
        {"false", "bool", "010100", HF_OK},
        {"another truth", "bool", "010101", HF_E_FORMAT},
        {"two octets of truth", "bool", "0102ffff", HF_E_FORMAT},
        {"whole octets", "bits", "030200aa", HF_OK},
        {"four bits", "bits", "030204a0", HF_E_FORMAT},
        {"no octet of unused bits", "bits", "0300", HF_E_FORMAT},
        {"named bits", "named", "03020186", HF_OK},
        {"a set bit among the unused", "named", "03020187", HF_E_FORMAT},
        {"eight unused bits", "named", "03020800", HF_E_FORMAT},
        {"unused bits of nothing", "named", "030101", HF_E_FORMAT},
        {"24 named bits", "named", "030400ffffff", HF_E_FORMAT},
        {"a UTC time", "time", "170d3230303130313030303030305a", HF_OK},
        {"without seconds", "time", "170b323030313031303030305a", HF_E_FORMAT},
        {"with an offset", "time", "17113230303130313030303030302b30303030", HF_E_FORMAT},
        {"month 13", "time", "170d3230313330313030303030305a", HF_E_FORMAT},
        {"30 February", "time", "170d3230303233303030303030305a", HF_E_FORMAT},
        {"hour 24", "time", "170d3230303130313234303030305a", HF_E_FORMAT},
        {"a letter", "time", "170d3230303130313030303041305a", HF_E_FORMAT},
        {"a local time", "time", "170d32303031303130303030303030", HF_E_FORMAT},
        {"a generalized time", "time", "180f32303530303130313030303030305a", HF_OK},
        {"fractions", "time", "181132303530303130313030303030302e355a", HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};

        CASE(cases[i].name);
        OK(hf_hex_parse(hf_bytes_text(cases[i].hex), &in));
        FAILS(read_kind(cases[i].kind, hf_buf_bytes(&in)), cases[i].want);
    }
}

TEST(what_is_written_is_what_is_read)
{
    static const uint8_t big[] = {0, 0, 0x80, 1};
    static const hf_time times[] = {0, 1577836800, 2524607999, 2524608000, 253402300799, -631152000};
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_reader r;
    struct hf_reader in;
    struct hf_bytes b;

    OK(hf_asn1_add_u64(&out, 0));
    OK(hf_asn1_add_u64(&out, 65537));
    OK(hf_asn1_add_uint(&out, HF_BYTES_OF(big)));
    OK(hf_asn1_add_bits(&out, HF_BYTES_OF(big)));
    for (size_t i = 0; i < HF_COUNT(times); i++)
        OK(hf_asn1_add_time(&out, times[i]));
    OK(hf_asn1_wrap(&out, 0, HF_ASN1_SEQUENCE));
    r = hf_reader(hf_buf_bytes(&out));
    in = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);
    CHECK(hf_asn1_u64(&in) == 0);
    CHECK(hf_asn1_u64(&in) == 65537);
    b = hf_asn1_uint(&in);
    CHECK_BYTES(b, ((struct hf_bytes){big + 2, 2}));
    CHECK_BYTES(hf_asn1_bits(&in), HF_BYTES_OF(big));
    for (size_t i = 0; i < HF_COUNT(times); i++)
        CHECK(hf_asn1_time(&in) == times[i]);
    OK(hf_rd_end(&in));
    OK(hf_rd_end(&r));
    FAILS(hf_asn1_add_time(&out, 253402300800), HF_E_ARG); /* the year 10000 */
}

TEST(long_elements_have_long_lengths)
{
    static const size_t sizes[] = {0, 127, 128, 255, 256, 65535, 65536};

    for (size_t i = 0; i < HF_COUNT(sizes); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        uint8_t *place = NULL;
        struct hf_reader r;

        OK(hf_buf_grow(&out, sizes[i], &place));
        if (sizes[i])
            memset(place, 0x55, sizes[i]);
        OK(hf_asn1_wrap(&out, 0, HF_ASN1_OCTETS));
        r = hf_reader(hf_buf_bytes(&out));
        CHECK(hf_asn1_take(&r, HF_ASN1_OCTETS).body.n == sizes[i]);
        OK(hf_rd_end(&r));
    }
}

TEST(object_identifiers_are_told_apart)
{
    static const char *const good[] = {
        "1.2.840.113549.1.1.11", "2.5.29.15", "2.999.3", "0.9.2342.19200300.100.1.25", "1.3.6.1.4.1.3704.1.3.8",
        "2.16.840.1.101.3.4.2.1"};
    static const char *const bad[] = {"", "1", "3.1", "1.40", "1..2", "1.2.", "a.b", "1.2.x"};
    static const uint8_t padded[] = {0x2a, 0x80, 0x01};
    static const uint8_t cut[] = {0x2a, 0x86};
    char text[HF_OID_TEXT];

    for (size_t i = 0; i < HF_COUNT(good); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

        CASE(good[i]);
        OK(hf_asn1_add_oid(&out, good[i]));
        hf_oid_text((struct hf_bytes){out.p + 2, out.n - 2}, text);
        CHECK_TEXT(text, good[i]);
        CHECK(hf_oid_is((struct hf_bytes){out.p + 2, out.n - 2}, good[i]));
        CHECK(!hf_oid_is((struct hf_bytes){out.p + 2, out.n - 3}, good[i]));
    }
    for (size_t i = 0; i < HF_COUNT(bad); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

        CASE(bad[i]);
        FAILS(hf_asn1_add_oid(&out, bad[i]), HF_E_ARG);
    }
    hf_oid_text(HF_BYTES_OF(padded), text);
    CHECK_TEXT(text, "?");
    hf_oid_text(HF_BYTES_OF(cut), text);
    CHECK_TEXT(text, "?");
    hf_oid_text((struct hf_bytes){NULL, 0}, text);
    CHECK_TEXT(text, "?");
}

TESTS(RUN(only_minimal_definite_lengths_are_taken), RUN(values_that_are_not_der_are_refused),
      RUN(what_is_written_is_what_is_read), RUN(long_elements_have_long_lengths),
      RUN(object_identifiers_are_told_apart))

/* codec/der: reading and writing. */
#include "codec/der.h"
#include "codec/hex.h"
#include "unhex.h"

TEST(an_element_is_read_only_in_its_one_encoding)
{
    static const struct {
        const char *name, *hex;
        hf_err want;
    } cases[] = {
        {"a short length", "04 01 aa", HF_OK},
        {"a tag number of 31 in the long form", "9f1f 00", HF_OK},
        {"a tag number of 701", "bf853d 00", HF_OK},
        {"nothing", "", HF_E_TRUNCATED},
        {"a tag alone", "30", HF_E_TRUNCATED},
        {"content cut off", "04 02 aa", HF_E_TRUNCATED},
        {"a length cut off", "04 82 01", HF_E_TRUNCATED},
        {"a high tag cut off", "9f 85", HF_E_TRUNCATED},
        {"an indefinite length", "30 80 0000", HF_E_FORMAT},
        {"a length of 127 in the long form", "04 81 7f", HF_E_FORMAT},
        {"a length with a leading zero", "04 82 00 81", HF_E_FORMAT},
        {"a length in five bytes", "04 85 0100000000", HF_E_FORMAT},
        {"a reserved length octet", "04 ff", HF_E_FORMAT},
        {"a length far past the end", "04 84 ffffffff", HF_E_TRUNCATED},
        {"a tag number of 30 in the long form", "9f1e 00", HF_E_FORMAT},
        {"a tag number with a leading zero group", "9f801f 00", HF_E_FORMAT},
        {"a tag number of 2^28", "9f8180808000 00", HF_E_FORMAT},
        {"end of contents", "00 00", HF_E_FORMAT},
        {"a primitive SEQUENCE", "10 00", HF_E_FORMAT},
        {"a constructed OCTET STRING", "24 03 0401aa", HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_reader r = hf_reader(unhex(cases[i].hex));
        struct hf_der e;

        CASE(cases[i].name);
        FAILS(hf_der_next(&r, &e), cases[i].want);
        FAILS(hf_rd_err(&r), cases[i].want); /* a failure sticks to the reader */
    }
    CASE("");
}

TEST(a_tag_keeps_class_form_and_number)
{
    struct hf_bytes in = unhex("bf853d 02 0500");
    struct hf_reader r = hf_reader(in);
    struct hf_der e;

    OK(hf_der_next(&r, &e));
    CHECK(e.tag == HF_DER_CONTEXT(701));
    CHECK(HF_DER_CLASS(e.tag) == 2 && HF_DER_CONSTRUCTED(e.tag) && HF_DER_NUMBER(e.tag) == 701);
    CHECK_BYTES(e.whole, in);
    CHECK_BYTES(e.content, unhex("0500"));
    OK(hf_rd_end(&r));
}

TEST(a_tree_is_checked_to_its_leaves_and_its_depth)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf deep = {0};
    struct hf_der_writer w = hf_der_writer(&deep);

    FAILS(hf_der_check(unhex("30 06 020105 300105")), HF_E_TRUNCATED); /* the inner 05 has no length */
    FAILS(hf_der_check(unhex("30 05 0201053000 00")), HF_E_TRAILING);
    OK(hf_der_check(unhex("30 05 0201053000")));
    FAILS(hf_der_check(unhex("30 03 0202 05")), HF_E_TRUNCATED);
    for (unsigned i = 0; i < HF_DER_DEPTH; i++)
        hf_der_put_open(&w, HF_DER_SEQUENCE);
    for (unsigned i = 0; i < HF_DER_DEPTH; i++)
        hf_der_put_close(&w);
    OK(hf_der_end(&w));
    OK(hf_der_check(hf_buf_bytes(&deep)));
    w = hf_der_writer(&(struct hf_buf){0});
    for (unsigned i = 0; i <= HF_DER_DEPTH; i++)
        hf_der_put_open(&w, HF_DER_SEQUENCE);
    FAILS(hf_der_end(&w), HF_E_INTERNAL);
}

TEST(nesting_beyond_the_limit_is_refused)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf deep = {0};

    OK(hf_buf_add(&deep, unhex("30 00")));
    for (unsigned i = 0; i < 40; i++) { /* wrap by hand, as the writer refuses to */
        HF_CLEANUP(hf_buf_free) struct hf_buf outer = {0};
        uint8_t head[] = {0x30, (uint8_t)deep.n};

        OK(hf_buf_add(&outer, HF_BYTES_OF(head)));
        OK(hf_buf_add(&outer, hf_buf_bytes(&deep)));
        OK(hf_buf_set(&deep, hf_buf_bytes(&outer)));
    }
    FAILS(hf_der_check(hf_buf_bytes(&deep)), HF_E_FORMAT);
    CHECK_DETAIL("deeper than 32");
}

TEST(an_unexpected_tag_is_named_with_the_one_wanted)
{
    struct hf_reader r = hf_reader(unhex("0400"));
    struct hf_reader seq;

    FAILS(hf_der_sequence(&r, &seq), HF_E_FORMAT);
    CHECK_DETAIL("universal tag 4 (primitive), where universal tag 16 (constructed) is wanted");
}

TEST(optional_elements_may_be_absent_but_not_malformed)
{
    struct hf_reader r = hf_reader(unhex("a0 03 020107 a1 80"));
    struct hf_reader in;
    bool present = true;
    uint64_t v = 0;

    OK(hf_der_open_optional(&r, HF_DER_CONTEXT(1), &present, &in));
    CHECK(!present);
    OK(hf_rd_end(&in));
    OK(hf_der_open_optional(&r, HF_DER_CONTEXT(0), &present, &in));
    CHECK(present);
    OK(hf_der_u64(&in, &v));
    CHECK(v == 7);
    OK(hf_rd_end(&in));
    FAILS(hf_der_open_optional(&r, HF_DER_CONTEXT(1), &present, &in), HF_E_FORMAT);
    CHECK(!hf_der_is(&r, HF_DER_CONTEXT(1)));
    FAILS(hf_der_open_optional(&r, HF_DER_CONTEXT(2), &present, &in), HF_E_FORMAT);
}

TEST(integers_are_minimal_and_in_range)
{
    static const struct {
        const char *name, *hex;
        hf_err raw, is_unsigned, is_u64;
        uint64_t value;
    } cases[] = {
        {"zero", "0201 00", HF_OK, HF_OK, HF_OK, 0},
        {"127", "0201 7f", HF_OK, HF_OK, HF_OK, 127},
        {"128", "0202 0080", HF_OK, HF_OK, HF_OK, 128},
        {"2^64-1", "0209 00ffffffffffffffff", HF_OK, HF_OK, HF_OK, UINT64_MAX},
        {"2^64", "0209 010000000000000000", HF_OK, HF_OK, HF_E_FORMAT, 0},
        {"-1", "0201 ff", HF_OK, HF_E_FORMAT, HF_E_FORMAT, 0},
        {"a negative TPM handle, as in TSS2 files", "0204 81000001", HF_OK, HF_E_FORMAT, HF_E_FORMAT, 0},
        {"no content", "0200", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT, 0},
        {"a needless zero", "0202 007f", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT, 0},
        {"a needless ff", "0202 ff80", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT, 0},
        {"an ENUMERATED", "0a01 00", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT, 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_bytes in = unhex(cases[i].hex);
        struct hf_reader r = hf_reader(in);
        struct hf_bytes view;
        uint64_t v = 0;

        CASE(cases[i].name);
        FAILS(hf_der_integer(&r, &view), cases[i].raw);
        r = hf_reader(in);
        FAILS(hf_der_unsigned(&r, &view), cases[i].is_unsigned);
        if (cases[i].is_unsigned == HF_OK)
            CHECK(view.n == 1 || view.p[0] != 0);
        r = hf_reader(in);
        FAILS(hf_der_u64(&r, &v), cases[i].is_u64);
        CHECK(v == cases[i].value);
    }
    CASE("");
}

enum kind { BOOL_STRICT, BOOL_LOOSE, NOTHING, BITS, TEXT, OID };

static hf_err read_kind(enum kind kind, struct hf_bytes in)
{
    struct hf_reader r = hf_reader(in);
    struct hf_bytes view;
    unsigned unused;
    bool b;

    switch (kind) {
    case BOOL_STRICT:
        return hf_der_bool(&r, false, &b);
    case BOOL_LOOSE:
        return hf_der_bool(&r, true, &b);
    case NOTHING:
        return hf_der_null(&r);
    case BITS:
        return hf_der_bits(&r, &view, &unused);
    case TEXT:
        return hf_der_text(&r, &view);
    case OID:
        return hf_der_oid(&r, &view);
    }
    return HF_E_INTERNAL;
}

TEST(simple_types_are_held_to_their_rules)
{
    static const struct {
        const char *name;
        enum kind kind;
        const char *hex;
        hf_err want;
    } cases[] = {
        {"TRUE", BOOL_STRICT, "0101 ff", HF_OK},
        {"a BER true", BOOL_STRICT, "0101 01", HF_E_FORMAT},
        {"a BER true where tolerated", BOOL_LOOSE, "0101 01", HF_OK},
        {"a BOOLEAN of two bytes", BOOL_LOOSE, "0102 ffff", HF_E_FORMAT},
        {"a BOOLEAN of none", BOOL_LOOSE, "0100", HF_E_FORMAT},
        {"NULL", NOTHING, "0500", HF_OK},
        {"a NULL with content", NOTHING, "0501 00", HF_E_FORMAT},
        {"no bits", BITS, "0301 00", HF_OK},
        {"three unused bits", BITS, "0302 03 f8", HF_OK},
        {"unused bits that are set", BITS, "0302 03 f9", HF_E_FORMAT},
        {"unused bits of nothing", BITS, "0301 01", HF_E_FORMAT},
        {"eight unused bits", BITS, "0302 08 00", HF_E_FORMAT},
        {"a BIT STRING without its first byte", BITS, "0300", HF_E_FORMAT},
        {"UTF-8", TEXT, "0c02 c3a4", HF_OK},
        {"broken UTF-8", TEXT, "0c01 c3", HF_E_FORMAT},
        {"a NUL in a text", TEXT, "0c03 610062", HF_E_FORMAT},
        {"an @ in a PrintableString, as in use", TEXT, "1301 40", HF_OK},
        {"a control character in a PrintableString", TEXT, "1301 0a", HF_E_FORMAT},
        {"eight bits in an IA5String", TEXT, "1601 e4", HF_E_FORMAT},
        {"a BMPString", TEXT, "1e02 0041", HF_E_FORMAT},
        {"an OID", OID, "0606 2a864886f70d", HF_OK},
        {"an empty OID", OID, "0600", HF_E_FORMAT},
        {"an unfinished arc", OID, "0602 2a86", HF_E_FORMAT},
        {"a padded arc", OID, "0603 2a8001", HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        FAILS(read_kind(cases[i].kind, unhex(cases[i].hex)), cases[i].want);
    }
    CASE("");
}

TEST(times_are_exact)
{
    static const struct {
        const char *name;
        uint8_t tag;
        const char *text;
        hf_err want;
        int64_t value;
    } cases[] = {
        {"the epoch", 0x17, "700101000000Z", HF_OK, 0},
        {"the last year of UTCTime", 0x17, "491231235959Z", HF_OK, 2524607999},
        {"the first year of UTCTime", 0x17, "500101000000Z", HF_OK, -631152000},
        {"a leap day", 0x18, "20240229120000Z", HF_OK, 1709208000},
        {"no expiry", 0x18, "99991231235959Z", HF_OK, 253402300799},
        {"the year 0", 0x18, "00000101000000Z", HF_OK, -62167219200},
        {"no leap day in 2100", 0x18, "21000229000000Z", HF_E_FORMAT, 0},
        {"a 31st of April", 0x17, "240431000000Z", HF_E_FORMAT, 0},
        {"a leap second", 0x17, "161231235960Z", HF_E_FORMAT, 0},
        {"hour 24", 0x17, "240101240000Z", HF_E_FORMAT, 0},
        {"month 13", 0x17, "241301000000Z", HF_E_FORMAT, 0},
        {"no seconds", 0x17, "2401010000Z", HF_E_FORMAT, 0},
        {"an offset", 0x17, "240101000000+0100", HF_E_FORMAT, 0},
        {"no Z", 0x18, "20240101000000", HF_E_FORMAT, 0},
        {"a fraction", 0x18, "20240101000000.5Z", HF_E_FORMAT, 0},
        {"a minus sign", 0x18, "-0240101000000Z", HF_E_FORMAT, 0},
        {"UTCTime with four digits", 0x17, "20240101000000Z", HF_E_FORMAT, 0},
        {"an OCTET STRING", 0x04, "240101000000Z", HF_E_FORMAT, 0},
        {"nothing", 0x18, "", HF_E_FORMAT, 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t in[32] = {cases[i].tag, (uint8_t)strlen(cases[i].text)};
        struct hf_reader r;
        int64_t t = 0;

        CASE(cases[i].name);
        memcpy(in + 2, cases[i].text, strlen(cases[i].text));
        r = hf_reader((struct hf_bytes){in, 2 + strlen(cases[i].text)});
        FAILS(hf_der_time(&r, &t), cases[i].want);
        CHECK(t == cases[i].value);
    }
    CASE("");
}

TEST(a_written_time_is_read_back)
{
    static const int64_t times[] = {0, -1, 1709208000, 253402300799, -62167219200, 951868799, 4107542400};

    for (size_t i = 0; i < HF_COUNT(times); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        struct hf_der_writer w = hf_der_writer(&out);
        struct hf_reader r;
        int64_t t = 1;

        hf_der_put_time(&w, times[i]);
        OK(hf_der_end(&w));
        r = hf_reader(hf_buf_bytes(&out));
        OK(hf_der_time(&r, &t));
        CHECK(t == times[i]);
    }
}

TEST(oids_are_the_same_in_both_forms)
{
    static const struct {
        const char *dotted, *hex; /* NULL: not an OID */
    } cases[] = {
        {"1.2.840.113549", "2a864886f70d"},
        {"2.23.133.10.1.3", "6781050a0103"},
        {"2.999.3", "883703"},
        {"0.0", "00"},
        {"2.18446744073709551535", "81ffffffffffffffff7f"},
        {"1.40", NULL},
        {"3.1", NULL},
        {"1", NULL},
        {"", NULL},
        {"1.2.", NULL},
        {"1..2", NULL},
        {"1.02", NULL},
        {"1.2.-3", NULL},
        {"1.2.99999999999999999999", NULL},
        {"1.2.3 ", NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
        uint8_t made[HF_DER_OID_MAX];
        size_t n = 0;

        CASE(cases[i].dotted);
        FAILS(hf_der_oid_encode(cases[i].dotted, made, &n), cases[i].hex ? HF_OK : HF_E_ARG);
        if (!cases[i].hex)
            continue;
        CHECK_BYTES(((struct hf_bytes){made, n}), unhex(cases[i].hex));
        CHECK(hf_der_oid_is(unhex(cases[i].hex), cases[i].dotted));
        OK(hf_der_oid_text(unhex(cases[i].hex), &text));
        CHECK_BYTES(hf_buf_bytes(&text), hf_bytes_text(cases[i].dotted));
    }
    CASE("");
    CHECK(!hf_der_oid_is(unhex("2a864886f70d"), "1.2.840.113548"));
    CHECK(!hf_der_oid_is(unhex("2a864886f70d"), "1.2.840.113549.1"));
    FAILS(hf_der_oid_text(unhex("82808080808080808080 00"), &(struct hf_buf){0}), HF_E_UNSUPPORTED);
}

TEST(what_is_written_is_der)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_der_writer w = hf_der_writer(&out);
    static const uint8_t big[200] = {0x80};

    hf_der_put_open(&w, HF_DER_SEQUENCE);
    hf_der_put_oid(&w, "2.23.133.10.1.3");
    hf_der_put_open(&w, HF_DER_CONTEXT(0));
    hf_der_put_bool(&w, true);
    hf_der_put_close(&w);
    hf_der_put_u64(&w, 0x40000001);
    hf_der_put_u64(&w, 0x81000001);
    hf_der_put_bits(&w, unhex("f8"), 3);
    hf_der_put_null(&w);
    hf_der_put_utf8(&w, hf_bytes_text("a"));
    hf_der_put(&w, HF_DER_CONTEXT_PRIMITIVE(701), unhex("aa"));
    hf_der_put_close(&w);
    OK(hf_der_end(&w));
    CHECK_BYTES(hf_buf_bytes(&out), unhex("30 28 06066781050a0103 a0030101ff 020440000001 02050081000001 030203f8 0500 "
                                          "0c0161 9f853d01aa"));
    out.n = 0;
    w = hf_der_writer(&out);
    hf_der_put_open(&w, HF_DER_SEQUENCE);
    hf_der_put_unsigned(&w, HF_BYTES_OF(big));
    hf_der_put_close(&w);
    OK(hf_der_end(&w));
    CHECK(out.n == 207);
    CHECK_BYTES(((struct hf_bytes){out.p, 7}), unhex("3081cc 0281c9 00"));
    OK(hf_der_check(hf_buf_bytes(&out)));
}

TEST(a_set_is_written_in_order)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_der_writer w = hf_der_writer(&out);

    hf_der_put_open(&w, HF_DER_SET);
    hf_der_put_octets(&w, unhex("bb"));
    hf_der_put_octets(&w, unhex("aaaa"));
    hf_der_put_u64(&w, 5);
    hf_der_put_octets(&w, unhex("aa"));
    hf_der_put_close(&w);
    OK(hf_der_end(&w));
    CHECK_BYTES(hf_buf_bytes(&out), unhex("310d 020105 0401aa 0401bb 0402aaaa"));
}

TEST(a_writer_that_failed_stays_failed)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf small = {.max = 4};
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_der_writer w = hf_der_writer(&small);

    hf_der_put_octets(&w, unhex("0102030405"));
    hf_der_put_null(&w);
    FAILS(hf_der_end(&w), HF_E_LIMIT);
    w = hf_der_writer(&out);
    hf_der_put_close(&w);
    FAILS(hf_der_end(&w), HF_E_INTERNAL);
    w = hf_der_writer(&out);
    hf_der_put_open(&w, HF_DER_SEQUENCE);
    FAILS(hf_der_end(&w), HF_E_INTERNAL);
    w = hf_der_writer(&out);
    hf_der_put_bits(&w, unhex("01"), 1);
    FAILS(hf_der_end(&w), HF_E_ARG);
    w = hf_der_writer(&out);
    hf_der_put_time(&w, 253402300800);
    FAILS(hf_der_end(&w), HF_E_ARG);
    w = hf_der_writer(&out);
    hf_der_put_oid(&w, "1.x");
    FAILS(hf_der_end(&w), HF_E_ARG);
}

TEST(an_ecdsa_signature_has_one_encoding)
{
    static const struct {
        const char *name, *hex;
        hf_err want;
    } cases[] = {
        {"small numbers", "3006 020101 020102", HF_OK},
        {"a high bit", "3009 0203 008001 0202 0080", HF_OK},
        {"full width", "3008 0202 7fff 0202 7fff", HF_OK},
        {"one byte too wide", "3009 0203 010000 0202 0080", HF_E_FORMAT},
        {"r zero", "3006 020100 020102", HF_E_FORMAT},
        {"s zero", "3006 020101 020100", HF_E_FORMAT},
        {"r negative", "3006 0201ff 020102", HF_E_FORMAT},
        {"r padded", "3007 02020001 020102", HF_E_FORMAT},
        {"s missing", "3003 020101", HF_E_TRUNCATED},
        {"a third number", "3009 020101 020102 020103", HF_E_TRAILING},
        {"a byte behind", "3006 020101 020102 00", HF_E_TRAILING},
        {"a long length", "308106 020101 020102", HF_E_FORMAT},
        {"an indefinite length", "3080 020101 020102 0000", HF_E_FORMAT},
        {"a SET", "3106 020101 020102", HF_E_FORMAT},
        {"nothing", "", HF_E_TRUNCATED},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        struct hf_bytes in = unhex(cases[i].hex);
        uint8_t r[2] = {9, 9}, s[2] = {9, 9};

        CASE(cases[i].name);
        FAILS(hf_der_ecdsa_parse(in, 2, r, s), cases[i].want);
        if (cases[i].want != HF_OK) {
            CHECK(r[0] == 9 && s[1] == 9);
            continue;
        }
        OK(hf_der_ecdsa_write(HF_BYTES_OF(r), HF_BYTES_OF(s), &again));
        CHECK_BYTES(hf_buf_bytes(&again), in);
    }
    CASE("");
    FAILS(hf_der_ecdsa_write(unhex("0000"), unhex("01"), &(struct hf_buf){0}), HF_E_FORMAT);
}

TESTS(RUN(an_element_is_read_only_in_its_one_encoding), RUN(a_tag_keeps_class_form_and_number),
      RUN(a_tree_is_checked_to_its_leaves_and_its_depth), RUN(nesting_beyond_the_limit_is_refused),
      RUN(an_unexpected_tag_is_named_with_the_one_wanted), RUN(optional_elements_may_be_absent_but_not_malformed),
      RUN(integers_are_minimal_and_in_range), RUN(simple_types_are_held_to_their_rules), RUN(times_are_exact),
      RUN(a_written_time_is_read_back), RUN(oids_are_the_same_in_both_forms), RUN(what_is_written_is_der),
      RUN(a_set_is_written_in_order), RUN(a_writer_that_failed_stays_failed), RUN(an_ecdsa_signature_has_one_encoding))

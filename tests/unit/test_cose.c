/* codec/cose. */
#include "codec/cose.h"
#include "unhex.h"
#include "vectors.h"

TEST(a_message_is_read_or_refused_whole)
{
    static const struct {
        const char *name, *hex;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"tagged", "d2 84 43a10126 a0 41aa 41bb", HF_OK, NULL},
        {"untagged", "84 43a10126 a0 41aa 41bb", HF_OK, NULL},
        {"a detached payload", "84 43a10126 a0 f6 41bb", HF_OK, NULL},
        {"no protected header", "84 40 a0 41aa 41bb", HF_OK, NULL},
        {"an empty protected map", "84 41a0 a0 41aa 41bb", HF_OK, NULL},
        {"crit names alg", "84 46a20126028101 a0 41aa 41bb", HF_OK, NULL},
        {"a MAC's tag", "d1 84 43a10126 a0 41aa 41bb", HF_E_FORMAT, "tag 17, where tag 18"},
        {"two tags", "d2 d2 84 43a10126 a0 41aa 41bb", HF_E_FORMAT, "where an array of 4"},
        {"three parts", "83 43a10126 a0 41aa", HF_E_FORMAT, "an array of 3"},
        {"five parts", "85 43a10126 a0 41aa 41bb 00", HF_E_FORMAT, "an array of 5"},
        {"a map", "a2 00 00 01 00", HF_E_FORMAT, "a map"},
        {"the protected header as a map", "84 a10126 a0 41aa 41bb", HF_E_FORMAT, "where a byte string"},
        {"the protected header no map", "84 4101 a0 41aa 41bb", HF_E_FORMAT, "where a map"},
        {"bytes behind the protected map", "84 44a1012600 a0 41aa 41bb", HF_E_TRAILING, "left over"},
        {"alg twice", "84 45a201260127 a0 41aa 41bb", HF_E_FORMAT, "twice"},
        {"the unprotected header as bytes", "84 43a10126 40 41aa 41bb", HF_E_FORMAT, "where a map"},
        {"alg in both headers", "84 43a10126 a10126 41aa 41bb", HF_E_FORMAT, "in the protected and in the unprotected"},
        {"a payload that is a text", "84 43a10126 a0 6161 41bb", HF_E_FORMAT, "where a byte string"},
        {"no signature", "84 43a10126 a0 41aa f6", HF_E_FORMAT, "where a byte string"},
        {"a byte behind", "84 43a10126 a0 41aa 41bb 00", HF_E_TRAILING, NULL},
        {"a label that is a byte string", "84 44a1410126 a0 41aa 41bb", HF_E_FORMAT, "as a header label"},
        {"crit in the unprotected header", "84 43a10126 a1028101 41aa 41bb", HF_E_FORMAT, "crit in the unprotected"},
        {"an empty crit", "84 45a201260280 a0 41aa 41bb", HF_E_FORMAT, "not a list"},
        {"crit names a label that is not there", "84 46a20126028104 a0 41aa 41bb", HF_E_FORMAT, "lacks"},
        {"crit names an unknown label", "84 48a301260281050500 a0 41aa 41bb", HF_E_UNSUPPORTED, "number 5"},
        {"crit names a text", "84 47a2012602816178 a0 41aa 41bb", HF_E_UNSUPPORTED, "a text"},
        {"nothing", "", HF_E_TRUNCATED, NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_cose_sign1 msg = {.detached = true};

        CASE(cases[i].name);
        FAILS(hf_cose_sign1_parse(unhex(cases[i].hex), HF_CBOR_DEFINITE, &msg), cases[i].want);
        if (cases[i].detail)
            CHECK_DETAIL(cases[i].detail);
        if (cases[i].want != HF_OK)
            CHECK(!msg.signature.p);
    }
    CASE("");
}

TEST(headers_are_found_and_alg_counts_only_protected)
{
    struct hf_cose_sign1 msg;
    struct hf_cbor v;
    bool is_protected = false;
    int64_t alg = 0;

    OK(hf_cose_sign1_parse(unhex("d2 84 43a10126 a1 04 42abcd 41aa 41bb"), HF_CBOR_DETERMINISTIC, &msg));
    CHECK(msg.tagged && !msg.detached);
    OK(hf_cose_alg(&msg, &alg));
    CHECK(alg == HF_COSE_ES256);
    OK(hf_cose_header(&msg, HF_COSE_ALG, &is_protected, &v));
    CHECK(is_protected);
    OK(hf_cose_header(&msg, HF_COSE_KID, &is_protected, &v));
    CHECK(!is_protected);
    CHECK_BYTES(v.content, unhex("abcd"));
    FAILS(hf_cose_header(&msg, HF_COSE_CONTENT_TYPE, &is_protected, &v), HF_E_NOT_FOUND);
    CHECK_BYTES(msg.payload, unhex("aa"));
    CHECK_BYTES(msg.signature, unhex("bb"));
    OK(hf_cose_sign1_parse(unhex("84 40 a10126 f6 41bb"), HF_CBOR_DEFINITE, &msg));
    CHECK(msg.detached && msg.payload.n == 0);
    FAILS(hf_cose_alg(&msg, &alg), HF_E_NOT_FOUND);
    OK(hf_cose_sign1_parse(unhex("84 48a101654553323536 a0 f6 41bb"), HF_CBOR_DEFINITE, &msg));
    FAILS(hf_cose_alg(&msg, &alg), HF_E_UNSUPPORTED);
    CHECK_DETAIL("ES256");
}

TEST(a_chain_is_a_certificate_or_several)
{
    struct hf_cose_sign1 msg;
    struct hf_bytes certs[3];
    size_t n = 9;

    OK(hf_cose_sign1_parse(unhex("84 40 a1 1821 41aa 40 41bb"), HF_CBOR_DEFINITE, &msg));
    OK(hf_cose_x5chain(&msg, 3, certs, &n));
    CHECK(n == 1);
    CHECK_BYTES(certs[0], unhex("aa"));
    FAILS(hf_cose_x5chain(&msg, 0, certs, &n), HF_E_LIMIT);
    OK(hf_cose_sign1_parse(unhex("84 40 a1 1821 83 41aa 41cc 41dd 40 41bb"), HF_CBOR_DEFINITE, &msg));
    OK(hf_cose_x5chain(&msg, 3, certs, &n));
    CHECK(n == 3);
    CHECK_BYTES(certs[2], unhex("dd"));
    FAILS(hf_cose_x5chain(&msg, 2, certs, &n), HF_E_LIMIT);
    OK(hf_cose_sign1_parse(unhex("84 40 a1 1821 81 41aa 40 41bb"), HF_CBOR_DEFINITE, &msg));
    FAILS(hf_cose_x5chain(&msg, 3, certs, &n), HF_E_FORMAT);
    OK(hf_cose_sign1_parse(unhex("84 40 a1 1821 82 41aa 01 40 41bb"), HF_CBOR_DEFINITE, &msg));
    FAILS(hf_cose_x5chain(&msg, 3, certs, &n), HF_E_FORMAT);
    OK(hf_cose_sign1_parse(unhex("84 40 a0 40 41bb"), HF_CBOR_DEFINITE, &msg));
    FAILS(hf_cose_x5chain(&msg, 3, certs, &n), HF_E_NOT_FOUND);
    CHECK(n == 3);
}

TEST(what_is_signed_is_the_sig_structure)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    OK(hf_cose_to_be_signed(unhex("a10126"), unhex("11aa"), hf_bytes_text("hi"), &out));
    CHECK_BYTES(hf_buf_bytes(&out), unhex("84 6a5369676e617475726531 43a10126 4211aa 426869"));
    out.n = 0;
    OK(hf_cose_to_be_signed(unhex("a0"), unhex(""), unhex(""), &out)); /* an empty map is signed as no bytes */
    CHECK_BYTES(hf_buf_bytes(&out), unhex("84 6a5369676e617475726531 40 40 40"));
}

TEST(a_message_is_written_as_it_was_read)
{
    static const char *const messages[] = {"d2 84 43a10126 a10441cc 41aa 41bb", "84 43a10126 a0 f6 41bb",
                                           "84 40 a0 40 40"};

    for (size_t i = 0; i < HF_COUNT(messages); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        struct hf_cose_sign1 msg;

        OK(hf_cose_sign1_parse(unhex(messages[i]), HF_CBOR_DETERMINISTIC, &msg));
        OK(hf_cose_sign1_write(&msg, &out));
        CHECK_BYTES(hf_buf_bytes(&out), unhex(messages[i]));
    }
}

TEST(nitro_documents_are_read_and_written_back)
{
    static const char *const names[] = {"doc-2022-11-09-8ff485d8", "doc-2024-04-10-3b850251",
                                        "doc-2025-12-25-a2040f3c"};

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(names); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        struct hf_cose_sign1 msg;
        struct hf_cbor doc, v;
        char path[128];
        int64_t alg = 0;

        CASE(names[i]);
        (void)snprintf(path, sizeof(path), "evidence/nitro/%s.cbor", names[i]);
        vector(path, &in);
        OK(hf_cose_sign1_parse(hf_buf_bytes(&in), HF_CBOR_LOOSE, &msg));
        OK(hf_cose_alg(&msg, &alg));
        CHECK(alg == HF_COSE_ES384 && !msg.tagged && msg.signature.n == 96);
        OK(hf_cbor_parse(msg.payload, HF_CBOR_LOOSE, &doc));
        OK(hf_cbor_get_text(doc, "digest", &v));
        CHECK(hf_cbor_is(v, "SHA384"));
        OK(hf_cbor_get_text(doc, "pcrs", &v));
        OK(hf_cbor_get(v, 0, &v));
        CHECK(v.type == HF_CBOR_BYTES && v.content.n == 48);
        OK(hf_cose_sign1_write(&msg, &out));
        CHECK_BYTES(hf_buf_bytes(&out), hf_buf_bytes(&in));
    }
    CASE("");
}

TESTS(RUN(a_message_is_read_or_refused_whole), RUN(headers_are_found_and_alg_counts_only_protected),
      RUN(a_chain_is_a_certificate_or_several), RUN(what_is_signed_is_the_sig_structure),
      RUN(a_message_is_written_as_it_was_read), RUN(nitro_documents_are_read_and_written_back))

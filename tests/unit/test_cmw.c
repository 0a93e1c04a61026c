/* Wrappers of conceptual messages in CBOR; those in JSON are opened in test_open.c. */
#include "codec/hex.h"
#include "evidence/cmw.h"
#include "make_nitro.h"
#include "test.h"

static void wrap(enum hf_cmw_form form, const char *type, uint16_t format, uint32_t ind, struct hf_bytes value,
                 struct hf_buf *out)
{
    struct hf_cmw_record r = {form, hf_bytes_text(type), format, value, ind};

    hf_buf_free(out);
    OK(hf_cmw_record_write(&r, out));
}

TEST(wrappers_in_cbor_are_opened)
{
    HF_CLEANUP(make_nitro_free) struct make_nitro made;
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf record = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf tag = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf inner = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf outer = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf results = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf cert = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf decoded = {0};
    struct hf_evidence_set set = {0};

    make_nitro_start(&made);
    OK(make_nitro_certs(&made));
    OK(make_nitro_sign(&made, &doc));
    made.doc.timestamp_ms += 5;
    OK(make_nitro_sign(&made, &decoded));
    wrap(HF_CMW_CBOR_RECORD, "application/octet-stream", 0, HF_CMW_EVIDENCE, hf_buf_bytes(&doc), &record);
    OK(hf_evidence_open(hf_buf_bytes(&record), NULL, &set));
    CHECK(set.n == 1 && set.n_buf == 0);
    CHECK_TEXT(set.item[0].where, "cmw");
    hf_evidence_set_free(&set);
    wrap(HF_CMW_CBOR_TAG, "", 42, 0, hf_buf_bytes(&decoded), &tag);
    wrap(HF_CMW_CBOR_RECORD, "application/eat+jwt", 0, HF_CMW_RESULTS, hf_bytes_text("x"), &results);
    wrap(HF_CMW_CBOR_RECORD, "application/pkix-cert", 0, HF_CMW_ENDORSEMENTS, made.ca[0].cert->der, &cert);
    OK(hf_cmw_collection_write(HF_CMW_CBOR_COLLECTION, NULL,
                               (struct hf_cmw_part[]){{"cpu", hf_buf_bytes(&record)}, {"gpu", hf_buf_bytes(&tag)}}, 2,
                               &inner));
    OK(hf_cmw_collection_write(HF_CMW_CBOR_COLLECTION, "tag:example.com,2026:a",
                               (struct hf_cmw_part[]){{"n", hf_buf_bytes(&inner)},
                                                      {"r", hf_buf_bytes(&results)},
                                                      {"c", hf_buf_bytes(&cert)}},
                               3, &outer));
    OK(hf_evidence_open(hf_buf_bytes(&outer), NULL, &set));
    CHECK(set.n == 3);
    CHECK_TEXT(set.item[0].where, "cmw/n/cpu");
    CHECK_TEXT(set.item[1].where, "cmw/n/gpu");
    CHECK_BYTES(set.item[1].bytes, hf_buf_bytes(&decoded));
    CHECK(set.item[2].format == NULL);
    hf_evidence_set_free(&set);
}

TEST(content_formats_and_tags_are_the_same_numbers)
{
    static const struct {
        uint16_t format;
        uint64_t tag;
    } cases[] = {{0, 1668546817}, {254, 1668547071}, {255, 1668547073}, {30001, 1668576935}, {65024, 1668612095}};
    uint16_t format;
    uint64_t tag;

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        OK(hf_cmw_tag(cases[i].format, &tag));
        CHECK(tag == cases[i].tag);
        OK(hf_cmw_content_format(tag, &format));
        CHECK(format == cases[i].format);
    }
    FAILS(hf_cmw_tag(65025, &tag), HF_E_ARG);
    FAILS(hf_cmw_content_format(1668546816, &format), HF_E_FORMAT);
    FAILS(hf_cmw_content_format(1668547072, &format), HF_E_FORMAT);
    FAILS(hf_cmw_content_format(1668612096, &format), HF_E_FORMAT);
}

static hf_err count_record(void *to, const char *path, const struct hf_cmw_record *record)
{
    (void)path;
    (void)record;
    ++*(size_t *)to;
    return HF_OK;
}

TEST(malformed_wrappers_are_refused)
{
    static const struct {
        const char *name;
        const char *hex;
        hf_err want;
    } cases[] = {
        {"a record of one value", "9f6178ff", HF_E_FORMAT},
        {"a record of a text and a number", "82617801", HF_E_FORMAT},
        {"a record with an empty type", "826041aa", HF_E_FORMAT},
        {"a record with ind that is a text", "8361784161617a", HF_E_FORMAT},
        {"a record of content format 65536", "821a0001000041aa", HF_E_FORMAT},
        {"a tag of a signed wrapper", "da6374021484404041aa4161", HF_E_UNSUPPORTED},
        {"a tag that is none", "da6374000041aa", HF_E_FORMAT},
        {"a collection with a negative type", "a1685f5f636d77635f7420", HF_E_FORMAT},
        {"bytes behind it", "82617841aa00", HF_E_TRAILING},
        {"a cut one", "82617842aa", HF_E_TRUNCATED},
        {"an unknown bit", "83617841aa1820", HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        size_t n = 0;

        CASE(cases[i].name);
        OK(hf_hex_parse(hf_bytes_text(cases[i].hex), &in));
        FAILS(hf_cmw_walk(hf_buf_bytes(&in), count_record, &n), cases[i].want);
        CHECK(n == 0);
    }
    CASE("");
}

TESTS(RUN(wrappers_in_cbor_are_opened), RUN(content_formats_and_tags_are_the_same_numbers),
      RUN(malformed_wrappers_are_refused))

/* Evidence as it comes: every shape that is known opens to the same item, and what is nothing is said to be so. */
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "evidence/amd_cert_table.h"
#include "evidence/cmw.h"
#include "make_nitro.h"
#include "policy/verify.h"
#include "vectors.h"

/* One document for all tests, in the writings that envelopes use. */
static struct make_nitro made;
static struct hf_buf doc, hex, base64, base64url, pem, numbers, nested, jsontext, chain;

static void prepare(void)
{
    make_nitro_start(&made);
    OK(make_nitro_certs(&made));
    OK(make_nitro_sign(&made, &doc));
    OK(hf_hex_write(hf_buf_bytes(&doc), &hex));
    OK(hf_base64_write(hf_buf_bytes(&doc), &base64));
    OK(hf_base64url_write(hf_buf_bytes(&doc), &base64url));
    OK(hf_pem_write("ATTESTATION REPORT", hf_buf_bytes(&doc), &pem));
    OK(hf_base64_write(hf_buf_bytes(&base64), &nested));
    for (size_t i = 0; i < doc.n; i++) {
        char number[8];

        (void)snprintf(number, sizeof(number), "%s%u", i ? "," : "", doc.p[i]);
        OK(hf_buf_add(&numbers, hf_bytes_text(number)));
    }
    for (size_t i = 0; i < 2; i++)
        OK(hf_cert_to_pem(made.ca[i].cert, &chain));
    for (size_t i = 0; i < chain.n; i++)
        OK(hf_buf_add(&jsontext, chain.p[i] == '\n' ? hf_bytes_text("\\n") : (struct hf_bytes){chain.p + i, 1}));
}

static void done(void)
{
    struct hf_buf *all[] = {&doc, &hex, &base64, &base64url, &pem, &numbers, &nested, &jsontext, &chain};

    for (size_t i = 0; i < HF_COUNT(all); i++)
        hf_buf_free(all[i]);
    make_nitro_free(&made);
}

/* A template's letters: $h hex, $b base64, $u base64url, $n numbers, $d base64 twice, $p PEM, $c certificates as a
 * JSON text. */
static void fill(const char *template, struct hf_buf *out)
{
    hf_buf_free(out);
    for (const char *at = template; *at; at++) {
        const struct hf_buf *value = NULL;

        if (*at == '$') {
            at++;
            value = *at == 'h' ? &hex : *at == 'b' ? &base64 : *at == 'u' ? &base64url : *at == 'n' ? &numbers
                  : *at == 'd' ? &nested : *at == 'p' ? &pem : *at == 'c' ? &jsontext : NULL;
            CHECK(value);
        }
        OK(hf_buf_add(out, value ? hf_buf_bytes(value) : (struct hf_bytes){(const uint8_t *)at, 1}));
    }
}

TEST(every_shape_opens_to_the_same_document)
{
    static const struct {
        const char *shape;
        const char *where;
        size_t certs; /* items that are certificates */
    } cases[] = {
        {"$h", "hex", 0},
        {"0x$h\n", "hex", 0},
        {"  \n0X$h", "hex", 0},
        {"$b", "base64", 0},
        {"$b\r\n", "base64", 0},
        {"$u", "base64", 0},
        {"$d", "base64", 0},
        {"some words\n$p", "ATTESTATION?REPORT", 0},
        {"\"$b\"", "base64", 0},
        /* Azure attestation */
        {"{\"quote\":\"$u\",\"runtimeData\":{\"data\":\"\",\"dataType\":\"JSON\"},\"nonce\":\"x\"}", "quote", 0},
        /* dstack */
        {"{\"quote\":\"$h\",\"event_log\":\"[]\",\"report_data\":\"00\",\"vm_config\":\"{}\"}", "quote", 0},
        {"{\"quote\":\"0x$h\",\"eventlog\":\"\"}", "quote", 0},
        /* configfs-tsm */
        {"{\"provider\":\"sev_guest\",\"inblob\":\"AAAA\",\"outblob\":\"$b\",\"auxblob\":\"\"}", "outblob", 0},
        /* trustee: bytes as numbers */
        {"{\"token\":[$n]}", "token", 0},
        {"{\"svn\":null,\"evidence\":{\"quote\":\"$b\",\"cc_eventlog\":null}}", "evidence/quote", 0},
        /* Intel Trust Authority */
        {"{\"tdx\":{\"quote\":\"$b\",\"user_data\":\"\",\"verifier_nonce\":{\"val\":\"\"}},\"policy_ids\":[]}",
         "tdx/quote", 0},
        /* arrays of evidence with certificates */
        {"[{\"evidence\":\"$b\",\"certificate\":\"$c\",\"arch\":\"HOPPER\"}]", "0/evidence", 1},
        /* a report of a service, whose own fields are nobody's word */
        {"{\"provider_type\":\"nitro\",\"quote\":\"$b\",\"certificate_chain\":[\"$c\"],\"measurements\":{\"pcr0\":"
         "\"ff\"},\"timestamp\":1.5,\"nonce\":\"n\",\"security_level\":\"high\"}",
         "quote", 1},
        {"{\"certificate_chain\":[\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\"],\"quote\":\"$b\"}",
         "quote", 0},
        /* the same twice is one item */
        {"{\"a\":\"$b\",\"b\":\"$h\"}", "a", 0},
        /* JSON in JSON */
        {"{\"report\":\"{\\\"inner\\\":\\\"$b\\\"}\"}", "report/inner", 0},
        /* wrappers */
        {"[\"application/octet-stream\",\"$u\"]", "cmw", 0},
        {"[\"application/octet-stream; x=\\\"y\\\"\",\"$u\",4]", "cmw", 0},
        {"{\"__cmwc_t\":\"tag:example.com,2026:x\",\"a\":{\"b\":[\"application/octet-stream\",\"$u\"]}}", "cmw/a/b", 0},
        {"{\"x\":{\"y\":[\"application/octet-stream\",\"$u\",4]}}", "x/y/cmw", 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        struct hf_evidence_set set = {0};

        CASE(cases[i].shape);
        fill(cases[i].shape, &in);
        OK(hf_evidence_open(hf_buf_bytes(&in), i % 2 ? "nitro" : "auto", &set));
        CHECK(set.n == 1 + cases[i].certs && set.n_buf <= 2);
        CHECK_BYTES(set.item[0].bytes, hf_buf_bytes(&doc));
        CHECK_TEXT(set.item[0].format->name, "nitro-document");
        CHECK_TEXT(set.item[0].where, cases[i].where);
        if (cases[i].certs) {
            CHECK(set.item[1].format == NULL);
            CHECK_BYTES(set.item[1].bytes, hf_buf_bytes(&chain));
        }
        hf_evidence_set_free(&set);
    }
    CASE("");
}

TEST(collateral_in_an_envelope_is_an_item_of_its_own)
{
    static const struct {
        const char *shape;
        size_t items;
    } cases[] = {
        {"{\"quote\":\"$h\",\"collateral\":{\"tcb_info\":\"{}\",\"tcb_info_signature\":\"00\"}}", 2},
        {"{\"quote\":\"$h\",\"tcb\":{\"tcbInfo\":{},\"signature\":\"00\"}}", 2},
        {"{\"quote\":\"$h\",\"tcb_info\":{\"mrtd\":\"00\",\"rtmr0\":\"00\"}}", 1}, /* dstack's: another thing */
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        struct hf_evidence_set set = {0};

        CASE(cases[i].shape);
        fill(cases[i].shape, &in);
        OK(hf_evidence_open(hf_buf_bytes(&in), NULL, &set));
        CHECK(set.n == cases[i].items);
        CHECK(set.item[0].format && (set.n == 1 || !set.item[1].format));
        hf_evidence_set_free(&set);
    }
    CASE("");
}

TEST(raw_evidence_is_one_item_that_nobody_copied)
{
    struct hf_evidence_set set = {0};

    OK(hf_evidence_open(hf_buf_bytes(&doc), NULL, &set));
    CHECK(set.n == 1 && set.n_buf == 0 && set.item[0].bytes.p == doc.p && set.item[0].where[0] == 0);
    hf_evidence_set_free(&set);
}

TEST(what_is_nothing_is_said_to_be_so)
{
    static const struct {
        const char *in;
        const char *kind;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"", NULL, HF_E_FORMAT, "no bytes at all"},
        {"hello, world", NULL, HF_E_FORMAT, "no kind of evidence"},
        {"00112233445566778899", NULL, HF_E_FORMAT, "hex of 10 bytes beginning 00 11"},
        {"001122334455667788990", NULL, HF_E_FORMAT, "base64 that is malformed"},
        {"0x0011223", NULL, HF_E_FORMAT, "hex that is malformed"},
        {"AAECAwQFBgcICQ==", NULL, HF_E_FORMAT, "base64 of 10 bytes beginning 00 01"},
        {"{\"quote\":\"\",\"extra\":1}", NULL, HF_E_FORMAT, "JSON, an object with \"quote\", \"extra\""},
        {"{\"quote\":\"$b\"", NULL, HF_E_FORMAT, "JSON that is malformed"},
        {"{\"quote\":\"$b\",\"quote\":\"$b\"}", NULL, HF_E_FORMAT, "JSON that is malformed"},
        {"-----BEGIN X-----\nAAAA\n-----END X-----\n", NULL, HF_E_FORMAT, "PEM \"X\""},
        {"-----BEGIN X-----\nAAAA\n", NULL, HF_E_TRUNCATED, ""},
        {"eyJhbGciOiJub25lIn0.e30.AAAA", NULL, HF_E_FORMAT, "a JWT"},
        {"$b", "no-such-kind", HF_E_ARG, "no kind of evidence is called"},
        {"$b", "snp", HF_E_FORMAT, "of kind nitro-document, not snp"},
        {"{\"gpu\":\"$b\"}", "tdx-quote", HF_E_FORMAT, "of kind nitro-document, not tdx-quote"},
        {"[\"application/x\",\"AAAA\",4]", NULL, HF_E_FORMAT, "cmw: 4 bytes of type \"application/x\""},
        {"[\"application/x\",\"AA=A\",4]", NULL, HF_E_FORMAT, ""},
        {"[\"application/x\",\"$u\",8]", NULL, HF_E_FORMAT, "a CMW"},
        {"[\"application/x\",\"$u\",64]", NULL, HF_E_FORMAT, "bits that are not known"},
        {"[\"application/x\"]", NULL, HF_E_FORMAT, "2 or 3 are wanted"},
        {"{\"__cmwc_t\":\"t\",\"a\":{\"b\":{\"c\":{\"d\":[\"application/x\",\"$u\"]}}}}", NULL, HF_E_LIMIT, "nested deeper"},
        {"{\"__cmwc_t\":1,\"a\":[\"application/x\",\"$u\"]}", NULL, HF_E_FORMAT, "a collection's type"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        struct hf_evidence_set set = {0};

        CASE(cases[i].in);
        fill(cases[i].in, &in);
        FAILS(hf_evidence_open(hf_buf_bytes(&in), cases[i].kind, &set), cases[i].want);
        CHECK_DETAIL(cases[i].detail);
        CHECK(set.n == 0 && set.n_buf == 0);
    }
    CASE("");
}

static void item(struct hf_buf *out, unsigned number)
{
    struct make_nitro n = made;
    HF_CLEANUP(hf_buf_free) struct hf_buf another = {0};

    n.payload = n.signature = (struct hf_buf){0};
    n.doc.timestamp_ms += number;
    OK(make_nitro_sign(&n, &another));
    hf_buf_free(out);
    OK(hf_base64_write(hf_buf_bytes(&another), out));
    hf_buf_free(&n.payload);
    hf_buf_free(&n.signature);
}

TEST(there_is_room_for_sixteen_items_and_no_more)
{
    for (unsigned count = 16; count <= 17; count++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf one = {0};
        struct hf_evidence_set set = {0};

        OK(hf_buf_add(&in, hf_bytes_text("[")));
        for (unsigned i = 0; i < count; i++) {
            item(&one, i);
            OK(hf_buf_add(&in, hf_bytes_text(i ? ",\"" : "\"")));
            OK(hf_buf_add(&in, hf_buf_bytes(&one)));
            OK(hf_buf_add(&in, hf_bytes_text("\"")));
        }
        OK(hf_buf_add(&in, hf_bytes_text("]")));
        if (count == 16) {
            OK(hf_evidence_open(hf_buf_bytes(&in), NULL, &set));
            CHECK(set.n == 16);
            FAILS(hf_evidence_open(hf_buf_bytes(&doc), NULL, &set), HF_E_LIMIT);
            CHECK(set.n == 16);
        } else {
            FAILS(hf_evidence_open(hf_buf_bytes(&in), NULL, &set), HF_E_LIMIT);
            CHECK(set.n == 0 && set.n_buf == 0);
        }
        hf_evidence_set_free(&set);
    }
}

TEST(encodings_within_each_other_end_somewhere)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    OK(hf_buf_set(&text, hf_buf_bytes(&doc)));
    for (unsigned depth = 1; depth <= 8; depth++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf more = {0};
        struct hf_evidence_set set = {0};

        OK(hf_base64_write(hf_buf_bytes(&text), &more));
        OK(hf_buf_set(&text, hf_buf_bytes(&more)));
        if (depth <= 6)
            OK(hf_evidence_open(hf_buf_bytes(&text), NULL, &set));
        else
            FAILS(hf_evidence_open(hf_buf_bytes(&text), NULL, &set), HF_E_LIMIT);
        hf_evidence_set_free(&set);
    }
}

TEST(several_files_make_one_set_and_a_bad_one_changes_nothing)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf one = {0};
    struct hf_evidence_set set = {0};

    OK(hf_evidence_open(hf_buf_bytes(&doc), NULL, &set));
    item(&one, 1);
    OK(hf_evidence_open(hf_buf_bytes(&one), NULL, &set));
    CHECK(set.n == 2 && set.n_buf == 1);
    FAILS(hf_evidence_open(hf_bytes_text("nothing"), NULL, &set), HF_E_FORMAT);
    CHECK(set.n == 2 && set.n_buf == 1);
    hf_evidence_set_free(&set);
}

/* ---- wrappers in CBOR ---- */

static void wrap(enum hf_cmw_form form, const char *type, uint16_t format, uint32_t ind, struct hf_bytes value,
                 struct hf_buf *out)
{
    struct hf_cmw_record r = {form, hf_bytes_text(type), format, value, ind};

    hf_buf_free(out);
    OK(hf_cmw_record_write(&r, out));
}

TEST(wrappers_in_cbor_are_opened)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf record = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf tag = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf inner = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf outer = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf results = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf cert = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf second = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf decoded = {0};
    struct hf_evidence_set set = {0};

    item(&second, 5);
    OK(hf_base64_parse(hf_buf_bytes(&second), &decoded));
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

static struct hf_buf swept;

static hf_err open_swept(void)
{
    struct hf_evidence_set set = {0};
    hf_err err = hf_evidence_open(hf_buf_bytes(&swept), NULL, &set);

    hf_evidence_set_free(&set);
    return err;
}

TEST(each_allocation_may_fail)
{
    static const char *const shapes[] = {"$h", "$b", "$p",
                                         "{\"x\":\"$b\",\"c\":\"$c\",\"n\":[$n]}",
                                         "{\"__cmwc_t\":\"t\",\"a\":[\"application/x\",\"$u\",4]}"};

    for (size_t i = 0; i < HF_COUNT(shapes); i++) {
        CASE(shapes[i]);
        fill(shapes[i], &swept);
        SWEEP(open_swept());
    }
    hf_buf_free(&swept);
    CASE("");
}

/* ---- TPM quotes of clouds ---- */

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
    static const char *const heads[] = {"{\"version\":1,\"hcl_report\":", ",\"vcek\":\"\",\"tpm_quote\":{\"signature\":",
                                        ",\"message\":", ",\"pcrs\":"};
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

    (void)snprintf(text, sizeof(text), ",\"%s\":{\"fmc\":%u,\"bootloader\":%u,\"tee\":%u,\"snp\":%u,\"microcode\":%u}", name,
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
        (void)snprintf(text, sizeof(text), ",\"cpuid1eaxFms\":%u",
                       (unsigned)(r[0x188] - 0xf) << 20 | 0xf00 | (r[0x189] >> 4u) << 16 | (r[0x189] & 0xfu) << 4 | r[0x18a]);
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
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};

    NEED_VECTORS();
    vector("evidence/snp/report-v5-turin-85da705e.bin", &report);
    for (int proto = 0; proto < 2; proto++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
        struct hf_evidence_set set = {0};

        put(&json, proto ? "{\"sevSnpAttestation\":{\"report\":" : "{\"attestation_report\":");
        take_apart(report.p, proto, &json);
        put(&json, proto ? ",\"certificateChain\":{\"vcekCert\":\"" : ",\"cert_chain\":[{\"cert_type\":\"VCEK\",\"data\":");
        if (proto)
            OK(hf_base64_write(made.ca[0].cert->der, &json));
        else
            put_bytes(&json, made.ca[0].cert->der, 2);
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
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf rows = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf extended = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    struct hf_amd_cert_table table = {.n = 2};
    struct hf_evidence_set set = {0};

    NEED_VECTORS();
    vector("evidence/snp/report-v5-turin-85da705e.bin", &report);
    for (size_t i = 0; i < table.n; i++) {
        memcpy(table.row[i].guid, hf_amd_guid(i ? "ASK" : "VCEK"), 16);
        table.row[i].data = made.ca[i].cert->der;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(every_shape_opens_to_the_same_document),
        RUN(collateral_in_an_envelope_is_an_item_of_its_own),
        RUN(raw_evidence_is_one_item_that_nobody_copied),
        RUN(what_is_nothing_is_said_to_be_so),
        RUN(there_is_room_for_sixteen_items_and_no_more),
        RUN(encodings_within_each_other_end_somewhere),
        RUN(several_files_make_one_set_and_a_bad_one_changes_nothing),
        RUN(wrappers_in_cbor_are_opened),
        RUN(content_formats_and_tags_are_the_same_numbers),
        RUN(malformed_wrappers_are_refused),
        RUN(each_allocation_may_fail),
        RUN(a_quote_with_its_key_beside_it_becomes_an_envelope),
        RUN(a_quote_takes_its_key_from_the_hardware_report_beside_it),
        RUN(a_report_that_was_taken_apart_is_put_together_again),
        RUN(a_report_comes_with_its_certificates_behind_it_or_beside_it),
    };
    int failed;

    prepare();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
    done();
    return failed;
}

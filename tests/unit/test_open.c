/* Evidence as it comes: every shape that is known opens to the same item, and what is nothing is said to be so. */
#include "base/text.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "make_nitro.h"
#include "test.h"

/* One document for all tests, in the writings that envelopes use. */
static struct make_nitro made;
static struct hf_buf doc, hex, base64, base64url, pem, numbers, nested, jsontext, chain, inner, key;

static void prepare(void)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

    make_nitro_start(&made);
    OK(make_nitro_certs(&made));
    OK(make_nitro_sign(&made, &doc));
    OK(hf_hex_write(hf_buf_bytes(&doc), &hex));
    OK(hf_base64_write(hf_buf_bytes(&doc), &base64));
    OK(hf_base64url_write(hf_buf_bytes(&doc), &base64url));
    OK(hf_pem_write("ATTESTATION REPORT", hf_buf_bytes(&doc), &pem));
    OK(hf_base64_write(hf_buf_bytes(&base64), &nested));
    OK(hf_buf_printf(&json, "{\"SnpReport\":\"%.*s\"}", (int)base64url.n, (const char *)base64url.p));
    OK(hf_base64url_write(hf_buf_bytes(&json), &inner));
    OK(hf_base64_write(made.ca[0].cert->spki, &key));
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
    struct hf_buf *all[] = {&doc, &hex, &base64, &base64url, &pem, &numbers, &nested, &jsontext, &chain, &inner, &key};

    for (size_t i = 0; i < HF_COUNT(all); i++)
        hf_buf_free(all[i]);
    make_nitro_free(&made);
}

/* A template's letters. */
static const struct {
    char letter;
    const struct hf_buf *value;
} letters[] = {
    {'h', &hex},    {'b', &base64}, {'u', &base64url},
    {'n', &numbers}, /* 132,68,... */
    {'d', &nested}, /* base64 twice */
    {'m', &inner},  /* base64url of JSON with it */
    {'p', &pem},    {'k', &key}, /* a public key, base64 */
    {'c', &jsontext}, /* certificates, as a text of JSON */
};

static void fill(const char *template, struct hf_buf *out)
{
    hf_buf_free(out);
    for (const char *at = template; *at; at++) {
        size_t i = 0;

        if (*at != '$') {
            OK(hf_buf_add(out, (struct hf_bytes){(const uint8_t *)at, 1}));
            continue;
        }
        for (at++; i < HF_COUNT(letters) && letters[i].letter != *at; i++)
            ;
        CHECK(i < HF_COUNT(letters));
        OK(hf_buf_add(out, hf_buf_bytes(letters[i].value)));
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
        {"{\"report\":\"$m\",\"runtimeData\":{\"data\":\"AAAA\",\"dataType\":\"Binary\"}}", "report/SnpReport", 0},
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
        {"{\"certificate_chain\":[\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\"],"
         "\"quote\":\"$b\"}",
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
        {"{\"__cmwc_t\":\"t\",\"a\":{\"b\":{\"c\":{\"d\":[\"application/x\",\"$u\"]}}}}", NULL, HF_E_LIMIT,
         "nested deeper"},
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
    static const char *const shapes[] = {
        "$h",
        "$b",
        "$p",
        "{\"x\":\"$b\",\"c\":\"$c\",\"n\":[$n]}",
        "{\"__cmwc_t\":\"t\",\"a\":[\"application/x\",\"$u\",4]}",
        "{\"report\":{\"version\":5,\"reportData\":\"AA==\",\"measurement\":[1],\"reported_tcb\":{\"snp\":1},"
        "\"signature\":{\"r\":[1],\"s\":[1]}}}",
        "{\"ak_public\":\"$k\",\"tpm_quote\":{\"message\":\"ff54434780180000\",\"signature\":\"AAAA\",\"pcrs\":[\""
        "0000000000000000000000000000000000000000000000000000000000000000\"]}}",
    };

    for (size_t i = 0; i < HF_COUNT(shapes); i++) {
        CASE(shapes[i]);
        fill(shapes[i], &swept);
        SWEEP(open_swept());
    }
    hf_buf_free(&swept);
    CASE("");
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
        RUN(each_allocation_may_fail),
    };
    int failed;

    prepare();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
    done();
    return failed;
}

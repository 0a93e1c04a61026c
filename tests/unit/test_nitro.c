/* Nitro documents: what an enclave signed holds, and nothing that was changed, forged or made by another does. */
#include "codec/cose.h"
#include "codec/hex.h"
#include "evidence/nitro.h"
#include "judging.h"
#include "make_nitro.h"
#include "policy/verify.h"
#include "vectors.h"

static struct judging g;
static const uint8_t a_nonce[20] = {9, 8, 7};

/* Certificates that most tests share: making them costs ten milliseconds. */
static struct make_nitro shared;

static void share(void)
{
    make_nitro_start(&shared);
    OK(make_nitro_certs(&shared));
    shared.doc.nonce = (struct hf_nitro_field){true, HF_BYTES_OF(a_nonce)};
}

static void start(const struct make_nitro *n, hf_time at)
{
    judging_start(&g, at);
    judging_root(&g, HF_VENDOR_AWS_NITRO, n->ca[NITRO_ROOT].cert);
    judging_nonce(&g, HF_BYTES_OF(a_nonce));
}

static enum hf_verdict_status judge(const struct hf_buf *doc)
{
    return judging_run(&g, "nitro-document", hf_buf_bytes(doc));
}

static void must(const struct hf_buf *doc, enum hf_verdict_status want, const char *failed)
{
    enum hf_verdict_status status = judge(doc);

    CHECK_TEXT(judging_failed(&g), failed);
    CHECK_TEXT(hf_verdict_status_name(status), hf_verdict_status_name(want));
}

TEST(a_document_of_an_enclave_is_affirmed)
{
    HF_CLEANUP(make_nitro_free) struct make_nitro n;
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    uint64_t hits, misses, before;

    make_nitro_start(&n);
    OK(make_nitro_certs(&n));
    n.doc.nonce = (struct hf_nitro_field){true, HF_BYTES_OF(a_nonce)};
    OK(make_nitro_sign(&n, &doc));
    start(&n, NITRO_MADE);
    must(&doc, HF_VERDICT_AFFIRMING, "");
    CHECK(g.findings.environment == HF_ENV_HARDWARE && g.findings.level == HF_LEVEL_HIGH && g.findings.fresh);
    CHECK(g.findings.has_time && g.findings.made_at == NITRO_MADE);
    CHECK(g.findings.horizon.from == NITRO_FROM && g.findings.horizon.until == NITRO_UNTIL);
    CHECK(hf_claim_is(hf_claim_find(&g.findings.claims, "instance_id"), "i-0123"));
    CHECK(hf_claim_is(hf_claim_find(&g.findings.claims, "enclave_id"), "enc4567"));
    CHECK(hf_claim_is(hf_claim_find(&g.findings.claims, "debug"), "false"));
    CHECK(hf_claim_find(&g.findings.claims, "pcr3") && !hf_claim_find(&g.findings.claims, "pcr4"));
    hf_cache_counts(g.cache, &hits, &before);
    must(&doc, HF_VERDICT_AFFIRMING, "");
    hf_cache_counts(g.cache, &hits, &misses);
    CHECK(misses == before && hits >= 2); /* certificates and chain were known */
    hf_cache_free(&g.cache);
    g.j.cache = NULL;
    must(&doc, HF_VERDICT_AFFIRMING, "");
    judging_free(&g);
}

TEST(both_shapes_and_the_tag_are_read_and_written_alike)
{
    for (unsigned how = 0; how < 4; how++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf payload = {0};
        struct hf_nitro_doc view;
        const struct hf_evidence_format *format;

        shared.doc.tagged = how & 1;
        shared.doc.indefinite = how & 2;
        OK(make_nitro_sign(&shared, &doc));
        OK(hf_nitro_doc_parse(hf_buf_bytes(&doc), &view));
        CHECK(view.tagged == (how & 1) && view.indefinite == ((how & 2) != 0) && view.n_bundle == NITRO_LEAF);
        OK(hf_nitro_payload_write(&view, &payload));
        CHECK_BYTES(hf_buf_bytes(&payload), view.payload);
        OK(hf_nitro_doc_write(&view, &again));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&doc));
        OK(hf_evidence_detect(hf_buf_bytes(&doc), "nitro", &format));
        CHECK_TEXT(format->name, "nitro-document");
        start(&shared, NITRO_MADE);
        must(&doc, HF_VERDICT_AFFIRMING, "");
        judging_free(&g);
    }
    shared.doc.tagged = false;
    shared.doc.indefinite = true;
}

/* One deviation of the fields each. */
TEST(fields_that_do_not_fit_are_refused)
{
    static const uint8_t big[1025], odd[47] = {1}, sha512[64] = {1};
    static const struct {
        const char *name;
        const char *failed;
        struct hf_bytes pcr0;  /* in place of register 0 */
        struct hf_bytes extra; /* nonce */
        const char *digest;
        size_t n_bundle; /* certificates of the bundle; 0: all */
        bool no_pcr0, debug, future, old, no_module;
    } cases[] = {
        {.name = "nothing", .failed = ""},
        {.name = "a register of 47 bytes", .failed = "structure", .pcr0 = HF_BYTES_OF(odd)},
        {.name = "a register of 64 bytes", .failed = "pcr sizes", .pcr0 = HF_BYTES_OF(sha512)},
        {.name = "register 0 missing", .failed = "debug", .no_pcr0 = true},
        {.name = "debug registers", .failed = "debug", .debug = true},
        {.name = "another digest", .failed = "structure", .digest = "SHA512"},
        {.name = "a nonce of 1025 bytes", .failed = "structure", .extra = HF_BYTES_OF(big)},
        {.name = "another nonce", .failed = "nonce, freshness", .extra = HF_BYTES_OF(odd)},
        {.name = "an empty module id", .failed = "structure", .no_module = true},
        {.name = "301 s ahead", .failed = "age", .future = true},
        {.name = "made before its certificate", .failed = "certificate at signing", .old = true},
    };
    static const uint8_t zero[48];

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct make_nitro n = shared;
        HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};

        CASE(cases[i].name);
        n.payload = n.signature = (struct hf_buf){0};
        if (cases[i].pcr0.n)
            n.doc.pcr[0] = cases[i].pcr0;
        if (cases[i].no_pcr0)
            n.doc.pcr_mask &= ~1u;
        for (size_t k = 0; cases[i].debug && k < 3; k++)
            n.doc.pcr[k] = HF_BYTES_OF(zero);
        if (cases[i].digest)
            n.doc.digest = hf_bytes_text(cases[i].digest);
        if (cases[i].extra.n)
            n.doc.nonce.bytes = cases[i].extra;
        if (cases[i].no_module)
            n.doc.module_id.n = 0;
        if (cases[i].future)
            n.doc.timestamp_ms = (uint64_t)(NITRO_MADE + 301) * 1000;
        if (cases[i].old)
            n.doc.timestamp_ms = (uint64_t)(NITRO_FROM - 1) * 1000;
        OK(make_nitro_sign(&n, &doc));
        start(&shared, NITRO_MADE);
        must(&doc, cases[i].failed[0] ? HF_VERDICT_CONTRAINDICATED : HF_VERDICT_AFFIRMING, cases[i].failed);
        judging_free(&g);
        hf_buf_free(&n.payload);
        hf_buf_free(&n.signature);
    }
    CASE("");
}

/* Payloads as CBOR text, signed well: only their structure is wrong. */
TEST(payloads_of_another_structure_are_refused)
{
    static const struct {
        const char *name;
        const char *change; /* hex, found once in the payload */
        const char *into;
    } cases[] = {
        {"a key twice", "696d6f64756c655f6964", "69757365725f64617461"},
        {"an unknown key", "656e6f6e6365", "656e6f6e6366"},
        {"a module id that is bytes", "6e692d30313233", "4e692d30313233"},
        {"registers in an array", "6470637273a4", "647063727388"},
        {"register 32 in place of 0", "6470637273a400", "6470637273a41820"},
        {"a negative register", "6470637273a400", "6470637273a420"},
        {"a register twice", "6470637273a400", "6470637273a401"},
        {"a timestamp that is text", "6974696d657374616d701b", "6974696d657374616d7068"},
        {"a certificate that is null", "6b6365727469666963617465590", "6b6365727469666963617465f6590"},
        {"bytes of indefinite length", "656e6f6e636554", "656e6f6e63655f"},
        {"a text that is a number", "6664696765737466", "6664696765737418"},
    };
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};
    struct hf_nitro_doc view;

    OK(make_nitro_sign(&shared, &doc));
    OK(hf_hex_write(hf_buf_bytes(&shared.payload), &hex));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf payload = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf bad = {0};
        char *place = NULL, *all = NULL;
        size_t n;

        CASE(cases[i].name);
        OK(hf_buf_text(&hex, &all));
        place = strstr(all, cases[i].change);
        CHECK(place);
        n = (size_t)(place - all);
        OK(hf_buf_add(&text, (struct hf_bytes){hex.p, n}));
        OK(hf_buf_add(&text, hf_bytes_text(cases[i].into)));
        n += strlen(cases[i].change);
        OK(hf_buf_add(&text, (struct hf_bytes){hex.p + n, hex.n - n}));
        OK(hf_hex_parse(hf_buf_bytes(&text), &payload));
        OK(make_nitro_around(&shared, hf_buf_bytes(&payload), &bad));
        CHECK(hf_nitro_doc_parse(hf_buf_bytes(&bad), &view) != HF_OK);
        start(&shared, NITRO_MADE);
        must(&bad, HF_VERDICT_CONTRAINDICATED, "structure");
        judging_free(&g);
    }
    CASE("");
}

TEST(headers_other_than_es384_are_refused)
{
    static const struct {
        const char *name;
        const char *hex;
    } cases[] = {
        {"ES256", "a10126"},
        {"no algorithm", "a0"},
        {"a key id beside it", "a2013822044101"},
        {"an algorithm that is a text", "a101654553333834"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf header = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};

        CASE(cases[i].name);
        OK(hf_hex_parse(hf_bytes_text(cases[i].hex), &header));
        shared.protected_bytes = hf_buf_bytes(&header);
        OK(make_nitro_sign(&shared, &doc));
        shared.protected_bytes = (struct hf_bytes){0};
        start(&shared, NITRO_MADE);
        must(&doc, HF_VERDICT_CONTRAINDICATED, "structure");
        judging_free(&g);
    }
    CASE("");
}

/* One deviation of the certificates each. */
TEST(certificates_that_do_not_fit_are_refused)
{
    static const struct testca_ext emulated = {HF_OID_EMULATED, false, {(const uint8_t *)"\x05", 1}};
    static const struct {
        const char *name;
        const char *failed;
        size_t which;
        enum hf_curve curve;
        bool not_ca, no_usage, leaf_ca, emulated, unpinned, swapped, expired;
    } cases[] = {
        {.name = "nothing", .failed = ""},
        {.name = "an instance that is no CA", .failed = "certificate chain", .which = NITRO_INSTANCE, .not_ca = true},
        {.name = "a zonal CA without keyUsage", .failed = "certificate chain", .which = NITRO_ZONAL, .no_usage = true},
        {.name = "a leaf without keyUsage", .failed = "certificate role", .which = NITRO_LEAF, .no_usage = true},
        {.name = "a leaf that is a CA", .failed = "certificate role", .which = NITRO_LEAF, .leaf_ca = true},
        {.name = "a zonal CA on P-256", .failed = "algorithms", .which = NITRO_ZONAL, .curve = HF_P256},
        {.name = "a root that is not pinned", .failed = "root", .unpinned = true},
        {.name = "a bundle in another order", .failed = "certificate bundle", .swapped = true},
        {.name = "a zonal CA that is expired", .failed = "validity, certificate at signing", .which = NITRO_ZONAL,
         .expired = true},
        {.name = "a root that says emulated", .failed = "", .which = NITRO_ROOT, .emulated = true},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(make_nitro_free) struct make_nitro n;
        HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
        struct testca_spec *spec;

        CASE(cases[i].name);
        make_nitro_start(&n);
        n.doc.nonce = shared.doc.nonce;
        spec = &n.spec[cases[i].which];
        if (cases[i].curve)
            spec->curve = cases[i].curve;
        if (cases[i].not_ca)
            spec->ca = false;
        if (cases[i].no_usage)
            spec->key_usage = 0;
        if (cases[i].leaf_ca) {
            spec->ca = true;
            spec->key_usage |= HF_KU_CERT_SIGN;
        }
        if (cases[i].expired) {
            spec->from = TESTCA_FROM;
            spec->until = NITRO_MADE - 1;
        }
        if (cases[i].emulated) {
            spec->ext = &emulated;
            spec->n_ext = 1;
        }
        OK(make_nitro_certs(&n));
        if (cases[i].swapped) {
            static const size_t order[] = {NITRO_ROOT, NITRO_ZONAL, NITRO_REGIONAL, NITRO_INSTANCE};

            n.doc.certificate = n.ca[NITRO_LEAF].cert->der;
            for (size_t k = 0; k < HF_COUNT(order); k++)
                n.doc.bundle[n.doc.n_bundle++] = n.ca[order[k]].cert->der;
        }
        OK(make_nitro_sign(&n, &doc));
        start(cases[i].unpinned ? &shared : &n, NITRO_MADE);
        must(&doc, cases[i].failed[0] ? HF_VERDICT_CONTRAINDICATED : HF_VERDICT_AFFIRMING, cases[i].failed);
        if (cases[i].emulated)
            CHECK(g.findings.environment == HF_ENV_EMULATED && g.findings.level == HF_LEVEL_LOW);
        judging_free(&g);
    }
    CASE("");
}

TEST(validity_is_judged_at_both_ends_and_says_what_came_late)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    static const struct {
        hf_time at;
        const char *failed;
    } cases[] = {
        {NITRO_UNTIL, ""},
        {NITRO_UNTIL + 1, "validity"},
        {NITRO_MADE - 300, ""},
        {NITRO_MADE - 301, "age"},
        {NITRO_FROM, "age"},
        {NITRO_FROM - 1, "age, validity"},
    };

    OK(make_nitro_sign(&shared, &doc));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        start(&shared, cases[i].at);
        must(&doc, cases[i].failed[0] ? HF_VERDICT_CONTRAINDICATED : HF_VERDICT_AFFIRMING, cases[i].failed);
        if (cases[i].at == NITRO_UNTIL + 1)
            CHECK(strstr(hf_verdict_row(&g.verdict, "validity")->note, "it is older than they live"));
        judging_free(&g);
    }
}

TEST(a_list_that_is_given_is_looked_at)
{
    static const enum hf_verdict_status wanted[] = {HF_VERDICT_AFFIRMING,
                                                    HF_VERDICT_WARNING, /* other issuers' lists are missing */
                                                    HF_VERDICT_CONTRAINDICATED};
    struct testca_revoked revoked[] = {{.serial = "01", .date = TESTCA_FROM, .reason = -1}};

    for (unsigned how = 0; how < 3; how++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};

        OK(make_nitro_sign(&shared, &doc));
        start(&shared, NITRO_MADE);
        if (how) {
            OK(testca_crl(&(struct testca_crl_spec){.revoked = revoked, .n_revoked = how - 1},
                          &shared.ca[NITRO_INSTANCE], &crl));
            OK(hf_endorsements_add(&g.endorsements, hf_buf_bytes(&crl), "crl"));
        }
        must(&doc, wanted[how], how == 2 ? "revocation" : "");
        CHECK_TEXT(judging_row(&g, "revocation"), how == 0 ? "not applicable" : how == 1 ? "absent" : "failed");
        judging_free(&g);
    }
}

TEST(freshness_looks_at_the_nonce_and_report_data_at_user_data)
{
    static const uint8_t data[] = {1, 2, 3};
    static const struct {
        const char *name;
        bool nonce_field, ask_nonce, ask_data, wrong_data;
        const char *failed;
        const char *freshness;
    } cases[] = {
        {"nothing asked", true, false, false, false, "", "absent"},
        {"the nonce", true, true, false, false, "", "ok"},
        {"user data", true, false, true, false, "", "ok"},
        {"both", true, true, true, false, "", "ok"},
        {"wrong user data", true, false, true, true, "report data, freshness", "failed"},
        {"wrong user data and the nonce", true, true, true, true, "report data", "ok"},
        {"a nonce, and the field is empty", false, true, false, false, "nonce, freshness", "failed"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
        struct make_nitro n = shared;

        CASE(cases[i].name);
        n.payload = n.signature = (struct hf_buf){0};
        n.doc.user_data = (struct hf_nitro_field){true, HF_BYTES_OF(data)};
        n.doc.nonce.given = cases[i].nonce_field;
        OK(make_nitro_sign(&n, &doc));
        start(&shared, NITRO_MADE);
        if (!cases[i].ask_nonce)
            g.j.nonce = NULL;
        if (cases[i].ask_data)
            judging_report_data(&g, (struct hf_bytes){data, sizeof(data) - cases[i].wrong_data});
        (void)judge(&doc);
        CHECK_TEXT(judging_failed(&g), cases[i].failed);
        CHECK_TEXT(judging_row(&g, "freshness"), cases[i].freshness);
        judging_free(&g);
        hf_buf_free(&n.payload);
        hf_buf_free(&n.signature);
    }
    CASE("");
}

/* Every byte of the document is signed, or is what the structure has to be. */
TEST(no_byte_can_be_changed)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};

    OK(make_nitro_sign(&shared, &doc));
    start(&shared, NITRO_MADE);
    for (size_t i = 0; i < doc.n; i += 3) {
        doc.p[i] ^= 1u << (i % 8);
        if (judge(&doc) != HF_VERDICT_CONTRAINDICATED)
            FAIL("byte %zu changed, and still trusted", i);
        doc.p[i] ^= 1u << (i % 8);
    }
    for (size_t n = 0; n < doc.n; n += 37) {
        struct hf_buf cut = doc;

        cut.n = n;
        CHECK(judge(&cut) == HF_VERDICT_CONTRAINDICATED);
    }
    must(&doc, HF_VERDICT_AFFIRMING, "");
    judging_free(&g);
}


TEST(without_memory_nothing_is_affirmed)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};

    OK(make_nitro_sign(&shared, &doc));
    start(&shared, NITRO_MADE);
    hf_cache_free(&g.cache);
    g.j.cache = NULL;
    for (unsigned long nth = 1; nth < 400; nth++) {
        bool failed;
        enum hf_verdict_status status;

        hf_alloc_fail_at(nth);
        status = judge(&doc);
        failed = hf_alloc_has_failed();
        hf_alloc_fail_at(0);
        if (!failed)
            break;
        if (status == HF_VERDICT_AFFIRMING)
            FAIL("affirmed, while allocation %lu failed", nth);
    }
    judging_free(&g);
}

struct told {
    size_t rows, end;
};

static void count_row(void *to, const struct hf_inspect_row *row)
{
    struct told *told = to;

    told->rows++;
    if (row->at + row->n > told->end)
        told->end = row->at + row->n;
}

TEST(an_inspector_tells_every_field_also_of_what_is_broken)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    struct told told = {0};
    struct hf_inspect out = {.row = count_row, .to = &told};

    OK(make_nitro_sign(&shared, &doc));
    out.whole = hf_buf_bytes(&doc);
    OK(hf_nitro_doc_inspect(out.whole, &out));
    if (told.rows < 20 || told.end != doc.n)
        FAIL("%zu rows up to offset %zu", told.rows, told.end);
    memcpy(memmem(doc.p, doc.n, "digest", 6), "dugest", 6);
    told = (struct told){0};
    FAILS(hf_nitro_doc_inspect(out.whole, &out), HF_E_FORMAT);
    CHECK(told.rows >= 20);
}

/* ---- real documents ---- */

static hf_time case_time(const char *at)
{
    char text[64];
    hf_time t = 0;
    struct hf_bytes word = json_word(at);

    (void)snprintf(text, sizeof(text), "%.*s", (int)word.n, (const char *)word.p);
    text[10] = 'T';
    OK(hf_time_parse(text, &t));
    return t;
}

static const char *verdict_at(struct hf_verifier *verifier, struct hf_bytes doc, hf_time at, const char *expect,
                              struct hf_verify_result *result)
{
    struct hf_verify_request q = {.evidence = &doc, .n_evidence = 1, .kind = "nitro", .at = at};

    q.expect = &expect;
    q.n_expect = expect != NULL;
    switch (hf_verify(verifier, &q, result)) {
    case HF_OK:
    case HF_E_WARNED:
    case HF_E_UNTRUSTED:
        return hf_verify_result_verdict(result);
    default:
        return "none";
    }
}

static const char *row_at(const struct hf_verify_result *result, const char *name)
{
    struct hf_verify_row row;

    for (size_t i = 0; hf_verify_result_row(result, i, &row) == HF_OK; i++) {
        if (strcmp(row.name, name) == 0)
            return row.status;
    }
    return "none";
}

static void real_case(struct hf_verifier *verifier, struct hf_verify_result *result, const char *at)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf payload = {0};
    const char *expect = json_key(at, "expect"), *window = json_key(at, "window");
    bool debug = json_is(json_key(expect, "debug_mode"), "true");
    const char *good = debug ? "contraindicated" : "warning"; /* no nonce is given */
    hf_time from = case_time(json_first(window)), until = case_time(json_next(json_first(window)));
    char path[256], module[128];
    struct hf_nitro_doc view;

    (void)snprintf(path, sizeof(path), "evidence/%.*s", (int)json_word(json_key(at, "doc")).n,
                   (const char *)json_word(json_key(at, "doc")).p);
    CASE(path);
    vector(path, &doc);
    OK(hf_nitro_doc_parse(hf_buf_bytes(&doc), &view));
    OK(hf_nitro_doc_write(&view, &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&doc));
    OK(hf_nitro_payload_write(&view, &payload));
    CHECK_BYTES(hf_buf_bytes(&payload), view.payload);
    CHECK(view.timestamp_ms == json_number(json_key(at, "doc_timestamp_ms")));
    (void)snprintf(module, sizeof(module), "module_id=%.*s", (int)json_word(json_key(expect, "module_id")).n,
                   (const char *)json_word(json_key(expect, "module_id")).p);
    CHECK_TEXT(verdict_at(verifier, hf_buf_bytes(&doc), (hf_time)json_number(json_key(at, "time")), module, result),
               good);
    CHECK_TEXT(row_at(result, "debug"), debug ? "failed" : "ok");
    CHECK_TEXT(row_at(result, "signature"), "ok");
    CHECK_TEXT(row_at(result, "environment"), "ok");
    CHECK_TEXT(row_at(result, "expected module_id"), "ok");
    for (const char *pcr = json_first(json_key(expect, "pcrs")); pcr; pcr = json_next(json_next(pcr))) {
        char want[256];
        struct hf_bytes value = json_word(json_next(pcr));

        (void)snprintf(want, sizeof(want), "pcr%.*s=%.*s", (int)json_word(pcr).n, (const char *)json_word(pcr).p,
                       (int)value.n, (const char *)value.p);
        CHECK_TEXT(verdict_at(verifier, hf_buf_bytes(&doc), (hf_time)json_number(json_key(at, "time")), want, result),
                   good);
        if (!json_next(pcr) || !json_next(json_next(pcr)))
            break;
    }
    (void)verdict_at(verifier, hf_buf_bytes(&doc), until, NULL, result);
    CHECK_TEXT(row_at(result, "validity"), "ok");
    (void)verdict_at(verifier, hf_buf_bytes(&doc), until + 1, NULL, result);
    CHECK_TEXT(row_at(result, "validity"), "failed");
    (void)verdict_at(verifier, hf_buf_bytes(&doc), from, NULL, result);
    CHECK_TEXT(row_at(result, "validity"), "ok");
    (void)verdict_at(verifier, hf_buf_bytes(&doc), from - 1, NULL, result);
    CHECK_TEXT(row_at(result, "validity"), "failed");
    for (size_t i = 0; !debug && i < doc.n; i += 101) {
        doc.p[i] ^= 0x10;
        if (strcmp(verdict_at(verifier, hf_buf_bytes(&doc), (hf_time)json_number(json_key(at, "time")), NULL, result),
                   "warning") == 0)
            FAIL("byte %zu changed, and still as good", i);
        doc.p[i] ^= 0x10;
    }
}

TEST(real_documents_are_judged_as_they_should_be)
{
    HF_CLEANUP(hf_verifier_free) struct hf_verifier *verifier = NULL;
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *result = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    size_t n = 0;
    const char *cases;

    NEED_VECTORS();
    OK(hf_verifier_new(&verifier));
    OK(hf_verify_result_new(&result));
    cases = vector_text("evidence/nitro/cases.json", &text);
    for (const char *at = json_first(json_key(cases, "positive")); at; at = json_next(at), n++)
        real_case(verifier, result, at);
    CASE("");
    CHECK(n >= 11);
    vector("evidence/nitro/negative/neg-15d4f223.cbor", &doc);
    CHECK_TEXT(verdict_at(verifier, hf_buf_bytes(&doc), 1631182760, NULL, result), "contraindicated");
    CHECK_TEXT(row_at(result, "signature"), "failed");
    vector("evidence/nitro/negative/neg-4164bfae.cbor", &doc);
    CHECK_TEXT(verdict_at(verifier, hf_buf_bytes(&doc), 1631182760, NULL, result), "contraindicated");
    CHECK_TEXT(row_at(result, "certificate chain"), "failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(a_document_of_an_enclave_is_affirmed),
        RUN(both_shapes_and_the_tag_are_read_and_written_alike),
        RUN(fields_that_do_not_fit_are_refused),
        RUN(payloads_of_another_structure_are_refused),
        RUN(headers_other_than_es384_are_refused),
        RUN(certificates_that_do_not_fit_are_refused),
        RUN(validity_is_judged_at_both_ends_and_says_what_came_late),
        RUN(a_list_that_is_given_is_looked_at),
        RUN(freshness_looks_at_the_nonce_and_report_data_at_user_data),
        RUN(no_byte_can_be_changed),
        RUN(without_memory_nothing_is_affirmed),
        RUN(an_inspector_tells_every_field_also_of_what_is_broken),
        RUN(real_documents_are_judged_as_they_should_be),
    };
    int failed;

    share();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
    make_nitro_free(&shared);
    return failed;
}

/* Verdicts over TPM quotes: genuine ones hold, and nothing that was forged or changed does. */
#include "codec/base64.h"
#include "codec/hex.h"
#include "vectors.h"
#include "verify/tpm_quote.h"

/* The parts of one quote, owned. */
struct quote {
    struct hf_buf attest, signature, ak, values;
    struct hf_bytes nonce;
    struct hf_pcr_claim claim;
    struct hf_tpm_quote_input in;
};

static struct hf_verdict verdict;
static struct hf_tpm_quote_result result;

static void quote_free(struct quote *q)
{
    hf_buf_free(&q->attest);
    hf_buf_free(&q->signature);
    hf_buf_free(&q->ak);
    hf_buf_free(&q->values);
}

static void quote_set(struct quote *q, const struct hf_bytes *nonce)
{
    q->in.attest = hf_buf_bytes(&q->attest);
    q->in.signature = hf_buf_bytes(&q->signature);
    q->in.ak_public = hf_buf_bytes(&q->ak);
    if (nonce) {
        q->nonce = *nonce;
        q->in.nonce = &q->nonce;
    }
}

/* Values of registers, read as the signed selection wants. */
static hf_err quote_values(struct quote *q)
{
    struct hf_quote_attest attest;

    HF_TRY(hf_quote_attest_parse(q->in.attest, &attest));
    HF_TRY(hf_pcr_file_parse(hf_buf_bytes(&q->values), &attest.selection, &q->claim));
    q->in.claim = &q->claim;
    return HF_OK;
}

static void quote_files(struct quote *q, const char *stem, const char *ak)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "tpm/%s.msg", stem);
    vector(path, &q->attest);
    (void)snprintf(path, sizeof(path), "tpm/%s.sig", stem);
    vector(path, &q->signature);
    (void)snprintf(path, sizeof(path), "tpm/%s", ak);
    vector(path, &q->ak);
}

static const uint8_t own_nonce[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void own_quote(struct quote *q, const char *key, const char *which)
{
    struct hf_bytes nonce = HF_BYTES_OF(own_nonce);
    char path[256], ak[256];

    (void)snprintf(path, sizeof(path), "own-swtpm/%s.%s", key, which);
    (void)snprintf(ak, sizeof(ak), "own-swtpm/%s.pub", key);
    quote_files(q, path, ak);
    (void)snprintf(path, sizeof(path), "tpm/own-swtpm/%s.%s.pcrs", key, which);
    vector(path, &q->values);
    quote_set(q, &nonce);
    OK(quote_values(q));
}

static hf_err judge(struct quote *q)
{
    return hf_tpm_quote_verify(&q->in, &verdict, &result);
}

static void want_row(const char *name, enum hf_check_status status)
{
    const struct hf_check *row = hf_verdict_row(&verdict, name);

    if (!row)
        FAIL("no row \"%s\"", name);
    if (row->status != status)
        FAIL("row \"%s\" is %s (%s), want %s", name, hf_check_status_name(row->status), row->note,
             hf_check_status_name(status));
}

static const char *const keys[] = {"ak-ecc256-ecdsa",   "ak-ecc384-ecdsa",   "ak-ecc521-ecdsa",
                                   "ak-rsa2048-rsassa", "ak-rsa2048-rsapss", "ak-rsa3072-rsassa"};

TEST(quotes_of_every_scheme_and_both_value_files_hold)
{
    static const char *const kinds[] = {"quote", "q2"};

    NEED_VECTORS();
    for (size_t i = 0; i < 2 * HF_COUNT(keys); i++) {
        HF_CLEANUP(quote_free) struct quote q = {0};

        CASE(keys[i / 2]);
        own_quote(&q, keys[i / 2], kinds[i % 2]);
        result = (struct hf_tpm_quote_result){0};
        if (judge(&q) == HF_E_UNTRUSTED)
            FAIL("%s", hf_err_detail());
        want_row("signature", HF_CHECK_OK);
        want_row("attributes", HF_CHECK_OK);
        want_row("scheme", HF_CHECK_OK);
        want_row("nonce", HF_CHECK_OK);
        want_row("signer", HF_CHECK_OK);
        want_row("pcr selection", HF_CHECK_OK);
        want_row("pcr digest", HF_CHECK_OK);
        CHECK(hf_pcrs_value(&result.pcrs, HF_SHA256, 16).n == 32);
        CHECK(hf_pcrs_value(&result.pcrs, HF_SHA256, 1).n == 0);
    }
}

/* Flip every bit in turn: none may be believed. */
static void flip_all(struct quote *q, struct hf_buf *part, size_t from, size_t step)
{
    for (size_t bit = 8 * from; bit < 8 * part->n; bit += step) {
        part->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        result = (struct hf_tpm_quote_result){0};
        if (judge(q) != HF_E_UNTRUSTED)
            FAIL("bit %zu flipped, and still believed", bit);
        CHECK(result.pcrs.n == 0);
        part->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

TEST(no_bit_of_a_quote_can_be_changed)
{
    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(keys); i++) {
        HF_CLEANUP(quote_free) struct quote q = {0};

        CASE(keys[i]);
        own_quote(&q, keys[i], "quote");
        flip_all(&q, &q.attest, 0, i == 0 ? 1 : 13);
        flip_all(&q, &q.signature, 0, i == 0 ? 1 : 29);
        CHECK(judge(&q) != HF_E_UNTRUSTED);
    }
}

TEST(no_value_of_a_register_can_be_changed)
{
    HF_CLEANUP(quote_free) struct quote q = {0};

    NEED_VECTORS();
    own_quote(&q, keys[0], "quote");
    for (size_t at = 0; at < q.values.n; at++) {
        q.values.p[at] ^= 1;
        OK(quote_values(&q));
        FAILS(judge(&q), HF_E_UNTRUSTED);
        want_row("pcr digest", HF_CHECK_FAILED);
        want_row("signature", HF_CHECK_OK);
        q.values.p[at] ^= 1;
    }
}

TEST(forgeries_that_other_verifiers_accept_are_refused)
{
    static const struct {
        const char *stem;
        const char *row;
    } cases[] = {{"own-negative/badmagic", "magic"}, {"own-negative/badtype", "type"}};

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(quote_free) struct quote q = {0};
        struct hf_bytes nonce = HF_BYTES_OF(own_nonce);

        CASE(cases[i].stem);
        quote_files(&q, cases[i].stem, "own-negative/soft.pem");
        quote_set(&q, &nonce);
        FAILS(judge(&q), HF_E_UNTRUSTED);
        want_row(cases[i].row, HF_CHECK_FAILED);
        want_row("signature", HF_CHECK_OK); /* it is well signed, by software */
    }
}

TEST(values_of_another_register_than_the_quoted_are_refused)
{
    HF_CLEANUP(quote_free) struct quote q = {0};

    NEED_VECTORS();
    own_quote(&q, keys[0], "q2");
    vector("tpm/own-negative/ak-ecc256-ecdsa.q2.swapped-selection.pcrs", &q.values);
    OK(quote_values(&q));
    FAILS(judge(&q), HF_E_UNTRUSTED);
    want_row("pcr selection", HF_CHECK_FAILED);
    want_row("signature", HF_CHECK_OK);
}

TEST(keylimes_quote_holds_and_its_mutations_do_not)
{
    HF_CLEANUP(quote_free) struct quote q = {0};
    struct hf_bytes nonce = hf_bytes_text("Ai5M5SjYjnkyv4P7itH1");
    struct hf_bytes other = hf_bytes_text("Bi5M5SjYjnkyv4P7itH1");

    NEED_VECTORS();
    quote_files(&q, "quotes/keylime-quote", "quotes/keylime-ak.pem");
    vector("tpm/quotes/keylime-quote.pcrs", &q.values);
    quote_set(&q, &nonce);
    OK(quote_values(&q));
    FAILS(judge(&q), HF_E_WARNED);
    want_row("attributes", HF_CHECK_ABSENT); /* the key is PEM */
    want_row("pcr digest", HF_CHECK_OK);
    q.attest.p[5] ^= 1;
    FAILS(judge(&q), HF_E_UNTRUSTED);
    q.attest.p[5] ^= 1;
    q.nonce = other;
    FAILS(judge(&q), HF_E_UNTRUSTED);
    want_row("nonce", HF_CHECK_FAILED);
    q.values.p[5] ^= 1;
    CHECK(quote_values(&q) != HF_OK);
}

TEST(a_sha1_quote_of_windows_holds_with_warnings_and_its_log_explains_it)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
    HF_CLEANUP(quote_free) struct quote q = {0};
    const char *dump, *quote;

    NEED_VECTORS();
    dump = vector_text("tpm/eventlogs/goattest-windows_gcp_shielded_vm.json", &file);
    quote = json_key(dump, "Quote");
    OK(hf_base64_parse(json_word(json_key(quote, "Quote")), &q.attest));
    OK(hf_base64_parse(json_word(json_key(quote, "Signature")), &q.signature));
    OK(hf_base64_parse(json_word(json_key(json_key(dump, "AK"), "Public")), &q.ak));
    OK(hf_base64_parse(json_word(json_key(json_key(dump, "Log"), "Raw")), &log));
    for (const char *pcr = json_first(json_key(json_key(dump, "Log"), "PCRs")); pcr; pcr = json_next(pcr)) {
        HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};

        OK(hf_base64_parse(json_word(json_key(pcr, "Digest")), &value));
        OK(hf_pcrs_put(&q.claim.pcrs, HF_SHA1, (unsigned)json_number(json_key(pcr, "Index")), hf_buf_bytes(&value)));
    }
    quote_set(&q, NULL);
    q.in.claim = &q.claim;
    q.in.eventlog = hf_buf_bytes(&log);
    FAILS(judge(&q), HF_E_WARNED);
    want_row("signature", HF_CHECK_OK);
    want_row("pcr digest", HF_CHECK_OK);
    want_row("strength", HF_CHECK_WARNING);
    want_row("nonce", HF_CHECK_ABSENT);
    want_row("event log", HF_CHECK_OK);
    want_row("registers without events", HF_CHECK_WARNING);
    q.claim.pcrs.bank[0].value[4][0] ^= 1;
    FAILS(judge(&q), HF_E_UNTRUSTED);
}

TEST(bare_signatures_of_a_cloud_hold)
{
    static const struct {
        const char *stem, *nonce;
    } cases[] = {
        {"az-snp-12afe089",
         "982f5c6e45df0ed3f10b6f60b02f0c8390e281300f3805e2279c16168cd6ae9aa398f647caa2338748cd0fd9f5f819ef"},
        {"az-snp-47a66c13", "6174746573746174696f6e2d746573742d66697874757265"},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(quote_free) struct quote q = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf nonce = {0};
        struct hf_bytes view;
        char path[256];

        CASE(cases[i].stem);
        (void)snprintf(path, sizeof(path), "evidence/tpm/%s.attest.bin", cases[i].stem);
        vector(path, &q.attest);
        (void)snprintf(path, sizeof(path), "evidence/tpm/%s.sig.bin", cases[i].stem);
        vector(path, &q.signature);
        (void)snprintf(path, sizeof(path), "evidence/tpm/%s.ak.pem", cases[i].stem);
        vector(path, &q.ak);
        (void)snprintf(path, sizeof(path), "evidence/tpm/%s.pcrs-sha256.bin", cases[i].stem);
        vector(path, &q.values);
        OK(hf_hex_parse(hf_bytes_text(cases[i].nonce), &nonce));
        view = hf_buf_bytes(&nonce);
        quote_set(&q, &view);
        q.in.bare = (struct hf_quote_scheme){TPM2_ALG_RSASSA, TPM2_ALG_SHA256};
        OK(quote_values(&q));
        FAILS(judge(&q), HF_E_WARNED);
        want_row("pcr digest", HF_CHECK_OK);
        want_row("attributes", HF_CHECK_ABSENT);
        vector("evidence/tpm/neg-wrong-ak.ak.pem", &q.ak);
        q.in.ak_public = hf_buf_bytes(&q.ak);
        FAILS(judge(&q), HF_E_UNTRUSTED);
    }
}

TEST(a_key_that_is_no_attestation_key_is_refused)
{
    static const struct {
        const char *name;
        uint8_t at, bit; /* in the attributes of TPM2B_PUBLIC: bytes 6 to 9, big-endian */
    } cases[] = {
        {"not restricted", 7, 0x01},       {"does not sign", 7, 0x04},           {"decrypts too", 7, 0x02},
        {"not fixed to its TPM", 9, 0x02}, {"not fixed to its parent", 9, 0x10}, {"made outside", 9, 0x20},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(quote_free) struct quote q = {0};

        CASE(cases[i].name);
        own_quote(&q, keys[0], "quote");
        q.ak.p[cases[i].at] ^= cases[i].bit;
        FAILS(judge(&q), HF_E_UNTRUSTED);
        want_row("attributes", HF_CHECK_FAILED);
        want_row("signature", HF_CHECK_OK);
    }
}

TEST(expected_values_selections_and_clocks_are_compared)
{
    HF_CLEANUP(quote_free) struct quote q = {0};
    struct hf_pcrs expected = {0};
    struct hf_pcr_selection asked;
    struct hf_tpm_clock_floor floor = {0};
    struct hf_quote_attest attest;
    uint8_t zero[32] = {0};

    NEED_VECTORS();
    own_quote(&q, keys[0], "quote");
    OK(hf_quote_attest_parse(q.in.attest, &attest));
    OK(hf_pcrs_put(&expected, HF_SHA256, 0, HF_BYTES_OF(zero)));
    q.in.expected = &expected;
    CHECK(judge(&q) != HF_E_UNTRUSTED);
    want_row("expected values", HF_CHECK_OK);
    OK(hf_pcrs_put(&expected, HF_SHA256, 16, HF_BYTES_OF(zero)));
    FAILS(judge(&q), HF_E_UNTRUSTED);
    want_row("expected sha256 PCR 16", HF_CHECK_FAILED);
    expected = (struct hf_pcrs){0};
    OK(hf_pcrs_put(&expected, HF_SHA256, 1, HF_BYTES_OF(zero))); /* not quoted */
    FAILS(judge(&q), HF_E_UNTRUSTED);
    want_row("expected sha256 PCR 1", HF_CHECK_FAILED);
    q.in.expected = NULL;

    OK(hf_pcr_selection_parse("sha384:16+sha256:16,7,0", &asked));
    q.in.selection = &asked;
    CHECK(judge(&q) != HF_E_UNTRUSTED);
    OK(hf_pcr_selection_parse("sha256:0,7,16", &asked));
    FAILS(judge(&q), HF_E_UNTRUSTED);
    want_row("pcr selection", HF_CHECK_FAILED);
    q.in.selection = NULL;

    floor = (struct hf_tpm_clock_floor){attest.clock_ms, attest.reset_count, attest.restart_count, attest.firmware};
    q.in.floor = &floor;
    CHECK(judge(&q) != HF_E_UNTRUSTED);
    want_row("clock", HF_CHECK_OK);
    floor.clock_ms++;
    FAILS(judge(&q), HF_E_UNTRUSTED);
    want_row("clock", HF_CHECK_FAILED);
    floor.clock_ms--;
    floor.reset_count++;
    FAILS(judge(&q), HF_E_UNTRUSTED);
    floor.reset_count--;
    floor.firmware++;
    FAILS(judge(&q), HF_E_UNTRUSTED);
}

TEST(without_nonce_values_or_a_tpms_public_area_a_quote_is_never_fully_trusted)
{
    HF_CLEANUP(quote_free) struct quote q = {0};
    struct hf_bytes empty = {NULL, 0};

    NEED_VECTORS();
    own_quote(&q, keys[0], "quote");
    q.in.nonce = NULL;
    FAILS(judge(&q), HF_E_WARNED);
    want_row("nonce", HF_CHECK_ABSENT);
    q.in.nonce = &empty;
    FAILS(judge(&q), HF_E_UNTRUSTED);
    q.in.nonce = &q.nonce;
    q.in.claim = NULL;
    FAILS(judge(&q), HF_E_WARNED);
    want_row("pcr digest", HF_CHECK_ABSENT);
    CHECK(result.pcrs.n == 0);
    vector("tpm/own-swtpm/ak-ecc256-ecdsa.pem", &q.ak);
    quote_set(&q, NULL);
    FAILS(judge(&q), HF_E_WARNED);
    want_row("attributes", HF_CHECK_ABSENT);
}

TEST(another_key_is_refused)
{
    HF_CLEANUP(quote_free) struct quote q = {0};

    NEED_VECTORS();
    for (size_t i = 1; i < HF_COUNT(keys); i++) {
        char path[256];

        own_quote(&q, keys[0], "quote");
        (void)snprintf(path, sizeof(path), "tpm/own-swtpm/%s.pub", keys[i]);
        CASE(keys[i]);
        vector(path, &q.ak);
        quote_set(&q, NULL);
        FAILS(judge(&q), HF_E_UNTRUSTED);
        want_row("signature", HF_CHECK_FAILED);
    }
}

TEST(a_prepared_key_is_used_when_it_is_that_of_the_public_area)
{
    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(keys); i++) {
        HF_CLEANUP(quote_free) struct quote q = {0};
        HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
        char path[256];

        CASE(keys[i]);
        own_quote(&q, keys[i], "quote");
        (void)snprintf(path, sizeof(path), "tpm/own-swtpm/%s.pem", keys[i]);
        vector(path, &pem);
        OK(hf_pubkey_from_pem(hf_buf_bytes(&pem), &key));
        q.in.prepared = key;
        OK(judge(&q));
        q.in.ak_public.n = 0;
        FAILS(judge(&q), HF_E_WARNED);
        want_row("attributes", HF_CHECK_ABSENT);
        own_quote(&q, keys[(i + 1) % HF_COUNT(keys)], "quote");
        FAILS(judge(&q), HF_E_UNTRUSTED);
        want_row("public key", HF_CHECK_FAILED);
    }
}

TEST(an_empty_or_cut_quote_is_a_verdict_and_not_a_crash)
{
    HF_CLEANUP(quote_free) struct quote q = {0};
    struct hf_tpm_quote_input none = {0};

    FAILS(hf_tpm_quote_verify(&none, &verdict, &result), HF_E_UNTRUSTED);
    want_row("structure", HF_CHECK_FAILED);
    NEED_VECTORS();
    own_quote(&q, keys[3], "quote");
    for (size_t n = 0; n < q.attest.n; n++) {
        q.in.attest.n = n;
        FAILS(judge(&q), HF_E_UNTRUSTED);
    }
    q.in.attest.n = q.attest.n;
    for (size_t n = 0; n < q.signature.n; n++) {
        q.in.signature.n = n;
        FAILS(judge(&q), HF_E_UNTRUSTED);
    }
    q.in.signature.n = q.signature.n;
    for (size_t n = 0; n < q.ak.n; n++) {
        q.in.ak_public.n = n;
        FAILS(judge(&q), HF_E_UNTRUSTED);
    }
}

TEST(everything_that_is_read_is_written_again)
{
    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(keys); i++) {
        HF_CLEANUP(quote_free) struct quote q = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        struct hf_quote_attest attest;
        struct hf_quote_signature sig;
        struct hf_tpm_pub pub;

        CASE(keys[i]);
        own_quote(&q, keys[i], "q2");
        OK(hf_quote_attest_parse(q.in.attest, &attest));
        OK(hf_quote_attest_write(&attest, &out));
        CHECK_BYTES(hf_buf_bytes(&out), q.in.attest);
        hf_buf_free(&out);
        OK(hf_quote_signature_parse(q.in.signature, &sig));
        OK(hf_quote_signature_write(&sig, &out));
        CHECK_BYTES(hf_buf_bytes(&out), q.in.signature);
        hf_buf_free(&out);
        OK(hf_tpm_pub_parse(q.in.ak_public, &pub));
        OK(hf_tpm_pub_write(&pub, &out));
        CHECK_BYTES(hf_buf_bytes(&out), pub.whole);
        hf_buf_free(&out);
        OK(hf_pcr_serialized_write(&q.claim.pcrs, &q.claim.selection, &out));
        CHECK(out.n == q.values.n);
        OK(hf_pcr_serialized_parse(hf_buf_bytes(&out), &q.claim));
        CHECK(hf_pcr_selection_same(&q.claim.selection, &attest.selection));
        hf_buf_free(&out);
        OK(hf_pcr_values_write(&q.claim.pcrs, &attest.selection, &out));
        CHECK(out.n == 144);
    }
}

TESTS(RUN(quotes_of_every_scheme_and_both_value_files_hold), RUN(no_bit_of_a_quote_can_be_changed),
      RUN(no_value_of_a_register_can_be_changed), RUN(forgeries_that_other_verifiers_accept_are_refused),
      RUN(values_of_another_register_than_the_quoted_are_refused), RUN(keylimes_quote_holds_and_its_mutations_do_not),
      RUN(a_sha1_quote_of_windows_holds_with_warnings_and_its_log_explains_it), RUN(bare_signatures_of_a_cloud_hold),
      RUN(a_key_that_is_no_attestation_key_is_refused), RUN(expected_values_selections_and_clocks_are_compared),
      RUN(without_nonce_values_or_a_tpms_public_area_a_quote_is_never_fully_trusted), RUN(another_key_is_refused),
      RUN(a_prepared_key_is_used_when_it_is_that_of_the_public_area),
      RUN(an_empty_or_cut_quote_is_a_verdict_and_not_a_crash), RUN(everything_that_is_read_is_written_again))

/* tpm/quote, tpm/certify: statements of an embedded TPM, checked in software. */
#include "test.h"
#include "tpm/pcr.h"
#include "tpm/quote.h"
#include "tpm_rig.h"

static const uint8_t nonce[] = {0x00, 0x11, 0x22, 0x33};

/* The statement is signed by the key, whatever its scheme. */
static void check_signed(const struct hf_tpm_key *key, const struct hf_tpm_statement *s)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_reader r = hf_reader(hf_buf_bytes(&s->signature));
    TPMT_SIGNATURE parsed;

    OK(hf_tpm_signature_parse(hf_buf_bytes(&s->signature), &parsed));
    OK(hf_tpm_sig_read(&r, &key->pub, &sig));
    OK(hf_rd_end(&r));
    OK(hf_tpm_verify_signature(key, hf_buf_bytes(&s->attest), hf_buf_bytes(&sig), (enum hf_tpm_scheme)parsed.sigAlg,
                               parsed.signature.any.hashAlg));
    sig.p[sig.n / 2] ^= 1;
    FAILS(hf_tpm_verify_signature(key, hf_buf_bytes(&s->attest), hf_buf_bytes(&sig), (enum hf_tpm_scheme)parsed.sigAlg,
                                  parsed.signature.any.hashAlg),
          HF_E_MISMATCH);
}

TEST(a_quote_is_signed_and_over_the_values_that_come_with_it)
{
    static const struct {
        const char *name, *algorithm;
        unsigned use;
        struct hf_tpm_signing how;
        bool restricted;
    } cases[] = {
        {"P-256 attestation key", "ecc-p256", HF_TPM_USE_ATTEST, {0}, true},
        {"P-384 attestation key", "ecc-p384", HF_TPM_USE_ATTEST, {0}, true},
        {"RSA attestation key", "rsa2048", HF_TPM_USE_ATTEST, {0}, true},
        {"a key that signs anything", "ecc-p256", HF_TPM_USE_SIGN, {0}, false},
        {"the same with another hash", "ecc-p256", HF_TPM_USE_SIGN, {HF_TPM_ECDSA, HF_SHA512}, false},
        {"RSA-PSS with SHA-384", "rsa2048", HF_TPM_USE_SIGN, {HF_TPM_RSAPSS, HF_SHA384}, false},
    };
    TPM_RIG(rig);

    OK(hf_tpm_extend_pcr(rig.tpm, 7, hf_bytes_text("x")));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
        HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement s = {0};
        struct hf_pcrs pcrs, now;
        struct hf_pcr_selection sel;
        struct hf_digest digest;
        TPMS_ATTEST attest;

        CASE(cases[i].name);
        key = tpm_rig_key(&rig, cases[i].algorithm, cases[i].use);
        OK(hf_tpm_quote_pcrs(key, "sha384:7+sha256:0,7,16", HF_BYTES_OF(nonce), &cases[i].how, &s, &pcrs));
        CHECK(s.restricted == cases[i].restricted);
        check_signed(key, &s);
        OK(hf_tpm_attest_parse(hf_buf_bytes(&s.attest), &attest));
        CHECK(attest.type == TPM2_ST_ATTEST_QUOTE);
        CHECK(attest.extraData.size == 4 && memcmp(attest.extraData.buffer, nonce, 4) == 0);
        OK(hf_tpm_read_pcrs(rig.tpm, "sha384:7+sha256:0,7,16", &now));
        CHECK(memcmp(&now, &pcrs, sizeof(now)) == 0);
        OK(hf_pcr_selection_parse("sha384:7+sha256:0,7,16", &sel));
        OK(hf_pcrs_digest(&pcrs, &sel,
                          (enum hf_hash_alg)attest.attested.quote.pcrDigest.size == 0 ? HF_SHA256
                          : attest.attested.quote.pcrDigest.size == 64                ? HF_SHA512
                          : attest.attested.quote.pcrDigest.size == 48                ? HF_SHA384
                                                                                      : HF_SHA256,
                          &digest));
        CHECK_BYTES(hf_digest_bytes(&digest),
                    ((struct hf_bytes){attest.attested.quote.pcrDigest.buffer, attest.attested.quote.pcrDigest.size}));
    }
}

TEST(what_cannot_be_quoted_is_refused)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_ATTEST);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *hmac = tpm_rig_key(&rig, "hmac", 0);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *decrypt = tpm_rig_key(&rig, "rsa2048", HF_TPM_USE_DECRYPT);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *external = NULL;
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement s = {0};
    struct hf_pcrs pcrs = {.n = 5};
    uint8_t longer[65] = {0};
    struct hf_tpm_signing other = {HF_TPM_RSASSA, 0};
    struct hf_tpm_signing hash = {HF_TPM_SCHEME_DEFAULT, HF_SHA384};

    OK(hf_tpm_load_external(rig.tpm, hf_buf_bytes(&key->public_area), &external));
    FAILS(hf_tpm_quote_pcrs(key, "sha256:0", HF_BYTES_OF(longer), NULL, &s, &pcrs), HF_E_ARG);
    FAILS(hf_tpm_quote_pcrs(key, "sha256:24", HF_BYTES_OF(nonce), NULL, &s, &pcrs), HF_E_ARG);
    FAILS(hf_tpm_quote_pcrs(key, NULL, HF_BYTES_OF(nonce), NULL, &s, &pcrs), HF_E_ARG);
    FAILS(hf_tpm_quote_pcrs(key, "sm3_256:0", HF_BYTES_OF(nonce), NULL, &s, &pcrs), HF_E_UNSUPPORTED);
    FAILS(hf_tpm_quote_pcrs(key, "sha256:0+sm3_256:0", HF_BYTES_OF(nonce), NULL, &s, &pcrs), HF_E_UNSUPPORTED);
    FAILS(hf_tpm_quote_pcrs(key, "sha256:0", HF_BYTES_OF(nonce), &other, &s, &pcrs), HF_E_KEY_TYPE);
    FAILS(hf_tpm_quote_pcrs(key, "sha256:0", HF_BYTES_OF(nonce), &hash, &s, &pcrs), HF_E_KEY_TYPE);
    FAILS(hf_tpm_quote_pcrs(hmac, "sha256:0", HF_BYTES_OF(nonce), NULL, &s, &pcrs), HF_E_KEY_TYPE);
    FAILS(hf_tpm_quote_pcrs(decrypt, "sha256:0", HF_BYTES_OF(nonce), NULL, &s, &pcrs), HF_E_KEY_TYPE);
    FAILS(hf_tpm_quote_pcrs(external, "sha256:0", HF_BYTES_OF(nonce), NULL, &s, &pcrs), HF_E_KEY_TYPE);
    CHECK(pcrs.n == 5 && s.attest.n == 0 && s.signature.n == 0);
}

TEST(a_key_is_certified_by_its_name)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ak = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_ATTEST);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = tpm_rig_key(&rig, "ecc-p384", HF_TPM_USE_SIGN);
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement s = {0};
    TPMS_ATTEST attest;

    OK(hf_tpm_certify(key, ak, HF_BYTES_OF(nonce), NULL, &s));
    check_signed(ak, &s);
    OK(hf_tpm_attest_parse(hf_buf_bytes(&s.attest), &attest));
    CHECK(attest.type == TPM2_ST_ATTEST_CERTIFY && s.restricted);
    CHECK_BYTES(((struct hf_bytes){attest.attested.certify.name.name, attest.attested.certify.name.size}),
                hf_tpm_name_bytes(&key->name));
}

TEST(how_a_key_was_made_is_certified_by_its_ticket)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ak = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_ATTEST);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_SIGN);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *other = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_SIGN);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *loaded = NULL;
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement s = {0};
    struct hf_bytes data, hash, ticket;
    TPMS_ATTEST attest;

    OK(hf_tpm_certify_creation(key, ak, HF_BYTES_OF(nonce), NULL, &s));
    check_signed(ak, &s);
    OK(hf_tpm_attest_parse(hf_buf_bytes(&s.attest), &attest));
    CHECK(attest.type == TPM2_ST_ATTEST_CREATION);
    OK(hf_tpm_key_creation(other, &data, &hash, &ticket));
    FAILS(hf_tpm_certify_ticket(key, hash, ticket, ak, HF_BYTES_OF(nonce), NULL, &s), HF_E_MISMATCH);
    OK(hf_tpm_load_key(rig.tpm, NULL, hf_buf_bytes(&key->private_blob), hf_buf_bytes(&key->public_area), &loaded));
    FAILS(hf_tpm_certify_creation(loaded, ak, HF_BYTES_OF(nonce), NULL, &s), HF_E_NOT_FOUND);
    CHECK(s.attest.n > 0); /* of the first, kept */
}

TEST(the_time_is_certified)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ak = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_ATTEST);
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement first = {0};
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement second = {0};
    TPMS_ATTEST a, b;

    OK(hf_tpm_certify_time(ak, NULL, HF_BYTES_OF(nonce), NULL, &first));
    OK(hf_tpm_certify_time(ak, NULL, HF_BYTES_OF(nonce), NULL, &second));
    check_signed(ak, &first);
    OK(hf_tpm_attest_parse(hf_buf_bytes(&first.attest), &a));
    OK(hf_tpm_attest_parse(hf_buf_bytes(&second.attest), &b));
    CHECK(a.type == TPM2_ST_ATTEST_TIME);
    CHECK(b.attested.time.time.clockInfo.clock >= a.attested.time.time.clockInfo.clock);
}

TESTS(RUN(a_quote_is_signed_and_over_the_values_that_come_with_it), RUN(what_cannot_be_quoted_is_refused),
      RUN(a_key_is_certified_by_its_name), RUN(how_a_key_was_made_is_certified_by_its_ticket),
      RUN(the_time_is_certified))

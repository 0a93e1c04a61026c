/* crypto/x509: certificates of our own with every fault, and those of the world. */
#include "base/alloc.h"
#include "codec/hex.h"
#include "crypto/asn1.h"
#include "crypto/x509.h"
#include "test.h"
#include "testca.h"

#include <openssl/x509.h>

static struct hf_bytes buf(const struct hf_buf *b)
{
    return hf_buf_bytes(b);
}

TEST(every_field_is_read)
{
    static const uint8_t value[] = {0x02, 0x01, 0x2a};
    struct testca_ext ext[] = {{"1.3.6.1.4.1.99999.7", true, {value, sizeof(value)}}};
    struct testca_spec spec = {.subject = "C=DE,O=Hold\xc3\xa4,CN=a \"b\"",
                               .serial = "00c0ffee",
                               .from = 1000000000,
                               .until = 4000000000,
                               .ca = true,
                               .has_path_len = true,
                               .path_len = 3,
                               .key_usage = HF_KU_CERT_SIGN | HF_KU_CRL_SIGN,
                               .eku = {"2.23.133.8.1", "1.3.6.1.5.5.7.3.1"},
                               .crl_url = "http://crl.example/a.crl",
                               .ext = ext,
                               .n_ext = 1};
    HF_CLEANUP(testca_free) struct testca ca = {0};
    const struct hf_cert *c;
    struct hf_bytes url;
    uint8_t sha[32];

    OK(testca_new(&spec, NULL, &ca));
    c = ca.cert;
    CHECK(c->version == 3 && c->ca && c->path_len == 3 && c->has_basic);
    CHECK_TEXT(c->subject_text, "CN=a \\\"b\\\",O=Hold\xc3\xa4,C=DE");
    CHECK_TEXT(c->issuer_text, c->subject_text);
    CHECK_TEXT(c->serial_hex, "c0ffee");
    CHECK(c->not_before == 1000000000 && c->not_after == 4000000000);
    CHECK(c->has_key_usage && c->key_usage == (HF_KU_CERT_SIGN | HF_KU_CRL_SIGN));
    CHECK(hf_cert_has_eku(c, "2.23.133.8.1") && hf_cert_has_eku(c, "1.3.6.1.5.5.7.3.1"));
    CHECK(!hf_cert_has_eku(c, "2.23.133.8.3") && !hf_cert_has_eku(c, "2.5.29.37.0"));
    CHECK(hf_cert_ext(c, "1.3.6.1.4.1.99999.7") && hf_cert_ext(c, "1.3.6.1.4.1.99999.7")->critical);
    CHECK_BYTES(hf_cert_ext(c, "1.3.6.1.4.1.99999.7")->value, HF_BYTES_OF(value));
    CHECK(!hf_cert_ext(c, "1.3.6.1.4.1.99999.8"));
    OK(hf_cert_url(c, HF_URL_CRL, 0, &url));
    CHECK_BYTES(url, hf_bytes_text("http://crl.example/a.crl"));
    FAILS(hf_cert_url(c, HF_URL_CRL, 1, &url), HF_E_NOT_FOUND);
    FAILS(hf_cert_url(c, HF_URL_ISSUERS, 0, &url), HF_E_NOT_FOUND);
    OK(hf_pubkey_spki_sha256(c->key, sha));
    CHECK(memcmp(sha, c->spki_sha256, 32) == 0);
    CHECK(hf_pubkey_equal(c->key, hf_privkey_public(ca.key)));
    CHECK(c->sig_alg.scheme == HF_SIG_ECDSA_DER && c->sig_alg.hash == HF_SHA256);
    CHECK(hf_cert_self_issued(c));
    OK(hf_cert_verify(c, c->key));
    CHECK(c->trailing == 0 && !c->set_disorder);
}

TEST(signatures_of_every_algorithm_are_verified)
{
    static const struct {
        const char *name;
        struct testca_spec spec;
    } cases[] = {
        {"ECDSA P-256 SHA-256", {.curve = HF_P256}},
        {"ECDSA P-384 SHA-384", {.curve = HF_P384}},
        {"ECDSA P-521 SHA-512", {.curve = HF_P521, .sig = {HF_SIG_ECDSA_DER, HF_SHA512, 0, 0}}},
        {"RSASSA SHA-1", {.rsa_bits = 2048, .sig = {HF_SIG_RSASSA, HF_SHA1, 0, 0}}},
        {"RSASSA SHA-384", {.rsa_bits = 2048, .sig = {HF_SIG_RSASSA, HF_SHA384, 0, 0}}},
        {"PSS as AMD's: SHA-384, salt 48", {.rsa_bits = 2048, .sig = {HF_SIG_RSAPSS, HF_SHA384, 0, 48}}},
        {"PSS with all defaults: SHA-1, salt 20", {.rsa_bits = 2048, .sig = {HF_SIG_RSAPSS, HF_SHA1, 0, 20}}},
        {"PSS with a mask hash of its own", {.rsa_bits = 2048, .sig = {HF_SIG_RSAPSS, HF_SHA256, HF_SHA384, 32}}},
        {"PSS without salt", {.rsa_bits = 2048, .sig = {HF_SIG_RSAPSS, HF_SHA256, 0, HF_SALT_NONE}}},
        {"Ed25519", {.ed25519 = true}},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(testca_free) struct testca ca = {0};
        HF_CLEANUP(testca_free) struct testca other = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        HF_CLEANUP(hf_cert_free) struct hf_cert *bad = NULL;
        X509 *theirs;
        const unsigned char *p;

        CASE(cases[i].name);
        OK(testca_new(&cases[i].spec, NULL, &ca));
        OK(hf_cert_verify(ca.cert, ca.cert->key));
        p = ca.cert->der.p;
        theirs = d2i_X509(NULL, &p, (long)ca.cert->der.n); /* a second opinion on what was written */
        CHECK(theirs && X509_verify(theirs, X509_get0_pubkey(theirs)) == 1);
        X509_free(theirs);
        OK(testca_new(&cases[i].spec, NULL, &other));
        FAILS(hf_cert_verify(ca.cert, other.cert->key), HF_E_MISMATCH);
        OK(hf_buf_add(&der, ca.cert->der));
        der.p[der.n - 5] ^= 1; /* in the signature */
        OK(hf_cert_parse(buf(&der), &bad));
        FAILS(hf_cert_verify(bad, ca.cert->key), HF_E_MISMATCH);
    }
}

TEST(a_changed_byte_anywhere_is_found)
{
    HF_CLEANUP(testca_free) struct testca ca = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    struct testca_spec spec = {.ca = true, .key_usage = HF_KU_CERT_SIGN};
    size_t parsed = 0;

    OK(testca_new(&spec, NULL, &ca));
    OK(hf_buf_add(&der, ca.cert->der));
    for (size_t i = 0; i < der.n; i++) {
        HF_CLEANUP(hf_cert_free) struct hf_cert *bad = NULL;

        der.p[i] ^= 0x01;
        if (hf_cert_parse(buf(&der), &bad) == HF_OK) {
            parsed++;
            CHECK(hf_cert_verify(bad, ca.cert->key) != HF_OK);
        }
        der.p[i] ^= 0x01;
    }
    CHECK(parsed > 100);
}

TEST(input_that_is_cut_or_goes_on_is_refused)
{
    HF_CLEANUP(testca_free) struct testca ca = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
    static const uint8_t more[] = {0xff, 0xff, 0xff};

    OK(testca_new(&(struct testca_spec){0}, NULL, &ca));
    for (size_t cut = 0; cut < ca.cert->der.n; cut++) {
        CHECK(hf_cert_parse((struct hf_bytes){ca.cert->der.p, cut}, &cert) != HF_OK);
        CHECK(hf_cert_parse_tolerant((struct hf_bytes){ca.cert->der.p, cut}, &cert) != HF_OK);
    }
    OK(hf_buf_add(&der, ca.cert->der));
    OK(hf_buf_add(&der, HF_BYTES_OF(more)));
    FAILS(hf_cert_parse(buf(&der), &cert), HF_E_TRAILING);
    OK(hf_cert_parse_tolerant(buf(&der), &cert));
    CHECK(cert->trailing == 3);
    CHECK_BYTES(cert->der, ca.cert->der);
    CHECK(memcmp(cert->sha256, ca.cert->sha256, 32) == 0);
}

TEST(names_whose_sets_are_not_sorted_are_for_the_tolerant_only)
{
    HF_CLEANUP(testca_free) struct testca sorted = {0};
    HF_CLEANUP(testca_free) struct testca not = {0};
    HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;

    OK(testca_new(&(struct testca_spec){.subject = "C=TW+CN=a longer name+O=the longest name of them"}, NULL, &sorted));
    OK(testca_new(&(struct testca_spec){.subject = "CN=a longer name+O=x,C=TW"}, NULL, &not ));
    CHECK(not .cert->set_disorder);
    CHECK_TEXT(not .cert->subject_text, "C=TW,CN=a longer name+O=x");
    FAILS(hf_cert_parse(not .cert->der, &cert), HF_E_FORMAT);
    CHECK_DETAIL("not sorted");
    CHECK(!sorted.cert->set_disorder);
    OK(hf_cert_parse(sorted.cert->der, &cert));
}

TEST(malformed_extensions_and_fields_are_refused)
{
    static const uint8_t junk[] = {0x30, 0x03, 0x01, 0x01};
    static const uint8_t twice[] = {0x04, 0x01, 0x01};
    static const uint8_t not_oid[] = {0x30, 0x03, 0x02, 0x01, 0x01};
    struct testca_ext basic[] = {{"2.5.29.19", true, {junk, sizeof(junk)}}};
    struct testca_ext usage[] = {{"2.5.29.15", true, {twice, sizeof(twice)}}};
    struct testca_ext eku[] = {{"2.5.29.37", false, {not_oid, sizeof(not_oid)}}};
    struct testca_ext san[] = {{"2.5.29.17", false, {junk, sizeof(junk)}}};
    struct testca_ext again[] = {{"2.5.29.14", false, {twice, sizeof(twice)}}};
    const struct {
        const char *name;
        struct testca_spec spec;
        const char *detail;
    } cases[] = {
        {"basicConstraints cut", {.no_basic = true, .ext = basic, .n_ext = 1}, "basicConstraints"},
        {"keyUsage of another tag", {.ext = usage, .n_ext = 1}, "keyUsage"},
        {"extKeyUsage of numbers", {.ext = eku, .n_ext = 1}, "extKeyUsage"},
        {"subjectAltName cut", {.ext = san, .n_ext = 1}, "subjectAltName"},
        {"an extension twice", {.ext = again, .n_ext = 1}, "twice"},
        {"another algorithm outside", {.sig_outer = {HF_SIG_ECDSA_DER, HF_SHA384, 0, 0}}, "one signature algorithm"},
        {"a serial number that is not minimal", {.serial = "0001"}, "serial number"},
        {"a serial number of 65 octets",
         {.serial =
              "01000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
              "00000000000000000000000000"},
         "serial number"},
        {"version 4", {.version = 4}, "version"},
        {"version 2 with extensions", {.version = 2}, "left over"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(testca_free) struct testca ca = {0};

        CASE(cases[i].name);
        CHECK(testca_new(&cases[i].spec, NULL, &ca) != HF_OK);
        CHECK_DETAIL(cases[i].detail);
    }
}

TEST(version_1_and_serial_numbers_of_zero_and_below_are_read)
{
    HF_CLEANUP(testca_free) struct testca v1 = {0};
    HF_CLEANUP(testca_free) struct testca zero = {0};
    HF_CLEANUP(testca_free) struct testca below = {0};

    OK(testca_new(&(struct testca_spec){.version = 1}, NULL, &v1));
    CHECK(v1.cert->version == 1 && !v1.cert->has_basic && !v1.cert->ca && v1.cert->n_ext == 0);
    OK(testca_new(&(struct testca_spec){.serial = "00"}, NULL, &zero)); /* AMD's Turin VCEKs */
    CHECK_TEXT(zero.cert->serial_hex, "00");
    OK(testca_new(&(struct testca_spec){.serial = "ff7f"}, NULL, &below));
    CHECK_TEXT(below.cert->serial_hex, "ff7f");
}

TEST(alternative_names_are_told_by_kind)
{
    HF_CLEANUP(testca_free) struct testca ca = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf san = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf name = {0};
    struct testca_ext ext;
    struct hf_general_name g;
    struct hf_bytes v;
    size_t at;

    OK(testca_name("tpmManufacturer=id:4E544300,tpmModel=NPCT75x,tpmVersion=id:0013", &name));
    OK(hf_asn1_add(&san, HF_ASN1_CONTEXT_CONS(4), buf(&name)));
    OK(hf_asn1_add(&san, HF_ASN1_CONTEXT(2), hf_bytes_text("host.example")));
    at = san.n;
    OK(hf_asn1_add_oid(&san, "1.3.6.1.5.5.7.8.4"));
    {
        size_t inner = san.n;

        OK(hf_asn1_add(&san, HF_ASN1_UTF8, hf_bytes_text("x")));
        OK(hf_asn1_wrap(&san, inner, HF_ASN1_CONTEXT_CONS(0)));
    }
    OK(hf_asn1_wrap(&san, at, HF_ASN1_CONTEXT_CONS(0)));
    OK(hf_asn1_wrap(&san, 0, HF_ASN1_SEQUENCE));
    ext = (struct testca_ext){"2.5.29.17", true, buf(&san)};
    OK(testca_new(&(struct testca_spec){.ext = &ext, .n_ext = 1}, NULL, &ca));
    OK(hf_cert_san(ca.cert, 0, &g));
    CHECK(g.kind == HF_NAME_DIRECTORY);
    OK(hf_name_find(g.value, "2.23.133.2.1", &v));
    CHECK_BYTES(v, hf_bytes_text("id:4E544300"));
    FAILS(hf_name_find(g.value, "2.5.4.3", &v), HF_E_NOT_FOUND);
    OK(hf_cert_san(ca.cert, 1, &g));
    CHECK(g.kind == HF_NAME_DNS);
    CHECK_BYTES(g.value, hf_bytes_text("host.example"));
    OK(hf_cert_san(ca.cert, 2, &g));
    CHECK(g.kind == HF_NAME_OTHER && hf_oid_is(g.oid, "1.3.6.1.5.5.7.8.4"));
    CHECK(g.value.n == 3 && g.value.p[2] == 'x');
    FAILS(hf_cert_san(ca.cert, 3, &g), HF_E_NOT_FOUND);
}

TEST(bundles_are_read_as_pem_and_as_der)
{
    HF_CLEANUP(testca_free) struct testca a = {0};
    HF_CLEANUP(testca_free) struct testca b = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_certs_free) struct hf_certs list = {0};

    OK(testca_new(&(struct testca_spec){.subject = "CN=a"}, NULL, &a));
    OK(testca_new(&(struct testca_spec){.subject = "CN=b"}, NULL, &b));
    OK(hf_buf_add(&pem, hf_bytes_text("# a comment\n")));
    OK(hf_cert_to_pem(a.cert, &pem));
    OK(hf_pubkey_to_pem(a.cert->key, &pem));
    OK(hf_cert_to_pem(b.cert, &pem));
    OK(hf_certs_read(buf(&pem), &list));
    CHECK(list.n == 2);
    CHECK_TEXT(list.cert[1]->subject_text, "CN=b");
    OK(hf_buf_add(&der, b.cert->der));
    OK(hf_buf_add(&der, a.cert->der));
    OK(hf_certs_read(buf(&der), &list));
    CHECK(list.n == 4);
    CHECK_TEXT(list.cert[3]->subject_text, "CN=a");
    der.n--;
    CHECK(hf_certs_read(buf(&der), &list) != HF_OK);
    CHECK(list.n == 4); /* the good half of a bad file is not kept */
    FAILS(hf_certs_read(hf_bytes_text("-----BEGIN X-----\nAA==\n-----END X-----"), &list), HF_E_NOT_FOUND);
    FAILS(hf_certs_read((struct hf_bytes){NULL, 0}, &list), HF_E_TRUNCATED);
    pem.n -= 10;
    FAILS(hf_certs_read(buf(&pem), &list), HF_E_FORMAT);
    CHECK(list.n == 4);
}

TEST(an_allocation_that_fails_is_reported_and_loses_nothing)
{
    HF_CLEANUP(testca_free) struct testca ca = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    unsigned long n = 0;
    hf_err err;

    OK(testca_new(&(struct testca_spec){.ca = true, .key_usage = HF_KU_CERT_SIGN, .curve = HF_P384}, NULL, &ca));
    OK(hf_cert_to_pem(ca.cert, &pem));
    OK(hf_cert_to_pem(ca.cert, &pem));
    do {
        HF_CLEANUP(hf_certs_free) struct hf_certs list = {0};

        hf_alloc_fail_at(++n);
        err = hf_certs_read(buf(&pem), &list);
        if (hf_alloc_has_failed()) {
            CHECK(err == HF_E_MEMORY && list.n == 0);
        } else {
            CHECK(err == HF_OK && list.n == 2);
        }
    } while (err != HF_OK);
    hf_alloc_fail_at(0);
    CHECK(n > 10);
}

/* Certificates of the world: is the text what it should be, does the parent's key fit? */
TEST(certificates_of_real_vendors_are_read_and_verified)
{
    static const struct {
        const char *child, *parent;
        bool disorder;
        size_t trailing;
        const char *subject; /* a part of it */
    } cases[] = {
        {"evidence/snp/pki/vcek-milan-3bbfb6ee.der", "evidence/snp/pki/ask-milan.der", false, 0, "CN=SEV-VCEK"},
        {"evidence/snp/pki/ask-milan.der", "evidence/snp/pki/ark-milan.der", false, 0, "CN=SEV-Milan"},
        {"evidence/snp/pki/ark-milan.der", "evidence/snp/pki/ark-milan.der", false, 0, "CN=ARK-Milan"},
        {"evidence/snp/pki/ask-genoa.der", "evidence/snp/pki/ark-genoa.der", false, 0, "CN=SEV-Genoa"},
        {"evidence/snp/pki/ask-turin.der", "evidence/snp/pki/ark-turin.der", false, 0, "CN=SEV-Turin"},
        {"evidence/snp/pki/vcek-turin-49d521f0.der", "evidence/snp/pki/ask-turin.der", false, 0, "CN=SEV-VCEK"},
        {"evidence/sgx/pki/intel-pck-platform-ca.der", "evidence/sgx/pki/intel-sgx-root-ca-2018-2049.der", false, 0,
         "CN=Intel SGX PCK Platform CA"},
        {"evidence/sgx/pki/intel-tcb-signing-2018-2025.der", "evidence/sgx/pki/intel-sgx-root-ca-2018-2033-oldcert.der",
         false, 0, "CN=Intel SGX TCB Signing"},
        {"evidence/nitro/pki/aws-nitro-root-g1.der", "evidence/nitro/pki/aws-nitro-root-g1.der", false, 0,
         "CN=aws.nitro-enclaves"},
        {"tpm/ek/keylime-ek-st-rsa.der", "tpm/ek/keylime-store/STM_RSA_05I.pem", false, 431, ""},
        {"tpm/ek/keylime-ek-st-ecc.der", "tpm/ek/keylime-store/STM_ECC_01I.pem", false, 0, ""},
        {"tpm/ek/keylime-ek-nuvoton-ecc.der", "tpm/ek/keylime-store/NUVO_2110.pem", true, 0, "Nuvoton"},
    };
    size_t seen = 0;

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf child = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf parent = {0};
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
        HF_CLEANUP(hf_cert_free) struct hf_cert *strict = NULL;
        HF_CLEANUP(hf_certs_free) struct hf_certs issuer = {0};

        CASE(cases[i].child);
        if (testca_vector(cases[i].child, &child) != HF_OK || testca_vector(cases[i].parent, &parent) != HF_OK)
            continue;
        seen++;
        OK(hf_cert_parse_tolerant(buf(&child), &cert));
        CHECK(cert->set_disorder == cases[i].disorder && cert->trailing == cases[i].trailing);
        CHECK(strstr(cert->subject_text, cases[i].subject));
        CHECK((hf_cert_parse(buf(&child), &strict) == HF_OK) == (!cases[i].disorder && cases[i].trailing == 0));
        OK(hf_certs_read_tolerant(buf(&parent), &issuer));
        CHECK(issuer.n == 1 && hf_cert_may_issue(issuer.cert[0], cert));
        OK(hf_cert_verify(cert, issuer.cert[0]->key));
    }
    if (seen == 0)
        SKIP("no vectors; set HOLDFAST_VECTORS");
    CHECK(seen == HF_COUNT(cases));
}

TESTS(RUN(every_field_is_read), RUN(signatures_of_every_algorithm_are_verified), RUN(a_changed_byte_anywhere_is_found),
      RUN(input_that_is_cut_or_goes_on_is_refused), RUN(names_whose_sets_are_not_sorted_are_for_the_tolerant_only),
      RUN(malformed_extensions_and_fields_are_refused), RUN(version_1_and_serial_numbers_of_zero_and_below_are_read),
      RUN(alternative_names_are_told_by_kind), RUN(bundles_are_read_as_pem_and_as_der),
      RUN(an_allocation_that_fails_is_reported_and_loses_nothing),
      RUN(certificates_of_real_vendors_are_read_and_verified))

/* crypto/crl: lists of our own with one peculiarity each, and real ones. */
#include "base/alloc.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/asn1.h"
#include "crypto/crl.h"
#include "test.h"
#include "testca.h"

#define NOON ((hf_time)1700000000)

static struct testca_spec ca_spec = {.subject = "CN=CA", .ca = true, .key_usage = HF_KU_CERT_SIGN | HF_KU_CRL_SIGN};

static hf_err list_new(const struct testca_crl_spec *spec, const struct testca *ca, struct hf_crl **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    HF_TRY(testca_crl(spec, ca, &der));
    return hf_crl_parse(hf_buf_bytes(&der), out);
}

TEST(what_is_listed_is_revoked_and_nothing_else)
{
    static const struct testca_revoked revoked[] = {
        {.serial = "7f", .date = NOON - 100, .reason = 1},
        {.serial = "00ff", .date = NOON - 200, .reason = -1},
        {.serial = "01", .date = NOON - 300, .reason = 4},
        {.serial = "0102030405", .date = NOON - 400, .reason = 0},
    };
    static const struct {
        const char *serial;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"7f", HF_E_UNTRUSTED, "keyCompromise"},
        {"00ff", HF_E_UNTRUSTED, "unspecified"},
        {"01", HF_E_UNTRUSTED, "superseded"},
        {"0102030405", HF_E_UNTRUSTED, "serial 0102030405"},
        {"02", HF_OK, NULL},
        {"7e", HF_OK, NULL},
        {"ff", HF_OK, NULL},
        /* -1 is not 255 */ {"010203040506", HF_OK, NULL},
        {"00", HF_OK, NULL},
    };
    struct testca_crl_spec spec = {.revoked = revoked, .n_revoked = HF_COUNT(revoked)};
    HF_CLEANUP(testca_free) struct testca ca = {0};
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;

    OK(testca_new(&ca_spec, NULL, &ca));
    OK(list_new(&spec, &ca, &crl));
    CHECK(crl->n == 4 && crl->has_next_update && crl->this_update == TESTCA_FROM && crl->next_update == TESTCA_UNTIL);
    CHECK_TEXT(crl->issuer_text, "CN=CA");
    OK(hf_crl_verify(crl, ca.cert));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(testca_free) struct testca leaf = {0};
        struct testca_spec leaf_spec = {.serial = cases[i].serial};

        CASE(cases[i].serial);
        OK(testca_new(&leaf_spec, &ca, &leaf));
        FAILS(hf_crl_check(crl, leaf.cert, ca.cert, NOON), cases[i].want);
        if (cases[i].detail)
            CHECK_DETAIL(cases[i].detail);
        CHECK(!hf_crl_find(crl, leaf.cert->serial) == (cases[i].want == HF_OK));
    }
}

TEST(an_empty_list_revokes_nobody_and_pem_is_read)
{
    HF_CLEANUP(testca_free) struct testca ca = {0};
    HF_CLEANUP(testca_free) struct testca leaf = {0};
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};

    OK(testca_new(&ca_spec, NULL, &ca));
    OK(testca_new(&(struct testca_spec){0}, &ca, &leaf));
    OK(testca_crl(&(struct testca_crl_spec){0}, &ca, &der));
    OK(hf_pem_write("X509 CRL", hf_buf_bytes(&der), &pem));
    OK(hf_crl_parse(hf_buf_bytes(&pem), &crl));
    CHECK(crl->n == 0);
    OK(hf_crl_check(crl, leaf.cert, ca.cert, NOON));
    hf_crl_free(&crl);
    for (size_t cut = 0; cut < der.n; cut++)
        CHECK(hf_crl_parse((struct hf_bytes){der.p, cut}, &crl) != HF_OK);
    OK(hf_buf_add(&der, hf_bytes_text("x")));
    FAILS(hf_crl_parse(hf_buf_bytes(&der), &crl), HF_E_TRAILING);
    FAILS(hf_crl_parse(hf_bytes_text("-----BEGIN X-----\nAA==\n-----END X-----"), &crl), HF_E_NOT_FOUND);
    der.n--;
    der.p[der.n - 3] ^= 1;
    OK(hf_crl_parse(hf_buf_bytes(&der), &crl));
    FAILS(hf_crl_check(crl, leaf.cert, ca.cert, NOON), HF_E_MISMATCH);
}

TEST(a_list_counts_between_its_updates_only)
{
    static const struct {
        const char *name;
        hf_time this_update, next_update, at;
        hf_err want;
    } cases[] = {
        {"in between", 1000, 2000, 1500, HF_OK},         {"at its first second", 1000, 2000, 1000, HF_OK},
        {"at its last second", 1000, 2000, 2000, HF_OK}, {"before", 1000, 2000, 999, HF_E_UNTRUSTED},
        {"after", 1000, 2000, 2001, HF_E_UNTRUSTED},     {"without nextUpdate", 1000, 0, 1500, HF_E_UNTRUSTED},
    };
    HF_CLEANUP(testca_free) struct testca ca = {0};

    OK(testca_new(&ca_spec, NULL, &ca));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;

        CASE(cases[i].name);
        OK(list_new(&(struct testca_crl_spec){.this_update = cases[i].this_update, .next_update = cases[i].next_update},
                    &ca, &crl));
        FAILS(hf_crl_check_time(crl, cases[i].at), cases[i].want);
    }
}

TEST(lists_of_kinds_that_are_not_supported_are_refused)
{
    static const uint8_t one[] = {0x02, 0x01, 0x01};
    static const uint8_t remove[] = {0x0a, 0x01, 0x08};
    static const uint8_t seven[] = {0x0a, 0x01, 0x07};
    static const uint8_t null[] = {0x05, 0x00};
    HF_CLEANUP(hf_buf_free) struct hf_buf indirect = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf reasons = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf attributes = {0};
    struct testca_ext ext[8];
    HF_CLEANUP(testca_free) struct testca ca = {0};

    OK(testca_scope(NULL, 4, &indirect));
    OK(testca_scope(NULL, 3, &reasons));
    OK(testca_scope(NULL, 5, &attributes));
    ext[0] = (struct testca_ext){"2.5.29.27", true, HF_BYTES_OF(one)};
    ext[1] = (struct testca_ext){"2.5.29.27", false, HF_BYTES_OF(one)};
    ext[2] = (struct testca_ext){"2.5.29.28", true, hf_buf_bytes(&indirect)};
    ext[3] = (struct testca_ext){"2.5.29.28", true, hf_buf_bytes(&reasons)};
    ext[4] = (struct testca_ext){"2.5.29.28", true, hf_buf_bytes(&attributes)};
    ext[5] = (struct testca_ext){"1.3.6.1.4.1.99999.1", true, HF_BYTES_OF(null)};
    ext[6] = (struct testca_ext){"2.5.29.20", false, HF_BYTES_OF(one)}; /* a second cRLNumber */
    ext[7] = (struct testca_ext){"1.3.6.1.4.1.99999.1", false, HF_BYTES_OF(null)};
    OK(testca_new(&ca_spec, NULL, &ca));
    for (size_t i = 0; i < HF_COUNT(ext); i++) {
        HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;

        CASE(ext[i].oid);
        FAILS(list_new(&(struct testca_crl_spec){.ext = &ext[i], .n_ext = 1}, &ca, &crl), i == 7   ? HF_OK
                                                                                          : i == 6 ? HF_E_FORMAT
                                                                                                   : HF_E_UNSUPPORTED);
    }
    {
        const struct {
            const char *name;
            struct testca_ext ext;
            hf_err want;
        } entries[] = {
            {"an entry of another issuer", {"2.5.29.29", true, HF_BYTES_OF(null)}, HF_E_UNSUPPORTED},
            {"the same, not marked", {"2.5.29.29", false, HF_BYTES_OF(null)}, HF_E_UNSUPPORTED},
            {"a critical extension", {"1.3.6.1.4.1.99999.1", true, HF_BYTES_OF(null)}, HF_E_UNSUPPORTED},
            {"removeFromCRL", {"2.5.29.21", false, HF_BYTES_OF(remove)}, HF_E_UNSUPPORTED},
            {"a reason that is none", {"2.5.29.21", false, HF_BYTES_OF(seven)}, HF_E_FORMAT},
            {"another extension", {"1.3.6.1.4.1.99999.1", false, HF_BYTES_OF(null)}, HF_OK},
        };

        for (size_t i = 0; i < HF_COUNT(entries); i++) {
            HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;
            struct testca_revoked entry = {.serial = "05", .reason = -1, .ext = entries[i].ext};

            CASE(entries[i].name);
            FAILS(list_new(&(struct testca_crl_spec){.revoked = &entry, .n_revoked = 1}, &ca, &crl), entries[i].want);
        }
    }
}

TEST(a_list_covers_what_its_scope_says)
{
    static const char here[] = "http://crl.example/here.crl";
    static const char there[] = "http://crl.example/there.crl";
    const struct {
        const char *name;
        const char *url; /* of the list */
        unsigned flag;   /* of its scope: 1 users, 2 CAs */
        bool scope;
        struct testca_spec cert;
        bool covers;
    } cases[] = {
        {"no scope", NULL, 0, false, {0}, true},
        {"users only, a user", NULL, 1, true, {0}, true},
        {"users only, a CA", NULL, 1, true, {.ca = true}, false},
        {"CAs only, a user", NULL, 2, true, {0}, false},
        {"CAs only, a CA", NULL, 2, true, {.ca = true}, true},
        {"the certificate's own point", here, 0, true, {.crl_url = here}, true},
        {"another point", there, 0, true, {.crl_url = here}, false},
        {"a point, and a certificate without", here, 0, true, {0}, false},
        {"a certificate of another issuer", NULL, 0, false, {.issuer_name = "CN=Somebody"}, false},
    };
    HF_CLEANUP(testca_free) struct testca ca = {0};

    OK(testca_new(&ca_spec, NULL, &ca));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;
        HF_CLEANUP(testca_free) struct testca cert = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf scope = {0};
        struct testca_ext ext;

        CASE(cases[i].name);
        OK(testca_scope(cases[i].url, cases[i].flag, &scope));
        ext = (struct testca_ext){"2.5.29.28", true, hf_buf_bytes(&scope)};
        OK(list_new(&(struct testca_crl_spec){.ext = &ext, .n_ext = cases[i].scope}, &ca, &crl));
        OK(testca_new(&cases[i].cert, &ca, &cert));
        CHECK(hf_crl_covers(crl, cert.cert) == cases[i].covers);
        FAILS(hf_crl_check(crl, cert.cert, ca.cert, NOON), cases[i].covers ? HF_OK : HF_E_ARG);
    }
}

TEST(only_the_issuer_whose_key_may_is_believed)
{
    struct testca_spec no_usage = ca_spec;
    HF_CLEANUP(testca_free) struct testca ca = {0};
    HF_CLEANUP(testca_free) struct testca twin = {0};
    HF_CLEANUP(testca_free) struct testca other = {0};
    HF_CLEANUP(testca_free) struct testca may_not = {0};
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;
    HF_CLEANUP(hf_crl_free) struct hf_crl *theirs = NULL;
    HF_CLEANUP(hf_crl_free) struct hf_crl *sha1 = NULL;

    OK(testca_new(&ca_spec, NULL, &ca));
    OK(testca_new(&ca_spec, NULL, &twin));
    OK(testca_new(&(struct testca_spec){.subject = "CN=Other", .ca = true}, NULL, &other));
    OK(list_new(&(struct testca_crl_spec){0}, &ca, &crl));
    FAILS(hf_crl_verify(crl, twin.cert), HF_E_UNTRUSTED); /* told by its key identifier */
    FAILS(hf_crl_verify(crl, other.cert), HF_E_UNTRUSTED);
    no_usage.key_usage = HF_KU_CERT_SIGN;
    OK(testca_new(&no_usage, NULL, &may_not));
    OK(list_new(&(struct testca_crl_spec){0}, &may_not, &theirs));
    FAILS(hf_crl_verify(theirs, may_not.cert), HF_E_UNTRUSTED);
    CHECK_DETAIL("cRLSign");
    OK(list_new(&(struct testca_crl_spec){.sig = {HF_SIG_ECDSA_DER, HF_SHA1, 0, 0}}, &ca, &sha1));
    FAILS(hf_crl_verify(sha1, ca.cert), HF_E_UNSUPPORTED);
}

TEST(a_forged_list_of_the_same_name_without_identifiers_is_a_bad_signature)
{
    struct testca_spec bare = ca_spec;
    HF_CLEANUP(testca_free) struct testca ca = {0};
    HF_CLEANUP(testca_free) struct testca twin = {0};
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;

    bare.no_key_ids = true;
    OK(testca_new(&bare, NULL, &ca));
    OK(testca_new(&bare, NULL, &twin));
    OK(list_new(&(struct testca_crl_spec){.v1 = true}, &twin, &crl));
    FAILS(hf_crl_verify(crl, ca.cert), HF_E_MISMATCH);
    OK(hf_crl_verify(crl, twin.cert));
}

TEST(an_allocation_that_fails_is_reported_and_loses_nothing)
{
    static const struct testca_revoked revoked[] = {{.serial = "05", .reason = 1}, {.serial = "06", .reason = -1}};
    HF_CLEANUP(testca_free) struct testca ca = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    unsigned long n = 0;
    hf_err err;

    OK(testca_new(&ca_spec, NULL, &ca));
    OK(testca_crl(&(struct testca_crl_spec){.revoked = revoked, .n_revoked = 2}, &ca, &der));
    do {
        HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;

        hf_alloc_fail_at(++n);
        err = hf_crl_parse(hf_buf_bytes(&der), &crl);
        CHECK(err == (hf_alloc_has_failed() ? HF_E_MEMORY : HF_OK) && (crl != NULL) == (err == HF_OK));
    } while (err != HF_OK);
    hf_alloc_fail_at(0);
    CHECK(n > 5);
}

TEST(lists_of_real_vendors_are_read_and_verified)
{
    static const struct {
        const char *crl, *issuer;
        size_t entries;
        const char *revoked; /* a serial in hex, or NULL */
    } cases[] = {
        {"evidence/snp/pki/crl-ark-milan-2025-05-06.der", "evidence/snp/pki/ark-milan.der", 0, NULL},
        {"evidence/snp/pki/crl-ark-genoa-2024-10-23.der", "evidence/snp/pki/ark-genoa.der", 1, "020001"},
        {"evidence/sgx/pki/crl-root-2025-03-20-ad6f3f.der", "evidence/sgx/pki/intel-sgx-root-ca-2018-2049.der", 0,
         NULL},
        {"evidence/sgx/pki/crl-platform-2025-05-06-2f7701.der", "evidence/sgx/pki/intel-pck-platform-ca.der", 0, NULL},
        {"evidence/sgx/pki/crl-processor-2025-05-27-ab8303.der", "evidence/sgx/pki/intel-pck-processor-ca-b.der", 0,
         NULL},
    };
    size_t seen = 0;

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf issuer_der = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf serial = {0};
        HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;
        HF_CLEANUP(hf_cert_free) struct hf_cert *issuer = NULL;

        CASE(cases[i].crl);
        if (testca_vector(cases[i].crl, &der) != HF_OK || testca_vector(cases[i].issuer, &issuer_der) != HF_OK)
            continue;
        seen++;
        OK(hf_crl_parse(hf_buf_bytes(&der), &crl));
        OK(hf_cert_parse(hf_buf_bytes(&issuer_der), &issuer));
        OK(hf_crl_verify(crl, issuer));
        OK(hf_crl_check_time(crl, crl->this_update));
        FAILS(hf_crl_check_time(crl, crl->next_update + 1), HF_E_UNTRUSTED);
        if (cases[i].revoked) {
            CHECK(crl->n == cases[i].entries);
            OK(hf_hex_parse(hf_bytes_text(cases[i].revoked), &serial));
            CHECK(hf_crl_find(crl, hf_buf_bytes(&serial)));
        }
    }
    if (seen == 0)
        SKIP("no vectors; set HOLDFAST_VECTORS");
    CHECK(seen == HF_COUNT(cases));
}

TESTS(RUN(what_is_listed_is_revoked_and_nothing_else), RUN(an_empty_list_revokes_nobody_and_pem_is_read),
      RUN(a_list_counts_between_its_updates_only), RUN(lists_of_kinds_that_are_not_supported_are_refused),
      RUN(a_list_covers_what_its_scope_says), RUN(only_the_issuer_whose_key_may_is_believed),
      RUN(a_forged_list_of_the_same_name_without_identifiers_is_a_bad_signature),
      RUN(an_allocation_that_fails_is_reported_and_loses_nothing), RUN(lists_of_real_vendors_are_read_and_verified))

/* crypto/chain: hierarchies of our own with one fault each, and real ones. */
#include "crypto/asn1.h"
#include "crypto/chain.h"
#include "test.h"
#include "testca.h"

#define NOON ((hf_time)1700000000)

static struct testca_spec root_spec = {.subject = "CN=Root", .ca = true, .key_usage = HF_KU_CERT_SIGN};
static struct testca_spec inter_spec = {
    .subject = "CN=Inter", .serial = "02", .ca = true, .key_usage = HF_KU_CERT_SIGN, .has_path_len = true};
static struct testca_spec leaf_spec = {
    .subject = "CN=Leaf", .serial = "03", .key_usage = HF_KU_DIGITAL_SIGNATURE, .eku = {"2.23.133.8.3"}};

struct tree {
    struct testca root, inter, leaf;
    struct hf_certs pool;
    struct hf_certs roots;
    uint8_t pin[1][32];
};

static void tree_free(struct tree *t)
{
    testca_free(&t->root);
    testca_free(&t->inter);
    testca_free(&t->leaf);
    hf_certs_free(&t->pool);
    hf_certs_free(&t->roots);
}

/* Root, one CA, leaf; the pool has the root first and the CA last. */
static void tree_new(const struct testca_spec *root, const struct testca_spec *inter, const struct testca_spec *leaf,
                     struct tree *t)
{
    OK(testca_new(root, NULL, &t->root));
    OK(testca_new(inter, &t->root, &t->inter));
    OK(testca_new(leaf, &t->inter, &t->leaf));
    OK(hf_certs_add(&t->pool, t->root.cert));
    OK(hf_certs_add(&t->pool, t->inter.cert));
    OK(hf_certs_add(&t->roots, t->root.cert));
    memcpy(t->pin[0], t->root.cert->spki_sha256, 32);
}

static struct hf_chain_options by_key(const struct tree *t)
{
    return (struct hf_chain_options){.at = NOON, .root_spki = t->pin, .n_root_spki = 1};
}

TEST(a_good_chain_is_found_with_the_pool_in_any_order_and_pinned_either_way)
{
    HF_CLEANUP(tree_free) struct tree t = {0};
    struct hf_chain_options opt;
    struct hf_chain chain;

    tree_new(&root_spec, &inter_spec, &leaf_spec, &t);
    opt = by_key(&t);
    OK(hf_chain_check(t.leaf.cert, &t.pool, &opt, &chain));
    CHECK(chain.n == 3 && chain.anchored && chain.cert[0] == t.leaf.cert && chain.cert[2] == t.root.cert);
    for (size_t i = 0; i < chain.n_rows; i++)
        CHECK(chain.row[i].err == HF_OK && !chain.row[i].detail[0]);
    CHECK(chain.valid_from == TESTCA_FROM && chain.valid_until == TESTCA_UNTIL);
    OK(hf_chain_check_time(&chain, TESTCA_FROM));
    OK(hf_chain_check_time(&chain, TESTCA_UNTIL));
    FAILS(hf_chain_check_time(&chain, TESTCA_FROM - 1), HF_E_UNTRUSTED);
    FAILS(hf_chain_check_time(&chain, TESTCA_UNTIL + 1), HF_E_UNTRUSTED);
    opt = (struct hf_chain_options){.at = NOON, .roots = &t.roots};
    OK(hf_chain_check(t.leaf.cert, &t.pool, &opt, &chain));
    {
        struct hf_certs only_inter = {.n = 1, .cert = &t.pool.cert[1]};

        OK(hf_chain_check(t.leaf.cert, &only_inter, &opt, &chain)); /* the pinned root need not be in the pool */
        opt = by_key(&t);
        FAILS(hf_chain_check(t.leaf.cert, &only_inter, &opt, &chain), HF_E_UNTRUSTED);
        CHECK_DETAIL("\"CN=Root\" is not at hand");
    }
    OK(hf_chain_check(t.root.cert, NULL, &opt, &chain)); /* a leaf that is the root */
    CHECK(chain.n == 1);
}

TEST(each_fault_is_found_and_told_of_the_right_certificate)
{
    static const uint8_t none[] = {0x05, 0x00};
    struct testca_ext unknown[] = {{"1.3.6.1.4.1.99999.1", true, {none, 2}}};
    struct testca_ext names[] = {{"2.5.29.30", false, {none, 2}}};
    const struct {
        const char *name;
        struct testca_spec root, inter, leaf; /* .subject NULL: the good one */
        enum hf_chain_check check;
        size_t depth;
        const char *detail;
    } cases[] = {
        {.name = "leaf not valid yet",
         .leaf = {.subject = "CN=Leaf", .eku = {"2.23.133.8.3"}, .from = NOON + 1, .until = NOON + 9},
         .check = HF_CHAIN_NOT_BEFORE,
         .depth = 0,
         .detail = "valid from 2023-11-14T22:13:21Z, asked for 2023-11-14T22:13:20Z"},
        {.name = "leaf expired",
         .leaf = {.subject = "CN=Leaf", .eku = {"2.23.133.8.3"}, .from = 1, .until = NOON - 1},
         .check = HF_CHAIN_NOT_AFTER,
         .depth = 0,
         .detail = "valid until"},
        {.name = "CA expired",
         .inter = {.subject = "CN=Inter", .ca = true, .key_usage = HF_KU_CERT_SIGN, .from = 1, .until = NOON - 1},
         .check = HF_CHAIN_NOT_AFTER,
         .depth = 1,
         .detail = "valid until"},
        {.name = "root not valid yet",
         .root = {.subject = "CN=Root", .ca = true, .key_usage = HF_KU_CERT_SIGN, .from = NOON + 1, .until = NOON + 9},
         .check = HF_CHAIN_NOT_BEFORE,
         .depth = 2,
         .detail = "valid from"},
        {.name = "CA that is none",
         .inter = {.subject = "CN=Inter", .key_usage = HF_KU_CERT_SIGN},
         .check = HF_CHAIN_CA,
         .depth = 1,
         .detail = "say that it is not a CA"},
        {.name = "CA without basicConstraints",
         .inter = {.subject = "CN=Inter", .no_basic = true, .key_usage = HF_KU_CERT_SIGN},
         .check = HF_CHAIN_CA,
         .depth = 1,
         .detail = "no basicConstraints"},
        {.name = "CA of version 1",
         .inter = {.subject = "CN=Inter", .version = 1},
         .check = HF_CHAIN_CA,
         .depth = 1,
         .detail = "no basicConstraints"},
        {.name = "root that is no CA",
         .root = {.subject = "CN=Root", .key_usage = HF_KU_CERT_SIGN},
         .check = HF_CHAIN_CA,
         .depth = 2,
         .detail = "not a CA"},
        {.name = "CA whose key may not sign certificates",
         .inter = {.subject = "CN=Inter", .ca = true, .key_usage = HF_KU_CRL_SIGN},
         .check = HF_CHAIN_KEY_USAGE,
         .depth = 1,
         .detail = "no keyCertSign"},
        {.name = "path too long",
         .root = {.subject = "CN=Root", .ca = true, .key_usage = HF_KU_CERT_SIGN, .has_path_len = true},
         .check = HF_CHAIN_PATH_LEN,
         .depth = 2,
         .detail = "1 CAs stand below it, it allows 0"},
        {.name = "unknown critical extension of the leaf",
         .leaf = {.subject = "CN=Leaf", .eku = {"2.23.133.8.3"}, .ext = unknown, .n_ext = 1},
         .check = HF_CHAIN_CRITICAL,
         .depth = 0,
         .detail = "1.3.6.1.4.1.99999.1"},
        {.name = "unknown critical extension of the root",
         .root = {.subject = "CN=Root", .ca = true, .key_usage = HF_KU_CERT_SIGN, .ext = unknown, .n_ext = 1},
         .check = HF_CHAIN_CRITICAL,
         .depth = 2,
         .detail = "1.3.6.1.4.1.99999.1"},
        {.name = "name constraints, which are not enforced here",
         .inter = {.subject = "CN=Inter", .ca = true, .key_usage = HF_KU_CERT_SIGN, .ext = names, .n_ext = 1},
         .check = HF_CHAIN_CRITICAL,
         .depth = 1,
         .detail = "2.5.29.30"},
        {.name = "another extended key usage",
         .leaf = {.subject = "CN=Leaf", .eku = {"2.23.133.8.1"}},
         .check = HF_CHAIN_EKU,
         .depth = 0,
         .detail = "2.23.133.8.3"},
        {.name = "no extended key usage",
         .leaf = {.subject = "CN=Leaf"},
         .check = HF_CHAIN_EKU,
         .depth = 0,
         .detail = "2.23.133.8.3"},
        {.name = "a leaf signed over SHA-1",
         .leaf = {.subject = "CN=Leaf", .eku = {"2.23.133.8.3"}, .sig = {HF_SIG_ECDSA_DER, HF_SHA1, 0, 0}},
         .check = HF_CHAIN_SIGNATURE,
         .depth = 0,
         .detail = "SHA-1"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(tree_free) struct tree t = {0};
        struct hf_chain_options opt;
        struct hf_chain chain;
        size_t failed = 0;

        CASE(cases[i].name);
        tree_new(cases[i].root.subject ? &cases[i].root : &root_spec,
                 cases[i].inter.subject ? &cases[i].inter : &inter_spec,
                 cases[i].leaf.subject ? &cases[i].leaf : &leaf_spec, &t);
        opt = by_key(&t);
        opt.leaf_eku = "2.23.133.8.3";
        FAILS(hf_chain_check(t.leaf.cert, &t.pool, &opt, &chain), HF_E_UNTRUSTED);
        CHECK_DETAIL(cases[i].detail);
        CHECK_DETAIL(chain.cert[cases[i].depth]->subject_text);
        CHECK(chain.n == 3);
        for (size_t j = 0; j < chain.n_rows; j++) {
            if (chain.row[j].err == HF_OK)
                continue;
            failed++;
            CHECK(chain.row[j].check == cases[i].check && chain.row[j].depth == cases[i].depth);
            CHECK(chain.row[j].cert == chain.cert[cases[i].depth]);
        }
        CHECK(failed == 1); /* the one fault, and no other check suffers from it */
    }
}

TEST(what_the_caller_understands_and_allows_is_let_through)
{
    static const uint8_t none[] = {0x05, 0x00};
    static const char *const understood[] = {"1.3.6.1.4.1.99999.1"};
    struct testca_ext unknown[] = {{"1.3.6.1.4.1.99999.1", true, {none, 2}}};
    struct testca_spec leaf = {
        .subject = "CN=Leaf", .ext = unknown, .n_ext = 1, .sig = {HF_SIG_ECDSA_DER, HF_SHA1, 0, 0}};
    struct testca_spec v1 = {.subject = "CN=Root", .version = 1};
    struct testca_spec plain = {.subject = "CN=Inter", .ca = true};
    HF_CLEANUP(tree_free) struct tree t = {0};
    HF_CLEANUP(tree_free) struct tree u = {0};
    struct hf_chain_options opt;
    struct hf_chain chain;

    tree_new(&root_spec, &inter_spec, &leaf, &t);
    opt = by_key(&t);
    FAILS(hf_chain_check(t.leaf.cert, &t.pool, &opt, &chain), HF_E_UNTRUSTED);
    opt.allow_sha1 = true;
    FAILS(hf_chain_check(t.leaf.cert, &t.pool, &opt, &chain), HF_E_UNTRUSTED);
    opt.understood = understood;
    opt.n_understood = 1;
    OK(hf_chain_check(t.leaf.cert, &t.pool, &opt, &chain));

    tree_new(&v1, &plain, &leaf_spec, &u);
    opt = (struct hf_chain_options){.at = NOON, .roots = &u.roots};
    FAILS(hf_chain_check(u.leaf.cert, &u.pool, &opt, &chain), HF_E_UNTRUSTED);
    opt.allow_v1_root = true;
    OK(hf_chain_check(u.leaf.cert, &u.pool, &opt, &chain));
    opt.need_key_usage = true;
    FAILS(hf_chain_check(u.leaf.cert, &u.pool, &opt, &chain), HF_E_UNTRUSTED);
    CHECK_DETAIL("no keyUsage");
    opt = by_key(&u);
    opt.allow_v1_root = true; /* does not hold for a root pinned by its key alone */
    FAILS(hf_chain_check(u.leaf.cert, &u.pool, &opt, &chain), HF_E_UNTRUSTED);
}

TEST(other_roots_and_no_roots_are_refused)
{
    HF_CLEANUP(tree_free) struct tree t = {0};
    HF_CLEANUP(tree_free) struct tree twin = {0};
    struct hf_chain_options opt;
    struct hf_chain chain;

    tree_new(&root_spec, &inter_spec, &leaf_spec, &t);
    tree_new(&root_spec, &inter_spec, &leaf_spec, &twin); /* the same names, other keys */
    opt = by_key(&twin);
    FAILS(hf_chain_check(t.leaf.cert, &t.pool, &opt, &chain), HF_E_UNTRUSTED);
    CHECK_DETAIL("not one of those that are pinned");
    CHECK(!chain.anchored && chain.n == 3);
    FAILS(hf_chain_check(t.leaf.cert, NULL, &opt, &chain), HF_E_UNTRUSTED);
    CHECK(chain.n == 1);
    opt = (struct hf_chain_options){.at = NOON};
    FAILS(hf_chain_check(t.leaf.cert, &t.pool, &opt, &chain), HF_E_ARG);
    CHECK(chain.n == 0);
    FAILS(hf_chain_check_time(&chain, NOON), HF_E_ARG);
}

TEST(a_signature_by_another_key_of_the_same_name_is_reported_as_such)
{
    struct testca_spec bare_root = root_spec;
    struct testca_spec bare_inter = inter_spec;
    struct testca_spec bare_leaf = leaf_spec;
    HF_CLEANUP(tree_free) struct tree t = {0};
    HF_CLEANUP(tree_free) struct tree twin = {0};
    struct hf_chain_options opt;
    struct hf_chain chain;

    bare_root.no_key_ids = bare_inter.no_key_ids = bare_leaf.no_key_ids = true;
    tree_new(&bare_root, &bare_inter, &bare_leaf, &t);
    tree_new(&bare_root, &bare_inter, &bare_leaf, &twin);
    opt = by_key(&twin);
    FAILS(hf_chain_check(t.leaf.cert, &twin.pool, &opt, &chain), HF_E_UNTRUSTED);
    CHECK_DETAIL("signature of \"CN=Leaf\"");
    CHECK(chain.n == 3 && chain.row[0].check == HF_CHAIN_SIGNATURE && chain.row[0].err == HF_E_MISMATCH);
    /* with both hierarchies in the pool the right way is found */
    OK(hf_certs_add(&twin.pool, t.inter.cert));
    OK(hf_certs_add(&twin.pool, t.root.cert));
    FAILS(hf_chain_check(t.leaf.cert, &twin.pool, &opt, &chain), HF_E_UNTRUSTED);
    opt = by_key(&t);
    OK(hf_chain_check(t.leaf.cert, &twin.pool, &opt, &chain));
    CHECK(chain.cert[1] == t.inter.cert);
}

TEST(among_two_certificates_of_one_ca_the_valid_one_is_taken)
{
    struct testca_spec old = inter_spec;
    HF_CLEANUP(tree_free) struct tree t = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_cert_free) struct hf_cert *expired = NULL;
    HF_CLEANUP(hf_certs_free) struct hf_certs pool = {0};
    struct hf_chain_options opt;
    struct hf_chain chain;

    tree_new(&root_spec, &inter_spec, &leaf_spec, &t);
    old.from = 1;
    old.until = NOON - 1;
    OK(testca_issue(&old, t.root.key, t.root.cert, hf_privkey_public(t.inter.key), &der));
    OK(hf_cert_parse(hf_buf_bytes(&der), &expired));
    OK(hf_certs_add(&pool, expired));
    OK(hf_certs_add(&pool, t.root.cert));
    opt = by_key(&t);
    FAILS(hf_chain_check(t.leaf.cert, &pool, &opt, &chain), HF_E_UNTRUSTED);
    OK(hf_certs_add(&pool, t.inter.cert));
    OK(hf_chain_check(t.leaf.cert, &pool, &opt, &chain));
    CHECK(chain.cert[1] == t.inter.cert);
}

TEST(a_root_pinned_by_key_must_vouch_for_itself)
{
    HF_CLEANUP(tree_free) struct tree t = {0};
    HF_CLEANUP(testca_free) struct testca stranger = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_cert_free) struct hf_cert *forged = NULL;
    HF_CLEANUP(hf_certs_free) struct hf_certs pool = {0};
    struct testca_spec longer = root_spec;
    struct hf_chain_options opt;
    struct hf_chain chain;

    /* The root's key and name with other dates, signed by somebody else. */
    tree_new(&root_spec, &inter_spec, &leaf_spec, &t);
    OK(testca_new(&root_spec, NULL, &stranger));
    longer.until = TESTCA_UNTIL + 1000000000;
    longer.from = 1;
    OK(testca_issue(&longer, stranger.key, NULL, hf_privkey_public(t.root.key), &der));
    OK(hf_cert_parse(hf_buf_bytes(&der), &forged));
    OK(hf_certs_add(&pool, t.inter.cert));
    OK(hf_certs_add(&pool, forged));
    opt = by_key(&t);
    FAILS(hf_chain_check(t.leaf.cert, &pool, &opt, &chain), HF_E_UNTRUSTED);
    CHECK_DETAIL("signature of \"CN=Root\"");
    OK(hf_certs_add(&pool, t.root.cert)); /* beside it the true one is found */
    OK(hf_chain_check(t.leaf.cert, &pool, &opt, &chain));
    CHECK(chain.cert[2] == t.root.cert);
}

TEST(a_hostile_pool_costs_a_bounded_time)
{
    struct testca_spec bare = {.subject = "CN=Same", .ca = true, .no_key_ids = true};
    HF_CLEANUP(tree_free) struct tree t = {0};
    HF_CLEANUP(testca_free) struct testca leaf = {0};
    HF_CLEANUP(hf_certs_free) struct hf_certs pool = {0};
    struct hf_chain_options opt;
    struct hf_chain chain;

    /* Forty certificates of one name and one key, each of which has issued all of them. */
    tree_new(&root_spec, &inter_spec, &leaf_spec, &t);
    OK(testca_new(&bare, NULL, &leaf));
    for (unsigned i = 0; i < 40; i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
        char serial[8];

        (void)snprintf(serial, sizeof(serial), "%02x", 2 + i);
        bare.serial = serial;
        OK(testca_issue(&bare, leaf.key, NULL, hf_privkey_public(leaf.key), &der));
        OK(hf_cert_parse(hf_buf_bytes(&der), &cert));
        OK(hf_certs_add(&pool, cert));
    }
    opt = by_key(&t);
    FAILS(hf_chain_check(leaf.cert, &pool, &opt, &chain), HF_E_UNTRUSTED);
    CHECK(!chain.anchored);
}

TEST(a_chain_longer_than_allowed_is_refused)
{
    struct testca_spec spec = {.ca = true, .key_usage = HF_KU_CERT_SIGN};
    struct testca ca[HF_CHAIN_MAX + 1] = {0};
    HF_CLEANUP(hf_certs_free) struct hf_certs pool = {0};
    uint8_t pin[1][32];
    struct hf_chain_options opt = {.at = NOON, .root_spki = pin, .n_root_spki = 1};
    struct hf_chain chain;
    char name[HF_CHAIN_MAX + 1][8];

    for (size_t i = 0; i < HF_COUNT(ca); i++) {
        (void)snprintf(name[i], sizeof(name[i]), "CN=%zu", i);
        spec.subject = name[i];
        OK(testca_new(&spec, i ? &ca[i - 1] : NULL, &ca[i]));
        OK(hf_certs_add(&pool, ca[i].cert));
    }
    memcpy(pin[0], ca[0].cert->spki_sha256, 32);
    OK(hf_chain_check(ca[HF_CHAIN_MAX - 1].cert, &pool, &opt, &chain));
    CHECK(chain.n == HF_CHAIN_MAX);
    FAILS(hf_chain_check(ca[HF_CHAIN_MAX].cert, &pool, &opt, &chain), HF_E_UNTRUSTED);
    CHECK_DETAIL("within 8 certificates");
    for (size_t i = 0; i < HF_COUNT(ca); i++)
        testca_free(&ca[i]);
}

static bool load(const char *path, struct hf_certs *list)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};

    return testca_vector(path, &in) == HF_OK && hf_certs_read_tolerant(hf_buf_bytes(&in), list) == HF_OK;
}

TEST(chains_of_real_vendors_are_checked)
{
    static const struct {
        const char *name, *leaf, *inter, *root;
        hf_time at;
        const char *understood;
        bool sha1;
        hf_err want;
    } cases[] = {
        {"AMD Milan", "evidence/snp/pki/vcek-milan-3bbfb6ee.der", "evidence/snp/pki/ask-milan.der",
         "evidence/snp/pki/ark-milan.der", 1735689600, NULL, false, HF_OK},
        {"AMD Turin, serial 0", "evidence/snp/pki/vcek-turin-49d521f0.der", "evidence/snp/pki/ask-turin.der",
         "evidence/snp/pki/ark-turin.der", 1772323200, NULL, false, HF_OK},
        {"AMD Milan in 2100", "evidence/snp/pki/vcek-milan-3bbfb6ee.der", "evidence/snp/pki/ask-milan.der",
         "evidence/snp/pki/ark-milan.der", 4102444800, NULL, false, HF_E_UNTRUSTED},
        {"AMD Milan under Genoa's root", "evidence/snp/pki/vcek-milan-3bbfb6ee.der", "evidence/snp/pki/ask-milan.der",
         "evidence/snp/pki/ark-genoa.der", 1735689600, NULL, false, HF_E_UNTRUSTED},
        {"Intel", "evidence/sgx/pki/intel-pck-platform-ca.der", "evidence/sgx/pki/intel-pck-processor-ca-a.der",
         "evidence/sgx/pki/intel-sgx-root-ca-2018-2049.der", 1735689600, NULL, false, HF_OK},
        {"Nuvoton", "tpm/ek/keylime-ek-nuvoton-ecc.der", "tpm/ek/keylime-store/NUVO_2110.pem",
         "tpm/ek/keylime-store/NUVO_2110.pem", 1600000000, NULL, false, HF_OK},
        {"ST with an ECC key", "tpm/ek/keylime-ek-st-ecc.der", "tpm/ek/keylime-store/STM_ECC_01I.pem",
         "tpm/ek/keylime-store/STM_ECC_01RT.pem", 1600000000, NULL, false, HF_OK},
    };
    size_t seen = 0;

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_certs_free) struct hf_certs leaf = {0};
        HF_CLEANUP(hf_certs_free) struct hf_certs pool = {0};
        HF_CLEANUP(hf_certs_free) struct hf_certs root = {0};
        struct hf_chain_options opt = {.at = cases[i].at, .roots = &root, .allow_sha1 = cases[i].sha1};
        struct hf_chain chain;

        CASE(cases[i].name);
        if (!load(cases[i].leaf, &leaf) || !load(cases[i].inter, &pool) || !load(cases[i].root, &root))
            continue;
        seen++;
        FAILS(hf_chain_check(leaf.cert[0], &pool, &opt, &chain), cases[i].want);
        if (cases[i].want == HF_OK)
            OK(hf_chain_check_time(&chain, cases[i].at));
    }
    if (seen == 0)
        SKIP("no vectors; set HOLDFAST_VECTORS");
    CHECK(seen == HF_COUNT(cases));
}

TESTS(RUN(a_good_chain_is_found_with_the_pool_in_any_order_and_pinned_either_way),
      RUN(each_fault_is_found_and_told_of_the_right_certificate),
      RUN(what_the_caller_understands_and_allows_is_let_through), RUN(other_roots_and_no_roots_are_refused),
      RUN(a_signature_by_another_key_of_the_same_name_is_reported_as_such),
      RUN(among_two_certificates_of_one_ca_the_valid_one_is_taken), RUN(a_root_pinned_by_key_must_vouch_for_itself),
      RUN(a_hostile_pool_costs_a_bounded_time), RUN(a_chain_longer_than_allowed_is_refused),
      RUN(chains_of_real_vendors_are_checked))

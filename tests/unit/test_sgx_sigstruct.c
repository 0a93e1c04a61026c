/* SIGSTRUCT and SGXS: what an author signed, and what an enclave measures to. */
#include "codec/hex.h"
#include "crypto/privkey.h"
#include "evidence/sgxs.h"
#include "inspected.h"
#include "judged.h"
#include "vectors.h"
#include "verify/sgx_sigstruct.h"

struct signed_one {
    struct hf_pubkey *key;
    uint8_t n[HF_SGX_RSA_SIZE], sig[HF_SGX_RSA_SIZE], q1[HF_SGX_RSA_SIZE], q2[HF_SGX_RSA_SIZE];
    uint8_t whole[HF_SGX_SIGSTRUCT_SIZE];
};

static void signed_free(struct signed_one *s)
{
    hf_pubkey_free(&s->key);
}

/*
 * RSA keys of ours have the exponent 65537, SIGSTRUCT wants 3: so a signature of exponent 3 is made without a private
 * key, by choosing it. Real vectors have real ones; here the quotients alone are ours.
 */
static void make(struct signed_one *s)
{
    struct hf_sgx_sigstruct sig = {
        .date = 0x20261128, .flags = 5, .xfrm = 3, .flags_mask = ~0ull, .exponent = 3, .isv_prod_id = 1, .isv_svn = 2};

    memset(s->n, 0xc5, sizeof(s->n));
    memset(s->sig, 0x3a, sizeof(s->sig));
    sig.modulus = HF_BYTES_OF(s->n);
    sig.signature = HF_BYTES_OF(s->sig);
    OK(hf_sgx_sigstruct_quotients(&sig, s->q1, s->q2));
    sig.q1 = HF_BYTES_OF(s->q1);
    sig.q2 = HF_BYTES_OF(s->q2);
    OK(hf_sgx_sigstruct_write(&sig, s->whole));
}

TEST(a_sigstruct_is_written_as_it_is_read)
{
    HF_CLEANUP(signed_free) struct signed_one s = {0};
    uint8_t again[HF_SGX_SIGSTRUCT_SIZE];
    struct hf_sgx_sigstruct read;
    static struct inspected told;

    make(&s);
    OK(hf_sgx_sigstruct_parse(HF_BYTES_OF(s.whole), &read));
    OK(hf_sgx_sigstruct_write(&read, again));
    CHECK_BYTES(HF_BYTES_OF(again), HF_BYTES_OF(s.whole));
    OK(hf_sgx_sigstruct_quotients_check(&read));
    OK(inspected(HF_BYTES_OF(s.whole), hf_sgx_sigstruct_inspect, &told));
    CHECK(strstr(told.text, "DATE @20+4 = 539365672 (2026-11-28)"));
    for (size_t n = 0; n < sizeof(s.whole); n += 7)
        FAILS(hf_sgx_sigstruct_parse((struct hf_bytes){s.whole, n}, &read), HF_E_TRUNCATED);
    read.q1.n--;
    FAILS(hf_sgx_sigstruct_write(&read, again), HF_E_ARG);
}

TEST(a_sigstruct_that_does_not_fit_is_refused)
{
    static const struct {
        const char *name;
        size_t at;
    } cases[] = {{"header", 0},     {"header", 11},     {"header2", 24},    {"header2", 39},
                 {"reserved", 44},  {"reserved", 127},  {"reserved", 910},  {"reserved", 911},
                 {"reserved", 992}, {"reserved", 1007}, {"reserved", 1028}, {"reserved", 1039}};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(signed_free) struct signed_one s = {0};
        struct hf_sgx_sigstruct read;

        CASE(cases[i].name);
        make(&s);
        s.whole[cases[i].at] ^= 0x40;
        FAILS(hf_sgx_sigstruct_parse(HF_BYTES_OF(s.whole), &read), HF_E_FORMAT);
    }
}

TEST(quotients_are_of_numbers_that_fit)
{
    HF_CLEANUP(signed_free) struct signed_one s = {0};
    struct hf_sgx_sigstruct read;

    make(&s);
    s.whole[1040 + 5] ^= 1;
    OK(hf_sgx_sigstruct_parse(HF_BYTES_OF(s.whole), &read));
    FAILS(hf_sgx_sigstruct_quotients_check(&read), HF_E_MISMATCH);
    CHECK_DETAIL("Q1");
    s.whole[1040 + 5] ^= 1;
    s.whole[1424 + 5] ^= 1;
    FAILS(hf_sgx_sigstruct_quotients_check(&read), HF_E_MISMATCH);
    CHECK_DETAIL("Q2");
    memset(s.whole + 516, 0xff, HF_SGX_RSA_SIZE); /* a signature over its modulus */
    FAILS(hf_sgx_sigstruct_quotients_check(&read), HF_E_FORMAT);
    memset(s.whole + 128, 0, HF_SGX_RSA_SIZE);
    FAILS(hf_sgx_sigstruct_quotients_check(&read), HF_E_FORMAT);
    FAILS(hf_sgx_sigstruct_check(HF_BYTES_OF(s.whole), &read), HF_E_FORMAT);
}

static void check_real(const char *path, const char *mr_enclave, const char *mr_signer)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(judged_free) struct judged j = {0};
    struct hf_sgx_sigstruct s;
    uint8_t again[HF_SGX_SIGSTRUCT_SIZE];

    CASE(path);
    vector(path, &in);
    OK(hf_sgx_sigstruct_parse(hf_buf_bytes(&in), &s));
    OK(hf_sgx_sigstruct_check(hf_buf_bytes(&in), &s));
    OK(hf_sgx_sigstruct_write(&s, again));
    CHECK_BYTES(HF_BYTES_OF(again), hf_buf_bytes(&in));
    judged_new(&j);
    FAILS(judge_one(&j, hf_buf_bytes(&in)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "signature", HF_CHECK_OK);
    CHECK_ROW(&j, "signature quotients", HF_CHECK_OK);
    CHECK_ROW(&j, "root", HF_CHECK_FAILED);
    check_claim(&j, "mrenclave", mr_enclave);
    check_claim(&j, "mrsigner", mr_signer);
    OK(hf_sgx_sigstruct_key(&s, &key));
    OK(hf_pubkey_to_pem(key, &pem));
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&pem), "author.pem"));
    (void)judge_one(&j, hf_buf_bytes(&in));
    CHECK_ROW(&j, "root", HF_CHECK_OK);
    /* every byte that is signed, and those that are not but must follow from it */
    for (size_t at = 0; at < in.n; at += 13) {
        if (at >= 1028 && at < 1040)
            continue;
        in.p[at] ^= 1;
        if (hf_sgx_sigstruct_parse(hf_buf_bytes(&in), &s) == HF_OK &&
            hf_sgx_sigstruct_check(hf_buf_bytes(&in), &s) == HF_OK && at != 1024 && at < 1024)
            FAIL("a flipped byte at %zu passes", at);
        in.p[at] ^= 1;
    }
}

TEST(real_signatures_hold)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf list = {0};
    const char *all;

    NEED_VECTORS();
    all = vector_text("evidence/sgx/sigstruct/cases.json", &list);
    for (const char *at = json_first(all); at; at = json_next(at)) {
        struct hf_bytes file = json_word(json_key(at, "file"));
        struct hf_bytes enclave = json_word(json_key(json_key(at, "expect"), "mrenclave"));
        struct hf_bytes signer = json_word(json_key(json_key(at, "expect"), "mrsigner"));
        char path[256], mr_enclave[65], mr_signer[65];

        (void)snprintf(path, sizeof(path), "evidence/%.*s", (int)file.n, (const char *)file.p);
        (void)snprintf(mr_enclave, sizeof(mr_enclave), "%.*s", (int)enclave.n, (const char *)enclave.p);
        (void)snprintf(mr_signer, sizeof(mr_signer), "%.*s", (int)signer.n, (const char *)signer.p);
        check_real(path, mr_enclave, mr_signer);
    }
    check_real("tee/sgx/le_prod_css.bin", "7881af9f9def547da9908c008f29cde9bd78064e36ac7e14c83c294ca4806150",
               "acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4");
}

/* ---- SGXS ---- */

static void add(struct hf_buf *out, struct hf_sgxs_record rec)
{
    OK(hf_sgxs_write(&rec, out));
}

TEST(a_stream_measures_to_the_hash_of_its_records)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    uint8_t chunk[256] = {1}, secinfo[48] = {3, 2}, mr_enclave[32];
    struct hf_sgxs s;
    struct hf_sgxs_record rec;
    size_t n = 0;

    add(&out, (struct hf_sgxs_record){.kind = HF_SGXS_ECREATE, .ssa_frame_size = 1, .size = 0x4000});
    add(&out, (struct hf_sgxs_record){.kind = HF_SGXS_EADD, .offset = 0x1000, .secinfo = HF_BYTES_OF(secinfo)});
    add(&out, (struct hf_sgxs_record){.kind = HF_SGXS_EEXTEND, .offset = 0x1100, .data = HF_BYTES_OF(chunk)});
    CHECK(out.n == 64 + 64 + 64 + 256);
    OK(hf_sgxs_mr_enclave(hf_buf_bytes(&out), mr_enclave));
    s = hf_sgxs_open(hf_buf_bytes(&out));
    while (hf_sgxs_next(&s, &rec))
        n++;
    OK(hf_sgxs_end(&s));
    CHECK(n == 3 && rec.kind == HF_SGXS_EEXTEND && rec.offset == 0x1100);
    for (size_t k = 0; k < out.n; k++) {
        hf_err err = hf_sgxs_mr_enclave((struct hf_bytes){out.p, k}, mr_enclave);

        if (err != (k == 64 || k == 128 ? HF_OK : HF_E_TRUNCATED))
            FAIL("cut to %zu bytes: %s", k, hf_err_name(err));
    }
}

TEST(records_that_do_not_fit_are_refused)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t to;
    } cases[] = {
        {"an unknown tag", 0, 'F'},
        {"ECREATE with more behind", 30, 1},
        {"a size of no power of two", 13, 0x41},
        {"a size of 256", 13, 1},
        {"EADD off its page", 64 + 8, 1},
        {"EADD outside", 64 + 9, 0x50},
        {"EEXTEND off its chunk", 128 + 8, 1},
        {"EEXTEND outside", 128 + 9, 0x40},
        {"EEXTEND with more behind", 128 + 20, 1},
        {"EADD far outside", 64 + 15, 0xff},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        uint8_t chunk[256] = {1}, secinfo[48] = {3, 2}, mr_enclave[32];

        CASE(cases[i].name);
        add(&out, (struct hf_sgxs_record){.kind = HF_SGXS_ECREATE, .ssa_frame_size = 1, .size = 0x4000});
        add(&out, (struct hf_sgxs_record){.kind = HF_SGXS_EADD, .offset = 0x1000, .secinfo = HF_BYTES_OF(secinfo)});
        add(&out, (struct hf_sgxs_record){.kind = HF_SGXS_EEXTEND, .offset = 0x1100, .data = HF_BYTES_OF(chunk)});
        out.p[cases[i].at] = cases[i].to;
        FAILS(hf_sgxs_mr_enclave(hf_buf_bytes(&out), mr_enclave), HF_E_FORMAT);
    }
}

TEST(real_streams_measure_to_what_was_signed)
{
    static const struct {
        const char *file, *want;
    } cases[] = {
        {"tee/sgx/test_enclave.sgxs", "784acfd7d5096a8f0fbd3265760bff21b120f62407a9a9e5ba31aa3c8ed198fc"},
        {"tee/sgx/report.sgxs", "a06a560b26f5e397b2d7872fac66fe4b43bf4f507296ee048f110be6fb1a2290"},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        uint8_t mr_enclave[32], want[32];
        struct hf_sgxs s;
        struct hf_sgxs_record rec;

        CASE(cases[i].file);
        vector(cases[i].file, &in);
        OK(hf_sgxs_mr_enclave(hf_buf_bytes(&in), mr_enclave));
        OK(hf_hex_parse_exact(hf_bytes_text(cases[i].want), want, sizeof(want)));
        CHECK(memcmp(mr_enclave, want, 32) == 0);
        s = hf_sgxs_open(hf_buf_bytes(&in));
        while (hf_sgxs_next(&s, &rec))
            OK(hf_sgxs_write(&rec, &again));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&in));
    }
}

TESTS(RUN(a_sigstruct_is_written_as_it_is_read), RUN(a_sigstruct_that_does_not_fit_is_refused),
      RUN(quotients_are_of_numbers_that_fit), RUN(real_signatures_hold),
      RUN(a_stream_measures_to_the_hash_of_its_records), RUN(records_that_do_not_fit_are_refused),
      RUN(real_streams_measure_to_what_was_signed))

/* evidence/sgx_quote: quotes are read whole or refused, and written as they were. */
#include "base/file.h"
#include "evidence/sgx_quote.h"
#include "evidence/table.h"
#include "inspected.h"
#include "vectors.h"

#include <dirent.h>

/* A quote with bytes that tell their place; owned buffers behind its views. */
struct made {
    uint8_t body[HF_TD_BODY_15_SIZE], qe[HF_SGX_BODY_SIZE];
    struct hf_sgx_quote q;
    struct hf_buf whole;
};

static const uint8_t sig[64] = {0x51}, ak[64] = {0xa1}, qe_sig[64] = {0x52}, auth[32] = {0xaa};

static void made_free(struct made *m)
{
    hf_buf_free(&m->whole);
}

static void make(uint16_t version, enum hf_quote_body type, struct made *m)
{
    struct hf_sgx_body enclave = {.flags = HF_SGX_FLAG_INIT | HF_SGX_FLAG_MODE64, .xfrm = 3, .isv_svn = 7};
    struct hf_td_body td = {.td_attributes = HF_TD_ATTR_SEPT_VE_DISABLE, .xfam = 3, .v15 = type == HF_QUOTE_BODY_TD15};
    size_t n = HF_SGX_BODY_SIZE;

    memset(enclave.mr_enclave, 0xe1, sizeof(enclave.mr_enclave));
    memset(td.rtmr[2], 0x72, sizeof(td.rtmr[2]));
    hf_sgx_body_write(&enclave, m->qe);
    if (type == HF_QUOTE_BODY_SGX)
        hf_sgx_body_write(&enclave, m->body);
    else
        n = hf_td_body_write(&td, m->body);
    m->q = (struct hf_sgx_quote){
        .version = version,
        .key_type = HF_QUOTE_KEY_P256,
        .tee = type == HF_QUOTE_BODY_SGX ? HF_QUOTE_TEE_SGX : HF_QUOTE_TEE_TDX,
        .word8 = 8,
        .word10 = 13,
        .body_type = type,
        .body = {m->body, n},
        .signature = HF_BYTES_OF(sig),
        .ak = HF_BYTES_OF(ak),
        .qe_report = HF_BYTES_OF(m->qe),
        .qe_signature = HF_BYTES_OF(qe_sig),
        .auth = HF_BYTES_OF(auth),
        .cert_type = HF_QUOTE_CERT_CHAIN,
        .cert = hf_bytes_text("-----BEGIN CERTIFICATE-----"),
    };
    memcpy(m->q.qe_vendor, hf_quote_intel_vendor, sizeof(m->q.qe_vendor));
    OK(hf_sgx_quote_write(&m->q, &m->whole));
}

static const struct {
    const char *name;
    uint16_t version;
    enum hf_quote_body type;
    size_t signed_size, inner; /* where the QE report lies */
    const char *format;
} layouts[] = {
    {"version 3", 3, HF_QUOTE_BODY_SGX, 432, 564, "sgx-quote"},
    {"version 4, SGX", 4, HF_QUOTE_BODY_SGX, 432, 570, "sgx-quote"},
    {"version 4, TD 1.0", 4, HF_QUOTE_BODY_TD10, 632, 770, "tdx-quote"},
    {"version 5, SGX", 5, HF_QUOTE_BODY_SGX, 438, 576, "sgx-quote"},
    {"version 5, TD 1.0", 5, HF_QUOTE_BODY_TD10, 638, 776, "tdx-quote"},
    {"version 5, TD 1.5", 5, HF_QUOTE_BODY_TD15, 702, 840, "tdx-quote"},
};

TEST(every_layout_is_written_as_it_is_read)
{
    for (size_t i = 0; i < HF_COUNT(layouts); i++) {
        HF_CLEANUP(made_free) struct made m = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        const struct hf_evidence_format *format = NULL;
        struct hf_sgx_quote q;

        CASE(layouts[i].name);
        make(layouts[i].version, layouts[i].type, &m);
        OK(hf_sgx_quote_parse(hf_buf_bytes(&m.whole), &q));
        CHECK(q.version == layouts[i].version && q.body_type == layouts[i].type);
        CHECK(q.signed_part.p == m.whole.p && q.signed_part.n == layouts[i].signed_size);
        CHECK(q.qe_report.p == m.whole.p + layouts[i].inner && q.qe.isv_svn == 7);
        CHECK_BYTES(q.body, m.q.body);
        CHECK_BYTES(q.signature, m.q.signature);
        CHECK_BYTES(q.ak, m.q.ak);
        CHECK_BYTES(q.qe_signature, m.q.qe_signature);
        CHECK_BYTES(q.auth, m.q.auth);
        CHECK_BYTES(q.cert, m.q.cert);
        CHECK(q.padding == 0 && q.cert_type == HF_QUOTE_CERT_CHAIN && q.word8 == 8 && q.word10 == 13);
        if (layouts[i].type == HF_QUOTE_BODY_SGX)
            CHECK(q.sgx.mr_enclave[31] == 0xe1);
        else
            CHECK(q.td.rtmr[2][47] == 0x72 && q.td.v15 == (layouts[i].type == HF_QUOTE_BODY_TD15));
        OK(hf_sgx_quote_write(&q, &again));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&m.whole));
        OK(hf_evidence_detect(hf_buf_bytes(&m.whole), "auto", &format));
        CHECK_TEXT(format->name, layouts[i].format);
    }
}

TEST(a_quote_is_whole_at_no_shorter_length)
{
    for (size_t i = 0; i < HF_COUNT(layouts); i++) {
        HF_CLEANUP(made_free) struct made m = {0};
        static struct inspected told;
        struct hf_sgx_quote q;

        CASE(layouts[i].name);
        make(layouts[i].version, layouts[i].type, &m);
        for (size_t n = 0; n < m.whole.n; n++) {
            struct hf_bytes cut = {m.whole.p, n};

            FAILS(hf_sgx_quote_parse(cut, &q), HF_E_TRUNCATED);
            if (n % 37 == 0)
                FAILS(inspected(cut, hf_sgx_quote_inspect, &told), HF_E_TRUNCATED);
        }
    }
}

/* version 1, one claim: "pk" with its zero, and four bytes */
static const uint8_t claims[] = {1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3,   0,   0, 0,
                                 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 'p', 'k', 0, 1, 2, 3, 4};

TEST(custom_claims_behind_a_quote_are_a_part_of_it_as_long_as_they_nest)
{
    HF_CLEANUP(made_free) struct made m = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_sgx_quote q;
    size_t start;

    make(4, HF_QUOTE_BODY_TD10, &m);
    start = m.whole.n;
    OK(hf_buf_add(&m.whole, HF_BYTES_OF(claims)));
    OK(hf_sgx_quote_parse(hf_buf_bytes(&m.whole), &q));
    CHECK(q.claims.n == sizeof(claims) && q.padding == 0);
    OK(hf_sgx_quote_write(&q, &again));
    CHECK(hf_bytes_equal(hf_buf_bytes(&again), hf_buf_bytes(&m.whole)));
    for (size_t n = 1; n < sizeof(claims); n++) {
        struct hf_bytes cut = {m.whole.p, start + n};

        FAILS(hf_sgx_quote_parse(cut, &q), HF_E_TRAILING);
    }
    for (size_t i = 0; i < 32; i++) { /* version, count and sizes */
        m.whole.p[start + i] ^= 0x80;
        FAILS(hf_sgx_quote_parse(hf_buf_bytes(&m.whole), &q), HF_E_TRAILING);
        m.whole.p[start + i] ^= 0x80;
    }
}

TEST(zeros_behind_a_quote_are_counted_and_anything_else_is_refused)
{
    HF_CLEANUP(made_free) struct made m = {0};
    struct hf_sgx_quote q;

    make(4, HF_QUOTE_BODY_TD10, &m);
    m.q.padding = 70;
    hf_buf_free(&m.whole);
    OK(hf_sgx_quote_write(&m.q, &m.whole));
    OK(hf_sgx_quote_parse(hf_buf_bytes(&m.whole), &q));
    CHECK(q.padding == 70);
    for (size_t k = 1; k <= 70; k++) {
        m.whole.p[m.whole.n - k] = 1;
        FAILS(hf_sgx_quote_parse(hf_buf_bytes(&m.whole), &q), HF_E_TRAILING);
        m.whole.p[m.whole.n - k] = 0;
    }
}

TEST(what_does_not_fit_is_named)
{
    static const struct {
        const char *name;
        uint16_t version;
        enum hf_quote_body type;
        size_t at;
        uint8_t to;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"version 0", 3, HF_QUOTE_BODY_SGX, 0, 0, HF_E_UNSUPPORTED, "quote version 0; known are 3 to 5"},
        {"version 6", 3, HF_QUOTE_BODY_SGX, 0, 6, HF_E_UNSUPPORTED, "quote version 6; known are 3 to 5"},
        {"version 2", 3, HF_QUOTE_BODY_SGX, 0, 2, HF_E_UNSUPPORTED, "quote version 2; known are 3 to 5"},
        {"key type 3", 3, HF_QUOTE_BODY_SGX, 2, 3, HF_E_UNSUPPORTED, "key type 3"},
        {"TDX in version 3", 3, HF_QUOTE_BODY_SGX, 4, 0x81, HF_E_UNSUPPORTED, "TEE type 0x81 in a quote of version 3"},
        {"TEE 1", 4, HF_QUOTE_BODY_TD10, 4, 1, HF_E_UNSUPPORTED, "TEE type 0x1 in"},
        {"another vendor", 4, HF_QUOTE_BODY_TD10, 12, 0x94, HF_E_UNSUPPORTED, "QE vendor 949a7233"},
        {"body type 0", 5, HF_QUOTE_BODY_TD15, 48, 0, HF_E_UNSUPPORTED, "body type 0"},
        {"body type 4", 5, HF_QUOTE_BODY_TD15, 48, 4, HF_E_UNSUPPORTED, "body type 4"},
        {"an SGX body of TDX", 5, HF_QUOTE_BODY_TD15, 48, 1, HF_E_FORMAT, "body type 1 with TEE type 0x81"},
        {"a TD 1.0 body of 648 bytes", 5, HF_QUOTE_BODY_TD15, 48, 2, HF_E_FORMAT, "648 bytes; 584 are right"},
        {"a body size", 5, HF_QUOTE_BODY_TD15, 50, 0x89, HF_E_FORMAT, "649 bytes; 648 are right"},
        {"a reserved byte of the report", 3, HF_QUOTE_BODY_SGX, 48 + 100, 1, HF_E_FORMAT, ""},
        {"a reserved byte of the QE report", 3, HF_QUOTE_BODY_SGX, 564 + 21, 1, HF_E_FORMAT, ""},
        {"signature data too short", 3, HF_QUOTE_BODY_SGX, 432, 1, HF_E_TRUNCATED, ""},
        {"authentication data too long", 3, HF_QUOTE_BODY_SGX, 564 + 384 + 64 + 1, 1, HF_E_TRUNCATED, ""},
        {"authentication data too short", 3, HF_QUOTE_BODY_SGX, 564 + 384 + 64, 31, HF_E_TRUNCATED, ""},
        {"certification data type 0", 3, HF_QUOTE_BODY_SGX, 564 + 384 + 64 + 34, 0, HF_E_UNSUPPORTED,
         "type 0 of the PCK"},
        {"certification data type 6 nested", 4, HF_QUOTE_BODY_TD10, 770 + 384 + 64 + 34, 6, HF_E_UNSUPPORTED,
         "type 6 of"},
        {"certification data type 8", 3, HF_QUOTE_BODY_SGX, 564 + 384 + 64 + 34, 8, HF_E_UNSUPPORTED,
         "type 8 of the PCK"},
        {"outer certification data type 5", 4, HF_QUOTE_BODY_TD10, 764, 5, HF_E_UNSUPPORTED, "type 5 of a quote"},
        {"outer size too small", 4, HF_QUOTE_BODY_TD10, 766, 1, HF_E_TRAILING, ""},
        {"certificate too short", 4, HF_QUOTE_BODY_TD10, 770 + 384 + 64 + 36, 26, HF_E_TRAILING, ""},
        {"certificate too long", 4, HF_QUOTE_BODY_TD10, 770 + 384 + 64 + 36, 28, HF_E_TRUNCATED, ""},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(made_free) struct made m = {0};
        static struct inspected told;
        struct hf_sgx_quote q;
        hf_err err;

        CASE(cases[i].name);
        make(cases[i].version, cases[i].type, &m);
        m.whole.p[cases[i].at] = cases[i].to;
        err = hf_sgx_quote_parse(hf_buf_bytes(&m.whole), &q);
        if (err == HF_OK || (cases[i].want != err && cases[i].want != HF_E_TRUNCATED && cases[i].want != HF_E_TRAILING))
            FAIL("got %s: %s", hf_err_name(err), hf_err_detail());
        CHECK_DETAIL(cases[i].detail);
        FAILS(inspected(hf_buf_bytes(&m.whole), hf_sgx_quote_inspect, &told), err);
    }
}

TEST(an_epid_quote_is_refused_by_name)
{
    static const struct {
        const char *name;
        uint16_t version, type;
    } cases[] = {{"linkable", 2, 1}, {"unlinkable", 2, 0}, {"the first version", 1, 1}};
    uint8_t quote[436 + 680] = {0};

    quote[432] = 680 & 0xff;
    quote[433] = 680 >> 8;
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        const struct hf_evidence_format *format = NULL;
        static struct inspected told;
        struct hf_sgx_quote q;

        CASE(cases[i].name);
        quote[0] = (uint8_t)cases[i].version;
        quote[2] = (uint8_t)cases[i].type;
        FAILS(hf_sgx_quote_parse(HF_BYTES_OF(quote), &q), HF_E_UNSUPPORTED);
        CHECK_DETAIL("EPID");
        OK(hf_evidence_detect(HF_BYTES_OF(quote), NULL, &format));
        CHECK_TEXT(format->name, "sgx-quote");
        FAILS(inspected(HF_BYTES_OF(quote), hf_sgx_quote_inspect, &told), HF_E_UNSUPPORTED);
        CHECK(strstr(told.text, "REPORTDATA"));
    }
}

TEST(an_inspector_tells_every_field)
{
    HF_CLEANUP(made_free) struct made m = {0};
    static struct inspected told;
    static const char *const lines[] = {
        "1 version @0+2 = 5 ()",
        "1 TEE type @4+4 = 129 (TDX)",
        "0 body type @48+2 = 3 (TD report 1.5)",
        "1 TDATTRIBUTES @174+8 = 268435456 (SEPT_VE_DISABLE)",
        "1 MRSERVICETD @654+48",
        "0 signature (AK) @706+64",
        "0 certification data type @834+2 = 6",
        "1 ATTRIBUTES.flags @888+8 = 5 (INIT MODE64BIT)",
        "0 certification data type @1322+2 = 5 (PCK certificate chain, PEM)",
    };

    make(5, HF_QUOTE_BODY_TD15, &m);
    OK(inspected(hf_buf_bytes(&m.whole), hf_sgx_quote_inspect, &told));
    for (size_t i = 0; i < HF_COUNT(lines); i++) {
        if (!strstr(told.text, lines[i]))
            FAIL("no line \"%s\" in\n%s", lines[i], told.text);
    }
}

static hf_err write_and_free(const struct hf_sgx_quote *q)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    return hf_sgx_quote_write(q, &out);
}

TEST(writing_survives_a_lack_of_memory)
{
    HF_CLEANUP(made_free) struct made m = {0};

    make(5, HF_QUOTE_BODY_TD15, &m);
    SWEEP(write_and_free(&m.q));
}

/* ---- real ones ---- */

static void real(const char *folder, const char *name, size_t *n)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    static struct inspected told;
    const struct hf_evidence_format *format = NULL;
    struct hf_sgx_quote q;
    char path[512];

    (void)snprintf(path, sizeof(path), "evidence/%s/%s", folder, name);
    CASE(path);
    vector(path, &in);
    OK(hf_sgx_quote_parse(hf_buf_bytes(&in), &q));
    OK(hf_sgx_quote_write(&q, &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&in));
    OK(hf_evidence_detect(hf_buf_bytes(&in), "auto", &format));
    CHECK_TEXT(format->name, q.tee == HF_QUOTE_TEE_SGX ? "sgx-quote" : "tdx-quote");
    CHECK(q.version == name[1] - '0');
    CHECK((strstr(name, "debug") != NULL) ==
          (q.tee == HF_QUOTE_TEE_SGX ? (q.sgx.flags & HF_SGX_FLAG_DEBUG) != 0 : (q.td.td_attributes & 1) != 0));
    OK(inspected(hf_buf_bytes(&in), hf_sgx_quote_inspect, &told));
    (*n)++;
}

static void every(const char *folder, void (*each)(const char *folder, const char *name, size_t *n), size_t *n)
{
    char path[1024];
    DIR *dir;

    (void)snprintf(path, sizeof(path), "%s/evidence/%s", vectors_dir(), folder);
    dir = opendir(path);
    CHECK(dir);
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        if (e->d_name[0] != '.')
            each(folder, e->d_name, n);
    }
    closedir(dir);
}

TEST(real_quotes_are_read_and_written_again)
{
    size_t n = 0;

    NEED_VECTORS();
    every("sgx/quotes", real, &n);
    every("tdx/quotes", real, &n);
    print_message("# %zu quotes\n", n);
    CHECK(n > 0);
}

TEST(damaged_quotes_are_refused_or_still_read)
{
    static const struct {
        const char *file;
        hf_err want;
    } cases[] = {
        {"sgx/negative/t-sgx-attkeytype.bin", HF_E_UNSUPPORTED},
        {"sgx/negative/t-sgx-teetype.bin", HF_E_UNSUPPORTED},
        {"sgx/negative/t-sgx-vendor.bin", HF_E_UNSUPPORTED},
        {"sgx/negative/t-sgx-trunc47.bin", HF_E_TRUNCATED},
        {"sgx/negative/t-sgx-trunc48.bin", HF_E_TRUNCATED},
        {"sgx/negative/t-sgx-sig.bin", HF_OK},
        {"tdx/negative/t-tdx4-version.bin", HF_E_UNSUPPORTED},
        {"tdx/negative/t-tdx4-trunc1.bin", HF_E_TRUNCATED},
        {"tdx/negative/t-tdx4-trunc4935.bin", HF_E_TRUNCATED},
        {"tdx/negative/t-tdx5-trunc47.bin", HF_E_TRUNCATED},
        {"tdx/negative/oasis-trailing.bin", HF_OK},
        {"tdx/negative/t-tdx4-mrtd.bin", HF_OK},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        struct hf_sgx_quote q;
        char path[256];

        CASE(cases[i].file);
        (void)snprintf(path, sizeof(path), "evidence/%s", cases[i].file);
        vector(path, &in);
        FAILS(hf_sgx_quote_parse(hf_buf_bytes(&in), &q), cases[i].want);
    }
}

TESTS(RUN(every_layout_is_written_as_it_is_read), RUN(a_quote_is_whole_at_no_shorter_length),
      RUN(custom_claims_behind_a_quote_are_a_part_of_it_as_long_as_they_nest),
      RUN(zeros_behind_a_quote_are_counted_and_anything_else_is_refused), RUN(what_does_not_fit_is_named),
      RUN(an_epid_quote_is_refused_by_name), RUN(an_inspector_tells_every_field),
      RUN(writing_survives_a_lack_of_memory), RUN(real_quotes_are_read_and_written_again),
      RUN(damaged_quotes_are_refused_or_still_read))

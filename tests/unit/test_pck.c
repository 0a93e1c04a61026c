/* The SGX extension of PCK certificates: what it says, and what is refused. */
#include "base/reader.h"
#include "codec/der.h"
#include "evidence/pck.h"
#include "vectors.h"

#include "crypto/x509.h"

static void start(struct hf_pck *p)
{
    *p = (struct hf_pck){.pce_svn = 13, .sgx_type = HF_PCK_SCALABLE_WITH_INTEGRITY};
    memset(p->ppid, 1, sizeof(p->ppid));
    for (size_t i = 0; i < sizeof(p->svn); i++)
        p->svn[i] = (uint8_t)(i * 17);
    memset(p->cpu_svn, 2, sizeof(p->cpu_svn));
    memset(p->fmspc, 3, sizeof(p->fmspc));
}

static void check_same(const struct hf_pck *want)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0}, twice = {0};
    struct hf_pck got;

    OK(hf_pck_write(want, &once));
    OK(hf_pck_parse(hf_buf_bytes(&once), &got));
    CHECK(memcmp(got.ppid, want->ppid, 16) == 0 && memcmp(got.svn, want->svn, 16) == 0);
    CHECK(memcmp(got.cpu_svn, want->cpu_svn, 16) == 0 && memcmp(got.fmspc, want->fmspc, 6) == 0);
    CHECK(got.pce_svn == want->pce_svn && got.sgx_type == want->sgx_type);
    CHECK(got.has_instance == want->has_instance && got.has_configuration == want->has_configuration);
    CHECK(memcmp(got.configured, want->configured, sizeof(got.configured)) == 0);
    OK(hf_pck_write(&got, &twice));
    CHECK_BYTES(hf_buf_bytes(&twice), hf_buf_bytes(&once));
}

TEST(what_is_written_is_read_and_written_again)
{
    struct hf_pck p;

    start(&p);
    check_same(&p);
    p.has_instance = true;
    memset(p.instance_id, 9, sizeof(p.instance_id));
    check_same(&p);
    p.has_configuration = true;
    check_same(&p);
    p.has_configured[0] = p.has_configured[2] = p.configured[2] = true;
    check_same(&p);
    p.pce_svn = 65535;
    p.svn[15] = 255;
    check_same(&p);
}

TEST(items_come_in_any_order)
{
    struct hf_pck p;

    start(&p);
    memcpy(p.order, (const uint8_t[]){5, 4, 3, 2, 1}, 5);
    for (size_t i = 0; i < HF_PCK_TCB_ITEMS; i++)
        p.tcb_order[i] = (uint8_t)(HF_PCK_TCB_ITEMS - i);
    check_same(&p);
}

TEST(items_that_do_not_belong_are_refused)
{
    static const struct {
        const char *name;
        uint8_t order[7];
        hf_err want;
    } cases[] = {{"all that must be", {1, 2, 3, 4, 5}, HF_OK},    {"no PPID", {2, 3, 4, 5}, HF_E_FORMAT},
                 {"no TCB", {1, 3, 4, 5}, HF_E_FORMAT},           {"no PCEID", {1, 2, 4, 5}, HF_E_FORMAT},
                 {"no FMSPC", {1, 2, 3, 5}, HF_E_FORMAT},         {"no type", {1, 2, 3, 4}, HF_E_FORMAT},
                 {"FMSPC twice", {1, 2, 3, 4, 4, 5}, HF_E_FORMAT}};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        struct hf_pck p;

        CASE(cases[i].name);
        start(&p);
        memcpy(p.order, cases[i].order, sizeof(p.order));
        OK(hf_pck_write(&p, &der));
        FAILS(hf_pck_parse(hf_buf_bytes(&der), &p), cases[i].want);
    }
    CASE("");
}

/* A change at the place of a pattern. */
TEST(values_that_do_not_fit_are_refused)
{
    static const struct {
        const char *name;
        const char *at; /* the item's OID ends so; the value's TLV follows */
        size_t n;
        size_t byte; /* behind it */
        uint8_t value;
    } cases[] = {
        {"a type that is not known", "\x0d\x01\x05", 3, 2, 3},
        {"a type that is no ENUMERATED", "\x0d\x01\x05", 3, 0, 2},
        {"FMSPC that is no OCTET STRING", "\x0d\x01\x04", 3, 0, 0x0c},
        {"a negative SVN", "\x0d\x01\x02\x02", 4, 2, 0x80},
        {"an item that is not known", "\x0d\x01", 2, 0, 8},
        {"a component that is not known", "\x0d\x01\x02", 3, 0, 19},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        struct hf_pck p;
        uint8_t *at;

        CASE(cases[i].name);
        start(&p);
        OK(hf_pck_write(&p, &der));
        at = memmem(der.p, der.n, cases[i].at, cases[i].n);
        CHECK(at);
        at[cases[i].n + cases[i].byte] = cases[i].value;
        FAILS(hf_pck_parse(hf_buf_bytes(&der), &p), HF_E_FORMAT);
    }
    CASE("");
}

TEST(cut_or_longer_is_refused)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    static const uint8_t more[] = {5, 0};
    struct hf_pck p, unchanged = {0};

    start(&p);
    OK(hf_pck_write(&p, &der));
    for (size_t n = 0; n < der.n; n++)
        CHECK(hf_pck_parse((struct hf_bytes){der.p, n}, &unchanged) != HF_OK);
    OK(hf_buf_add(&der, HF_BYTES_OF(more)));
    FAILS(hf_pck_parse(hf_buf_bytes(&der), &unchanged), HF_E_TRAILING);
    CHECK(unchanged.pce_svn == 0);
}

TEST(every_real_certificate_is_read_and_written_again)
{
    static const char *const quotes[] = {
        "sgx/quotes/q3-00606a000000-2008020f.bin", "sgx/quotes/q3-00906ea10000-f18a8619.bin",
        "sgx/quotes/q3-00906ed50000-075b64c9.bin", "tdx/quotes/q4-00806f050000-00b2526a.bin",
        "tdx/quotes/q5-90c06f000000-4c453ea4.bin"};

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(quotes); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0}, again = {0};
        HF_CLEANUP(hf_certs_free) struct hf_certs certs = {0};
        const struct hf_extension *ext;
        struct hf_pck p;
        uint8_t *pem;
        char path[128];

        CASE(quotes[i]);
        (void)snprintf(path, sizeof(path), "evidence/%s", quotes[i]);
        vector(path, &file);
        pem = memmem(file.p, file.n, "-----BEGIN", 10);
        CHECK(pem);
        OK(hf_certs_read((struct hf_bytes){pem, (size_t)(file.p + file.n - pem)}, &certs));
        ext = hf_cert_ext(certs.cert[0], HF_OID_PCK);
        CHECK(ext);
        OK(hf_pck_parse(ext->value, &p));
        OK(hf_pck_write(&p, &again));
        CHECK_BYTES(hf_buf_bytes(&again), ext->value);
    }
    CASE("");
}

TESTS(RUN(what_is_written_is_read_and_written_again), RUN(items_come_in_any_order),
      RUN(items_that_do_not_belong_are_refused), RUN(values_that_do_not_fit_are_refused), RUN(cut_or_longer_is_refused),
      RUN(every_real_certificate_is_read_and_written_again))

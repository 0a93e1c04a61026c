/* The cache of collateral, what it recognises, and the vendors' addresses. HTTP: tests/interop/collateral.sh. */
#include "collateral/cache.h"
#include "collateral/vendor.h"
#include "folder.h"
#include "testca.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define NOW ((hf_time)1800000000)
#define URL "https://api.trustedservices.intel.com/sgx/certification/v4/tcb?fmspc=00906ED50000"

static struct hf_collateral_entry entry_of(const char *url, hf_time at)
{
    struct hf_collateral_entry e = {.fetched_at = at};

    (void)snprintf(e.url, sizeof(e.url), "%s", url);
    return e;
}

static hf_err put(struct hf_collateral *c, const char *url, const char *text)
{
    struct hf_collateral_entry e = entry_of(url, NOW);

    return hf_collateral_put(c, &e, hf_bytes_text(text));
}

static struct hf_collateral *opened(const struct folder *f)
{
    struct hf_collateral *c = NULL;

    OK(hf_collateral_open(f->fd, &c));
    return c;
}

static bool has(struct hf_collateral *c, const char *url, const char *text)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};

    return hf_collateral_get(c, url, NULL, &got) == HF_OK && hf_bytes_equal(hf_buf_bytes(&got), hf_bytes_text(text));
}

static hf_err count(void *arg, const struct hf_collateral_entry *e, struct hf_bytes bytes)
{
    (void)e;
    (void)bytes;
    ++*(size_t *)arg;
    return HF_OK;
}

static size_t entries(struct hf_collateral *c, bool whole)
{
    size_t n = 0;

    OK((whole ? hf_collateral_each : hf_collateral_list)(c, count, &n));
    return n;
}

static bool yes(void *arg, const struct hf_collateral_entry *e)
{
    (void)arg;
    (void)e;
    return true;
}

static bool no(void *arg, const struct hf_collateral_entry *e)
{
    (void)arg;
    (void)e;
    return false;
}

TEST(what_is_put_in_is_found_by_address_and_id)
{
    FOLDER(f);
    struct hf_collateral *c = opened(&f);
    struct hf_collateral_entry e = entry_of(URL, NOW);
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};
    struct stat st;
    size_t dropped;
    char id[65];

    (void)snprintf(e.etag, sizeof(e.etag), "\"a\"");
    OK(hf_collateral_put(c, &e, hf_bytes_text("one")));
    hf_collateral_close(&c);
    c = opened(&f);
    OK(hf_collateral_get(c, URL, &e, &got));
    CHECK(e.fetched_at == NOW && e.size == 3 && e.valid_until == HF_COLLATERAL_FOREVER);
    CHECK_TEXT(e.etag, "\"a\"");
    CHECK_TEXT(e.kind, "other");
    CHECK(fstatat(f.fd, "collateral", &st, 0) == 0 && (st.st_mode & 07777) == 0700);
    (void)snprintf(id, sizeof(id), "%.8s", e.sha256);
    CHECK(has(c, id, "one"));
    id[7] = 0;
    CHECK(!has(c, id, "one")); /* too short */
    OK(put(c, URL, "two")); /* in its place */
    CHECK(has(c, URL, "two") && entries(c, true) == 1);
    id[7] = e.sha256[7];
    CHECK(!has(c, id, "one"));
    CHECK(faccessat(hf_collateral_dir(c), e.sha256, F_OK, 0) != 0); /* its file went with it */
    OK(put(c, "https://b/", "two"));
    OK(put(c, URL, "three"));
    CHECK(has(c, "https://b/", "two")); /* a file that two had is there for the other */
    OK(hf_collateral_touch(c, URL, NOW + 5));
    OK(hf_collateral_get(c, URL, &e, &got));
    CHECK(e.fetched_at == NOW + 5);
    FAILS(hf_collateral_touch(c, "https://c/", NOW), HF_E_NOT_FOUND);
    OK(hf_collateral_drop(c, no, NULL, &dropped));
    CHECK(dropped == 0 && entries(c, false) == 2);
    OK(hf_collateral_drop(c, yes, NULL, &dropped));
    CHECK(dropped == 2 && entries(c, false) == 0);
    hf_collateral_close(&c);
}

TEST(what_is_damaged_is_dropped_and_the_rest_stays)
{
    static const struct {
        const char *name, *line; /* in the cache's folder; $F is the file of URL */
        size_t left;
    } cases[] = {
        {"a changed byte", "printf x | dd of=$F conv=notrunc bs=1 2>/dev/null", 1},
        {"a byte more", "printf x >>$F", 1},
        {"a cut file", ": >$F", 1},
        {"a missing file", "rm $F", 1},
        {"a link in its place", "cp $F /tmp/.holdfast-test-link; rm $F; ln -s /tmp/.holdfast-test-link $F", 1},
        {"an index that is none", "echo '{' >index.json", 0},
        {"an empty index", ": >index.json", 0},
        {"an index of another kind", "echo '[]' >index.json", 0},
        {"an index of a later version", "sed -i 's/\"version\": 1/\"version\": 2/' index.json", 0},
        {"an id that leads elsewhere",
         "sed -i 's/\"sha256\": \".*\"/\"sha256\": \"..\\/..\\/etc\\/passwd\"/' index.json", 0},
        {"an unknown key", "sed -i 's/\"kind\"/\"kinder\"/' index.json", 0},
        {"a file that nobody names", "echo >0000000000000000000000000000000000000000000000000000000000000000", 2},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        FOLDER(f);
        struct hf_collateral *c = opened(&f);
        struct hf_collateral_entry e = entry_of(URL, NOW);
        HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};
        char line[600];

        CASE(cases[i].name);
        OK(hf_collateral_put(c, &e, hf_bytes_text("what is damaged")));
        OK(hf_collateral_get(c, URL, &e, &got));
        OK(put(c, "https://a/", "what stays"));
        (void)snprintf(line, sizeof(line), "cd %s/collateral && F=%s; %s", f.path, e.sha256, cases[i].line);
        CHECK(system(line) == 0);
        if (cases[i].left == 1)
            FAILS(hf_collateral_get(c, URL, NULL, &got), HF_E_NOT_FOUND);
        CHECK(entries(c, true) == cases[i].left && entries(c, false) == cases[i].left);
        CHECK(cases[i].left == 0 || has(c, "https://a/", "what stays"));
        OK(put(c, URL, "again"));
        CHECK(has(c, URL, "again"));
        hf_collateral_close(&c);
    }
    (void)unlink("/tmp/.holdfast-test-link");
}

#define PROCESSES 12

static int put_ten(const struct folder *f, int number)
{
    struct hf_collateral *c = NULL;
    char url[64];

    if (hf_collateral_open(f->fd, &c) != HF_OK)
        return 1;
    for (int i = 0; i < 10; i++) {
        (void)snprintf(url, sizeof(url), "https://host/%d/%d", number, i);
        if (put(c, url, url) != HF_OK || !has(c, url, url))
            return 2;
    }
    hf_collateral_close(&c);
    return 0;
}

TEST(processes_that_write_at_once_lose_nothing)
{
    FOLDER(f);
    struct hf_collateral *c;
    pid_t pid[PROCESSES];

    for (int i = 0; i < PROCESSES; i++) {
        pid[i] = fork();
        if (pid[i] == 0)
            _exit(put_ten(&f, i));
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;

        CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0);
    }
    c = opened(&f);
    CHECK(entries(c, true) == PROCESSES * 10);
    hf_collateral_close(&c);
}

TEST(killed_at_any_time_the_cache_is_whole)
{
    FOLDER(f);
    struct hf_collateral *c = opened(&f);

    OK(put(c, URL, "0"));
    for (int round = 0; round < 25; round++) {
        const struct timespec pause = {.tv_nsec = (round * 3 + 1) * 400000L};
        pid_t pid = fork();
        size_t dropped;

        if (pid == 0) {
            char text[16];

            for (unsigned i = 0;; i++) {
                (void)snprintf(text, sizeof(text), "%u", i);
                if (put(c, URL, text) != HF_OK)
                    _exit(1);
            }
        }
        (void)nanosleep(&pause, NULL);
        (void)kill(pid, SIGKILL);
        CHECK(waitpid(pid, NULL, 0) == pid);
        CHECK(entries(c, true) == 1);
        OK(hf_collateral_drop(c, no, NULL, &dropped)); /* sweeps what the killed one left */
        CHECK(entries(c, true) == 1);
    }
    hf_collateral_close(&c);
}

TEST(a_folder_that_is_a_link_is_not_entered)
{
    FOLDER(f);
    struct hf_collateral *c = NULL;

    CHECK(symlinkat("/tmp", f.fd, "collateral") == 0);
    CHECK(hf_collateral_open(f.fd, &c) != HF_OK && c == NULL);
}

/* ---- what bytes are ---- */

TEST(what_bytes_are_and_until_when_they_hold)
{
    static const struct {
        const char *text, *kind;
        hf_time until;
    } cases[] = {
        {"{\"tcbInfo\":{\"nextUpdate\":\"2027-01-15T08:00:00Z\"},\"signature\":\"\"}", "tcb-info", NOW},
        {"{\"enclaveIdentity\":{\"nextUpdate\":\"2027-01-15T08:00:01Z\"}}", "identity", NOW + 1},
        {"{\"tcbInfo\":{\"nextUpdate\":\"soon\"}}", "tcb-info", HF_COLLATERAL_FOREVER},
        {"{\"tcbInfo\":{}}", "tcb-info", HF_COLLATERAL_FOREVER},
        {"{\"tcbInfo\":5}", "tcb-info", HF_COLLATERAL_FOREVER},
        {"{\"id\":\"RIM\"}", "json", HF_COLLATERAL_FOREVER},
        {"[1]", "other", HF_COLLATERAL_FOREVER},
        {"{\"a\":1,\"a\":2}", "other", HF_COLLATERAL_FOREVER},
        {"<html>", "other", HF_COLLATERAL_FOREVER},
        {"", "other", HF_COLLATERAL_FOREVER},
        {"abcd", "other", HF_COLLATERAL_FOREVER},
        {"\x30\x05\x0a\x01\x00\xa0\x00", "ocsp", 7},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "other", HF_COLLATERAL_FOREVER},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_collateral_entry e = {.fetched_at = 7};
        size_t n = i == 11 ? 7 : strlen(cases[i].text);

        CASE(cases[i].text);
        OK(hf_collateral_look((struct hf_bytes){(const uint8_t *)cases[i].text, n}, &e));
        CHECK_TEXT(e.kind, cases[i].kind);
        CHECK(e.valid_until == cases[i].until && e.size == n && strlen(e.sha256) == 64);
    }
}

TEST(certificates_and_lists_hold_until_their_earliest_end)
{
    HF_CLEANUP(testca_free) struct testca root = {0};
    HF_CLEANUP(testca_free) struct testca leaf = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};
    struct testca_crl_spec spec = {.this_update = NOW - 10, .next_update = NOW + 10};
    struct hf_collateral_entry e = {0};

    OK(testca_new(
        &(struct testca_spec){.subject = "CN=Root", .ca = true, .key_usage = HF_KU_CERT_SIGN | HF_KU_CRL_SIGN}, NULL,
        &root));
    OK(testca_new(&(struct testca_spec){.subject = "CN=Leaf", .from = NOW - 5, .until = NOW + 5}, &root, &leaf));
    OK(hf_cert_to_pem(root.cert, &pem));
    OK(hf_collateral_look(hf_buf_bytes(&pem), &e));
    CHECK_TEXT(e.kind, "certificates");
    CHECK(e.valid_until == root.cert->not_after);
    OK(hf_cert_to_pem(leaf.cert, &pem));
    OK(hf_collateral_look(hf_buf_bytes(&pem), &e));
    CHECK(e.valid_until == NOW + 5);
    OK(hf_collateral_look(leaf.cert->der, &e));
    CHECK_TEXT(e.kind, "certificates");
    OK(testca_crl(&spec, &root, &crl));
    OK(hf_collateral_look(hf_buf_bytes(&crl), &e));
    CHECK_TEXT(e.kind, "crl");
    CHECK(e.valid_until == NOW + 10);
    for (size_t i = 0; i < crl.n; i++) {
        char two[3];

        (void)snprintf(two, sizeof(two), "%02x", crl.p[i]);
        OK(hf_buf_add(&hex, hf_bytes_text(two)));
    }
    OK(hf_collateral_look(hf_buf_bytes(&hex), &e));
    CHECK_TEXT(e.kind, "crl");
}

/* ---- addresses ---- */

TEST(intels_addresses_are_those_of_its_service)
{
    static const char *const want[] = {
        "https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=00906ED5ABCD",
        "https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity",
        "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
        "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
    };
    struct hf_wanted_list list = {0};

    OK(hf_wanted_intel(&list, "00906ed5abcd", "platform", "tdx"));
    OK(hf_wanted_intel(&list, "00906ED5ABCD", "platform", "tdx")); /* the same once */
    CHECK(list.n == HF_COUNT(want));
    for (size_t i = 0; i < list.n; i++)
        CHECK_TEXT(list.item[i].url, want[i]);
    FAILS(hf_wanted_intel(&list, "00906ed5abc", "platform", "tdx"), HF_E_ARG);
    FAILS(hf_wanted_intel(&list, "00906ed5abcg", "platform", "tdx"), HF_E_ARG);
    FAILS(hf_wanted_intel(&list, "00906ed5abcd", "PLATFORM", "tdx"), HF_E_ARG);
    FAILS(hf_wanted_intel(&list, "00906ed5abcd", "platform", "sev"), HF_E_ARG);
}

TEST(a_data_set_is_asked_for_where_there_are_several)
{
    static const struct {
        const char *url;
        struct hf_data_set set;
        const char *want;
    } cases[] = {
        {URL, {NULL, 0}, URL},
        {URL, {"early", 0}, URL "&update=early"},
        {URL, {"standard", 0}, URL "&update=standard"},
        {URL, {NULL, 17}, URL "&tcbEvaluationDataNumber=17"},
        {HF_INTEL_API "/tdx/certification/v4/qe/identity", {"early", 0},
         HF_INTEL_API "/tdx/certification/v4/qe/identity?update=early"},
        {HF_INTEL_API "/sgx/certification/v4/pckcrl?ca=platform&encoding=der", {"early", 0},
         HF_INTEL_API "/sgx/certification/v4/pckcrl?ca=platform&encoding=der"},
        {HF_AMD_KDS "/vcek/v1/Milan/crl", {"early", 0}, HF_AMD_KDS "/vcek/v1/Milan/crl"},
        {URL, {"late", 0}, NULL},
        {URL, {"early", 17}, NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        char out[HF_URL_MAX];
        hf_err err = hf_vendor_name(cases[i].url, &cases[i].set, out);

        CASE(cases[i].url);
        CHECK(cases[i].want ? err == HF_OK && strcmp(out, cases[i].want) == 0 : err == HF_E_ARG);
    }
}

TEST(a_mirror_takes_the_place_of_the_vendors_hosts_alone)
{
    static const struct {
        const char *url, *from;
        size_t i;
        const char *want;
    } cases[] = {
        {URL, NULL, 0, URL},
        {URL, "https://m:8081", 0, "https://m:8081/sgx/certification/v4/tcb?fmspc=00906ED50000"},
        {URL, "https://m:8081/", 0, "https://m:8081/sgx/certification/v4/tcb?fmspc=00906ED50000"},
        {URL, "https://m/sgx/certification/v4/", 0, "https://m/sgx/certification/v4/tcb?fmspc=00906ED50000"},
        {URL, "https://m/a/sgx/certification/v4", 0, "https://m/a/sgx/certification/v4/tcb?fmspc=00906ED50000"},
        {HF_INTEL_ROOT_CRL, "https://m", 0, "https://m/sgx/certification/v4/rootcacrl"},
        {HF_INTEL_ROOT_CRL, "https://m", 1, "https://m/IntelSGXRootCA.der"},
        {HF_INTEL_ROOT_CRL, NULL, 0, HF_INTEL_ROOT_CRL},
        {HF_AMD_KDS "/vcek/v1/Milan/crl", "https://m", 0, "https://m/vcek/v1/Milan/crl"},
        {"https://other.example/x", "https://m", 0, "https://other.example/x"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        char out[HF_URL_MAX];

        CASE(cases[i].want);
        CHECK(cases[i].i < hf_vendor_places(cases[i].url, cases[i].from));
        OK(hf_vendor_place(cases[i].url, cases[i].from, cases[i].i, out));
        CHECK_TEXT(out, cases[i].want);
    }
}

TEST(amds_addresses_have_every_level_of_the_tcb_once)
{
    char chip[129], turin[129];
    static const struct {
        const char *product, *signer, *tcb;
        hf_err want;
        const char *query;
    } cases[] = {
        {"Milan", "vcek", "bl=4,tee=0,snp=22,ucode=213", HF_OK, "?blSPL=04&teeSPL=00&snpSPL=22&ucodeSPL=213"},
        {"Genoa", "vcek", "ucode=1,snp=2,tee=3,bl=0x10", HF_OK, "?blSPL=16&teeSPL=03&snpSPL=02&ucodeSPL=01"},
        {"Turin", "vcek", "bl=1,tee=1,snp=4,ucode=82,fmc=1", HF_OK,
         "?blSPL=01&teeSPL=01&snpSPL=04&ucodeSPL=82&fmcSPL=01"},
        {"Turin", "vcek", "bl=1,tee=1,snp=4,ucode=82", HF_E_ARG, NULL},
        {"Milan", "vcek", "bl=1,tee=1,snp=4,ucode=82,fmc=1", HF_E_ARG, NULL},
        {"Milan", "vcek", "bl=1,tee=1,snp=4", HF_E_ARG, NULL},
        {"Milan", "vcek", "bl=1,bl=1,snp=4,ucode=1", HF_E_ARG, NULL},
        {"Milan", "vcek", "bl=1,tee=1,snp=256,ucode=1", HF_E_ARG, NULL},
        {"Milan", "vcek", "bl=1,tee=1,snp=,ucode=1", HF_E_ARG, NULL},
        {"Milan", "vcek", "bl=1,tee=1,snp=99999999999,ucode=1", HF_E_ARG, NULL},
        {"Milan", "vcek", "bl,tee=1,snp=1,ucode=1", HF_E_ARG, NULL},
        {"Milan", "vcek", "", HF_E_ARG, NULL},
        {"Milan", "vcek", ",,,", HF_E_ARG, NULL},
        {"Milan", "vlek", "bl=1,tee=1,snp=4,ucode=82", HF_E_ARG, NULL},
        {"Venice", "vcek", "bl=1,tee=1,snp=4,ucode=82", HF_E_ARG, NULL},
    };

    memset(chip, 'a', 128);
    memset(turin, '0', 128);
    memset(turin, 'b', 16);
    chip[128] = turin[128] = 0;
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_wanted_list list = {0};
        bool short_id = strcmp(cases[i].product, "Turin") == 0;

        CASE(cases[i].tcb);
        FAILS(hf_wanted_amd(&list, cases[i].product, cases[i].signer, short_id ? turin : chip, cases[i].tcb),
              cases[i].want);
        if (cases[i].want != HF_OK)
            continue;
        CHECK(list.n == 3 && strcmp(strchr(list.item[0].url, '?'), cases[i].query) == 0);
        CHECK(!short_id || strstr(list.item[0].url, "/Turin/bbbbbbbbbbbbbbbb?"));
    }
}

static hf_err whole(const struct folder *f)
{
    HF_CLEANUP(hf_collateral_close) struct hf_collateral *c = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};

    HF_TRY(hf_collateral_open(f->fd, &c));
    HF_TRY(put(c, URL, "{\"tcbInfo\":{}}"));
    return hf_collateral_get(c, URL, NULL, &got);
}

TEST(each_allocation_may_fail)
{
    FOLDER(f);

    SWEEP(whole(&f));
}

TESTS(RUN(what_is_put_in_is_found_by_address_and_id), RUN(what_is_damaged_is_dropped_and_the_rest_stays),
      RUN(processes_that_write_at_once_lose_nothing), RUN(killed_at_any_time_the_cache_is_whole),
      RUN(a_folder_that_is_a_link_is_not_entered), RUN(what_bytes_are_and_until_when_they_hold),
      RUN(certificates_and_lists_hold_until_their_earliest_end), RUN(intels_addresses_are_those_of_its_service),
      RUN(a_data_set_is_asked_for_where_there_are_several), RUN(a_mirror_takes_the_place_of_the_vendors_hosts_alone),
      RUN(amds_addresses_have_every_level_of_the_tcb_once), RUN(each_allocation_may_fail))

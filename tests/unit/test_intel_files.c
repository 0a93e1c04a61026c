/* Real collateral, files of every kind: all of it is taken, and nothing that is malformed. */
#include "vectors.h"
#include "verify/endorsements.h"

#include <dirent.h>

/* Every file of a folder is taken, and holds something unless it is one of `empty`. */
static void take_folder(const char *folder, const char *empty)
{
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    char path[512];
    struct dirent *e;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "%s/evidence/%s", vectors_dir(), folder);
    dir = opendir(path);
    CHECK(dir);
    while ((e = readdir(dir)) != NULL) {
        size_t before = set.n;

        if (e->d_name[0] == '.' || strstr(e->d_name, "cases.json") || strstr(e->d_name, ".evidence") ||
            strstr(e->d_name, "quote.dat"))
            continue;
        (void)snprintf(path, sizeof(path), "evidence/%s/%s", folder, e->d_name);
        vector(path, &file);
        CASE(e->d_name);
        OK(hf_endorsements_add(&set, hf_buf_bytes(&file), path));
        if (set.n == before && !(empty && strstr(e->d_name, empty)))
            FAIL("%s holds nothing new", path);
    }
    (void)closedir(dir);
    CASE("");
}

TEST(every_file_of_collateral_is_taken)
{
    NEED_VECTORS();
    take_folder("sgx/collateral", "tcbevalnums");
    take_folder("tdx/collateral", "tcbevalnums");
    take_folder("sgx/pki", NULL);
    take_folder("sgx/oe-endorsements", NULL);
    take_folder("tdx/oe-endorsements", NULL);
    take_folder("sgx/inteltest", "trustedRoot"); /* it is in the chains too */
    take_folder("tdx/inteltest", "trustedRoot");
}

static size_t count(const struct hf_endorsements *set, enum hf_endorsement_kind kind)
{
    size_t n = 0;

    for (size_t at = 0; hf_endorsements_next(set, kind, &at);)
        n++;
    return n;
}

TEST(bundles_give_all_that_is_in_them)
{
    static const char *const files[] = {
        "sgx/oe-endorsements/libsignal-dcap.endorsements", "sgx/oe-endorsements/libsignal-cds2_test.endorsements",
        "tdx/oe-endorsements/oe-tdx_endorsement.bin", "tdx/oe-endorsements/oe-tdx_v5_ev21.bin"};

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(files); i++) {
        HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
        char path[256];

        (void)snprintf(path, sizeof(path), "evidence/%s", files[i]);
        vector(path, &file);
        CASE(files[i]);
        OK(hf_endorsements_add(&set, hf_buf_bytes(&file), files[i]));
        CHECK(count(&set, HF_ENDORSEMENT_TCB_INFO) == 1 && count(&set, HF_ENDORSEMENT_IDENTITY) == 1);
        CHECK(count(&set, HF_ENDORSEMENT_CRL) == 2 && count(&set, HF_ENDORSEMENT_CERT) >= 3);
    }
}

TEST(malformed_documents_are_refused)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    char path[512];
    struct dirent *e;
    size_t n = 0;
    DIR *dir;

    NEED_VECTORS();
    (void)snprintf(path, sizeof(path), "%s/evidence/sgx/negative/oe-json", vectors_dir());
    dir = opendir(path);
    CHECK(dir);
    while ((e = readdir(dir)) != NULL) {
        HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};

        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "evidence/sgx/negative/oe-json/%s", e->d_name);
        vector(path, &file);
        CASE(e->d_name);
        FAILS(hf_endorsements_add(&set, hf_buf_bytes(&file), e->d_name), HF_E_FORMAT);
        CHECK(set.n == 0);
        n++;
    }
    (void)closedir(dir);
    CHECK(n > 20);
    CASE("");
}

TESTS(RUN(every_file_of_collateral_is_taken), RUN(bundles_give_all_that_is_in_them),
      RUN(malformed_documents_are_refused))

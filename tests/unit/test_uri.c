/* tpm/uri.c: addresses, other programs' configuration, and which TPM it is. */
#include "base/alloc.h"
#include "test.h"
#include "tpm/uri.h"

#include <sys/stat.h>

TEST(an_address_is_host_and_port_or_a_path)
{
    static const struct {
        const char *rest;
        hf_err want;
        const char *host;
        unsigned port;
        const char *path;
    } cases[] = {
        {"", HF_OK, "127.0.0.1", 2321, ""},
        {"host=tpm.local", HF_OK, "tpm.local", 2321, ""},
        {"port=99", HF_OK, "127.0.0.1", 99, ""},
        {"host=::1,port=0x10", HF_OK, "::1", 16, ""},
        {"port=65535,host=a", HF_OK, "a", 65535, ""},
        {"path=/run/a,b=c", HF_OK, "", 0, "/run/a,b=c"},
        {"path=", HF_E_ARG, NULL, 0, NULL},
        {"port=", HF_E_ARG, NULL, 0, NULL},
        {"port=0", HF_E_ARG, NULL, 0, NULL},
        {"port=65536", HF_E_ARG, NULL, 0, NULL},
        {"port=-1", HF_E_ARG, NULL, 0, NULL},
        {"port=2321x", HF_E_ARG, NULL, 0, NULL},
        {"port=1,port=1", HF_E_ARG, NULL, 0, NULL},
        {"host=a,host=b", HF_E_ARG, NULL, 0, NULL},
        {"host=", HF_E_ARG, NULL, 0, NULL},
        {"host=a,", HF_E_ARG, NULL, 0, NULL},
        {",", HF_E_ARG, NULL, 0, NULL},
        {"host=a,path=/b", HF_E_ARG, NULL, 0, NULL},
        {"127.0.0.1:2321", HF_E_ARG, NULL, 0, NULL},
        {"Port=1", HF_E_ARG, NULL, 0, NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_tpm_address a = {.port = 7};
        struct hf_tpm_address again = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
        char *written = NULL;

        CASE(cases[i].rest);
        FAILS(hf_tpm_address_parse("swtpm", cases[i].rest, &a), cases[i].want);
        if (cases[i].want != HF_OK) {
            CHECK(a.port == 7); /* written on success only */
            continue;
        }
        CHECK_TEXT(a.host, cases[i].host);
        CHECK_TEXT(a.path, cases[i].path);
        CHECK(a.port == cases[i].port);
        OK(hf_tpm_address_write(&a, &text));
        OK(hf_buf_text(&text, &written));
        OK(hf_tpm_address_parse("swtpm", written, &again));
        CHECK(memcmp(&a, &again, sizeof(a)) == 0);
    }
}

TEST(what_is_too_long_for_its_place_is_refused)
{
    char long_host[200] = "host=";
    char long_path[200] = "path=/";
    struct hf_tpm_address a;

    memset(long_host + 5, 'h', 128);
    FAILS(hf_tpm_address_parse("swtpm", long_host, &a), HF_E_ARG);
    CHECK_DETAIL("128 bytes; 1 to 127");
    memset(long_path + 6, 'p', 107);
    FAILS(hf_tpm_address_parse("swtpm", long_path, &a), HF_E_ARG);
    CHECK_DETAIL("108 bytes; 1 to 107");
}

TEST(configuration_of_other_programs_finds_our_transports)
{
    static const struct {
        const char *conf;
        const char *uri; /* NULL: refused */
    } cases[] = {
        {"swtpm", "swtpm"},
        {"swtpm:host=127.0.0.1,port=24321", "swtpm:host=127.0.0.1,port=24321"},
        {"swtpm:path=/run/swtpm", "swtpm:path=/run/swtpm"},
        {"swtpm:unheard=of", "tcti:swtpm:unheard=of"},
        {"mssim:host=h,port=1", "mssim:host=h,port=1"},
        {"mssim:tpm-host=h", "tcti:mssim:tpm-host=h"},
        {"device", "device"},
        {"device:/dev/tpm0", "device:/dev/tpm0"},
        {"libtss2-tcti-device.so.0:/dev/tpmrm0", "device:/dev/tpmrm0"},
        {"libtss2-tcti-swtpm.so:port=5", "swtpm:port=5"},
        {"libtss2-tcti-swtpm.so.0", "swtpm"},
        {"libtss2-tcti-tabrmd.so.0", "tcti:libtss2-tcti-tabrmd.so.0"},
        {"tabrmd:bus_type=session", "tcti:tabrmd:bus_type=session"},
        {"tabrmd", "tcti:tabrmd"},
        {"cmd:exec holdfast tpm pipe", "tcti:cmd:exec holdfast tpm pipe"},
        {"devices:/dev/tpm0", "tcti:devices:/dev/tpm0"},
        {"libtss2-tcti-", NULL},
        {":host=h", NULL},
        {"device:/dev/tpm0\nHOLDFAST", NULL},
        {"tabrmd:\x7f", NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_free) char *uri = NULL;

        CASE(cases[i].conf);
        if (!cases[i].uri) {
            FAILS(hf_tpm_uri_foreign(cases[i].conf, &uri), HF_E_ARG);
            CHECK(uri == NULL);
        } else {
            OK(hf_tpm_uri_foreign(cases[i].conf, &uri));
            CHECK_TEXT(uri, cases[i].uri);
        }
    }
}

static const char *const variables[] = {"HOLDFAST_TPM",     "TPM2TOOLS_TCTI", "TPM2OPENSSL_TCTI",
                                        "TPM2_PKCS11_TCTI", "TSS2_TCTI",      "TCTI"};

static void forget_variables(void)
{
    for (size_t i = 0; i < HF_COUNT(variables); i++)
        (void)unsetenv(variables[i]);
}

static void check_choice(const char *option, const char *configured, const char *uri_want, const char *source_want)
{
    HF_CLEANUP(hf_free) char *uri = NULL;
    const char *source = NULL;

    OK(hf_tpm_uri_choose(option, configured, &uri, &source));
    CHECK_TEXT(uri, uri_want);
    CHECK_TEXT(source, source_want);
}

TEST(the_more_specific_place_decides_which_tpm)
{
    HF_CLEANUP(hf_free) char *found = NULL;

    forget_variables();
    OK(hf_tpm_uri_find_device("/dev", "/sys/class/tpm", &found));
    check_choice(NULL, NULL, found ? found : "embedded", found ? "found" : "default");
    check_choice("", "", found ? found : "embedded", found ? "found" : "default");
    for (size_t i = HF_COUNT(variables) - 1; i > 0; i--) { /* each one goes before those set so far */
        char value[64];

        (void)snprintf(value, sizeof(value), "swtpm:port=%zu", i);
        (void)setenv(variables[i], value, 1);
        check_choice(NULL, NULL, value, variables[i]);
    }
    (void)setenv("TPM2TOOLS_TCTI", "none", 1);
    check_choice(NULL, NULL, "swtpm:port=2", "TPM2OPENSSL_TCTI");
    check_choice(NULL, "mssim", "mssim", "configuration");
    (void)setenv("HOLDFAST_TPM", "replay:x", 1);
    check_choice(NULL, "mssim", "replay:x", "HOLDFAST_TPM");
    check_choice("device:/dev/tpm0", "mssim", "device:/dev/tpm0", "option");
    (void)setenv("HOLDFAST_TPM", "", 1);
    check_choice(NULL, NULL, "swtpm:port=2", "TPM2OPENSSL_TCTI");
    forget_variables();
}

TEST(a_variable_that_makes_no_sense_is_named)
{
    HF_CLEANUP(hf_free) char *uri = NULL;
    const char *source = NULL;

    forget_variables();
    (void)setenv("TSS2_TCTI", ":x", 1);
    FAILS(hf_tpm_uri_choose(NULL, NULL, &uri, &source), HF_E_ARG);
    CHECK_DETAIL("TSS2_TCTI: ");
    CHECK(uri == NULL && source == NULL);
    forget_variables();
}

/* A folder with device nodes (links to /dev/null) or without. */
struct machine {
    char dir[32];
};

static void machine_make(struct machine *m, const char *node, const char *target, const char *version)
{
    char path[128];
    FILE *f;

    *m = (struct machine){"/tmp/holdfast-uri-XXXXXX"};
    CHECK(mkdtemp(m->dir) != NULL);
    if (node) {
        (void)snprintf(path, sizeof(path), "%s/%s", m->dir, node);
        CHECK(symlink(target, path) == 0);
    }
    if (version) {
        (void)snprintf(path, sizeof(path), "%s/tpm0.sys", m->dir);
        CHECK(mkdir(path, 0700) == 0);
        (void)snprintf(path, sizeof(path), "%s/tpm0.sys/tpm0", m->dir);
        CHECK(mkdir(path, 0700) == 0);
        (void)snprintf(path, sizeof(path), "%s/tpm0.sys/tpm0/tpm_version_major", m->dir);
        f = fopen(path, "w");
        CHECK(f && fputs(version, f) >= 0 && fclose(f) == 0);
    }
}

static void machine_remove(struct machine *m)
{
    static const char *const names[] = {
        "tpm0.sys/tpm0/tpm_version_major", "tpm0.sys/tpm0", "tpm0.sys", "tpm0", "tpmrm0", ""};
    char path[128];

    for (size_t i = 0; i < HF_COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", m->dir, names[i]);
        (void)remove(path);
    }
}

TEST(a_device_is_found_only_where_there_is_one)
{
    static const struct {
        const char *name, *node, *target, *version;
        const char *found; /* the node that is found; NULL: none */
    } cases[] = {
        {"none", NULL, NULL, NULL, NULL},
        {"the managed one", "tpmrm0", "/dev/null", NULL, "tpmrm0"},
        {"the raw one alone", "tpm0", "/dev/null", "2\n", "tpm0"},
        {"a TPM 1.2", "tpm0", "/dev/null", "1\n", NULL},
        {"a link to nowhere", "tpmrm0", "/nonexistent", NULL, NULL},
        {"a plain file", "tpmrm0", "/etc/passwd", NULL, NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(machine_remove) struct machine m;
        HF_CLEANUP(hf_free) char *uri = NULL;
        char sys[64];
        char want[80];

        CASE(cases[i].name);
        machine_make(&m, cases[i].node, cases[i].target, cases[i].version);
        (void)snprintf(sys, sizeof(sys), "%s/tpm0.sys", m.dir);
        OK(hf_tpm_uri_find_device(m.dir, sys, &uri));
        if (!cases[i].found) {
            CHECK(uri == NULL);
            continue;
        }
        (void)snprintf(want, sizeof(want), "device:%s/%s", m.dir, cases[i].found);
        CHECK(uri != NULL);
        CHECK_TEXT(uri, want);
    }
}

TESTS(RUN(an_address_is_host_and_port_or_a_path), RUN(what_is_too_long_for_its_place_is_refused),
      RUN(configuration_of_other_programs_finds_our_transports), RUN(the_more_specific_place_decides_which_tpm),
      RUN(a_variable_that_makes_no_sense_is_named), RUN(a_device_is_found_only_where_there_is_one))

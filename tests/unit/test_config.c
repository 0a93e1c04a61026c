/* core/config: what a file may say, and what is refused. */
#include "core/config.h"
#include "test.h"

TEST(a_file_is_read_by_one_table)
{
    static const char text[] = "state: /srv/holdfast\n"
                               "store: postgresql://fleet@db/holdfast\n"
                               "tpm:\n"
                               "  device: /dev/tpmrm0\n"
                               "  owner_auth: file:/run/owner\n"
                               "sev: {policy: 0x03, vcek_path: /x}\n"
                               "attestation_policy:\n"
                               "  required_security_level: high\n";
    HF_CLEANUP(hf_config_free) struct hf_config c = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf warnings = {0};

    OK(hf_config_parse(hf_bytes_text(text), "test.yaml", &c));
    CHECK_TEXT(c.path, "test.yaml");
    CHECK_TEXT(c.state, "/srv/holdfast");
    CHECK_TEXT(c.store, "postgresql://fleet@db/holdfast");
    CHECK_TEXT(c.tpm_uri, "device:/dev/tpmrm0");
    CHECK_TEXT(c.tpm.owner_auth, "file:/run/owner");
    CHECK(c.sev.policy == 3 && c.literals == 0 && c.attestation_policy.type == HF_JSON_OBJECT);
    OK(hf_config_warnings(&c, &warnings));
    CHECK_BYTES(hf_buf_bytes(&warnings), hf_bytes_text("sev: read and kept; nothing in this build acts on it\n"));
}

TEST(the_tpm_is_said_in_one_way)
{
    static const struct {
        const char *name, *text, *uri;
    } cases[] = {
        {"nothing", "{}", NULL},
        {"a uri", "tpm: {uri: 'swtpm:port=1'}", "swtpm:port=1"},
        {"a device", "tpm: {device: /dev/tpm0}", "device:/dev/tpm0"},
        {"a simulator", "tpm: {simulator: true}", "embedded"},
        {"no simulator", "tpm: {simulator: false}", NULL},
        {"a device and no simulator", "tpm: {device: /dev/tpm0, simulator: false}", "device:/dev/tpm0"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_config_free) struct hf_config c = {0};

        CASE(cases[i].name);
        OK(hf_config_parse(hf_bytes_text(cases[i].text), "x", &c));
        CHECK((c.tpm_uri == NULL) == (cases[i].uri == NULL));
        if (cases[i].uri)
            CHECK_TEXT(c.tpm_uri, cases[i].uri);
    }
}

TEST(what_does_not_fit_is_refused_with_its_place)
{
    static const struct {
        const char *name, *text, *says;
    } cases[] = {
        {"an unknown key", "tpm:\n  devise: /dev/tpm0\n", "line 2"},
        {"an unknown group", "state: x\ntmp: {}\n", "line 2"},
        {"a wrong type", "tpm: {simulator: yes}\n", "simulator"},
        {"a key twice", "state: a\nstate: b\n", "line 2"},
        {"a device and a simulator", "tpm: {device: /dev/tpm0, simulator: true}", "contradict"},
        {"a uri and a device", "tpm: {uri: embedded, device: /dev/tpm0}", "uri says it all"},
        {"a list", "- a\n", "x"},
        {"half of a file", "tpm: {", "YAML"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_config_free) struct hf_config c = {0};

        CASE(cases[i].name);
        FAILS(hf_config_parse(hf_bytes_text(cases[i].text), "x", &c), HF_E_CONFIG);
        CHECK_DETAIL(cases[i].says);
        CHECK(!c.path && !c.state);
    }
}

TEST(secrets_in_the_file_are_counted_and_never_shown)
{
    HF_CLEANUP(hf_config_free) struct hf_config c = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = hf_json(&text, false);
    char *shown = NULL;

    OK(hf_config_parse(hf_bytes_text("tpm: {owner_auth: hunter2, lock_auth: 'env:X'}\nsgx: {ias_api_key: k3y}"), "x", &c));
    CHECK(c.literals == 2);
    hf_json_object(&j, NULL);
    hf_config_json(&c, &j);
    hf_json_close(&j);
    OK(hf_json_end(&j));
    OK(hf_buf_text(&text, &shown));
    CHECK(!strstr(shown, "hunter2") && !strstr(shown, "k3y") && strstr(shown, "(literal)") && strstr(shown, "env:X"));
}

TEST(the_default_file_is_good)
{
    HF_CLEANUP(hf_config_free) struct hf_config c = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    OK(hf_config_default(&text));
    OK(hf_config_parse(hf_buf_bytes(&text), "default", &c));
    CHECK(!c.state && !c.tpm_uri);
}

static hf_err parse_once(void)
{
    HF_CLEANUP(hf_config_free) struct hf_config c = {0};

    return hf_config_parse(hf_bytes_text("state: a\ntpm: {device: /dev/tpm0, owner_auth: x}\nadvanced: {a: 1}"), "x", &c);
}

TEST(a_failing_allocation_fails_cleanly)
{
    SWEEP(parse_once());
}

TESTS(RUN(a_file_is_read_by_one_table), RUN(the_tpm_is_said_in_one_way), RUN(what_does_not_fit_is_refused_with_its_place),
      RUN(secrets_in_the_file_are_counted_and_never_shown), RUN(the_default_file_is_good),
      RUN(a_failing_allocation_fails_cleanly))

/* The configuration file. */
#include "core/config.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/yaml.h"

#include <stdlib.h>
#include <sys/stat.h>

#define CONFIG_MAX ((size_t)1 << 20)

/* Every key: its field, the line of the default file, and who reads it. */
static const struct hf_json_field tpm_fields[] = {
    HF_FIELD(TEXT, "uri", struct hf_config_tpm, uri, .max = 1000),
    HF_FIELD(TEXT, "device", struct hf_config_tpm, device, .max = 1000),
    HF_FIELD(BOOL, "simulator", struct hf_config_tpm, simulator, .given = true,
             .given_at = offsetof(struct hf_config_tpm, has_simulator)),
    HF_FIELD(TEXT, "state", struct hf_config_tpm, state, .max = 4000),
    HF_FIELD(TEXT, "owner_auth", struct hf_config_tpm, owner_auth, .max = 4000),
    HF_FIELD(TEXT, "endorsement_auth", struct hf_config_tpm, endorsement_auth, .max = 4000),
    HF_FIELD(TEXT, "lock_auth", struct hf_config_tpm, lock_auth, .max = 4000),
    HF_FIELDS_END,
};

static const struct hf_json_field sgx_fields[] = {
    HF_FIELD(BOOL, "debug", struct hf_config_sgx, debug),
    HF_FIELD(TEXT, "launch_token_path", struct hf_config_sgx, launch_token_path, .max = 4000),
    HF_FIELD(TEXT, "ias_api_key", struct hf_config_sgx, ias_api_key, .max = 4000),
    HF_FIELD(TEXT, "spid", struct hf_config_sgx, spid, .max = 32),
    HF_FIELDS_END,
};

static const struct hf_json_field sev_fields[] = {
    HF_FIELD(HANDLE, "policy", struct hf_config_sev, policy),
    HF_FIELD(TEXT, "cert_chain_path", struct hf_config_sev, cert_chain_path, .max = 4000),
    HF_FIELD(TEXT, "vcek_path", struct hf_config_sev, vcek_path, .max = 4000),
    HF_FIELDS_END,
};

static const struct hf_json_field optee_fields[] = {
    HF_FIELD(TEXT, "device", struct hf_config_optee, device, .max = 4000),
    HF_FIELD(TEXT, "ta_path", struct hf_config_optee, ta_path, .max = 4000),
    HF_FIELD(TEXT, "client_library", struct hf_config_optee, client_library, .max = 4000),
    HF_FIELDS_END,
};

static const struct hf_json_field fields[] = {
    HF_FIELD(TEXT, "state", struct hf_config, state, .max = 4000),
    HF_FIELD(TEXT, "store", struct hf_config, store, .max = 4000),
    HF_FIELD(OBJECT, "tpm", struct hf_config, tpm, .fields = tpm_fields),
    HF_FIELD(OBJECT, "sgx", struct hf_config, sgx, .fields = sgx_fields),
    HF_FIELD(OBJECT, "sev", struct hf_config, sev, .fields = sev_fields),
    HF_FIELD(OBJECT, "optee", struct hf_config, optee, .fields = optee_fields),
    HF_FIELD(RAW, "tee_providers", struct hf_config, tee_providers),
    HF_FIELD(RAW, "default_provider", struct hf_config, default_provider),
    HF_FIELD(RAW, "attestation_policy", struct hf_config, attestation_policy),
    HF_FIELD(RAW, "binding_policy", struct hf_config, binding_policy),
    HF_FIELD(RAW, "vendor_schemas", struct hf_config, vendor_schemas),
    HF_FIELD(RAW, "security_thresholds", struct hf_config, security_thresholds),
    HF_FIELD(RAW, "advanced", struct hf_config, advanced),
    HF_FIELDS_END,
};

/* Groups that are read and kept, and that nothing in this build acts on yet. */
static const char *const unused[] = {"sgx",           "sev",            "optee",          "tee_providers", "default_provider",
                                     "binding_policy", "vendor_schemas", "security_thresholds", "advanced"};

void hf_config_free(struct hf_config *config)
{
    hf_json_free(fields, config);
    hf_free(&config->path);
    hf_free(&config->tpm_uri);
    hf_buf_free(&config->json);
    *config = (struct hf_config){0};
}

bool hf_config_names_secret(const char *spec)
{
    static const char *const kinds[] = {"file:", "fd:", "env:", "credential:"};

    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        if (strncmp(spec, kinds[i], strlen(kinds[i])) == 0)
            return true;
    }
    return strcmp(spec, "-") == 0;
}

static const char *const *secrets_of(const struct hf_config *c, const char *out[4])
{
    out[0] = c->tpm.owner_auth;
    out[1] = c->tpm.endorsement_auth;
    out[2] = c->tpm.lock_auth;
    out[3] = c->sgx.ias_api_key;
    return out;
}

/* uri, device and simulator say one thing: two of them that do not agree are an error. */
static hf_err settle_tpm(struct hf_config *c)
{
    const struct hf_config_tpm *t = &c->tpm;
    HF_CLEANUP(hf_buf_free) struct hf_buf uri = {0};

    if (t->uri && (t->device || t->has_simulator))
        return hf_fail(HF_E_CONFIG, "tpm: uri says it all; device and simulator are for files without it");
    if (t->device && t->has_simulator && t->simulator)
        return hf_fail(HF_E_CONFIG, "tpm: device %s and simulator: true contradict each other", t->device);
    if (t->uri)
        return hf_strdup(t->uri, &c->tpm_uri);
    if (t->device) {
        HF_TRY(hf_buf_printf(&uri, "device:%s", t->device));
        return hf_text_of(hf_buf_bytes(&uri), &c->tpm_uri);
    }
    return t->has_simulator && t->simulator ? hf_strdup("embedded", &c->tpm_uri) : HF_OK;
}

static hf_err read_into(struct hf_bytes text, const char *path, struct hf_config *c)
{
    struct hf_json_problems problems = {0};
    hf_err err = hf_yaml_read(text, CONFIG_MAX, fields, c, &c->json, &problems);
    const char *secret[4];

    if (err == HF_E_MEMORY)
        return err;
    if (err != HF_OK)
        return hf_fail(HF_E_CONFIG, "%s: %.600s", path, hf_err_detail());
    HF_TRY(hf_strdup(path, &c->path));
    HF_TRY(settle_tpm(c));
    secrets_of(c, secret);
    for (size_t i = 0; i < HF_COUNT(secret); i++)
        c->literals += secret[i] && !hf_config_names_secret(secret[i]);
    return HF_OK;
}

hf_err hf_config_parse(struct hf_bytes text, const char *path, struct hf_config *out)
{
    HF_CLEANUP(hf_config_free) struct hf_config c = {0};

    HF_TRY(read_into(text, path, &c));
    *out = c;
    c = (struct hf_config){0};
    return HF_OK;
}

static hf_err load(const char *path, struct hf_config *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_config_free) struct hf_config c = {0};
    struct stat st;

    HF_TRY(hf_file_read(path, CONFIG_MAX, &text));
    HF_TRY(read_into(hf_buf_bytes(&text), path, &c));
    c.open_mode = stat(path, &st) != 0 || (st.st_mode & 077) != 0;
    if (c.literals && c.open_mode)
        return hf_fail(HF_E_CONFIG, "%s: %zu secrets stand in it and others may read it; name them (file:PATH, env:NAME, "
                                    "credential:NAME), or chmod 600",
                       path, c.literals);
    *out = c;
    c = (struct hf_config){0};
    return HF_OK;
}

static hf_err load_where_it_is(const char *folder, const char *rest, bool *found, struct hf_config *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf path = {0};
    char *text = NULL;
    struct stat st;

    HF_TRY(hf_buf_printf(&path, "%s%s", folder, rest));
    HF_TRY(hf_buf_text(&path, &text));
    *found = stat(text, &st) == 0;
    return *found ? load(text, out) : HF_OK;
}

/* A program with another user's rights (setuid) is not led by its caller's environment. */
hf_err hf_config_load(const char *option, struct hf_config *out)
{
    const char *named = secure_getenv("HOLDFAST_CONFIG");
    const char *xdg = secure_getenv("XDG_CONFIG_HOME");
    const char *home = secure_getenv("HOME");
    bool found = false;

    *out = (struct hf_config){0};
    if (option)
        return load(option, out);
    if (named && named[0])
        return load(named, out);
    if (xdg && xdg[0] == '/')
        HF_TRY(load_where_it_is(xdg, "/holdfast/config.yaml", &found, out));
    else if (home && home[0] == '/')
        HF_TRY(load_where_it_is(home, "/.config/holdfast/config.yaml", &found, out));
    return found ? HF_OK : load_where_it_is("/etc", "/holdfast/config.yaml", &found, out);
}

hf_err hf_config_warnings(const struct hf_config *config, struct hf_buf *out)
{
    struct hf_json_value top, value;

    if (config->literals)
        HF_TRY(hf_buf_printf(out, "%zu secrets stand in the file itself; name them instead: file:PATH, env:NAME, "
                                  "credential:NAME\n",
                             config->literals));
    if (config->json.n == 0 || hf_json_parse(hf_buf_bytes(&config->json), &top) != HF_OK)
        return HF_OK;
    for (size_t i = 0; i < HF_COUNT(unused); i++) {
        if (hf_json_get(top, unused[i], &value) == HF_OK)
            HF_TRY(hf_buf_printf(out, "%s: read and kept; nothing in this build acts on it\n", unused[i]));
    }
    return HF_OK;
}

static void secret_json(struct hf_json *j, const char *key, const char *spec)
{
    if (spec)
        hf_json_text(j, key, hf_config_names_secret(spec) ? spec : "(literal)");
}

static void text_json(struct hf_json *j, const char *key, const char *text)
{
    if (text)
        hf_json_text(j, key, text);
}

static void groups_json(const struct hf_config *c, struct hf_json *j)
{
    hf_json_object(j, "sgx");
    hf_json_bool(j, "debug", c->sgx.debug);
    text_json(j, "launch_token_path", c->sgx.launch_token_path);
    secret_json(j, "ias_api_key", c->sgx.ias_api_key);
    text_json(j, "spid", c->sgx.spid);
    hf_json_close(j);
    hf_json_object(j, "sev");
    hf_json_u64(j, "policy", c->sev.policy);
    text_json(j, "cert_chain_path", c->sev.cert_chain_path);
    text_json(j, "vcek_path", c->sev.vcek_path);
    hf_json_close(j);
    hf_json_object(j, "optee");
    text_json(j, "device", c->optee.device);
    text_json(j, "ta_path", c->optee.ta_path);
    text_json(j, "client_library", c->optee.client_library);
    hf_json_close(j);
}

static void raw_json(struct hf_json *j, const char *key, struct hf_json_value value)
{
    if (value.raw.n)
        hf_json_raw(j, key, value.raw);
}

void hf_config_json(const struct hf_config *config, struct hf_json *j)
{
    text_json(j, "file", config->path);
    text_json(j, "state", config->state);
    text_json(j, "store", config->store);
    hf_json_object(j, "tpm");
    text_json(j, "uri", config->tpm_uri);
    text_json(j, "state", config->tpm.state);
    secret_json(j, "owner_auth", config->tpm.owner_auth);
    secret_json(j, "endorsement_auth", config->tpm.endorsement_auth);
    secret_json(j, "lock_auth", config->tpm.lock_auth);
    hf_json_close(j);
    groups_json(config, j);
    raw_json(j, "tee_providers", config->tee_providers);
    raw_json(j, "default_provider", config->default_provider);
    raw_json(j, "attestation_policy", config->attestation_policy);
    raw_json(j, "binding_policy", config->binding_policy);
    raw_json(j, "vendor_schemas", config->vendor_schemas);
    raw_json(j, "security_thresholds", config->security_thresholds);
    raw_json(j, "advanced", config->advanced);
}

hf_err hf_config_default(struct hf_buf *out)
{
    return hf_buf_add(
        out, hf_bytes_text("# holdfast's configuration. Every key is optional; what stands here are the defaults, as\n"
                           "# comments. Options and HOLDFAST_* variables go before the file. Unknown keys are errors.\n"
                           "\n"
                           "# The state directory: records, audit trail, the embedded TPM.\n"
                           "#state: /var/lib/holdfast          # as root; else ~/.local/state/holdfast\n"
                           "\n"
                           "# Where records are kept: sqlite:PATH or postgresql://USER@HOST/DATABASE.\n"
                           "#store: sqlite:holdfast.db          # in the state directory\n"
                           "\n"
                           "tpm: {}\n"
                           "#  uri: embedded                    # the first TPM found, else the embedded one:\n"
                           "#                                   # device:/dev/tpmrm0, swtpm:host=H,port=N, tcti:NAME:CONF\n"
                           "#  device: /dev/tpmrm0              # the same as uri device:/dev/tpmrm0\n"
                           "#  simulator: false                 # true: the same as uri embedded\n"
                           "#  state: tpm                       # where the embedded TPM keeps its state\n"
                           "#  owner_auth: file:/run/owner      # secrets are named: file:, fd:, env:, credential:\n"
                           "#  endorsement_auth: env:EK_AUTH\n"
                           "#  lock_auth: credential:lockout\n"));
}

/*
 * The configuration: one file, YAML or JSON, read by one table. Precedence everywhere: option, environment
 * (HOLDFAST_*), file, default.
 *
 * Secrets are named, not written: file:PATH, fd:N, env:NAME, credential:NAME (systemd). A literal needs a file of
 * mode 0600, and is warned about.
 */
#ifndef HF_CORE_CONFIG_H
#define HF_CORE_CONFIG_H

#include "base/bytes.h"
#include "codec/json.h"
#include "codec/json_read.h"

struct hf_config {
    char *path; /* of the file; NULL: there is none, and all are defaults */

    char *state;
    char *store; /* "sqlite:PATH", "postgresql://..." */
    struct hf_config_tpm {
        char *uri;
        char *device; /* "/dev/tpmrm0": the same as uri "device:/dev/tpmrm0" */
        bool simulator, has_simulator;
        char *state;
        char *owner_auth, *endorsement_auth, *lock_auth;
    } tpm;
    struct hf_config_sgx {
        bool debug;
        char *launch_token_path, *ias_api_key, *spid;
    } sgx;
    struct hf_config_sev {
        uint32_t policy;
        char *cert_chain_path, *vcek_path;
    } sev;
    struct hf_config_optee {
        char *device, *ta_path, *client_library;
    } optee;

    struct hf_buf json; /* the file as JSON; values below lie in it */
    struct hf_json_value tee_providers, default_provider, attestation_policy, binding_policy, vendor_schemas,
        security_thresholds, advanced;

    char *tpm_uri;   /* what uri, device and simulator amount to; NULL: nothing was said */
    bool open_mode;  /* others than its owner may read the file */
    size_t literals; /* secrets that stand in it */
};
void hf_config_free(struct hf_config *config);

/* From a text; `path` is what messages call it. HF_E_CONFIG with line and column. */
hf_err hf_config_parse(struct hf_bytes text, const char *path, struct hf_config *out);

/* The file of the option, else of HOLDFAST_CONFIG, else the first that is there: $XDG_CONFIG_HOME/holdfast/config.yaml
 * (~/.config), /etc/holdfast/config.yaml. A file that was named must be there. Secrets in a file that others may read
 * are HF_E_CONFIG. */
hf_err hf_config_load(const char *option, struct hf_config *out);

/* Things to know, one a line: groups that nothing in this build reads, literal secrets. Appends; nothing when all is
 * well. */
hf_err hf_config_warnings(const struct hf_config *config, struct hf_buf *out);

/* Members of the open object: what was set. Literal secrets are shown as "(literal)". */
void hf_config_json(const struct hf_config *config, struct hf_json *j);

/* A file with every key, its default and what it is for. */
hf_err hf_config_default(struct hf_buf *out);

/* Is this spec one of file:, fd:, env:, credential: or -, and not a secret itself? */
bool hf_config_names_secret(const char *spec);

#endif

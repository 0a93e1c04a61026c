/* Every command, in the order of help. */
#include "cli/cli.h"

/* clang-format off */
#define COMMANDS(X) \
    X(audit_export) \
    X(audit_tail) \
    X(audit_verify) \
    X(collateral_expire) \
    X(collateral_fetch) \
    X(collateral_list) \
    X(collateral_show) \
    X(config_check) \
    X(config_default) \
    X(config_show) \
    X(doctor) \
    X(evidence_inspect) \
    X(evidence_kinds) \
    X(evidence_measure) \
    X(help) \
    X(nonce_check) \
    X(nonce_new) \
    X(policy_check) \
    X(policy_diff) \
    X(policy_explain) \
    X(policy_from_evidence) \
    X(policy_show) \
    X(quickstart) \
    X(tpm_auth) \
    X(tpm_caps) \
    X(tpm_certify) \
    X(tpm_clear) \
    X(tpm_clock) \
    X(tpm_create) \
    X(tpm_credential_activate) \
    X(tpm_credential_make) \
    X(tpm_decrypt) \
    X(tpm_doctor) \
    X(tpm_duplicate) \
    X(tpm_ecdh) \
    X(tpm_ek_certificate) \
    X(tpm_ek_show) \
    X(tpm_ek_verify) \
    X(tpm_encrypt) \
    X(tpm_eventlog_replay) \
    X(tpm_eventlog_show) \
    X(tpm_evict) \
    X(tpm_flush) \
    X(tpm_hash) \
    X(tpm_hmac) \
    X(tpm_ima_replay) \
    X(tpm_import) \
    X(tpm_info) \
    X(tpm_list) \
    X(tpm_load) \
    X(tpm_load_external) \
    X(tpm_lockout_reset) \
    X(tpm_lockout_set) \
    X(tpm_lockout_show) \
    X(tpm_nv_define) \
    X(tpm_nv_extend) \
    X(tpm_nv_increment) \
    X(tpm_nv_list) \
    X(tpm_nv_lock) \
    X(tpm_nv_read) \
    X(tpm_nv_show) \
    X(tpm_nv_undefine) \
    X(tpm_nv_write) \
    X(tpm_pcr_extend) \
    X(tpm_pcr_predict) \
    X(tpm_pcr_read) \
    X(tpm_pcr_reset) \
    X(tpm_pipe) \
    X(tpm_policy_approve) \
    X(tpm_policy_digest) \
    X(tpm_policy_show) \
    X(tpm_policy_sign) \
    X(tpm_policy_try) \
    X(tpm_primary) \
    X(tpm_quote) \
    X(tpm_quote_verify) \
    X(tpm_random) \
    X(tpm_seal) \
    X(tpm_show) \
    X(tpm_sign) \
    X(tpm_state_export_swtpm) \
    X(tpm_state_import_swtpm) \
    X(tpm_unseal) \
    X(tpm_verify) \
    X(verify) \
    X(verify_batch) \
    X(version) \

/* clang-format on */

#define DECLARE(name) extern const struct hf_command hf_cmd_##name;
COMMANDS(DECLARE)

#define ROW(name) &hf_cmd_##name,
const struct hf_command *const hf_commands[] = {COMMANDS(ROW) NULL};


const struct hf_command *hf_command_find(const char *words)
{
    for (size_t i = 0; hf_commands[i]; i++) {
        if (strcmp(hf_commands[i]->words, words) == 0)
            return hf_commands[i];
    }
    return NULL;
}

bool hf_command_begins(const char *words)
{
    size_t n = strlen(words);

    for (size_t i = 0; hf_commands[i]; i++) {
        const char *have = hf_commands[i]->words;

        if (strncmp(have, words, n) == 0 && (n == 0 || have[n] == 0 || have[n] == ' '))
            return true;
    }
    return false;
}

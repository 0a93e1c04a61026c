/* Every command, in the order of help. */
#include "cli/cli.h"

extern const struct hf_command hf_cmd_audit_export;
extern const struct hf_command hf_cmd_audit_tail;
extern const struct hf_command hf_cmd_audit_verify;
extern const struct hf_command hf_cmd_doctor;
extern const struct hf_command hf_cmd_help;
extern const struct hf_command hf_cmd_tpm_eventlog_replay;
extern const struct hf_command hf_cmd_tpm_eventlog_show;
extern const struct hf_command hf_cmd_tpm_ima_replay;
extern const struct hf_command hf_cmd_tpm_quote_verify;
extern const struct hf_command hf_cmd_version;

const struct hf_command *const hf_commands[] = {
    &hf_cmd_audit_export, &hf_cmd_audit_tail, &hf_cmd_audit_verify, &hf_cmd_doctor, &hf_cmd_help, &hf_cmd_tpm_eventlog_replay,
    &hf_cmd_tpm_eventlog_show, &hf_cmd_tpm_ima_replay, &hf_cmd_tpm_quote_verify, &hf_cmd_version, NULL,
};

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

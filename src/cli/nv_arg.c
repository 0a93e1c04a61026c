/* An NV index on the command line. */
#include "cli/nv_arg.h"
#include "base/cleanup.h"
#include "base/text.h"

void hf_cli_nv_free(struct hf_cli_nv *nv)
{
    hf_secret_free(&nv->auth);
    hf_policy_free(&nv->policy);
    hf_cli_answers_free(&nv->answers);
    *nv = (struct hf_cli_nv){0};
}

hf_err hf_cli_nv_index(const char *text, uint32_t *out)
{
    uint64_t number = 0;

    HF_TRY(hf_text_u64(text, UINT32_MAX, "NV index", &number));
    *out = (uint32_t)number;
    return HF_OK;
}

static enum hf_tpm_nv_by by_of(const char *word)
{
    static const char *const words[] = {
        [HF_TPM_NV_BY_INDEX] = "index",
        [HF_TPM_NV_BY_OWNER] = "owner",
        [HF_TPM_NV_BY_PLATFORM] = "platform",
        [HF_TPM_NV_BY_POLICY] = "policy",
    };

    for (size_t i = 1; word && i < HF_COUNT(words); i++) {
        if (strcmp(word, words[i]) == 0)
            return (enum hf_tpm_nv_by)i;
    }
    return HF_TPM_NV_BY_ANY;
}

hf_err hf_cli_nv_open(const struct hf_cli_nv_opts *opts, struct hf_cli_nv *out)
{
    const char *hash = NULL;

    HF_TRY(hf_cli_nv_index(opts->index, &out->ref.index));
    out->ref.by = by_of(opts->as);
    HF_TRY(hf_cli_auth(opts->auth, "authorization for the NV index", &out->auth));
    if (opts->policy)
        HF_TRY(hf_cli_policy(opts->policy, &hash, &out->policy));
    HF_TRY(hf_cli_answers_open(&opts->answers, &out->answers));
    out->ref.auth = out->auth;
    out->ref.policy = out->policy;
    out->ref.answers = &out->answers.answers;
    return HF_OK;
}

hf_err hf_cli_nv_done(struct hf_cli *cli, uint32_t index, const char *word)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (!cli->json) {
        hf_cli_say(cli, "0x%08x %s (environment: %s, bus: %s)", (unsigned)index, word,
                   hf_tpm_environment_name(hf_tpm_environment(tpm)), hf_tpm_bus_name(hf_tpm_bus(tpm)));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_handle(&j, "index", index);
    hf_json_bool(&j, word, true);
    hf_json_text(&j, "bus", hf_tpm_bus_name(hf_tpm_bus(tpm)));
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

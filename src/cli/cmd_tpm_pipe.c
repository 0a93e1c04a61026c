/* holdfast tpm pipe */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "core/tpm_objects.h"
#include "tpm/uri.h"

#include <unistd.h>

static hf_err run(struct hf_cli *cli, const void *options)
{
    HF_CLEANUP(hf_tpm_pipe_close) struct hf_tpm_pipe *p = NULL;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    (void)options;
    if (isatty(STDIN_FILENO))
        return hf_fail(HF_E_ARG, "standard input is a terminal: a program's raw TPM commands are wanted there "
                                 "(TPM2TOOLS_TCTI='cmd:exec holdfast tpm pipe')");
    hf_tpm_uri_forget_foreign(); /* such a variable may be what started this command */
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_pipe(core, &who, &p));
    return hf_tpm_pipe_run(p, STDIN_FILENO, STDOUT_FILENO);
}

struct none {
    char nothing;
};

static const struct hf_opt rows[] = {
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_pipe = {
    .words = "tpm pipe",
    .about = "Carry raw TPM commands from standard input and the answers to standard output",
    .text =
        "Lets programs that use the TCG software stack work on holdfast's TPM: TPM2TOOLS_TCTI='cmd:exec holdfast tpm "
        "pipe' for tpm2-tools, TPM2OPENSSL_TCTI for tpm2-openssl. Each pipe is a client of its own behind a resource "
        "manager, so objects of one program do not fill the TPM's slots for another. The choice of the TPM is --tpm, "
        "HOLDFAST_TPM or the usual one; the variables of other programs are not looked at. What passes through is not "
        "encrypted by holdfast. It ends with its input; only its beginning is in the audit trail.",
    .example = "# TPM2_GetRandom(8): an answer of 10 + 2 + 8 bytes\n"
               "printf '\\200\\001\\000\\000\\000\\014\\000\\000\\001\\173\\000\\010' | holdfast tpm pipe > answer\n"
               "test \"$(wc -c < answer)\" = 20\n",
    .opts = rows,
    .size = sizeof(struct none),
    .run = run,
};

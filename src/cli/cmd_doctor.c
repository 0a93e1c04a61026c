/* holdfast doctor: is this machine fit, and what would be used? */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/diagnosis.h"
#include "core/audit.h"
#include "crypto/context.h"
#include "tpm/transport.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

static void look_at_state(struct hf_cli *cli, struct hf_diagnosis *f)
{
    struct hf_audit *audit = NULL;
    struct hf_audit_head head;
    struct hf_core *core = NULL;

    if (hf_cli_core(cli, &core) != HF_OK) {
        hf_symptom_add(f, "state directory", false, NULL, "%s", hf_err_detail());
        return;
    }
    hf_symptom_add(f, "state directory", true, NULL, "%s, mode 0700, in-process as %s with role admin", hf_core_state_path(core),
          hf_cli_who().name);
    if (hf_core_audit(core, &audit) != HF_OK || hf_audit_head_get(audit, &head) != HF_OK)
        hf_symptom_add(f, "audit trail", false, NULL, "%s", hf_err_detail());
    else
        hf_symptom_add(f, "audit trail", true, NULL, "%" PRIu64 " records; holdfast audit verify checks them", head.seq);
}

/* Which TPM, and what its own doctor finds. */
static void look_at_tpm(struct hf_cli *cli, struct hf_diagnosis *f)
{
    HF_CLEANUP(hf_free) struct hf_diagnosis *of_tpm = NULL;
    HF_CLEANUP(hf_free) char *uri = NULL;
    struct hf_who who = hf_cli_who();
    const char *source = NULL;
    struct hf_core *core = NULL;
    hf_err err = hf_tpm_uri_choose(cli->tpm, cli->config.tpm_uri, &uri, &source);

    if (err == HF_OK)
        hf_symptom_add(f, "tpm", true, NULL, "%s, chosen by: %s", uri, source);
    if (err == HF_OK)
        err = hf_alloc(sizeof(*of_tpm), &of_tpm);
    if (err == HF_OK)
        err = hf_cli_core(cli, &core);
    if (err == HF_OK)
        err = hf_core_tpm_doctor(core, &who, of_tpm);
    if (err != HF_OK)
        hf_symptom_add(f, "tpm", false, NULL, "%s", hf_err_detail());
    for (size_t i = 0; err == HF_OK && i < of_tpm->n && f->n < HF_SYMPTOMS_MAX; i++)
        f->row[f->n++] = of_tpm->row[i];
}

static void look_at_secrets(struct hf_diagnosis *f)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;

    if (hf_secret_new(hf_bytes_text("probe"), &s) != HF_OK)
        hf_symptom_add(f, "secrets", false, NULL, "%s", hf_err_detail());
    else if (hf_secret_locked())
        hf_symptom_add(f, "secrets", true, NULL, "in locked memory");
    else
        hf_symptom_add(f, "secrets", false, NULL,
              "memory cannot be locked and may be swapped: raise RLIMIT_MEMLOCK (ulimit -l) to 256 KiB or more");
}

static void look_at_openssl(struct hf_diagnosis *f)
{
    OSSL_LIB_CTX *ctx = hf_ossl();

    if (!ctx) {
        hf_symptom_add(f, "openssl", false, NULL, "%s does not start", OpenSSL_version(OPENSSL_VERSION));
        return;
    }
    hf_symptom_add(f, "openssl", true, NULL, "%s; provider%s%s; FIPS provider %s; holdfast claims no certification",
          OpenSSL_version(OPENSSL_VERSION), OSSL_PROVIDER_available(ctx, "default") ? " default" : "",
          OSSL_PROVIDER_available(ctx, "fips") ? " fips" : "",
          EVP_default_properties_is_fips_enabled(ctx) ? "in use" : "not in use");
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    HF_CLEANUP(hf_free) struct hf_diagnosis *d = NULL;

    (void)options;
    HF_TRY(hf_alloc(sizeof(*d), &d));
    look_at_state(cli, d);
    look_at_secrets(d);
    look_at_openssl(d);
    look_at_tpm(cli, d);
    return hf_cli_diagnosis(cli, d, NULL);
}

const struct hf_command hf_cmd_doctor = {
    .words = "doctor",
    .about = "Check this machine and say what would be used",
    .text = "Exits with 3 when something is wrong or weaker than it could be.",
    .example = "holdfast doctor || test $? = 3\nholdfast doctor --json || test $? = 3",
    .run = run,
};

/* holdfast doctor: is this machine fit, and what would be used? */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/cli.h"
#include "core/audit.h"
#include "crypto/context.h"
#include "tpm/transport.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

struct finding {
    const char *name;
    bool good;      /* false: something is wrong, or weaker than it could be */
    char text[400]; /* what was seen, and how to mend it */
};

#define FINDINGS 8
struct findings {
    size_t n;
    struct finding row[FINDINGS];
};

static HF_PRINTF(4, 5) void found(struct findings *f, const char *name, bool good, const char *fmt, ...)
{
    struct finding *row = &f->row[f->n];
    va_list args;

    if (f->n == FINDINGS)
        return;
    row->name = name;
    row->good = good;
    va_start(args, fmt);
    (void)vsnprintf(row->text, sizeof(row->text), fmt, args);
    va_end(args);
    f->n++;
}

static void look_at_state(struct hf_cli *cli, struct findings *f)
{
    struct hf_audit *audit = NULL;
    struct hf_audit_head head;
    struct hf_core *core = NULL;

    if (hf_cli_core(cli, &core) != HF_OK) {
        found(f, "state directory", false, "%s", hf_err_detail());
        return;
    }
    found(f, "state directory", true, "%s, mode 0700, in-process as %s with role admin", hf_core_state_path(core),
          hf_cli_who().name);
    if (hf_core_audit(core, &audit) != HF_OK || hf_audit_head_get(audit, &head) != HF_OK)
        found(f, "audit trail", false, "%s", hf_err_detail());
    else
        found(f, "audit trail", true, "%" PRIu64 " records; holdfast audit verify checks them", head.seq);
}

static void look_at_tpm(const struct hf_cli *cli, struct findings *f)
{
    HF_CLEANUP(hf_free) char *uri = NULL;
    const char *source = NULL;

    if (hf_tpm_uri_choose(cli->tpm, NULL, &uri, &source) != HF_OK)
        found(f, "tpm", false, "%s", hf_err_detail());
    else
        found(f, "tpm", true, "%s, chosen by: %s; holdfast tpm doctor asks it", uri, source);
}

static void look_at_secrets(struct findings *f)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;

    if (hf_secret_new(hf_bytes_text("probe"), &s) != HF_OK)
        found(f, "secrets", false, "%s", hf_err_detail());
    else if (hf_secret_locked())
        found(f, "secrets", true, "in locked memory");
    else
        found(f, "secrets", false,
              "memory cannot be locked and may be swapped: raise RLIMIT_MEMLOCK (ulimit -l) to 256 KiB or more");
}

static void look_at_openssl(struct findings *f)
{
    OSSL_LIB_CTX *ctx = hf_ossl();

    if (!ctx) {
        found(f, "openssl", false, "%s does not start", OpenSSL_version(OPENSSL_VERSION));
        return;
    }
    found(f, "openssl", true, "%s; provider%s%s; FIPS provider %s; holdfast claims no certification",
          OpenSSL_version(OPENSSL_VERSION), OSSL_PROVIDER_available(ctx, "default") ? " default" : "",
          OSSL_PROVIDER_available(ctx, "fips") ? " fips" : "",
          EVP_default_properties_is_fips_enabled(ctx) ? "in use" : "not in use");
}

static hf_err print_json(const struct findings *f, bool good)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_bool(&j, "good", good);
    hf_json_array(&j, "findings");
    for (size_t i = 0; i < f->n; i++) {
        hf_json_object(&j, NULL);
        hf_json_text(&j, "name", f->row[i].name);
        hf_json_bool(&j, "good", f->row[i].good);
        hf_json_text(&j, "text", f->row[i].text);
        hf_json_close(&j);
    }
    hf_json_close(&j);
    return hf_cli_json_end(&text, &j);
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    struct findings f = {0};
    bool good = true;

    (void)options;
    look_at_state(cli, &f);
    look_at_tpm(cli, &f);
    look_at_secrets(&f);
    look_at_openssl(&f);
    for (size_t i = 0; i < f.n; i++)
        good = good && f.row[i].good;
    if (cli->json)
        HF_TRY(print_json(&f, good));
    for (size_t i = 0; i < f.n && !cli->json; i++)
        hf_cli_line(cli, f.row[i].name, "%s%s", f.row[i].good ? "" : "(!) ", f.row[i].text);
    return good ? HF_OK : hf_fail(HF_E_WARNED, "what is marked above is not as it should be");
}

const struct hf_command hf_cmd_doctor = {
    .words = "doctor",
    .about = "Check this machine and say what would be used",
    .text = "Exits with 3 when something is wrong or weaker than it could be.",
    .example = "holdfast doctor || test $? = 3\nholdfast doctor --json || test $? = 3",
    .run = run,
};

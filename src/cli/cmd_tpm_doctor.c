/* holdfast tpm doctor */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/diagnosis.h"

struct doctor_opts {
    const char *pin;
    bool repin, yes;
};

static const struct hf_opt doctor_rows[] = {
    {HF_OPT_TEXT, 0, "pin", offsetof(struct doctor_opts, pin), "srk", "first pin the storage root key that is there now", "srk", false},
    {HF_OPT_FLAG, 0, "repin", offsetof(struct doctor_opts, repin), NULL, "forget the key that was pinned, and learn the one of now", NULL, false},
    {HF_OPT_FLAG, 'y', "yes", offsetof(struct doctor_opts, yes), NULL, "with --repin: you know why the key is another one", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err print_json(struct hf_cli *cli, const struct hf_diagnosis *d, struct hf_tpm *tpm, bool good)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_bool(&j, "good", good);
    hf_json_array(&j, "findings");
    for (size_t i = 0; i < d->n; i++) {
        hf_json_object(&j, NULL);
        hf_json_text(&j, "name", d->row[i].name);
        hf_json_bool(&j, "good", d->row[i].good);
        hf_json_text(&j, "text", d->row[i].text);
        if (d->row[i].remedy[0])
            hf_json_text(&j, "remedy", d->row[i].remedy);
        hf_json_close(&j);
    }
    hf_json_close(&j);
    if (tpm)
        hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

hf_err hf_cli_diagnosis(struct hf_cli *cli, const struct hf_diagnosis *d, struct hf_tpm *tpm)
{
    bool good = true;

    for (size_t i = 0; i < d->n; i++)
        good = good && d->row[i].good;
    if (cli->json)
        HF_TRY(print_json(cli, d, tpm, good));
    for (size_t i = 0; i < d->n && !cli->json; i++)
        hf_cli_line(cli, d->row[i].name, "%s%s%s%s", d->row[i].good ? "" : "(!) ", d->row[i].text, d->row[i].remedy[0] ? "; " : "", d->row[i].remedy);
    return good ? HF_OK : hf_fail(HF_E_WARNED, "what is marked is not as it should be, or weaker than it could be");
}

static hf_err repin(struct hf_cli *cli, struct hf_core *core, bool sure)
{
    struct hf_who who = hf_cli_who();
    struct hf_repin seen = {0};
    hf_err err = hf_core_tpm_repin(core, &who, sure, &seen);

    if (err != HF_OK && err != HF_E_ARG)
        return err;
    if (seen.was[0])
        hf_cli_say(cli, "pinned (%s): %s", seen.level, seen.was);
    else
        hf_cli_say(cli, "no key is pinned");
    hf_cli_say(cli, "there now:   %s", seen.is[0] ? seen.is : "none");
    return err;
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    const struct doctor_opts *opt = options;
    HF_CLEANUP(hf_free) struct hf_diagnosis *found = NULL;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    char name[136];

    if (opt->yes && !opt->repin)
        return hf_fail(HF_E_ARG, "--yes goes with --repin");
    HF_TRY(hf_alloc(sizeof(*found), &found));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (opt->repin)
        HF_TRY(repin(cli, core, opt->yes));
    if (opt->pin) {
        HF_TRY(hf_core_tpm_pin_srk(core, &who, name));
        hf_cli_say(cli, "pinned (srk): %s", name);
    }
    HF_TRY(hf_core_tpm_doctor(core, &who, found));
    return hf_cli_diagnosis(cli, found, tpm);
}

const struct hf_command hf_cmd_tpm_doctor = {
    .words = "tpm doctor",
    .about = "Look for what is wrong with the TPM, or weaker than it could be",
    .text = "Each finding comes with a remedy. Exits with 3 when something is marked.\n\n"
            "Sessions are encrypted to a key of the TPM, whose Name is remembered: another key there means that the TPM was cleared or "
            "replaced, or that something on the way pretends to be it, and everything is refused. --pin srk raises the remembered key to "
            "one that an operator stands for; --repin shows both Names, and with --yes believes the new one.",
    .example = "holdfast tpm doctor --pin srk || test $? = 3\n"
               "holdfast tpm doctor --json || test $? = 3\n",
    .opts = doctor_rows,
    .size = sizeof(struct doctor_opts),
    .run = run,
};

/* Pinning the key that sessions are salted with, by the operator's word. */
#include "base/cleanup.h"
#include "core/tpm_doctor.h"
#include "tpm/connection.h"

#include <stdio.h>

static void name_text(const struct hf_tpm_name *name, char out[136])
{
    out[0] = 0;
    for (size_t i = 0; i < name->n; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", name->bytes[i]);
}

struct pin {
    char *name;
    bool sure;
    struct hf_repin *repin;
};

static hf_err pin_taken(struct hf_tpm *tpm, struct pin *p)
{
    struct hf_tpm_pin pin = {.level = HF_TPM_BUS_SRK, .handle = HF_TPM_SRK};
    struct hf_tpm_entity srk = {0};
    struct hf_tpm_pin old = {0};
    hf_err err;

    HF_TRY(hf_tpm_srk(tpm, &srk)); /* in sessions salted with what is pinned now: an impostor is refused here */
    err = hf_tpm_pin_load(tpm->state_dir, tpm->uri, &old);
    if (err != HF_OK && err != HF_E_NOT_FOUND)
        return err;
    if (err == HF_OK && old.level == HF_TPM_BUS_EK)
        return hf_fail(HF_E_ARG,
                       "the endorsement key is pinned, which is stronger; `holdfast tpm doctor --repin` forgets it");
    pin.name = srk.name;
    HF_TRY(hf_tpm_pin_save(tpm->state_dir, tpm->uri, &pin));
    hf_tpm_pool_flush(tpm); /* the next session reads and checks it */
    HF_TRY(hf_tpm_salt_ready(tpm));
    name_text(&srk.name, p->name);
    return HF_OK;
}

static hf_err pin_srk(struct hf_core *core, void *arg)
{
    struct hf_tpm *tpm = NULL;
    hf_err err;

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(hf_tpm_take(tpm));
    err = pin_taken(tpm, arg);
    hf_tpm_give(tpm);
    return err;
}

hf_err hf_core_tpm_pin_srk(struct hf_core *core, const struct hf_who *who, char name[136])
{
    char made[136] = "";
    struct pin p = {.name = made};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_PIN, "srk", pin_srk, &p));
    memcpy(name, made, sizeof(made));
    return HF_OK;
}

/* The key that stands now where the pinned one stood, asked without a session: nothing is believed of it yet. */
static hf_err look(struct hf_tpm *tpm, struct hf_repin *out)
{
    struct hf_tpm_pin old = {.handle = HF_TPM_SRK};
    struct hf_tpm_name now = {0};
    hf_err err = hf_tpm_pin_load(tpm->state_dir, tpm->uri, &old);

    if (err == HF_OK) {
        name_text(&old.name, out->was);
        (void)snprintf(out->level, sizeof(out->level), "%s", hf_tpm_bus_name(old.level));
    } else if (err != HF_E_NOT_FOUND) {
        return err;
    }
    err = hf_tpm_read_public(tpm, old.handle, NULL, &now);
    if (err != HF_OK && err != HF_E_NOT_FOUND)
        return err;
    if (err == HF_OK)
        name_text(&now, out->is);
    return HF_OK;
}

static hf_err repin_taken(struct hf_tpm *tpm, struct pin *p)
{
    HF_TRY(look(tpm, p->repin));
    if (!p->sure)
        return hf_fail(HF_E_ARG,
                       "nothing was changed: forgetting a pin trusts whatever answers now; with --yes it is done");
    HF_TRY(hf_tpm_pin_forget(tpm->state_dir, tpm->uri));
    hf_tpm_pool_flush(tpm);
    return hf_tpm_salt_ready(tpm);
}

static hf_err repin(struct hf_core *core, void *arg)
{
    struct hf_tpm *tpm = NULL;
    hf_err err;

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(hf_tpm_take(tpm));
    err = repin_taken(tpm, arg);
    hf_tpm_give(tpm);
    return err;
}

hf_err hf_core_tpm_repin(struct hf_core *core, const struct hf_who *who, bool sure, struct hf_repin *out)
{
    struct hf_repin found = {0};
    struct pin p = {.sure = sure, .repin = &found};
    hf_err err = hf_core_do(core, who, HF_OP_TPM_PIN, "repin", repin, &p);

    if (err == HF_OK || err == HF_E_ARG)
        *out = found;
    return err;
}

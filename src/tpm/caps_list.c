/* Everything a TPM says of itself, a row each (Part 2, 6.12 and 10.8; Part 3, 30.2). */
#include "base/cleanup.h"
#include "tpm/algorithms.h"
#include "tpm/caps.h"

#include <holdfast/platform.h>
#include <stdio.h>

const char *hf_tpm_caps_group_name(enum hf_tpm_caps_group group)
{
    static const char *const names[] = {"algorithms", "commands", "pcrs", "curves", "fixed", "variable", "handles"};

    return (unsigned)group < HF_COUNT(names) ? names[group] : "unknown";
}

struct listing {
    struct hf_tpm *tpm;
    enum hf_tpm_caps_group group;
    hf_tpm_caps_each *each;
    void *arg;
};

static hf_err property(void *arg, uint32_t id, uint32_t value)
{
    struct listing *l = arg;
    struct hf_tpm_cap cap = {.group = l->group, .id = id, .value = value};

    hf_tpm_property_word(id, cap.name);
    hf_tpm_property_text(id, value, cap.text, sizeof(cap.text));
    return l->each(l->arg, &cap);
}

static hf_err handle(void *arg, uint32_t id)
{
    struct listing *l = arg;
    struct hf_tpm_cap cap = {.group = l->group, .id = id, .value = id};

    (void)snprintf(cap.name, sizeof(cap.name), "0x%08x", (unsigned)id);
    (void)snprintf(cap.text, sizeof(cap.text), "%s", hf_tpm_handle_word(id));
    return l->each(l->arg, &cap);
}

static hf_err handles(struct listing *l)
{
    static const uint8_t types[] = {TPM2_HT_PCR,       TPM2_HT_NV_INDEX,  TPM2_HT_LOADED_SESSION, TPM2_HT_SAVED_SESSION,
                                    TPM2_HT_PERMANENT, TPM2_HT_TRANSIENT, TPM2_HT_PERSISTENT};

    for (size_t i = 0; i < HF_COUNT(types); i++)
        HF_TRY(hf_tpm_handles(l->tpm, types[i], handle, l));
    return HF_OK;
}

/* Lists of one capability, in pieces: one element is read by `one`, which gives where to go on. */
static hf_err walk(struct listing *l, uint32_t capability, uint32_t first,
                   hf_err (*one)(struct listing *, struct hf_reader *, uint32_t *))
{
    uint32_t next = first;
    bool more = true;

    while (more) {
        struct hf_tpm_call c;
        uint32_t before = next;
        uint32_t n;

        HF_TRY(hf_tpm_capability(l->tpm, capability, next, 254, &c, &more));
        n = hf_rd_u32be(&c.r);
        for (uint32_t i = 0; i < n && hf_rd_more(&c.r); i++) {
            uint32_t at = 0;

            HF_TRY(one(l, &c.r, &at));
            next = at + 1;
        }
        HF_TRY(hf_rd_end(&c.r));
        if (n == 0 || next <= before) /* no progress: the TPM is at its end, whatever it says */
            return HF_OK;
    }
    return HF_OK;
}

static hf_err algorithm(struct listing *l, struct hf_reader *r, uint32_t *at)
{
    struct hf_tpm_cap cap = {.group = l->group};

    cap.id = hf_rd_u16be(r);
    cap.value = hf_rd_u32be(r);
    HF_TRY(hf_rd_err(r));
    hf_tpm_alg_word(cap.id, cap.name);
    hf_tpm_alg_text(cap.value, cap.text, sizeof(cap.text));
    *at = cap.id;
    return l->each(l->arg, &cap);
}

static hf_err command(struct listing *l, struct hf_reader *r, uint32_t *at)
{
    struct hf_tpm_cap cap = {.group = l->group, .value = hf_rd_u32be(r)};

    HF_TRY(hf_rd_err(r));
    cap.id = (cap.value & TPMA_CC_COMMANDINDEX_MASK) | (cap.value & TPMA_CC_V); /* vendor commands keep their bit */
    hf_tpm_cc_word(cap.id, cap.name);
    hf_tpm_cc_text(cap.value, cap.text, sizeof(cap.text));
    *at = cap.id;
    return l->each(l->arg, &cap);
}

static hf_err curve(struct listing *l, struct hf_reader *r, uint32_t *at)
{
    struct hf_tpm_cap cap = {.group = l->group, .id = hf_rd_u16be(r)};

    HF_TRY(hf_rd_err(r));
    cap.value = cap.id;
    hf_tpm_curve_word(cap.id, cap.name);
    (void)snprintf(cap.text, sizeof(cap.text), "0x%04x", (unsigned)cap.id);
    *at = cap.id;
    return l->each(l->arg, &cap);
}

/* "0-15,17" of a bitmap. */
static void pcr_text(struct hf_bytes bitmap, struct hf_tpm_cap *cap)
{
    size_t bits = bitmap.n * 8;

    for (size_t i = 0; i < bits; i++) {
        size_t last = i;
        size_t n = strlen(cap->text);

        if (!(bitmap.p[i / 8] >> i % 8 & 1))
            continue;
        while (last + 1 < bits && bitmap.p[(last + 1) / 8] >> (last + 1) % 8 & 1)
            last++;
        cap->value += (uint32_t)(last - i + 1);
        (void)snprintf(cap->text + n, sizeof(cap->text) - n, last > i ? "%s%zu-%zu" : "%s%zu", n ? "," : "", i, last);
        i = last;
    }
    if (!cap->text[0])
        (void)snprintf(cap->text, sizeof(cap->text), "none");
}

static hf_err pcrs(struct listing *l)
{
    struct hf_tpm_call c;
    bool more = false;
    uint32_t n;

    HF_TRY(hf_tpm_capability(l->tpm, TPM2_CAP_PCRS, 0, 1, &c, &more));
    n = hf_rd_u32be(&c.r);
    for (uint32_t i = 0; i < n && hf_rd_more(&c.r); i++) {
        struct hf_tpm_cap cap = {.group = l->group, .id = hf_rd_u16be(&c.r)};
        struct hf_bytes bitmap = hf_rd_view(&c.r, hf_rd_u8(&c.r));

        HF_TRY(hf_rd_err(&c.r));
        hf_tpm_alg_word(cap.id, cap.name);
        pcr_text(bitmap, &cap);
        HF_TRY(l->each(l->arg, &cap));
    }
    return hf_rd_end(&c.r);
}

static hf_err list(struct listing *l)
{
    switch (l->group) {
    case HF_TPM_CAPS_ALGORITHMS:
        return walk(l, TPM2_CAP_ALGS, 0, algorithm);
    case HF_TPM_CAPS_COMMANDS:
        return walk(l, TPM2_CAP_COMMANDS, TPM2_CC_FIRST, command);
    case HF_TPM_CAPS_PCRS:
        return pcrs(l);
    case HF_TPM_CAPS_CURVES:
        return walk(l, TPM2_CAP_ECC_CURVES, 0, curve);
    case HF_TPM_CAPS_FIXED:
        return hf_tpm_properties(l->tpm, TPM2_PT_FIXED, property, l);
    case HF_TPM_CAPS_VARIABLE:
        return hf_tpm_properties(l->tpm, TPM2_PT_VAR, property, l);
    case HF_TPM_CAPS_HANDLES:
        return handles(l);
    case HF_TPM_CAPS_GROUPS:
        break;
    }
    return hf_fail(HF_E_ARG, "%u is no group of capabilities", (unsigned)l->group);
}

hf_err hf_tpm_caps(struct hf_tpm *tpm, enum hf_tpm_caps_group group, hf_tpm_caps_each *each, void *arg)
{
    struct listing l = {tpm, group, each, arg};
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = list(&l);
    hf_tpm_give(tpm);
    return err;
}

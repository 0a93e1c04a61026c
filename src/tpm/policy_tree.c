/* Policies in memory: making, freeing and filling in. */
#include "tpm/policy_tree.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tpm/policy_words.h"

#include <stdio.h>

/* One more element in a counted array; the new one is zero. */
static hf_err grow(void *array, size_t n, size_t size)
{
    uint8_t *grown;

    HF_TRY(hf_realloc((n + 1) * size, array));
    memcpy(&grown, array, sizeof(grown)); /* array points to a pointer of any type */
    memset(grown + n * size, 0, size);
    return HF_OK;
}

hf_err hf_policy_steps_add(struct hf_policy_steps *steps, enum hf_policy_kind kind, struct hf_policy_step **out)
{
    HF_TRY(grow(&steps->step, steps->n, sizeof(*steps->step)));
    *out = &steps->step[steps->n++];
    (*out)->kind = kind;
    return HF_OK;
}

hf_err hf_policy_branch_add(struct hf_policy_step *step, struct hf_policy_branch **out)
{
    HF_TRY(grow(&step->branch, step->n_branches, sizeof(*step->branch)));
    *out = &step->branch[step->n_branches++];
    return HF_OK;
}

hf_err hf_policy_approved_add(struct hf_policy *policy, struct hf_policy_approved **out)
{
    HF_TRY(grow(&policy->approved, policy->n_approved, sizeof(*policy->approved)));
    *out = &policy->approved[policy->n_approved++];
    return HF_OK;
}

static void step_free(struct hf_policy_step *step)
{
    for (size_t i = 0; i < step->n_branches; i++) {
        hf_free(&step->branch[i].label);
        hf_policy_steps_free(&step->branch[i].steps);
    }
    hf_free(&step->branch);
    hf_free(&step->pcr.values);
    hf_free(&step->object.path);
    hf_buf_free(&step->object.pub);
    hf_buf_free(&step->signature);
}

void hf_policy_steps_free(struct hf_policy_steps *steps)
{
    for (size_t i = 0; i < steps->n; i++)
        step_free(&steps->step[i]);
    hf_free(&steps->step);
    steps->n = 0;
}

hf_err hf_policy_new(struct hf_policy **out)
{
    return hf_alloc(sizeof(**out), out);
}

void hf_policy_free(struct hf_policy **policy)
{
    if (!*policy)
        return;
    hf_policy_steps_free(&(*policy)->steps);
    for (size_t i = 0; i < (*policy)->n_approved; i++) {
        hf_free(&(*policy)->approved[i].label);
        hf_policy_steps_free(&(*policy)->approved[i].steps);
    }
    hf_free(&(*policy)->approved);
    hf_free(policy);
}

/* What a step owns: everything else goes over with the struct. */
static hf_err copy_owned(const struct hf_policy_step *from, struct hf_policy_step *to)
{
    if (from->object.path)
        HF_TRY(hf_strdup(from->object.path, &to->object.path));
    HF_TRY(hf_buf_set(&to->object.pub, hf_buf_bytes(&from->object.pub)));
    HF_TRY(hf_buf_set(&to->signature, hf_buf_bytes(&from->signature)));
    if (from->pcr.values) {
        HF_TRY(hf_alloc(from->pcr.n_values * sizeof(*from->pcr.values), &to->pcr.values));
        memcpy(to->pcr.values, from->pcr.values, from->pcr.n_values * sizeof(*from->pcr.values));
    }
    for (size_t i = 0; i < from->n_branches; i++) {
        struct hf_policy_branch *branch;

        HF_TRY(hf_policy_branch_add(to, &branch));
        if (from->branch[i].label)
            HF_TRY(hf_strdup(from->branch[i].label, &branch->label));
        HF_TRY(hf_policy_steps_copy(&from->branch[i].steps, &branch->steps));
    }
    return HF_OK;
}

hf_err hf_policy_steps_copy(const struct hf_policy_steps *from, struct hf_policy_steps *to)
{
    for (size_t i = 0; i < from->n; i++) {
        struct hf_policy_step *step;

        HF_TRY(hf_policy_steps_add(to, from->step[i].kind, &step));
        *step = from->step[i];
        step->object.path = NULL;
        step->object.pub = (struct hf_buf){0};
        step->signature = (struct hf_buf){0};
        step->pcr.values = NULL;
        step->branch = NULL;
        step->n_branches = 0;
        HF_TRY(copy_owned(&from->step[i], step));
    }
    return HF_OK;
}

hf_err hf_policy_copy(const struct hf_policy *policy, struct hf_policy **out)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *copy = NULL;

    HF_TRY(hf_policy_new(&copy));
    HF_TRY(hf_policy_steps_copy(&policy->steps, &copy->steps));
    for (size_t i = 0; i < policy->n_approved; i++) {
        struct hf_policy_approved *approved;

        HF_TRY(hf_policy_approved_add(copy, &approved));
        if (policy->approved[i].label)
            HF_TRY(hf_strdup(policy->approved[i].label, &approved->label));
        HF_TRY(hf_policy_steps_copy(&policy->approved[i].steps, &approved->steps));
    }
    *out = hf_take(copy);
    return HF_OK;
}

size_t hf_policy_pcr_count(const struct hf_policy_pcr *pcr)
{
    size_t n = 0;

    for (size_t i = 0; i < pcr->n_banks; i++)
        n += (size_t)__builtin_popcount(pcr->bank[i].mask);
    return n;
}

bool hf_policy_name_fits(struct hf_bytes name)
{
    return name.n > 2 && name.n == 2 + hf_hash_size((enum hf_hash_alg)(name.p[0] << 8 | name.p[1]));
}

bool hf_policy_secret_fits(uint32_t handle)
{
    return handle >> 24 == 0x01 || handle >> 24 == 0x81 || handle < HF_POLICY_PCR_COUNT ||
           hf_policy_word_of(hf_policy_hierarchies, handle);
}

hf_err hf_policy_steps_visit(struct hf_policy_steps *steps, hf_policy_visit *visit, void *arg)
{
    for (size_t i = 0; i < steps->n; i++) {
        HF_TRY(visit(&steps->step[i], arg));
        for (size_t b = 0; b < steps->step[i].n_branches; b++)
            HF_TRY(hf_policy_steps_visit(&steps->step[i].branch[b].steps, visit, arg));
    }
    return HF_OK;
}

const char *hf_policy_where(const struct hf_policy_step *step, char out[HF_POLICY_WHERE])
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    int n = 0;

    if (step->line)
        n = snprintf(out, HF_POLICY_WHERE, "line %u, column %u: ", step->line, step->column);
    if (hf_policy_step_print(step, &text) != HF_OK)
        (void)snprintf(out + n, HF_POLICY_WHERE - (size_t)n, "'%s'", hf_policy_kind_word(step->kind));
    else
        (void)snprintf(out + n, HF_POLICY_WHERE - (size_t)n, "'%.*s%s'", text.n > 100 ? 100 : (int)text.n, text.p,
                       text.n > 100 ? "..." : "");
    return out;
}

bool hf_policy_step_bound(const struct hf_policy_step *step)
{
    switch (step->kind) {
    case HF_POLICY_PCR:
        return step->pcr.digest.n || step->pcr.values;
    case HF_POLICY_SECRET:
    case HF_POLICY_SIGNED:
    case HF_POLICY_AUTHORIZE:
    case HF_POLICY_AUTHORIZE_NV:
    case HF_POLICY_NV:
        return step->object.name.n > 0;
    default:
        return true;
    }
}

static bool steps_bound(const struct hf_policy_steps *steps)
{
    for (size_t i = 0; i < steps->n; i++) {
        if (!hf_policy_step_bound(&steps->step[i]))
            return false;
        for (size_t b = 0; b < steps->step[i].n_branches; b++) {
            if (!steps_bound(&steps->step[i].branch[b].steps))
                return false;
        }
    }
    return true;
}

bool hf_policy_bound(const struct hf_policy *policy)
{
    return steps_bound(&policy->steps);
}

static hf_err missing(const struct hf_policy_step *step, const char *what)
{
    char where[HF_POLICY_WHERE];

    return hf_fail(HF_E_UNAVAILABLE, "%s needs %s, and there is nothing to ask for it", hf_policy_where(step, where),
                   what);
}

static hf_err bind_pcr(struct hf_policy_step *step, const struct hf_policy_source *source)
{
    struct hf_policy_pcr *pcr = &step->pcr;
    HF_CLEANUP(hf_free) struct hf_digest *values = NULL;
    size_t n = 0;

    if (!source->pcr)
        return missing(step, "PCR values");
    HF_TRY(hf_alloc(hf_policy_pcr_count(pcr) * sizeof(*values), &values));
    for (size_t b = 0; b < pcr->n_banks; b++) {
        const char *bank = hf_hash_name(pcr->bank[b].alg);
        size_t size = hf_hash_size(pcr->bank[b].alg);

        for (unsigned i = 0; i < HF_POLICY_PCR_COUNT; i++) {
            HF_CLEANUP(hf_buf_free) struct hf_buf value = {.max = HF_DIGEST_MAX};

            if (!(pcr->bank[b].mask & 1u << i))
                continue;
            HF_TRY(source->pcr(source->arg, bank, i, &value));
            if (value.n != size)
                return hf_fail(HF_E_FORMAT, "PCR %s:%u was given as %zu bytes, wanted %zu", bank, i, value.n, size);
            values[n].n = size;
            memcpy(values[n].bytes, value.p, size);
            n++;
        }
    }
    hf_free(&pcr->values);
    pcr->values = hf_take(values);
    pcr->n_values = n;
    return HF_OK;
}

/* The Name of a key file, against the Name in the text where there is one. */
static hf_err bind_key(struct hf_policy_step *step, const struct hf_policy_source *source)
{
    struct hf_policy_object *object = &step->object;
    HF_CLEANUP(hf_buf_free) struct hf_buf pub = {.max = 4096};
    struct hf_tpm_name name;
    char where[HF_POLICY_WHERE];

    if (!source->key)
        return missing(step, "the key in its file");
    HF_TRY(source->key(source->arg, object->path, &pub));
    HF_TRY(hf_tpm_public_name(hf_buf_bytes(&pub), &name));
    if (object->name.n && !hf_bytes_equal(hf_tpm_name_bytes(&object->name), hf_tpm_name_bytes(&name)))
        return hf_fail(HF_E_MISMATCH, "%s: the key in %s does not have the Name that the policy states",
                       hf_policy_where(step, where), object->path);
    object->name = name;
    return hf_buf_set(&object->pub, hf_buf_bytes(&pub));
}

static hf_err bind_name(struct hf_policy_step *step, const struct hf_policy_source *source)
{
    struct hf_policy_object *object = &step->object;
    HF_CLEANUP(hf_buf_free) struct hf_buf name = {.max = HF_TPM_NAME_MAX};

    if (!source->name)
        return missing(step, "the Name behind its handle (name=HEX states it)");
    HF_TRY(source->name(source->arg, object->handle, &name));
    if (name.n < 4)
        return hf_fail(HF_E_FORMAT, "the Name of 0x%08x was given as %zu bytes, wanted 4 to %d", object->handle, name.n,
                       HF_TPM_NAME_MAX);
    object->name.n = name.n;
    memcpy(object->name.bytes, name.p, name.n);
    return HF_OK;
}

static hf_err bind_step(struct hf_policy_step *step, void *arg)
{
    const struct hf_policy_source *source = arg;

    if (step->kind == HF_POLICY_PCR)
        return hf_policy_step_bound(step) ? HF_OK : bind_pcr(step, source);
    /* A file is read again even when its Name stands in the text, where there is somebody to read it:
     * running and key files need the public key itself. */
    if (step->object.path && !step->object.pub.n && (source->key || !step->object.name.n))
        return bind_key(step, source);
    if (!hf_policy_step_bound(step))
        return bind_name(step, source);
    return HF_OK;
}

hf_err hf_policy_bind(struct hf_policy *policy, const struct hf_policy_source *source)
{
    struct hf_policy_source copy = *source;

    return hf_policy_steps_visit(&policy->steps, bind_step, &copy);
}

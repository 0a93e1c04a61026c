/* Writing policies: the one text that every policy has. */
#include "base/text.h"
#include "codec/hex.h"
#include "tpm/policy_words.h"

static hf_err put_text(struct hf_buf *out, const char *text)
{
    return hf_buf_add(out, hf_bytes_text(text));
}

static hf_err put_hex(struct hf_buf *out, const char *before, struct hf_bytes bytes)
{
    HF_TRY(put_text(out, before));
    return hf_hex_write(bytes, out);
}

static hf_err put_quoted(struct hf_buf *out, const char *before, struct hf_bytes text)
{
    HF_TRY(put_text(out, before));
    HF_TRY(put_text(out, "\""));
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            HF_TRY(put_text(out, "\\"));
        HF_TRY(hf_buf_add(out, (struct hf_bytes){text.p + i, 1}));
    }
    return put_text(out, "\"");
}

static hf_err print_pcr(const struct hf_policy_pcr *pcr, struct hf_buf *out)
{
    size_t n = 0;

    for (size_t b = 0; b < pcr->n_banks; b++) {
        const char *before = "";

        HF_TRY(hf_buf_printf(out, "%s%s:", b ? "+" : " ", hf_hash_name(pcr->bank[b].alg)));
        for (unsigned i = 0; i < HF_POLICY_PCR_COUNT; i++) {
            if (!(pcr->bank[b].mask & 1u << i))
                continue;
            HF_TRY(hf_buf_printf(out, "%s%u", before, i));
            if (pcr->values)
                HF_TRY(put_hex(out, "=", hf_digest_bytes(&pcr->values[n])));
            before = ",";
            n++;
        }
    }
    if (!pcr->values && pcr->digest.n)
        HF_TRY(put_hex(out, " digest=", hf_digest_bytes(&pcr->digest)));
    return HF_OK;
}

static hf_err print_options(const struct hf_policy_step *step, struct hf_buf *out)
{
    struct hf_bytes ref = {step->ref.bytes, step->ref.n};

    if (ref.n && step->ref.text)
        HF_TRY(put_quoted(out, " ref=", ref));
    else if (ref.n)
        HF_TRY(put_hex(out, " ref=", ref));
    if (step->expires_s)
        HF_TRY(hf_buf_printf(out, " expires=%d", (int)step->expires_s));
    return HF_OK;
}

static hf_err print_secret(const struct hf_policy_step *step, struct hf_buf *out)
{
    const struct hf_policy_object *object = &step->object;
    const struct hf_policy_word *row = hf_policy_word_of(hf_policy_hierarchies, object->handle);

    if (row)
        HF_TRY(hf_buf_printf(out, " %s", row->word));
    else if (object->handle || object->name.n == 4)
        HF_TRY(hf_buf_printf(out, " 0x%08x", object->handle));
    else
        HF_TRY(put_hex(out, " ", hf_tpm_name_bytes(&object->name)));
    /* a Name of four bytes is the handle itself */
    if (object->handle && object->name.n > 4)
        HF_TRY(put_hex(out, " name=", hf_tpm_name_bytes(&object->name)));
    return print_options(step, out);
}

static hf_err print_key(const struct hf_policy_step *step, struct hf_buf *out)
{
    const struct hf_policy_object *object = &step->object;

    if (object->path) {
        HF_TRY(put_quoted(out, " key=", hf_bytes_text(object->path)));
        if (object->name.n)
            HF_TRY(put_hex(out, " name=", hf_tpm_name_bytes(&object->name)));
    } else {
        HF_TRY(put_hex(out, " key=", hf_tpm_name_bytes(&object->name)));
    }
    return print_options(step, out);
}

static hf_err print_index(const struct hf_policy_object *object, struct hf_buf *out)
{
    HF_TRY(hf_buf_printf(out, " 0x%08x", object->handle));
    if (object->name.n)
        HF_TRY(put_hex(out, " name=", hf_tpm_name_bytes(&object->name)));
    return HF_OK;
}

static uint64_t number_of(const struct hf_digest *operand)
{
    uint64_t value = 0;

    for (size_t i = 0; i < operand->n; i++)
        value = value << 8 | operand->bytes[i];
    return value;
}

static hf_err print_operation(const struct hf_policy_compare *cmp, struct hf_buf *out)
{
    const struct hf_policy_word *row = hf_policy_word_of(hf_policy_operations, cmp->operation);

    if (!row)
        return hf_fail(HF_E_INTERNAL, "no word for the operation 0x%04x", cmp->operation);
    return hf_buf_printf(out, " %s", row->word);
}

static hf_err print_operand(const struct hf_policy_compare *cmp, struct hf_buf *out)
{
    if (cmp->number)
        return hf_buf_printf(out, " u%zu:%llu", 8 * cmp->operand.n, (unsigned long long)number_of(&cmp->operand));
    return put_hex(out, " ", hf_digest_bytes(&cmp->operand));
}

static hf_err print_nv(const struct hf_policy_step *step, struct hf_buf *out)
{
    HF_TRY(print_index(&step->object, out));
    if (step->compare.offset)
        HF_TRY(hf_buf_printf(out, " offset=%u", step->compare.offset));
    HF_TRY(print_operation(&step->compare, out));
    return print_operand(&step->compare, out);
}

/* A field by its name where the comparison is of exactly that field, and its value is one the name can say. */
static hf_err print_counter_timer(const struct hf_policy_step *step, struct hf_buf *out)
{
    const struct hf_policy_compare *cmp = &step->compare;
    const struct hf_policy_time_field *field = hf_policy_time_fields;

    while (field->word && !(field->offset == cmp->offset && field->size == cmp->operand.n))
        field++;
    if (!field->word || (field->size == 1 && cmp->operand.bytes[0] > 1)) {
        HF_TRY(hf_buf_printf(out, " offset=%u", cmp->offset));
        HF_TRY(print_operation(cmp, out));
        return print_operand(cmp, out);
    }
    HF_TRY(hf_buf_printf(out, " %s", field->word));
    HF_TRY(print_operation(cmp, out));
    if (field->size == 1)
        return put_text(out, cmp->operand.bytes[0] ? " yes" : " no");
    return hf_buf_printf(out, " %llu", (unsigned long long)number_of(&cmp->operand));
}

static hf_err print_command(const struct hf_policy_step *step, struct hf_buf *out)
{
    const struct hf_policy_word *row = hf_policy_word_of(hf_policy_commands, step->number);

    return row ? hf_buf_printf(out, " %s", row->word) : hf_buf_printf(out, " 0x%x", step->number);
}

static hf_err print_locality(const struct hf_policy_step *step, struct hf_buf *out)
{
    const char *before = " ";

    if (step->number >= 32)
        return hf_buf_printf(out, " %u", step->number);
    for (unsigned i = 0; i < 5; i++) {
        if (step->number & 1u << i) {
            HF_TRY(hf_buf_printf(out, "%s%u", before, i));
            before = ",";
        }
    }
    return HF_OK;
}

static hf_err print_duplicate(const struct hf_policy_step *step, struct hf_buf *out)
{
    HF_TRY(put_hex(out, " ", hf_tpm_name_bytes(&step->object.name)));
    if (step->dup_object.n)
        HF_TRY(put_hex(out, " object=", hf_tpm_name_bytes(&step->dup_object)));
    return step->flag ? put_text(out, " include-object") : HF_OK;
}

static hf_err print_or(const struct hf_policy_step *step, struct hf_buf *out)
{
    for (size_t i = 0; i < step->n_branches; i++) {
        const struct hf_policy_branch *branch = &step->branch[i];

        HF_TRY(hf_buf_printf(out, " %s%s{ ", branch->label ? branch->label : "", branch->label ? " " : ""));
        HF_TRY(hf_policy_steps_print(&branch->steps, out));
        HF_TRY(put_text(out, " }"));
    }
    return HF_OK;
}

hf_err hf_policy_step_print(const struct hf_policy_step *step, struct hf_buf *out)
{
    HF_TRY(put_text(out, hf_policy_kind_word(step->kind)));
    switch (step->kind) {
    case HF_POLICY_PCR:
        return print_pcr(&step->pcr, out);
    case HF_POLICY_SECRET:
        return print_secret(step, out);
    case HF_POLICY_SIGNED:
    case HF_POLICY_AUTHORIZE:
        return print_key(step, out);
    case HF_POLICY_AUTHORIZE_NV:
        return print_index(&step->object, out);
    case HF_POLICY_NV:
        return print_nv(step, out);
    case HF_POLICY_COUNTER_TIMER:
        return print_counter_timer(step, out);
    case HF_POLICY_COMMAND:
        return print_command(step, out);
    case HF_POLICY_LOCALITY:
        return print_locality(step, out);
    case HF_POLICY_DUPLICATE_TO:
        return print_duplicate(step, out);
    case HF_POLICY_CPHASH:
    case HF_POLICY_NAMEHASH:
    case HF_POLICY_TEMPLATE:
    case HF_POLICY_DIGEST:
        return put_hex(out, " ", hf_digest_bytes(&step->digest));
    case HF_POLICY_NV_WRITTEN:
        return put_text(out, step->flag ? " yes" : " no");
    case HF_POLICY_OR:
        return print_or(step, out);
    case HF_POLICY_AUTHVALUE:
    case HF_POLICY_PASSWORD:
    case HF_POLICY_PHYSICAL_PRESENCE:
    case HF_POLICY_KINDS:
        break;
    }
    return HF_OK;
}

hf_err hf_policy_steps_print(const struct hf_policy_steps *steps, struct hf_buf *out)
{
    for (size_t i = 0; i < steps->n; i++) {
        if (i)
            HF_TRY(put_text(out, "; "));
        HF_TRY(hf_policy_step_print(&steps->step[i], out));
    }
    return HF_OK;
}

hf_err hf_policy_print(const struct hf_policy *policy, struct hf_buf *out)
{
    return hf_policy_steps_print(&policy->steps, out);
}

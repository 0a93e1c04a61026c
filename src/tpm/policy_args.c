/* The arguments of the steps of a policy's text, `pcr` excepted. */
#include "tpm/policy_args.h"

#include "base/cleanup.h"
#include "codec/hex.h"
#include "tpm/policy_words.h"

hf_err hf_policy_args_next(struct hf_policy_args *args, const char *wanted, struct hf_policy_token *out)
{
    if (args->used == args->n)
        return hf_policy_lex_fail(&args->after, "%s", wanted);
    *out = args->item[args->used++];
    return HF_OK;
}

bool hf_policy_args_named(struct hf_policy_args *args, const char *name, struct hf_policy_token *out)
{
    size_t n = strlen(name);
    const struct hf_policy_token *t = &args->item[args->used];

    if (args->used == args->n || t->text.n <= n || memcmp(t->text.p, name, n) != 0 || t->text.p[n] != '=')
        return false;
    *out = *t;
    out->text = (struct hf_bytes){t->text.p + n + 1, t->text.n - n - 1};
    out->column += (unsigned)n + 1;
    args->used++;
    return true;
}

hf_err hf_policy_args_hex(const struct hf_policy_token *t, size_t max, const char *wanted, struct hf_digest *out)
{
    struct hf_digest bytes = {.n = t->text.n / 2};

    if (t->text.n == 0 || t->text.n > 2 * max || hf_hex_parse_exact(t->text, bytes.bytes, bytes.n) != HF_OK)
        return hf_policy_lex_fail(t, "%s", wanted);
    *out = bytes;
    return HF_OK;
}

hf_err hf_policy_args_digest(const struct hf_policy_token *t, struct hf_digest *out)
{
    static const char wanted[] = "a digest of 40, 64, 96 or 128 hex digits";
    struct hf_digest digest;

    HF_TRY(hf_policy_args_hex(t, HF_DIGEST_MAX, wanted, &digest));
    if (digest.n != 20 && digest.n != 32 && digest.n != 48 && digest.n != 64)
        return hf_policy_lex_fail(t, "%s", wanted);
    *out = digest;
    return HF_OK;
}

/* What stands in quotes, without them; or the word as it is. */
static hf_err unquote(const struct hf_policy_token *t, bool *quoted, struct hf_buf *out)
{
    const uint8_t *p = t->text.p;
    size_t n = t->text.n;

    *quoted = n >= 2 && p[0] == '"' && p[n - 1] == '"';
    if (!*quoted) {
        if (memchr(p, '"', n))
            return hf_policy_lex_fail(t, "quotes around the whole value");
        return hf_buf_add(out, t->text);
    }
    for (size_t i = 1; i < n - 1; i++) {
        if (p[i] == '"')
            return hf_policy_lex_fail(t, "quotes around the whole value");
        if (p[i] == '\\' && i + 1 < n - 1)
            i++;
        HF_TRY(hf_buf_add(out, (struct hf_bytes){p + i, 1}));
    }
    return HF_OK;
}

static hf_err read_number(const struct hf_policy_token *t, uint64_t max, const char *wanted, uint64_t *out)
{
    char text[32] = {0};

    if (t->text.n == 0 || t->text.n >= sizeof(text))
        return hf_policy_lex_fail(t, "%s", wanted);
    memcpy(text, t->text.p, t->text.n);
    if (hf_text_u64(text, max, "number", out) != HF_OK)
        return hf_policy_lex_fail(t, "%s", wanted);
    return HF_OK;
}

/* A Name: nameAlg and a digest of its length. */
static bool is_name(struct hf_bytes text, struct hf_tpm_name *out)
{
    struct hf_tpm_name name = {.n = text.n / 2};

    if (text.n > 2 * HF_TPM_NAME_MAX || hf_hex_parse_exact(text, name.bytes, name.n) != HF_OK ||
        !hf_policy_name_fits(hf_tpm_name_bytes(&name)))
        return false;
    *out = name;
    return true;
}

static hf_err read_name(const struct hf_policy_token *t, struct hf_tpm_name *out)
{
    if (!is_name(t->text, out))
        return hf_policy_lex_fail(t, "a Name in hex: 0004, 000b, 000c or 000d and a digest of that hash");
    return HF_OK;
}

static hf_err read_ref(const struct hf_policy_token *t, struct hf_policy_ref *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_digest bytes = {0};
    bool quoted;

    HF_TRY(unquote(t, &quoted, &text));
    if (!quoted)
        HF_TRY(hf_policy_args_hex(t, sizeof(out->bytes), "1 to 64 bytes in hex, or a text in quotes", &bytes));
    else if (text.n == 0 || text.n > sizeof(out->bytes))
        return hf_policy_lex_fail(t, "a text of 1 to %zu bytes", sizeof(out->bytes));
    out->text = quoted;
    out->n = quoted ? text.n : bytes.n;
    memcpy(out->bytes, quoted ? text.p : bytes.bytes, out->n);
    return HF_OK;
}

/* Seconds until the authorization ends; at most 2^31 - 1 (INT32, negative asks for a ticket). */
static hf_err read_expires(const struct hf_policy_token *t, int32_t *out)
{
    uint64_t seconds;

    HF_TRY(read_number(t, INT32_MAX, "seconds, 1 to 2147483647", &seconds));
    if (seconds == 0)
        return hf_policy_lex_fail(t, "seconds, 1 to 2147483647");
    *out = (int32_t)seconds;
    return HF_OK;
}

static hf_err read_path(const struct hf_policy_token *t, char **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    bool quoted;

    HF_TRY(unquote(t, &quoted, &text));
    if (text.n == 0)
        return hf_policy_lex_fail(t, "a file name or a Name in hex");
    return hf_text_of(hf_buf_bytes(&text), out);
}

/* name=, ref=, expires= in any order, each once. `expires` NULL: not for this step. */
static hf_err read_object_options(struct hf_policy_args *args, struct hf_policy_step *step, bool ref, bool expires)
{
    struct hf_policy_token t;

    while (args->used < args->n) {
        if (!step->object.name.n && hf_policy_args_named(args, "name", &t))
            HF_TRY(read_name(&t, &step->object.name));
        else if (ref && !step->ref.n && hf_policy_args_named(args, "ref", &t))
            HF_TRY(read_ref(&t, &step->ref));
        else if (expires && !step->expires_s && hf_policy_args_named(args, "expires", &t))
            HF_TRY(read_expires(&t, &step->expires_s));
        else
            return hf_policy_lex_fail(&args->item[args->used], "%s%s%s or the end of the step, each once", "name=HEX",
                                      ref ? ", ref=HEX, ref=\"TEXT\"" : "", expires ? ", expires=SECONDS" : "");
    }
    return HF_OK;
}

/* secret HIERARCHY | HANDLE | NAME */
static hf_err read_secret(struct hf_policy_args *args, struct hf_policy_step *step)
{
    static const char wanted[] = "owner, endorsement, lockout, platform, a handle such as 0x81010001, or a Name in hex";
    const struct hf_policy_word *row;
    struct hf_policy_token t;
    uint64_t handle;

    HF_TRY(hf_policy_args_next(args, wanted, &t));
    row = hf_policy_word_find(hf_policy_hierarchies, t.text);
    if (row) {
        step->object.handle = row->value;
        step->object.name = hf_tpm_entity_plain(row->value).name;
    } else if (!is_name(t.text, &step->object.name)) {
        HF_TRY(read_number(&t, UINT32_MAX, wanted, &handle));
        if (!hf_policy_secret_fits((uint32_t)handle))
            return hf_policy_lex_fail(&t, "an NV index (0x01......), a persistent handle (0x81......) or a PCR");
        step->object.handle = (uint32_t)handle;
        if (handle < HF_POLICY_PCR_COUNT || handle >> 24 == 0x40)
            step->object.name = hf_tpm_entity_plain((uint32_t)handle).name;
    }
    return read_object_options(args, step, true, true);
}

/* signed, authorize: key=FILE | key=NAME */
static hf_err read_key(struct hf_policy_args *args, struct hf_policy_step *step)
{
    struct hf_policy_token t;

    if (!hf_policy_args_named(args, "key", &t))
        return hf_policy_lex_fail(args->n ? &args->item[0] : &args->after, "key=FILE or key=NAME");
    if (!is_name(t.text, &step->object.name))
        HF_TRY(read_path(&t, &step->object.path));
    return read_object_options(args, step, true, step->kind == HF_POLICY_SIGNED);
}

static hf_err read_index(struct hf_policy_args *args, struct hf_policy_step *step)
{
    static const char wanted[] = "an NV index such as 0x01500016";
    struct hf_policy_token t;
    uint64_t index;

    if (!hf_policy_args_named(args, "index", &t))
        HF_TRY(hf_policy_args_next(args, wanted, &t));
    HF_TRY(read_number(&t, UINT32_MAX, wanted, &index));
    if (index >> 24 != 0x01)
        return hf_policy_lex_fail(&t, "%s", wanted);
    step->object.handle = (uint32_t)index;
    return HF_OK;
}

static hf_err read_operation(struct hf_policy_args *args, struct hf_policy_compare *out)
{
    static const char wanted[] = "eq, neq, ugt, ult, uge, ule, sgt, slt, sge, sle, bitset or bitclear";
    const struct hf_policy_word *row;
    struct hf_policy_token t;

    HF_TRY(hf_policy_args_next(args, wanted, &t));
    row = hf_policy_word_find(hf_policy_operations, t.text);
    if (!row)
        return hf_policy_lex_fail(&t, "%s", wanted);
    out->operation = (uint16_t)row->value;
    return HF_OK;
}

static void put_number(uint64_t value, size_t size, struct hf_policy_compare *out)
{
    out->number = true;
    out->operand.n = size;
    for (size_t i = 0; i < size; i++)
        out->operand.bytes[size - 1 - i] = (uint8_t)(value >> (8 * i));
}

/* HEX, or u8:N, u16:N, u32:N, u64:N: a big-endian number of that width. */
static hf_err read_operand(struct hf_policy_args *args, struct hf_policy_compare *out)
{
    static const char wanted[] = "1 to 64 bytes in hex, or a number as u8:N, u16:N, u32:N or u64:N";
    static const struct hf_policy_word widths[] = {{"u8:", 1}, {"u16:", 2}, {"u32:", 4}, {"u64:", 8}};
    struct hf_policy_token t;
    uint64_t value;

    HF_TRY(hf_policy_args_next(args, wanted, &t));
    for (size_t i = 0; i < HF_COUNT(widths); i++) {
        size_t n = strlen(widths[i].word);
        size_t size = widths[i].value;

        if (t.text.n <= n || memcmp(t.text.p, widths[i].word, n) != 0)
            continue;
        t.text = (struct hf_bytes){t.text.p + n, t.text.n - n};
        t.column += (unsigned)n;
        HF_TRY(read_number(&t, size == 8 ? UINT64_MAX : ((uint64_t)1 << 8 * size) - 1, wanted, &value));
        put_number(value, size, out);
        return HF_OK;
    }
    return hf_policy_args_hex(&t, HF_DIGEST_MAX, wanted, &out->operand);
}

static hf_err read_offset(struct hf_policy_args *args, uint64_t max, uint16_t *out)
{
    struct hf_policy_token t;
    uint64_t offset;

    if (!hf_policy_args_named(args, "offset", &t))
        return HF_OK;
    HF_TRY(read_number(&t, max, "an offset in bytes", &offset));
    *out = (uint16_t)offset;
    return HF_OK;
}

/* nv INDEX [name=HEX] [offset=N] OPERATION OPERAND */
static hf_err read_nv(struct hf_policy_args *args, struct hf_policy_step *step)
{
    struct hf_policy_token t;

    HF_TRY(read_index(args, step));
    if (hf_policy_args_named(args, "name", &t))
        HF_TRY(read_name(&t, &step->object.name));
    HF_TRY(read_offset(args, UINT16_MAX, &step->compare.offset));
    HF_TRY(read_operation(args, &step->compare));
    return read_operand(args, &step->compare);
}

static hf_err read_time_value(struct hf_policy_args *args, const struct hf_policy_time_field *field,
                              struct hf_policy_compare *out)
{
    const char *wanted = field->size == 1 ? "yes or no" : "a number";
    struct hf_policy_token t;
    uint64_t value;

    HF_TRY(hf_policy_args_next(args, wanted, &t));
    if (field->size == 1) {
        value = hf_bytes_equal(t.text, hf_bytes_text("yes"));
        if (!value && !hf_bytes_equal(t.text, hf_bytes_text("no")))
            return hf_policy_lex_fail(&t, "%s", wanted);
    } else {
        HF_TRY(read_number(&t, field->size == 8 ? UINT64_MAX : UINT32_MAX, wanted, &value));
    }
    put_number(value, field->size, out);
    return HF_OK;
}

/* counter-timer FIELD OPERATION VALUE, or counter-timer offset=N OPERATION OPERAND */
static hf_err read_counter_timer(struct hf_policy_args *args, struct hf_policy_step *step)
{
    static const char wanted[] = "time, clock, reset-count, restart-count, safe, or offset=N";
    const struct hf_policy_time_field *field = hf_policy_time_fields;
    struct hf_policy_compare *cmp = &step->compare;
    struct hf_policy_token t;

    if (args->n && args->item[0].text.n > 7 && memcmp(args->item[0].text.p, "offset=", 7) == 0) {
        HF_TRY(read_offset(args, HF_POLICY_TIME_INFO - 1, &cmp->offset));
        HF_TRY(read_operation(args, cmp));
        HF_TRY(read_operand(args, cmp));
        if (cmp->offset + cmp->operand.n > HF_POLICY_TIME_INFO)
            return hf_policy_lex_fail(&args->item[args->used - 1],
                                      "an operand that ends within the %d bytes of TPMS_TIME_INFO",
                                      HF_POLICY_TIME_INFO);
        return HF_OK;
    }
    HF_TRY(hf_policy_args_next(args, wanted, &t));
    while (field->word && !hf_bytes_equal(t.text, hf_bytes_text(field->word)))
        field++;
    if (!field->word)
        return hf_policy_lex_fail(&t, "%s", wanted);
    cmp->offset = field->offset;
    HF_TRY(read_operation(args, cmp));
    return read_time_value(args, field, cmp);
}

static hf_err read_command(struct hf_policy_args *args, struct hf_policy_step *step)
{
    static const char wanted[] =
        "a command that authorizes something, such as sign, unseal or nv-write, or its code 0x15d";
    const struct hf_policy_word *row;
    struct hf_policy_token t;
    uint64_t code;

    HF_TRY(hf_policy_args_next(args, wanted, &t));
    row = hf_policy_word_find(hf_policy_commands, t.text);
    if (row) {
        step->number = row->value;
        return HF_OK;
    }
    HF_TRY(read_number(&t, UINT32_MAX, wanted, &code));
    if (code < TPM2_CC_FIRST)
        return hf_policy_lex_fail(&t, "%s", wanted);
    step->number = (uint32_t)code;
    return HF_OK;
}

/* locality 0,3: a set of 0 to 4; or one of 32 to 255 (Part 2, 8.5 TPMA_LOCALITY). */
static hf_err read_locality(struct hf_policy_args *args, struct hf_policy_step *step)
{
    static const char wanted[] = "localities 0 to 4 with commas between them, each once, or one of 32 to 255";
    struct hf_policy_token t;
    struct hf_policy_token one;
    uint64_t value;

    HF_TRY(hf_policy_args_next(args, wanted, &t));
    one = t;
    for (size_t at = 0; at <= t.text.n; at += one.text.n + 1) {
        const uint8_t *start = t.text.p + at;
        const uint8_t *comma = memchr(start, ',', t.text.n - at);

        one.text = (struct hf_bytes){start, comma ? (size_t)(comma - start) : t.text.n - at};
        one.column = t.column + (unsigned)at;
        HF_TRY(read_number(&one, UINT8_MAX, wanted, &value));
        if (value >= 32 && at == 0 && !comma) {
            step->number = (uint32_t)value;
            return HF_OK;
        }
        if (value > 4 || (step->number & 1u << value))
            return hf_policy_lex_fail(&one, "%s", wanted);
        step->number |= 1u << value;
    }
    return HF_OK;
}

/* duplicate-to NAME [object=NAME] [include-object] */
static hf_err read_duplicate(struct hf_policy_args *args, struct hf_policy_step *step)
{
    struct hf_policy_token t;

    HF_TRY(hf_policy_args_next(args, "the Name of the new parent in hex", &t));
    HF_TRY(read_name(&t, &step->object.name));
    if (hf_policy_args_named(args, "object", &t))
        HF_TRY(read_name(&t, &step->dup_object));
    if (args->used == args->n)
        return HF_OK;
    HF_TRY(hf_policy_args_next(args, "include-object", &t));
    if (!hf_bytes_equal(t.text, hf_bytes_text("include-object")))
        return hf_policy_lex_fail(&t, "object=NAME, include-object or the end of the step");
    if (!step->dup_object.n)
        return hf_policy_lex_fail(&t, "object=NAME before include-object");
    step->flag = true;
    return HF_OK;
}

static hf_err read_one_digest(struct hf_policy_args *args, struct hf_policy_step *step)
{
    struct hf_policy_token t;

    HF_TRY(hf_policy_args_next(args, "a digest in hex", &t));
    return hf_policy_args_digest(&t, &step->digest);
}

static hf_err read_written(struct hf_policy_args *args, struct hf_policy_step *step)
{
    struct hf_policy_token t;

    HF_TRY(hf_policy_args_next(args, "yes or no", &t));
    step->flag = hf_bytes_equal(t.text, hf_bytes_text("yes"));
    if (!step->flag && !hf_bytes_equal(t.text, hf_bytes_text("no")))
        return hf_policy_lex_fail(&t, "yes or no");
    return HF_OK;
}

static hf_err read_authorize_nv(struct hf_policy_args *args, struct hf_policy_step *step)
{
    HF_TRY(read_index(args, step));
    return read_object_options(args, step, false, false);
}

static hf_err read_nothing(struct hf_policy_args *args, struct hf_policy_step *step)
{
    (void)args;
    (void)step;
    return HF_OK;
}

typedef hf_err reader(struct hf_policy_args *args, struct hf_policy_step *step);

static reader *const readers[HF_POLICY_KINDS] = {
    [HF_POLICY_PCR] = hf_policy_args_pcr,
    [HF_POLICY_AUTHVALUE] = read_nothing,
    [HF_POLICY_PASSWORD] = read_nothing,
    [HF_POLICY_SECRET] = read_secret,
    [HF_POLICY_SIGNED] = read_key,
    [HF_POLICY_AUTHORIZE] = read_key,
    [HF_POLICY_AUTHORIZE_NV] = read_authorize_nv,
    [HF_POLICY_NV] = read_nv,
    [HF_POLICY_COUNTER_TIMER] = read_counter_timer,
    [HF_POLICY_COMMAND] = read_command,
    [HF_POLICY_LOCALITY] = read_locality,
    [HF_POLICY_DUPLICATE_TO] = read_duplicate,
    [HF_POLICY_CPHASH] = read_one_digest,
    [HF_POLICY_NAMEHASH] = read_one_digest,
    [HF_POLICY_TEMPLATE] = read_one_digest,
    [HF_POLICY_NV_WRITTEN] = read_written,
    [HF_POLICY_PHYSICAL_PRESENCE] = read_nothing,
    [HF_POLICY_DIGEST] = read_one_digest,
};

hf_err hf_policy_args_read(struct hf_policy_args *args, struct hf_policy_step *step)
{
    HF_TRY(readers[step->kind](args, step));
    if (args->used < args->n)
        return hf_policy_lex_fail(&args->item[args->used], "the end of the step: ; or a new line, \"and\", or }");
    return HF_OK;
}

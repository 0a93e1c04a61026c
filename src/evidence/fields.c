/* Fixed fields, told row by row. */
#include "evidence/fields.h"

#include <inttypes.h>
#include <stdio.h>

static bool all_zero(struct hf_bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        if (b.p[i])
            return false;
    }
    return true;
}

static uint64_t number(struct hf_bytes b, bool big)
{
    uint64_t v = 0;

    for (size_t i = 0; i < b.n; i++)
        v = v << 8 | b.p[big ? i : b.n - 1 - i];
    return v;
}

static void tell(struct hf_inspect *i, const struct hf_field *f, struct hf_bytes place)
{
    char meaning[160] = "";

    if (f->kind == HF_AS_ZERO) {
        if (!all_zero(place))
            hf_inspect_bytes(i, f->name, place, "reserved, and not zero");
        return;
    }
    if (f->kind == HF_AS_BYTES) {
        hf_inspect_bytes(i, f->name, place, NULL);
        return;
    }
    if (f->meaning)
        f->meaning(number(place, f->kind == HF_AS_BE), meaning, sizeof(meaning));
    hf_inspect_number(i, f->name, place, number(place, f->kind == HF_AS_BE), "%s", meaning);
}

void hf_inspect_fields(struct hf_inspect *i, size_t base, const struct hf_field *fields, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        struct hf_bytes place = hf_inspect_part(i, base + fields[k].at, fields[k].n);

        if (place.n == fields[k].n)
            tell(i, &fields[k], place);
        else if (place.n)
            hf_inspect_bytes(i, fields[k].name, place, "cut: %zu of %zu bytes", place.n, fields[k].n);
    }
}

void hf_bits_text(uint64_t value, const struct hf_bit_name *names, size_t n, char *place, size_t size)
{
    size_t used = 0;

    place[0] = 0;
    for (size_t k = 0; k < n && used < size; k++) {
        if (!(value & names[k].bit))
            continue;
        used += (size_t)snprintf(place + used, size - used, "%s%s", used ? " " : "", names[k].name);
        value &= ~names[k].bit;
    }
    if (value && used < size)
        (void)snprintf(place + used, size - used, "%sreserved(0x%" PRIx64 ")", used ? " " : "", value);
}

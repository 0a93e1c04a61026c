/*
 * The arguments of `pcr`:
 *
 *     pcr sha256:0,7+sha384:16             values are asked for when the policy is bound
 *     pcr sha256:0=HEX,7=HEX               values stand here
 *     pcr sha256:0,7 digest=HEX            only the digest over the values is known
 */
#include "base/alloc.h"
#include "codec/hex.h"
#include "tpm/policy_args.h"

/* A token's text read from left to right. */
struct cursor {
    struct hf_policy_token token; /* from the cursor on */
};

static bool take(struct cursor *c, char wanted)
{
    if (!c->token.text.n || c->token.text.p[0] != (uint8_t)wanted)
        return false;
    c->token.text.p++;
    c->token.text.n--;
    c->token.column++;
    return true;
}

/* Everything up to one of the characters. */
static struct hf_bytes take_until(struct cursor *c, const char *stops)
{
    struct hf_bytes got = {c->token.text.p, 0};

    while (got.n < c->token.text.n && !strchr(stops, c->token.text.p[got.n]))
        got.n++;
    c->token.text.p += got.n;
    c->token.text.n -= got.n;
    c->token.column += (unsigned)got.n;
    return got;
}

struct selection {
    struct hf_policy_pcr *pcr;
    struct hf_digest value[HF_POLICY_BANKS_MAX][HF_POLICY_PCR_COUNT];
    size_t n_values;
};

static hf_err read_bank(struct cursor *c, struct hf_policy_pcr *pcr)
{
    struct hf_policy_token at = c->token;
    enum hf_hash_alg alg;

    if (hf_hash_by_name(take_until(c, ":"), &alg) != HF_OK || !take(c, ':'))
        return hf_policy_lex_fail(&at, "a bank and its PCRs, such as sha256:0,7 or sha256:7=HEX");
    for (size_t i = 0; i < pcr->n_banks; i++) {
        if (pcr->bank[i].alg == alg)
            return hf_policy_lex_fail(&at, "each bank once");
    }
    if (pcr->n_banks == HF_POLICY_BANKS_MAX)
        return hf_policy_lex_fail(&at, "at most %d banks", HF_POLICY_BANKS_MAX);
    pcr->bank[pcr->n_banks++] = (struct hf_policy_bank){alg, 0};
    return HF_OK;
}

static hf_err read_pcr_index(struct cursor *c, unsigned *out)
{
    struct hf_policy_token at = c->token;
    struct hf_bytes digits = take_until(c, ",+=");
    unsigned value = 0;

    if (digits.n < 1 || digits.n > 2)
        return hf_policy_lex_fail(&at, "a PCR, 0 to %d", HF_POLICY_PCR_COUNT - 1);
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return hf_policy_lex_fail(&at, "a PCR, 0 to %d", HF_POLICY_PCR_COUNT - 1);
        value = value * 10 + (unsigned)(digits.p[i] - '0');
    }
    if (value >= HF_POLICY_PCR_COUNT)
        return hf_policy_lex_fail(&at, "a PCR, 0 to %d", HF_POLICY_PCR_COUNT - 1);
    *out = value;
    return HF_OK;
}

static hf_err read_pcr(struct cursor *c, struct selection *sel)
{
    struct hf_policy_bank *bank = &sel->pcr->bank[sel->pcr->n_banks - 1];
    struct hf_digest *value = sel->value[sel->pcr->n_banks - 1];
    struct hf_policy_token at = c->token;
    size_t size = hf_hash_size(bank->alg);
    unsigned index = 0;

    HF_TRY(read_pcr_index(c, &index));
    if (bank->mask & 1u << index)
        return hf_policy_lex_fail(&at, "each PCR of a bank once");
    bank->mask |= 1u << index;
    if (!take(c, '='))
        return HF_OK;
    at = c->token;
    at.text = take_until(c, ",+");
    HF_TRY(hf_policy_args_hex(&at, HF_DIGEST_MAX, "a PCR value in hex", &value[index]));
    if (value[index].n != size)
        return hf_policy_lex_fail(&at, "%zu hex digits: a value of the %s bank", 2 * size, hf_hash_name(bank->alg));
    sel->n_values++;
    return HF_OK;
}

/* Values in the order of the selection: banks as written, indices rising (Part 1, 17.5). */
static hf_err keep_values(const struct selection *sel)
{
    struct hf_policy_pcr *pcr = sel->pcr;

    HF_TRY(hf_alloc(sel->n_values * sizeof(*pcr->values), &pcr->values));
    for (size_t b = 0; b < pcr->n_banks; b++) {
        for (unsigned i = 0; i < HF_POLICY_PCR_COUNT; i++) {
            if (pcr->bank[b].mask & 1u << i)
                pcr->values[pcr->n_values++] = sel->value[b][i];
        }
    }
    return HF_OK;
}

hf_err hf_policy_args_pcr(struct hf_policy_args *args, struct hf_policy_step *step)
{
    struct selection sel = {.pcr = &step->pcr};
    struct hf_policy_token t;
    struct cursor c;

    HF_TRY(hf_policy_args_next(args, "PCRs, such as sha256:0,7", &t));
    c.token = t;
    do {
        HF_TRY(read_bank(&c, sel.pcr));
        do
            HF_TRY(read_pcr(&c, &sel));
        while (take(&c, ','));
    } while (take(&c, '+'));
    if (c.token.text.n)
        return hf_policy_lex_fail(&c.token, "a comma, + or the end of the selection");
    if (sel.n_values && sel.n_values != hf_policy_pcr_count(sel.pcr))
        return hf_policy_lex_fail(&t, "values for all PCRs or for none: %zu of %zu have one", sel.n_values,
                                  hf_policy_pcr_count(sel.pcr));
    if (sel.n_values)
        return keep_values(&sel);
    if (hf_policy_args_named(args, "digest", &t))
        return hf_policy_args_digest(&t, &step->pcr.digest);
    return HF_OK;
}

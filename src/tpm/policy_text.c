/*
 * Reading policies: docs/policies.md has the grammar.
 *
 *     policy = step { (";" | newline | "and") step }
 *     step   = word { argument }  |  "or" branch branch { branch }
 *     branch = [ label ] "{" policy "}"
 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "tpm/policy_args.h"
#include "tpm/policy_words.h"

struct parser {
    struct hf_policy_lexer lex;
    size_t n_steps;
    size_t before; /* steps of the outer sequences that come before this one */
    unsigned depth;
};

static hf_err parse_steps(struct parser *p, struct hf_policy_steps *out);

static bool at_and(const struct parser *p)
{
    return p->lex.token.kind == HF_POLICY_T_WORD && hf_bytes_equal(p->lex.token.text, hf_bytes_text("and"));
}

static hf_err skip_separators(struct parser *p)
{
    while (p->lex.token.kind == HF_POLICY_T_NEXT)
        HF_TRY(hf_policy_lex_next(&p->lex));
    return HF_OK;
}

/* The arguments of a step into `args`; the token after them becomes the current one. */
static hf_err collect(struct parser *p, struct hf_policy_args *args)
{
    *args = (struct hf_policy_args){.word = p->lex.token};
    HF_TRY(hf_policy_lex_next(&p->lex));
    while (p->lex.token.kind == HF_POLICY_T_WORD && !at_and(p)) {
        if (args->n == HF_POLICY_ARGS_MAX)
            return hf_policy_lex_fail(&p->lex.token, "at most %d arguments", HF_POLICY_ARGS_MAX);
        args->item[args->n++] = p->lex.token;
        HF_TRY(hf_policy_lex_next(&p->lex));
    }
    args->after = p->lex.token;
    return HF_OK;
}

/* Labels that would read like a step are refused: `or { } pcr { }` is a mistake. */
static bool is_reserved(struct hf_bytes word)
{
    return hf_bytes_equal(word, hf_bytes_text("and")) || hf_policy_word_find(hf_policy_kinds, word);
}

/* A label may be any plain word that is not a number: numbers name branches by their place. */
static hf_err parse_label(const struct parser *p, const struct hf_policy_step *step, char **out)
{
    const struct hf_policy_token *t = &p->lex.token;

    if (t->text.n > 64)
        return hf_policy_lex_fail(t, "a label of at most 64 characters");
    if (is_reserved(t->text))
        return hf_policy_lex_fail(t, "a label that is not a word of the language, or {");
    if (t->text.p[0] >= '0' && t->text.p[0] <= '9')
        return hf_policy_lex_fail(t, "a label that does not start with a digit");
    for (size_t i = 0; i < t->text.n; i++) {
        uint8_t c = t->text.p[i];

        if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return hf_policy_lex_fail(t, "a label of letters, digits, - and _, or {");
    }
    for (size_t i = 0; i + 1 < step->n_branches; i++) {
        if (step->branch[i].label && hf_bytes_equal(hf_bytes_text(step->branch[i].label), t->text))
            return hf_policy_lex_fail(t, "a label that no other branch of this \"or\" has");
    }
    return hf_text_of(t->text, out);
}

/* before: how many steps stand before the `or` in its own sequence */
static hf_err parse_branch(struct parser *p, struct hf_policy_step *step, size_t before)
{
    struct hf_policy_branch *branch;
    struct hf_policy_token open;

    if (step->n_branches == HF_POLICY_BRANCHES_MAX)
        return hf_fail(HF_E_LIMIT, "line %u, column %u: more than %d branches", p->lex.token.line, p->lex.token.column,
                       HF_POLICY_BRANCHES_MAX);
    HF_TRY(hf_policy_branch_add(step, &branch));
    if (p->lex.token.kind == HF_POLICY_T_WORD) {
        HF_TRY(parse_label(p, step, &branch->label));
        HF_TRY(hf_policy_lex_next(&p->lex));
    }
    open = p->lex.token;
    if (open.kind != HF_POLICY_T_OPEN)
        return hf_policy_lex_fail(&open, "{ and a branch");
    if (++p->depth > HF_POLICY_DEPTH_MAX)
        return hf_fail(HF_E_LIMIT, "line %u, column %u: branches are nested deeper than %d", open.line, open.column,
                       HF_POLICY_DEPTH_MAX);
    HF_TRY(hf_policy_lex_next(&p->lex));
    p->before += before;
    HF_TRY(parse_steps(p, &branch->steps));
    p->before -= before;
    p->depth--;
    if (p->lex.token.kind != HF_POLICY_T_CLOSE)
        return hf_policy_lex_fail(&p->lex.token, "} for the { in line %u, column %u", open.line, open.column);
    if (branch->steps.n == 0)
        return hf_policy_lex_fail(&p->lex.token, "a step: an empty branch would hold for everybody");
    for (size_t i = 0; i < branch->steps.n; i++) {
        if (branch->steps.step[i].kind == HF_POLICY_DIGEST && branch->steps.n > 1)
            return hf_policy_lex_fail(&p->lex.token, "\"digest\" to stand alone in its branch");
    }
    return hf_policy_lex_next(&p->lex);
}

/* True when another branch follows, perhaps after line ends; those are then passed over. A label looks
 * like the next step until its brace is seen, so the lexer looks ahead on a copy. */
static hf_err another_branch(struct parser *p, bool *more)
{
    struct hf_policy_lexer ahead = p->lex;

    *more = false;
    while (ahead.token.kind == HF_POLICY_T_NEXT && ahead.token.text.p[0] == '\n')
        HF_TRY(hf_policy_lex_next(&ahead));
    if (ahead.token.kind == HF_POLICY_T_WORD) {
        struct hf_policy_lexer label = ahead;

        HF_TRY(hf_policy_lex_next(&label));
        *more = label.token.kind == HF_POLICY_T_OPEN && !is_reserved(ahead.token.text);
    } else {
        *more = ahead.token.kind == HF_POLICY_T_OPEN;
    }
    if (*more)
        p->lex = ahead;
    return HF_OK;
}

static hf_err parse_or(struct parser *p, struct hf_policy_step *step, size_t before)
{
    bool more = true;

    HF_TRY(hf_policy_lex_next(&p->lex));
    while (p->lex.token.kind == HF_POLICY_T_NEXT && p->lex.token.text.p[0] == '\n')
        HF_TRY(hf_policy_lex_next(&p->lex));
    while (more) {
        HF_TRY(parse_branch(p, step, before));
        HF_TRY(another_branch(p, &more));
    }
    if (step->n_branches < 2)
        return hf_policy_lex_fail(&p->lex.token, "{ and another branch: \"or\" needs two");
    return HF_OK;
}

static hf_err parse_step(struct parser *p, struct hf_policy_steps *out)
{
    const struct hf_policy_token *t = &p->lex.token;
    const struct hf_policy_word *row;
    struct hf_policy_args args;
    struct hf_policy_step *step;

    if (t->kind != HF_POLICY_T_WORD)
        return hf_policy_lex_fail(t, "a step such as pcr, authvalue, secret or or");
    row = hf_policy_word_find(hf_policy_kinds, t->text);
    if (!row)
        return hf_policy_lex_fail(t, "one of pcr, authvalue, password, secret, signed, authorize, authorizenv, nv, "
                                     "counter-timer, command, locality, duplicate-to, cphash, namehash, template, "
                                     "nv-written, physical-presence, or, digest");
    if (++p->n_steps > HF_POLICY_STEPS_MAX)
        return hf_fail(HF_E_LIMIT, "line %u, column %u: more than %d steps", t->line, t->column, HF_POLICY_STEPS_MAX);
    if (row->value == HF_POLICY_DIGEST && p->depth == 0)
        return hf_policy_lex_fail(t, "\"digest\" only as a branch of \"or\"");
    if ((row->value == HF_POLICY_AUTHORIZE || row->value == HF_POLICY_AUTHORIZE_NV) && p->before + out->n)
        return hf_policy_lex_fail(t,
                                  "\"%s\" as the first step: it starts the digest anew, so what stands before it "
                                  "would bind nobody",
                                  row->word);
    HF_TRY(hf_policy_steps_add(out, (enum hf_policy_kind)row->value, &step));
    step->line = t->line;
    step->column = t->column;
    if (step->kind == HF_POLICY_OR)
        return parse_or(p, step, out->n - 1);
    HF_TRY(collect(p, &args));
    return hf_policy_args_read(&args, step);
}

static hf_err parse_steps(struct parser *p, struct hf_policy_steps *out)
{
    HF_TRY(skip_separators(p));
    while (p->lex.token.kind != HF_POLICY_T_END && p->lex.token.kind != HF_POLICY_T_CLOSE) {
        HF_TRY(parse_step(p, out));
        if (at_and(p)) {
            HF_TRY(hf_policy_lex_next(&p->lex));
            HF_TRY(skip_separators(p));
            if (p->lex.token.kind != HF_POLICY_T_WORD)
                return hf_policy_lex_fail(&p->lex.token, "a step after \"and\"");
            continue;
        }
        if (p->lex.token.kind == HF_POLICY_T_OPEN || p->lex.token.kind == HF_POLICY_T_WORD)
            return hf_policy_lex_fail(&p->lex.token, "; or a new line, \"and\", or the end");
        HF_TRY(skip_separators(p));
    }
    return HF_OK;
}

hf_err hf_policy_parse(struct hf_bytes text, struct hf_policy **out)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    struct parser p = {0};

    if (text.n > HF_POLICY_TEXT_MAX)
        return hf_fail(HF_E_LIMIT, "the policy text has %zu bytes, at most %d are read", text.n, HF_POLICY_TEXT_MAX);
    HF_TRY(hf_policy_new(&policy));
    HF_TRY(hf_policy_lex_start(&p.lex, text));
    HF_TRY(parse_steps(&p, &policy->steps));
    if (p.lex.token.kind != HF_POLICY_T_END)
        return hf_policy_lex_fail(&p.lex.token, "a step or the end: no { is open");
    if (policy->steps.n == 0)
        return hf_policy_lex_fail(&p.lex.token, "a step: an empty policy can never be satisfied");
    *out = hf_take(policy);
    return HF_OK;
}

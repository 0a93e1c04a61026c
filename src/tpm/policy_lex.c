/* Tokens of the policy language. */
#include "tpm/policy_lex.h"

#include <stdarg.h>
#include <stdio.h>

static void step(struct hf_policy_lexer *lex)
{
    if (*lex->at++ == '\n') {
        lex->line++;
        lex->column = 1;
    } else {
        lex->column++;
    }
}

static void skip_space(struct hf_policy_lexer *lex)
{
    while (lex->at < lex->end) {
        if (*lex->at == '#') {
            while (lex->at < lex->end && *lex->at != '\n')
                step(lex);
        } else if (*lex->at == ' ' || *lex->at == '\t' || *lex->at == '\r') {
            step(lex);
        } else {
            return;
        }
    }
}

static hf_err bad_character(const struct hf_policy_lexer *lex)
{
    return hf_fail(HF_E_FORMAT, "line %u, column %u: saw the byte 0x%02x, wanted text", lex->line, lex->column,
                   *lex->at);
}

/* Past the closing quote. */
static hf_err quoted(struct hf_policy_lexer *lex)
{
    unsigned line = lex->line;
    unsigned column = lex->column;

    step(lex);
    while (lex->at < lex->end && *lex->at != '"' && *lex->at != '\n') {
        if (*lex->at < 0x20 || *lex->at == 0x7f)
            return bad_character(lex);
        if (*lex->at == '\\') {
            if (lex->at + 1 == lex->end || (lex->at[1] != '"' && lex->at[1] != '\\'))
                return hf_fail(HF_E_FORMAT, "line %u, column %u: wanted \\\" or \\\\ within quotes", lex->line,
                               lex->column);
            step(lex);
        }
        step(lex);
    }
    if (lex->at == lex->end || *lex->at != '"')
        return hf_fail(HF_E_FORMAT, "line %u, column %u: the quote is not closed on its line", line, column);
    step(lex);
    return HF_OK;
}

static hf_err word(struct hf_policy_lexer *lex)
{
    while (lex->at < lex->end && !strchr(" \t\r\n;{}", *lex->at)) {
        if (*lex->at == '"') {
            HF_TRY(quoted(lex));
            continue;
        }
        if (*lex->at < 0x20 || *lex->at == 0x7f)
            return bad_character(lex);
        step(lex);
    }
    /* strchr finds its own NUL: a zero byte ends the word above and is refused here. */
    if (lex->at < lex->end && *lex->at == 0)
        return bad_character(lex);
    return HF_OK;
}

hf_err hf_policy_lex_next(struct hf_policy_lexer *lex)
{
    struct hf_policy_token *t = &lex->token;

    skip_space(lex);
    *t = (struct hf_policy_token){HF_POLICY_T_END, {lex->at, 0}, lex->line, lex->column};
    if (lex->at == lex->end)
        return HF_OK;
    switch (*lex->at) {
    case '\n':
    case ';':
        t->kind = HF_POLICY_T_NEXT;
        step(lex);
        break;
    case '{':
        t->kind = HF_POLICY_T_OPEN;
        step(lex);
        break;
    case '}':
        t->kind = HF_POLICY_T_CLOSE;
        step(lex);
        break;
    default:
        t->kind = HF_POLICY_T_WORD;
        HF_TRY(word(lex));
    }
    t->text.n = (size_t)(lex->at - t->text.p);
    return HF_OK;
}

hf_err hf_policy_lex_start(struct hf_policy_lexer *lex, struct hf_bytes text)
{
    *lex = (struct hf_policy_lexer){.at = text.p, .end = text.n ? text.p + text.n : text.p, .line = 1, .column = 1};
    return hf_policy_lex_next(lex);
}

hf_err hf_policy_lex_fail(const struct hf_policy_token *token, const char *fmt, ...)
{
    char wanted[256];
    char saw[80];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(wanted, sizeof(wanted), fmt, args);
    va_end(args);
    switch (token->kind) {
    case HF_POLICY_T_END:
        (void)snprintf(saw, sizeof(saw), "the end of the text");
        break;
    case HF_POLICY_T_NEXT:
        (void)snprintf(saw, sizeof(saw), "the end of the step");
        break;
    default:
        (void)snprintf(saw, sizeof(saw), "\"%.*s%s\"", token->text.n > 60 ? 60 : (int)token->text.n, token->text.p,
                       token->text.n > 60 ? "..." : "");
    }
    return hf_fail(HF_E_FORMAT, "line %u, column %u: saw %s, wanted %s", token->line, token->column, saw, wanted);
}

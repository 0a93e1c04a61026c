/* Tokens of the policy language. */
#ifndef HF_TPM_POLICY_LEX_H
#define HF_TPM_POLICY_LEX_H

#include "base/bytes.h"

enum hf_policy_token_kind {
    HF_POLICY_T_END,
    HF_POLICY_T_NEXT,  /* ; or the end of a line */
    HF_POLICY_T_OPEN,  /* { */
    HF_POLICY_T_CLOSE, /* } */
    HF_POLICY_T_WORD, /* up to white space or one of ; { }; "..." inside it may hold anything but the end of the line */
};

struct hf_policy_token {
    enum hf_policy_token_kind kind;
    struct hf_bytes text;  /* as written, quotes and backslashes included */
    unsigned line, column; /* from 1; columns count bytes */
};

struct hf_policy_lexer {
    const uint8_t *at, *end;
    unsigned line, column;
    struct hf_policy_token token; /* the current one */
};

/* Start with the first token as the current one. */
hf_err hf_policy_lex_start(struct hf_policy_lexer *lex, struct hf_bytes text);

/* Go to the next token. HF_E_FORMAT for a quote that is not closed and for control characters. */
hf_err hf_policy_lex_next(struct hf_policy_lexer *lex);

/* Fail at a token: "line 1, column 5: saw "x", wanted ...". */
hf_err hf_policy_lex_fail(const struct hf_policy_token *token, const char *fmt, ...) HF_PRINTF(2, 3);

#endif

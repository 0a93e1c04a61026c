/* PSA attestation token (RFC 9783): claims in a COSE_Sign1, or in a COSE_Mac0 that only the key's holders can check. */
#ifndef HF_EVIDENCE_PSA_TOKEN_H
#define HF_EVIDENCE_PSA_TOKEN_H

#include "codec/cose.h"
#include "evidence/arm_claims.h"
#include "evidence/table.h"

#define HF_COSE_TAG_MAC0 17

struct hf_psa_token {
    bool mac;                     /* COSE_Mac0: message.signature is the tag */
    struct hf_cose_sign1 message; /* the two have one shape; tagged says that it has its tag */
    struct hf_arm_claims claims;
};

/* The whole input is one token, with tag 18, 17 or none (which is taken for COSE_Sign1). */
hf_err hf_psa_token_parse(struct hf_bytes in, struct hf_psa_token *out);

/* Append it from message. */
hf_err hf_psa_token_write(const struct hf_psa_token *token, struct hf_buf *out);

hf_err hf_psa_token_inspect(struct hf_bytes in, struct hf_inspect *out);

#endif

/*
 * One TPM command from parameters to checked response.
 *
 *     struct hf_tpm_call c;
 *
 *     HF_TRY(hf_tpm_call_start(&c, TPM2_CC_NV_Write));
 *     hf_tpm_call_handle(&c, &owner, &owner_auth);
 *     hf_tpm_call_handle(&c, &index, NULL);
 *     hf_wr_b16(&c.w, data);
 *     hf_wr_u16be(&c.w, offset);
 *     HF_TRY(hf_tpm_call_run(tpm, &c));
 *     ... hf_rd_view(&c.r, hf_rd_u16be(&c.r)) ...
 *     return hf_rd_end(&c.r);
 *
 * The engine chooses sessions: each authorized handle gets a pooled salted HMAC session (its key is
 * sessionKey || authValue, so the value itself never crosses) or the policy session that is named;
 * where the first parameter can be encrypted, it is, both ways; the response HMAC is always checked.
 * Commands without authorization run in a session too wherever the specification permits one, so
 * that an interposer cannot forge their answers.
 */
#ifndef HF_TPM_CALL_H
#define HF_TPM_CALL_H

#include "base/reader.h"
#include "base/writer.h"
#include "tpm/transport.h"
#include "tpm/types.h"

struct hf_tpm; /* a connection */
struct hf_tpm_session;

/* How an entity is authorized: by its value (NULL: empty), or by a policy session that is satisfied. */
struct hf_tpm_auth {
    const struct hf_secret *value;
    struct hf_tpm_session *policy;
};

/* A row of the command table (Part 3): everything the engine must know of a command. */
struct hf_tpm_command {
    uint32_t code;        /* TPM2_CC_* */
    const char *name;     /* "TPM2_NV_Write" */
    uint8_t handles;      /* in the command's handle area */
    uint8_t auths;        /* of these, from the first, are authorized */
    uint8_t out_handles;  /* in the response's handle area: 0 or 1 */
    bool enc_in;          /* the first parameter is a TPM2B and may be encrypted */
    bool enc_out;         /* the same of the response */
    bool no_sessions;     /* the command may carry no session at all */
    bool changes_nothing; /* may be sent again when the answer was lost */
};

const struct hf_tpm_command *hf_tpm_command_find(uint32_t code);

#define HF_TPM_CALL_HANDLES 3

struct hf_tpm_call {
    const struct hf_tpm_command *command;
    struct hf_tpm_entity entity[HF_TPM_CALL_HANDLES];
    struct hf_tpm_auth auth[HF_TPM_CALL_HANDLES];
    size_t n_entities;
    bool changes_auth;                /* the command changes the first entity's value: */
    const struct hf_secret *new_auth; /* the response is protected with this one (NULL: empty) */
    bool bare;                        /* no session, although one could go along: for finding the salt key */
    struct hf_writer w;               /* parameters, in the order of Part 3 */
    uint8_t params[HF_TPM_IO_MAX];

    /* after hf_tpm_call_run: */
    uint32_t out_handle;
    struct hf_reader r; /* response parameters, decrypted */
    struct hf_tpm_reply reply;
};

/* HF_E_INTERNAL when the code is not in the table. */
hf_err hf_tpm_call_start(struct hf_tpm_call *c, uint32_t code);

/* The next handle. `auth` may be NULL: not authorized, or empty authorization. */
void hf_tpm_call_handle(struct hf_tpm_call *c, const struct hf_tpm_entity *entity, const struct hf_tpm_auth *auth);

/* Run it. Retries what the specification says to retry (RETRY, YIELDED, TESTING), bounded. Failures
 * carry the response code by name, what it points at, the likely cause and what to do. */
hf_err hf_tpm_call_run(struct hf_tpm *tpm, struct hf_tpm_call *c);

/* Wipe parameters and response, for calls that carry secrets. For HF_CLEANUP. */
void hf_tpm_call_wipe(struct hf_tpm_call *c);

/* The response code that ended the latest call of this thread with an error: hf_err_device_code(). */

/*
 * A response code, decoded: HF_E_* that fits, and the detail "TPM2_Sign: TPM_RC_SCHEME (0x000002d2,
 * parameter 2): unsupported or incompatible scheme; ...". `command` may be NULL.
 */
hf_err hf_tpm_fail_rc(const struct hf_tpm_command *command, uint32_t rc);

/* "TPM_RC_SCHEME" for a code with its handle, parameter and session bits stripped; NULL when unknown. */
const char *hf_tpm_rc_name(uint32_t rc);

#endif

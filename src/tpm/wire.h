/*
 * The frame of TPM commands and responses: tag, size, code (TPM 2.0 Library Part 1, 18), and the
 * handle and session areas behind it. Nothing here knows what a command means.
 */
#ifndef HF_TPM_WIRE_H
#define HF_TPM_WIRE_H

#include "base/reader.h"
#include "base/writer.h"
#include "tpm/transport.h"

#define HF_WIRE_HEADER 10u  /* tag, size, code */
#define HF_WIRE_HANDLES 3u  /* the most handles that a command of the specification has is 3 */
#define HF_WIRE_SESSIONS 3u /* MAX_SESSION_NUM */

/* Where TPM2_CAP_HANDLES lists from (Part 2, 7.2); the TSS's own macros shift into the sign. */
#define HF_WIRE_TRANSIENT 0x80000000u
#define HF_WIRE_LOADED_SESSIONS 0x02000000u
#define HF_WIRE_SAVED_SESSIONS 0x03000000u

/* The frame of a command or response. For a response, `code` is its response code. */
struct hf_wire_head {
    uint16_t tag;
    uint32_t size;
    uint32_t code;
};

/* The frame of exactly these bytes: HF_E_TRUNCATED under 10 bytes, HF_E_FORMAT where the tag is not
 * TPM_ST_NO_SESSIONS or TPM_ST_SESSIONS (or, in a response, TPM_ST_RSP_COMMAND) or the size is not theirs. */
hf_err hf_wire_head_parse(struct hf_bytes in, struct hf_wire_head *out);

/* How many bytes a stream's next command has, from its first bytes: 0 while fewer than 6 are there.
 * HF_E_FORMAT for a size that is under 10 or over HF_TPM_IO_MAX. */
hf_err hf_wire_size(struct hf_bytes start, size_t *out);

/* One session of a command's authorization area. */
struct hf_wire_session {
    uint32_t handle;
    size_t at;          /* offset of the handle in the command */
    uint8_t attributes; /* TPMA_SESSION */
};

/* A command taken apart as far as a resource manager must. */
struct hf_wire_command {
    struct hf_wire_head head;
    size_t n_handles;
    uint32_t handle[HF_WIRE_HANDLES];
    size_t n_sessions;
    struct hf_wire_session session[HF_WIRE_SESSIONS];
    size_t params; /* offset of the parameters */
};

/* Take a command with n_handles handles apart. HF_E_ARG for more than HF_WIRE_HANDLES. */
hf_err hf_wire_command_parse(struct hf_bytes command, size_t n_handles, struct hf_wire_command *out);

/* The offset of the i-th handle in a command or response. */
#define HF_WIRE_HANDLE_AT(i) (HF_WIRE_HEADER + 4 * (size_t)(i))

/* The 32 bits at an offset; false where they do not fit. */
bool hf_wire_get_u32(struct hf_bytes bytes, size_t at, uint32_t *out);
void hf_wire_put_u32(uint8_t *bytes, size_t at, uint32_t value);

/* A response without parameters that carries `rc`. */
void hf_wire_reply_rc(struct hf_tpm_reply *reply, uint32_t rc);

/* The response code of a whole response; HF_E_FORMAT where the frame is not one. */
hf_err hf_wire_reply_check(const struct hf_tpm_reply *reply, uint32_t *rc);

/* Start a command of the frame's own making: header with a size to be filled by hf_wire_end. */
struct hf_writer hf_wire_start(uint8_t place[HF_TPM_IO_MAX], uint16_t tag, uint32_t code);
hf_err hf_wire_end(struct hf_writer *w, struct hf_bytes *command);

/* The authorization area of one empty password session. */
void hf_wire_password_empty(struct hf_writer *w);

#endif

/*
 * What the parent and a judge's worker say to each other: messages of a kind, a length and a body over a socket pair,
 * all numbers little-endian. Both sides are the same build, and one does not trust the other: the parent reads
 * answers as foreign bytes.
 *
 *     u32 kind, u32 length, body
 *
 * A question is answered by one message of kind HF_MSG_ANSWER, in the order of the questions: a u16 error code, its
 * detail, and, where the question has an answer, the answer. Texts and bytes are a u32 length and the bytes.
 */
#ifndef HF_WORKER_MESSAGE_H
#define HF_WORKER_MESSAGE_H

#include "base/reader.h"
#include "policy/verify.h"

#define HF_MSG_HEAD 8u
#define HF_MSG_MAX ((uint32_t)160 << 20)   /* a question: collateral, evidence */
#define HF_ANSWER_MAX ((uint32_t)32 << 20) /* an answer */

enum hf_msg_kind {
    HF_MSG_ANSWER = 1,
    HF_MSG_BRIEF,   /* roots, collateral, a policy */
    HF_MSG_VERIFY,  /* a request */
    HF_MSG_BRIEFLY, /* a request; the answer leaves out claims, and texts of rows that held */
    HF_MSG_INSPECT, /* one file of evidence */
    HF_MSG_PROBE,   /* whatever a test wants */
};

/* ---- writing: the first failure of a buffer sticks ---- */

struct hf_msg {
    struct hf_buf *out;
    hf_err err;
};
void hf_msg_u8(struct hf_msg *w, uint8_t v);
void hf_msg_u16(struct hf_msg *w, uint16_t v);
void hf_msg_u32(struct hf_msg *w, uint32_t v);
void hf_msg_u64(struct hf_msg *w, uint64_t v);
void hf_msg_bytes(struct hf_msg *w, struct hf_bytes b);
void hf_msg_text(struct hf_msg *w, const char *text); /* NULL as "" */

/* A message around what is written between: hf_msg_end puts the length in. */
size_t hf_msg_start(struct hf_msg *w, enum hf_msg_kind kind);
void hf_msg_end(struct hf_msg *w, size_t start);

/* ---- reading ---- */

struct hf_bytes hf_msg_read(struct hf_reader *r);

/* A text into a fixed place: what a terminal would obey becomes '?'. Fails the reader where it does not fit. */
void hf_msg_read_text(struct hf_reader *r, char *place, size_t size);

/* A number below `limit`. Fails the reader for others. */
unsigned hf_msg_read_word(struct hf_reader *r, unsigned limit, const char *what);

/* ---- requests and results ---- */

void hf_msg_request(struct hf_msg *w, const struct hf_verify_request *q);

/* The request's views and texts point into `in` and `room`. */
#define HF_MSG_TEXTS 256
struct hf_request_room {
    struct hf_bytes evidence[HF_EVIDENCE_ITEMS_MAX];
    const char *expect[HF_MSG_TEXTS];
    struct hf_verify_outside outside[HF_MSG_TEXTS];
};
hf_err hf_msg_request_read(struct hf_bytes in, struct hf_request_room *room, struct hf_verify_request *out);

void hf_msg_result(struct hf_msg *w, const struct hf_verify_result *r, bool briefly);

/*
 * Read a result as what a captured worker may have written. `q` is the question that was asked: time and nonce are
 * its, whatever the answer says. `out` keeps a copy of what its claims point into. HF_E_INTERNAL.
 */
hf_err hf_msg_result_read(struct hf_bytes in, const struct hf_verify_request *q, struct hf_verify_result *out);

#endif

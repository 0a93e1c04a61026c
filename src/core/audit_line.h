/*
 * One audit record as a line, in this order and without spaces:
 *
 *   {"seq":2,"time":1764003843123,"who":"uid:0","door":"cli","op":"tpm.sign","object":"...",
 *    "result":"HF_OK","detail":"","code":0,"prev":"<64 hex>","hash":"<64 hex>"}\n
 *
 * time is milliseconds since 1970 UTC. prev is the hash of the line before, zeros in the first. hash is
 * SHA-256 over prev (32 bytes) and the line's text up to, and without, `,"hash":`.
 */
#ifndef HF_CORE_AUDIT_LINE_H
#define HF_CORE_AUDIT_LINE_H

#include "base/bytes.h"
#include "core/audit.h"

/* The longest texts taken from an entry, in bytes. A record that is read may hold three times as much:
 * a byte that is not UTF-8 became U+FFFD when it was written. */
#define HF_AUDIT_WORD 47
#define HF_AUDIT_WHO 127
#define HF_AUDIT_TEXT 239
#define HF_AUDIT_ROOM(n) ((n)*3 + 1)

#define HF_AUDIT_LINE_MAX 8192

struct hf_audit_record {
    uint64_t seq;
    uint64_t time_ms;
    char who[HF_AUDIT_ROOM(HF_AUDIT_WHO)];
    char door[HF_AUDIT_ROOM(HF_AUDIT_WORD)];
    char op[HF_AUDIT_ROOM(HF_AUDIT_WORD)];
    char object[HF_AUDIT_ROOM(HF_AUDIT_TEXT)];
    char result[HF_AUDIT_ROOM(HF_AUDIT_WORD)];
    char detail[HF_AUDIT_ROOM(HF_AUDIT_TEXT)];
    uint32_t code;
    uint8_t prev[32];
    uint8_t hash[32]; /* as the line says; hf_audit_line_parse does not judge it */
};

/* Append the line, its newline included, and give its hash. rec->hash is not looked at. */
hf_err hf_audit_line_write(const struct hf_audit_record *rec, struct hf_buf *out, uint8_t hash[32]);

/* A line without its newline, exactly as hf_audit_line_write makes it: anything else is HF_E_FORMAT. */
hf_err hf_audit_line_parse(struct hf_bytes line, struct hf_audit_record *out);

/* Does the line's hash fit its content? HF_E_INTEGRITY when not; other errors when it cannot be told. */
hf_err hf_audit_line_check(struct hf_bytes line, const struct hf_audit_record *rec);

#endif

/*
 * Mock evidence, for tests of programs that ask for evidence: {"holdfast": "mock/1", "mock_measurement", "test_value",
 * "nonce", "timestamp"} (seed 002's mock provider). Nobody signs it; it proves nothing, and says so.
 */
#ifndef HF_EVIDENCE_MOCK_H
#define HF_EVIDENCE_MOCK_H

#include "base/clock.h"
#include "evidence/table.h"

#define HF_MOCK_FORMAT "mock/1"

/* Texts may be NULL but for the measurement. */
struct hf_mock {
    char *format;
    char *measurement, *test_value, *mock_id;
    char *nonce;
    hf_time timestamp;
};

/* Free with hf_mock_free, which accepts an empty one. */
hf_err hf_mock_parse(struct hf_bytes json, struct hf_mock *out);
void hf_mock_free(struct hf_mock *mock);

/* Append it, canonical (RFC 8785). */
hf_err hf_mock_write(const struct hf_mock *mock, struct hf_buf *out);

hf_err hf_mock_inspect(struct hf_bytes in, struct hf_inspect *out);

#endif

/* What a guest owner and the firmware exchange at launch: session, measurement, secret. AMD publication 55766. */
#ifndef HF_EVIDENCE_SEV_SESSION_H
#define HF_EVIDENCE_SEV_SESSION_H

#include "base/bytes.h"

#define HF_SEV_SESSION_SIZE 128
#define HF_SEV_MEASURE_SIZE 48
#define HF_SEV_SECRET_HEADER_SIZE 52

/* SESSION of LAUNCH_START. */
struct hf_sev_session {
    uint8_t nonce[16];
    uint8_t wrap_tk[32]; /* TEK || TIK, encrypted */
    uint8_t wrap_iv[16];
    uint8_t wrap_mac[32];
    uint8_t policy_mac[32];
};
hf_err hf_sev_session_parse(struct hf_bytes in, struct hf_sev_session *out);
void hf_sev_session_write(const struct hf_sev_session *session, uint8_t out[HF_SEV_SESSION_SIZE]);

/* What LAUNCH_MEASURE answers. */
struct hf_sev_measure {
    uint8_t measure[32];
    uint8_t mnonce[16];
};
hf_err hf_sev_measure_parse(struct hf_bytes in, struct hf_sev_measure *out);
void hf_sev_measure_write(const struct hf_sev_measure *measure, uint8_t out[HF_SEV_MEASURE_SIZE]);

/* The packet header of LAUNCH_SECRET. */
struct hf_sev_secret_header {
    uint32_t flags; /* bit 0: compressed */
    uint8_t iv[16];
    uint8_t mac[32];
};
hf_err hf_sev_secret_header_parse(struct hf_bytes in, struct hf_sev_secret_header *out);
void hf_sev_secret_header_write(const struct hf_sev_secret_header *header, uint8_t out[HF_SEV_SECRET_HEADER_SIZE]);

/*
 * The secret itself, in the clear: a table that OVMF hands to the guest. Header GUID
 * 1e74f542-71dd-4d66-963e-ef4287ff173b, u32 bytes in all; entries of GUID, u32 bytes of the entry, data; zeros to
 * a multiple of 16. GUIDs are stored as Windows does.
 */
struct hf_sev_secret_entry {
    uint8_t guid[16];
    struct hf_bytes data;
};

/* Append the table of n entries, padded. */
hf_err hf_sev_secret_table_write(const struct hf_sev_secret_entry *entries, size_t n, struct hf_buf *out);

/* Check the table of a payload and give its entries' bytes; then call next until HF_E_NOT_FOUND. */
hf_err hf_sev_secret_table_open(struct hf_bytes in, struct hf_bytes *entries);
hf_err hf_sev_secret_table_next(struct hf_bytes *entries, struct hf_sev_secret_entry *out);

#endif

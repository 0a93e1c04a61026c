/*
 * A guest owner's side of an SEV or SEV-ES launch: the session's keys, the measurement, the secret. AMD publication
 * 55766 (SEV API). Pure: randomness comes from the caller, but for hf_sev_session_start.
 */
#ifndef HF_VERIFY_SEV_LAUNCH_H
#define HF_VERIFY_SEV_LAUNCH_H

#include "crypto/pubkey.h"
#include "evidence/sev_session.h"

/* ---- measurement ---- */

/* What the firmware measures a launch over. */
struct hf_sev_launch {
    uint8_t api_major, api_minor, build; /* of the firmware */
    uint32_t policy;
    uint8_t digest[32]; /* SHA-256 of everything that was measured: firmware volume, for ES the VMSA pages behind it */
    uint8_t mnonce[16];
};

/* HMAC-SHA256 with the TIK: what a guest that was launched so must be measured as. */
hf_err hf_sev_launch_measure(const struct hf_sev_launch *launch, const struct hf_secret *tik, uint8_t out[32]);

/* Compare in constant time. HF_E_MISMATCH: another guest, another policy, another firmware, or another TIK. */
hf_err hf_sev_launch_check(const struct hf_sev_launch *launch, const struct hf_secret *tik, const uint8_t measure[32]);

/* ---- session ---- */

#define HF_SEV_KEY_BYTES 16

/* The three keys of a session, from Z (48 bytes, big-endian) and its nonce: any of them may be NULL. */
hf_err hf_sev_session_keys(const struct hf_secret *z, const uint8_t nonce[16], struct hf_secret **master,
                           struct hf_secret **kek, struct hf_secret **kik);

/* Transport keys wrapped for the firmware. nonce and iv are the caller's, fresh. */
struct hf_sev_session_spec {
    const struct hf_secret *z;
    const struct hf_secret *tek, *tik; /* 16 bytes each */
    uint8_t nonce[16], iv[16];
    uint32_t policy;
};
hf_err hf_sev_session_make(const struct hf_sev_session_spec *spec, struct hf_sev_session *out);

/* The firmware's side: HF_E_INTEGRITY when a MAC is not right. */
hf_err hf_sev_session_open(const struct hf_secret *z, const struct hf_sev_session *session, uint32_t policy,
                           struct hf_secret **tek, struct hf_secret **tik);

/* All of it for a platform's PDH: fresh keys. `owner` is the point that LAUNCH_START's certificate carries. */
hf_err hf_sev_session_start(const struct hf_pubkey *pdh, uint32_t policy, struct hf_point *owner,
                            struct hf_sev_session *session, struct hf_secret **tek, struct hf_secret **tik);

/* ---- secret ---- */

/* `measure`: what LAUNCH_MEASURE answered (32 bytes), part of the MAC from API 0.17 on; NULL before. */
struct hf_sev_secret_spec {
    const struct hf_secret *tek, *tik;
    const uint8_t *measure;
    uint32_t flags;
    uint8_t iv[16]; /* fresh */
};

/* Encrypt a table in place, and give its header. */
hf_err hf_sev_secret_seal(const struct hf_sev_secret_spec *spec, uint8_t *payload, size_t n,
                          struct hf_sev_secret_header *out);

/* Decrypt in place. HF_E_INTEGRITY when the MAC is not right; the payload is then as it was. spec's flags and iv are
 * not looked at. */
hf_err hf_sev_secret_open(const struct hf_sev_secret_spec *spec, const struct hf_sev_secret_header *header,
                          uint8_t *payload, size_t n);

#endif

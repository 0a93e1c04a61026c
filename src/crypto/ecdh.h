/* Diffie-Hellman on the NIST curves. */
#ifndef HF_CRYPTO_ECDH_H
#define HF_CRYPTO_ECDH_H

#include "crypto/pubkey.h"

/*
 * A fresh key pair used once against a peer's point: every TPM session's salt.
 *
 *   peer   the other side's point; HF_E_FORMAT when it is not on its curve
 *   mine   receives the ephemeral public point
 *   z      receives the x coordinate of the shared point, big-endian, exactly hf_curve_size bytes
 *
 * About 0.12 ms on P-256, 2 ms on P-384.
 */
hf_err hf_ecdh_ephemeral(const struct hf_point *peer, struct hf_point *mine, struct hf_secret **z);

/* The same against a key that is kept: saves checking the peer's point each time. HF_E_KEY_TYPE unless EC. */
hf_err hf_ecdh_ephemeral_key(const struct hf_pubkey *peer, struct hf_point *mine, struct hf_secret **z);

/* With an own private scalar, big-endian, in [1, n-1]. */
hf_err hf_ecdh_scalar(const struct hf_secret *scalar, const struct hf_point *peer, struct hf_secret **z);

#endif

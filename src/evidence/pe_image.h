/*
 * The digest by which firmware measures an image it starts: the Authenticode hash of a PE/COFF file, which
 * leaves out the checksum and the signatures (Windows Authenticode Portable Executable Signature Format 1.0;
 * PC Client Platform Firmware Profile 1.06, 10.4.1).
 */
#ifndef HF_EVIDENCE_PE_IMAGE_H
#define HF_EVIDENCE_PE_IMAGE_H

#include "base/bytes.h"
#include "crypto/hash.h"

/* Does a file begin as a PE/COFF image does? */
bool hf_pe_is_image(struct hf_bytes file);

/* HF_E_FORMAT, HF_E_TRUNCATED where headers or sections do not fit the file. */
hf_err hf_pe_digest(struct hf_bytes file, enum hf_hash_alg alg, struct hf_digest *out);

#endif

/* Shared by x509*.c and crl.c. */
#ifndef HF_CRYPTO_X509_I_H
#define HF_CRYPTO_X509_I_H

#include "base/reader.h"
#include "crypto/x509.h"

/* Longest certificate: vendors put photographs' worth of nothing into them, but not more. */
#define HF_CERT_BYTES_MAX ((size_t)64 * 1024)

/* The form of a Name; *disorder becomes true when one of its SET OF is not sorted. */
hf_err hf_name_check(struct hf_bytes name, bool *disorder);

/* A Name as a new C string. */
hf_err hf_name_new_text(struct hf_bytes name, char **out);

/* Extensions (the content of the SEQUENCE) into a new array; each OID at most once. */
hf_err hf_extensions_parse(struct hf_bytes in, struct hf_extension **out, size_t *n);

/* The extensions that are looked into, into their fields. */
hf_err hf_cert_extensions_read(struct hf_cert *cert);

/* keyIdentifier of an AuthorityKeyIdentifier; empty when it has none. */
hf_err hf_authority_id_parse(struct hf_bytes value, struct hf_bytes *out);

/* BIT STRING of a signature behind its tbs and algorithm: SEQUENCE { tbs, algorithm, bits }. */
struct hf_signed {
    struct hf_bytes whole, tbs, alg, signature;
};
hf_err hf_signed_parse(struct hf_reader *r, struct hf_signed *out);

/* Is this the key's signature over the tbs? */
hf_err hf_signed_verify(const struct hf_signed *s, const struct hf_sig_alg *alg, struct hf_bytes oid,
                        const struct hf_pubkey *key);

#endif

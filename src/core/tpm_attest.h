/* Operations by which a TPM speaks of itself: PCRs, quotes, certificates, endorsement keys, credentials. */
#ifndef HF_CORE_TPM_ATTEST_H
#define HF_CORE_TPM_ATTEST_H

#include "core/tpm_keys.h"

#include <holdfast/ek.h>
#include <holdfast/pcr.h>
#include <holdfast/quote.h>

/* tpm.pcr.read; selection NULL: all. */
hf_err hf_core_tpm_pcr_read(struct hf_core *core, const struct hf_who *who, const char *selection, struct hf_pcrs *out);

/* tpm.pcr.extend: by data, or by digests where n is not 0. */
struct hf_core_extend {
    unsigned index;
    struct hf_bytes data;
    size_t n;
    const struct hf_pcr_digest *digest;
};
hf_err hf_core_tpm_pcr_extend(struct hf_core *core, const struct hf_who *who, const struct hf_core_extend *what);
hf_err hf_core_tpm_pcr_reset(struct hf_core *core, const struct hf_who *who, unsigned index);

/* A change as somebody gives it: digests, or data whose hashes are meant; an image for firmware (PE/COFF) in place
 * of one that was measured as such is hashed in its way. */
struct hf_core_change {
    struct hf_pcr_change change; /* n = 0: data */
    struct hf_bytes data;
};

/* tpm.pcr.predict: from an event log (raw), or where there is none from the values of now. */
struct hf_core_predict {
    const char *selection; /* NULL: all that can be known */
    struct hf_bytes log;
    size_t n;
    struct hf_core_change *change; /* digests are filled in */
};
hf_err hf_core_tpm_pcr_predict(struct hf_core *core, const struct hf_who *who, const struct hf_core_predict *what,
                               struct hf_pcrs *out);

/* tpm.quote. Free with hf_core_quote_free. */
struct hf_core_quote {
    struct hf_tpm_statement statement;
    struct hf_pcrs pcrs;
    struct hf_buf ak_public; /* TPMT_PUBLIC */
};
hf_err hf_core_tpm_quote(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref,
                         const char *selection, struct hf_bytes nonce, const struct hf_tpm_signing *how,
                         struct hf_core_quote *out);
void hf_core_quote_free(struct hf_core_quote *quote);

/* tpm.certify: an object, how it was made (by the ticket that was kept), or the time. */
struct hf_core_certify {
    const struct hf_core_key *key;    /* signs */
    const struct hf_core_key *object; /* NULL: the time */
    bool creation;
    struct hf_bytes creation_hash, ticket;
    const struct hf_secret *endorsement_auth; /* for the time */
    struct hf_bytes nonce;
    struct hf_tpm_signing how;
};
hf_err hf_core_tpm_certify(struct hf_core *core, const struct hf_who *who, const struct hf_core_certify *what,
                           struct hf_tpm_statement *out);

/* tpm.ek.show: the open key, closed by the caller. tpm.ek.persist: made persistent at its kind's handle before. */
hf_err hf_core_tpm_ek_show(struct hf_core *core, const struct hf_who *who, enum hf_tpm_ek_kind kind,
                           const struct hf_secret *endorsement_auth, struct hf_tpm_key **out);
hf_err hf_core_tpm_ek_persist(struct hf_core *core, const struct hf_who *who, enum hf_tpm_ek_kind kind,
                              const struct hf_secret *endorsement_auth, const struct hf_secret *owner_auth,
                              struct hf_tpm_key **out);

hf_err hf_core_tpm_ek_certificates(struct hf_core *core, const struct hf_who *who, struct hf_tpm_ek_certificates *out);

/* tpm.ek.verify, tpm.ek.pin: the verdict is written with HF_OK and HF_E_UNTRUSTED. */
hf_err hf_core_tpm_ek_verify(struct hf_core *core, const struct hf_who *who, const struct hf_tpm_ek_question *question,
                             struct hf_tpm_ek_verdict *out);
hf_err hf_core_tpm_ek_pin(struct hf_core *core, const struct hf_who *who, const struct hf_tpm_ek_question *question,
                          const struct hf_secret *owner_auth, struct hf_tpm_ek_verdict *out);

/* tpm.credential.make; in_tpm: by TPM2_MakeCredential instead of here. */
struct hf_core_credential {
    struct hf_bytes ek;   /* any form that hf_tpm_make_credential takes */
    struct hf_bytes name; /* of the key that the secret is for */
    const struct hf_secret *secret;
    bool in_tpm;
};
hf_err hf_core_tpm_credential_make(struct hf_core *core, const struct hf_who *who,
                                   const struct hf_core_credential *what, struct hf_buf *out);

/* tpm.credential.activate: with the EK of a kind, or the key at a handle. */
struct hf_core_activate {
    const struct hf_core_key *key; /* that the secret is for */
    struct hf_bytes credential;
    bool by_form; /* the kind that the credential's form tells */
    enum hf_tpm_ek_kind kind;
    uint32_t ek_handle; /* 0: by kind */
    const struct hf_secret *endorsement_auth;
};
hf_err hf_core_tpm_credential_activate(struct hf_core *core, const struct hf_who *who,
                                       const struct hf_core_activate *what, struct hf_secret **out);

#endif

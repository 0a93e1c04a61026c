/*
 * What Intel's signed JSON documents have in common: an object, its signature beside it, dates, levels with a status.
 * Intel SGX and TDX Provisioning Certification Service API, versions 3 and 4 ("TCB Info", "Enclave Identity").
 *
 * Strict: every key is known and there once, numbers are integers in their range, times end in Z. The only objects that
 * may hold keys which are not known are TCB components, where Intel has put descriptions ("category", "type").
 */
#ifndef HF_EVIDENCE_INTEL_DOCUMENT_H
#define HF_EVIDENCE_INTEL_DOCUMENT_H

#include "base/clock.h"
#include "codec/json_read.h"

/* Statuses of a TCB level, and those that only a judgement gives. Never compare them by their numbers. */
enum hf_tcb_status {
    HF_TCB_UP_TO_DATE,
    HF_TCB_SW_HARDENING_NEEDED,
    HF_TCB_CONFIGURATION_NEEDED,
    HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    HF_TCB_OUT_OF_DATE,
    HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    HF_TCB_REVOKED,
    HF_TCB_NOT_SUPPORTED,
    HF_TCB_TD_RELAUNCH_ADVISED,
    HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
};
#define HF_TCB_STATUSES 10

/* Intel's spelling: "UpToDate". Never NULL. */
const char *hf_tcb_status_name(enum hf_tcb_status status);

/* "UpToDate" and so on, those that documents may hold. HF_E_FORMAT for anything else. */
hf_err hf_tcb_status_read(struct hf_json_value v, enum hf_tcb_status *out);

/* A level of something that has one SVN: a quoting enclave, a TDX module. */
struct hf_svn_level {
    uint16_t isv_svn;
    enum hf_tcb_status status; /* UpToDate, OutOfDate or Revoked */
    hf_time date;
    struct hf_json_value advisories; /* an array of texts, or HF_JSON_NULL */
};
#define HF_SVN_LEVELS_MAX 256

/* An array of them, sorted by descending SVN; an SVN twice is refused. *out is the caller's: hf_free. */
hf_err hf_svn_levels_read(struct hf_json_value array, const char *what, struct hf_svn_level **out, size_t *n);

/* The first of sorted levels that this SVN meets; NULL when it meets none. */
const struct hf_svn_level *hf_svn_level_of(const struct hf_svn_level *levels, size_t n, uint16_t isv_svn);

/* The two members {NAME: object, "signature": hex}. The object's bytes are what is signed. HF_E_FORMAT. */
hf_err hf_intel_signed_read(struct hf_bytes text, const char *name, struct hf_json_value *object,
                            uint8_t signature[64]);

/* ---- members ---- */

#define HF_INTEL_MEMBERS_MAX 24

/* An object's members in the order of `names`; the first `required` must be there, absent others have raw.n 0.
 * `tolerant`: keys that are not among the names are passed over. */
hf_err hf_intel_members(struct hf_json_value object, const char *what, const char *const *names, size_t n,
                        size_t required, bool tolerant, struct hf_json_value *out);

/* Exactly n bytes of hex; an integer of at most max; a time. `what` names it in the error. */
hf_err hf_intel_hex(struct hf_json_value v, const char *what, void *out, size_t n);
hf_err hf_intel_number(struct hf_json_value v, const char *what, uint64_t max, uint64_t *out);
hf_err hf_intel_time(struct hf_json_value v, const char *what, hf_time *out);

/* An array of texts without quotes, escapes or commas; absent is fine. */
hf_err hf_intel_advisories(struct hf_json_value v, struct hf_json_value *out);

#endif

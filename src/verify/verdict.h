/*
 * A verdict: every check by name, whether it held, what was expected and found. All checks run; none
 * stops another. Its only success is full success:
 *
 *     hf_verdict_start(out);
 *     hf_check(out, "report signature", hf_snp_signature_check(rep, certs));
 *     row = hf_check(out, "firmware level", err);
 *     hf_check_expected(row, "at least %u", want);
 *     hf_check_found(row, "%u", have);
 *     return hf_verdict_err(out);
 *
 * Fixed in size; nothing is allocated. A verdict with no room for a row is contraindicated.
 */
#ifndef HF_VERIFY_VERDICT_H
#define HF_VERIFY_VERDICT_H

#include "base/bytes.h"
#include "codec/json.h"

#define HF_CHECKS_MAX 256 /* twelve devices of a GPU server have seventeen each */

enum hf_check_status {
    HF_CHECK_NONE, /* an empty row */
    HF_CHECK_OK,
    HF_CHECK_NOT_APPLICABLE, /* there is nothing to check here; does not count */
    HF_CHECK_ABSENT,         /* what it needs was not given: at best a warning */
    HF_CHECK_WARNING,
    HF_CHECK_FAILED,
};

struct hf_check {
    char name[48];
    enum hf_check_status status;
    hf_err err;         /* why, as a code */
    char expected[160]; /* "" where there is nothing to say; a text that does not fit ends in "..." */
    char found[160];
    char note[192];
};

struct hf_verdict {
    size_t n;
    size_t lost; /* rows that had no room */
    struct hf_check row[HF_CHECKS_MAX];
    struct hf_check overflow;
};

/* AR4SI's tiers; `none` is the verdict that says nothing: no check was made. */
enum hf_verdict_status { HF_VERDICT_NONE, HF_VERDICT_AFFIRMING, HF_VERDICT_WARNING, HF_VERDICT_CONTRAINDICATED };

/* Empty it: {0} does as well, but a verdict is large, and only rows below n are ever looked at. */
void hf_verdict_start(struct hf_verdict *v);

/* Add a row for the outcome of a check: HF_OK is ok, HF_E_WARNED a warning, everything else failed, with
 * the failure's detail as its note. The row is never NULL. */
struct hf_check *hf_check(struct hf_verdict *v, const char *name, hf_err err);

/* Add a row of another status, with a note. */
struct hf_check *hf_check_absent(struct hf_verdict *v, const char *name, const char *fmt, ...) HF_PRINTF(3, 4);
struct hf_check *hf_check_warn(struct hf_verdict *v, const char *name, const char *fmt, ...) HF_PRINTF(3, 4);
struct hf_check *hf_check_not_applicable(struct hf_verdict *v, const char *name, const char *fmt, ...) HF_PRINTF(3, 4);

/* What was wanted and what was there. */
void hf_check_expected(struct hf_check *row, const char *fmt, ...) HF_PRINTF(2, 3);
void hf_check_found(struct hf_check *row, const char *fmt, ...) HF_PRINTF(2, 3);
void hf_check_note(struct hf_check *row, const char *fmt, ...) HF_PRINTF(2, 3);
void hf_check_expected_hex(struct hf_check *row, struct hf_bytes bytes);
void hf_check_found_hex(struct hf_check *row, struct hf_bytes bytes);

/* A row for two values that must be equal, both shown in hex. */
struct hf_check *hf_check_equal(struct hf_verdict *v, const char *name, struct hf_bytes found,
                                struct hf_bytes expected);

/* The first row of a name; NULL where there is none. */
const struct hf_check *hf_verdict_row(const struct hf_verdict *v, const char *name);

enum hf_verdict_status hf_verdict_status(const struct hf_verdict *v);

/* HF_OK for affirming, HF_E_WARNED for warning, HF_E_UNTRUSTED for contraindicated and none; the detail
 * counts the rows and names the first that decided. */
hf_err hf_verdict_err(const struct hf_verdict *v);

/* "ok", "failed", "absent", "warning", "not applicable"; "affirming", ... Never NULL. */
const char *hf_check_status_name(enum hf_check_status status);
const char *hf_verdict_status_name(enum hf_verdict_status status);

/* Append the checklist for people, a line per row and one for the verdict. */
hf_err hf_verdict_text(const struct hf_verdict *v, struct hf_buf *out);

/* "verdict": "warning", "checks": [{"name", "status", "expected", "found", "note"}]: members of the open object. */
void hf_verdict_json(const struct hf_verdict *v, struct hf_json *j);

#endif

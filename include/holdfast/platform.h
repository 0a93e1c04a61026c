/*
 * The TPM as a whole: dictionary-attack lockout, authorization of the hierarchies, clear, clock, and what
 * it can do.
 *
 * Sources: TCG TPM 2.0 Library, Part 1 (dictionary attack protection, timing components); Part 2, section
 * 6; Part 3, sections 24, 25, 29 and 30.
 */
#ifndef HOLDFAST_PLATFORM_H
#define HOLDFAST_PLATFORM_H

#include <holdfast/tpm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Who authorizes what concerns the TPM as a whole. */
enum hf_tpm_authority { HF_TPM_BY_OWNER, HF_TPM_BY_ENDORSEMENT, HF_TPM_BY_LOCKOUT, HF_TPM_BY_PLATFORM };

/* "owner", "endorsement", "lockout", "platform". */
HF_API const char *hf_tpm_authority_name(enum hf_tpm_authority authority);

/* Dictionary-attack protection: how it is set and where it stands. */
struct hf_tpm_lockout {
    bool in_lockout;        /* protected keys refuse everybody until the counter goes down */
    bool auth_set;          /* the lockout authorization is not empty */
    uint32_t counter;       /* wrong authorizations that count now */
    uint32_t max_tries;     /* lockout begins when the counter reaches this */
    uint32_t tries_left;
    uint32_t recovery_s;    /* the counter goes down by one each time so many seconds pass; 0: protection is off */
    uint32_t lockout_recovery_s; /* how long a wrong lockout authorization bars the right one; 0: until a reset */
    /* The next decrement comes within so many seconds; the TPM tells no more, for it does not say when it began to
     * count. 0: the counter is zero, or never goes down. */
    uint32_t next_within_s;
    bool auth_barred;       /* a lockout authorization through holdfast was wrong, and the bar still stands */
    uint32_t barred_for_s;  /* it ends within so many seconds; 0: at the next reset */
};

/* Where it stands. Needs no authorization. */
HF_API HF_MUST_CHECK hf_err hf_tpm_lockout_get(struct hf_tpm *tpm, struct hf_tpm_lockout *out);

/* Which of the three parameters to set; the others stay as they are (TPM2_DictionaryAttackParameters sets all). */
struct hf_tpm_lockout_change {
    bool set_max_tries, set_recovery, set_lockout_recovery;
    uint32_t max_tries, recovery_s, lockout_recovery_s;
};

/*
 * Set parameters with the lockout authorization.
 *
 *   auth   the lockout authorization; NULL: empty
 *   force  try an authorization although it can be foreseen to be wrong
 *
 * Returns HF_OK, or
 *   HF_E_DENIED  refused in advance: the TPM's state shows that this authorization is wrong, and trying it
 *                would bar the right one for lockout_recovery_s (or until a reset)
 *   HF_E_AUTH    it was wrong: it is barred now
 *   HF_E_LOCKED  it is barred
 *   HF_E_ARG     max_tries 0, which is a lockout without end
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_lockout_set(struct hf_tpm *tpm, const struct hf_secret *auth, const struct hf_tpm_lockout_change *change,
                                               bool force);

/* Set the counter to zero and so end a lockout. Arguments and errors as hf_tpm_lockout_set. */
HF_API HF_MUST_CHECK hf_err hf_tpm_lockout_reset(struct hf_tpm *tpm, const struct hf_secret *auth, bool force);

/*
 * Give a hierarchy another authorization value (TPM2_HierarchyChangeAuth).
 *
 *   auth      its value now; NULL: empty
 *   new_auth  1 to 32 bytes; NULL: empty
 *   force     as hf_tpm_lockout_set, for HF_TPM_BY_LOCKOUT
 *
 * HF_E_AUTH where `auth` is wrong: for owner, endorsement and platform that has no consequences.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_hierarchy_change_auth(struct hf_tpm *tpm, enum hf_tpm_authority authority, const struct hf_secret *auth,
                                                         const struct hf_secret *new_auth, bool force);

/* One step of a clear: what was before, and what a look afterwards shows. */
struct hf_tpm_clear_step {
    const char *name; /* "storage root key" */
    bool done;        /* as it should be after a clear */
    char text[240];
};

#define HF_TPM_CLEAR_STEPS 12
struct hf_tpm_clear_report {
    bool cleared; /* the TPM did it */
    size_t n;
    struct hf_tpm_clear_step step[HF_TPM_CLEAR_STEPS];
};

/*
 * TPM2_Clear: the storage hierarchy gets a new seed, so that every key under it is dead, everywhere and for
 * good; what the owner defined in NV is gone; owner, endorsement and lockout authorizations are empty. The
 * pin of this TPM's salt key is dropped with it, so that the next use learns the new one.
 *
 *   by    HF_TPM_BY_LOCKOUT or HF_TPM_BY_PLATFORM
 *   out   filled in by looking before and after; also where a step is not as it should be (HF_E_WARNED)
 *
 * Errors as hf_tpm_lockout_set; HF_E_DENIED also where clearing is disabled.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_clear(struct hf_tpm *tpm, enum hf_tpm_authority by, const struct hf_secret *auth, bool force,
                                         struct hf_tpm_clear_report *out);

/* TPMS_TIME_INFO. */
struct hf_tpm_clock {
    uint64_t time_ms;       /* since the TPM's last start */
    uint64_t clock_ms;      /* advances while the TPM has power; can be set forward; holdfast sets an embedded TPM's
                               to milliseconds since 1970 */
    uint32_t reset_count;   /* TPM Resets since the last clear: reboots */
    uint32_t restart_count; /* shutdowns with state and resumes since the last reset */
    bool safe;              /* the clock was never higher than now: false after an unorderly shutdown, until it has passed
                               where it could have been */
};

/* What the clock says. TPM2_ReadClock carries no session: what is read here is not protected on the way;
 * hf_tpm_certify_time gives the time signed. */
HF_API HF_MUST_CHECK hf_err hf_tpm_clock_get(struct hf_tpm *tpm, struct hf_tpm_clock *out);

/* Set the clock forward, by HF_TPM_BY_OWNER or HF_TPM_BY_PLATFORM. HF_E_ARG for a time that is not later than now:
 * only a clear takes a clock back. */
HF_API HF_MUST_CHECK hf_err hf_tpm_clock_advance(struct hf_tpm *tpm, enum hf_tpm_authority by, const struct hf_secret *auth, uint64_t clock_ms);

/* What a TPM can tell of itself. */
enum hf_tpm_caps_group {
    HF_TPM_CAPS_ALGORITHMS, /* TPMA_ALGORITHM in `value` */
    HF_TPM_CAPS_COMMANDS,   /* TPMA_CC in `value` */
    HF_TPM_CAPS_PCRS,       /* a bank: which PCRs in `text`, their number in `value` */
    HF_TPM_CAPS_CURVES,
    HF_TPM_CAPS_FIXED,      /* TPM_PT_FIXED */
    HF_TPM_CAPS_VARIABLE,   /* TPM_PT_VAR */
    HF_TPM_CAPS_HANDLES,    /* every handle that this connection sees, its kind in `name` */
    HF_TPM_CAPS_GROUPS
};

/* "algorithms", "commands", "pcrs", "curves", "fixed", "variable", "handles". */
HF_API const char *hf_tpm_caps_group_name(enum hf_tpm_caps_group group);

struct hf_tpm_cap {
    enum hf_tpm_caps_group group;
    uint32_t id;    /* TPM_ALG_ID, command code, curve, property, handle */
    uint32_t value;
    char name[40];  /* "sha256", "TPM2_Sign", "ecc-p256", "TPM_PT_NV_INDEX_MAX"; a number where there is no name */
    char text[80];  /* the value, readable: "hash", "authorized handles 1", "2048", "0-23" */
};

/* Called for each row until it gives something else than HF_OK. */
typedef hf_err hf_tpm_caps_each(void *arg, const struct hf_tpm_cap *cap);

/* All rows of a group, as the TPM orders them. */
HF_API HF_MUST_CHECK hf_err hf_tpm_caps(struct hf_tpm *tpm, enum hf_tpm_caps_group group, hf_tpm_caps_each *each, void *arg);

#ifdef __cplusplus
}
#endif
#endif

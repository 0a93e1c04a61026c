/* What vendors publish: fetched into the state directory's cache, listed, dropped. See collateral/cache.h. */
#ifndef HF_CORE_COLLATERAL_H
#define HF_CORE_COLLATERAL_H

#include "collateral/fetch.h"
#include "core/core.h"

#define HF_FETCHED_MAX 32

struct hf_fetch_spec {
    struct hf_wanted_list wanted;
    struct hf_bytes evidence; /* what its verifier misses is wanted too; no bytes: none */
    const char *kind;         /* of the evidence; NULL: from the bytes */
    hf_time at;               /* when it is judged */
    struct hf_fetch_how how;
    struct hf_http_options http; /* turn, say and arg are this operation's */
    bool has_pause;
    uint32_t pause_ms; /* between two requests to one host; else 10 s for AMD's KDS, none for others */
    void (*say)(void *arg, const char *text);
    void *arg;
};

struct hf_fetch_report {
    size_t n;
    struct hf_fetched item[HF_FETCHED_MAX];
};

/*
 * Get everything that is wanted; one that fails does not keep the others from being tried. *out is filled in always.
 * HF_OK: all of it is there; else the first failure.
 */
hf_err hf_core_collateral_fetch(struct hf_core *core, const struct hf_who *who, const struct hf_fetch_spec *spec,
                                struct hf_fetch_report *out);

hf_err hf_core_collateral_list(struct hf_core *core, const struct hf_who *who, hf_collateral_visit *visit, void *arg);

hf_err hf_core_collateral_show(struct hf_core *core, const struct hf_who *who, const char *url_or_id,
                               struct hf_collateral_entry *entry, struct hf_buf *out);

/* Drop entries: of one URL or id, or all, or those whose validity ends before a time. */
struct hf_collateral_expiry {
    const char *url_or_id; /* NULL: by time */
    bool all;
    hf_time before;
};
hf_err hf_core_collateral_expire(struct hf_core *core, const struct hf_who *who,
                                 const struct hf_collateral_expiry *which, size_t *dropped);

#endif

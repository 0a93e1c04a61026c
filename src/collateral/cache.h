/*
 * What vendors publish about platforms, kept in a folder: each answer once, in a file named by the SHA-256 of its
 * bytes, and an index that says which address it came from and until when it holds. Any number of processes may use
 * one folder at a time. Nothing here is trusted: who signed it, and whether it is of the right time, is a verifier's
 * business. Bytes that are no longer what their name says are dropped.
 *
 *     struct hf_collateral *cache = NULL;
 *
 *     HF_TRY(hf_collateral_open(state_dir, &cache));
 *     HF_TRY(hf_collateral_each(cache, add_to_verifier, verifier));
 */
#ifndef HF_COLLATERAL_CACHE_H
#define HF_COLLATERAL_CACHE_H

#include "base/bytes.h"
#include "base/clock.h"

#define HF_COLLATERAL_MAX 4096                    /* entries */
#define HF_COLLATERAL_ITEM_MAX ((size_t)16 << 20) /* bytes of one */
#define HF_COLLATERAL_FOLDER "collateral"         /* beneath the state directory */
#define HF_COLLATERAL_CHAIN "#issuer-chain"       /* behind the URL of what a header's chain came with */
#define HF_COLLATERAL_FOREVER INT64_MAX           /* valid_until of what has no end, or says nothing about it */

struct hf_collateral_entry {
    char url[512];       /* the vendor's address */
    char from[512];      /* where it really came from; "" for the same */
    char sha256[65];     /* of the bytes, in hex: the file's name */
    char kind[24];       /* "certificates", "crl", "tcb-info", "identity", "ocsp", "json", "other" */
    char etag[128];      /* "" for none */
    hf_time fetched_at;
    hf_time valid_until; /* the earliest end of what is in it */
    uint64_t size;
};

struct hf_collateral;

/* The folder "collateral" beneath a state directory, made with mode 0700 when missing. */
hf_err hf_collateral_open(int state_dir, struct hf_collateral **out);
void hf_collateral_close(struct hf_collateral **cache);

/* The bytes that an address, or an id (at least 8 hex digits of the SHA-256), stands for. `entry` may be NULL.
 *   HF_E_NOT_FOUND  there are none; or they were damaged, and are dropped */
hf_err hf_collateral_get(struct hf_collateral *cache, const char *url_or_id, struct hf_collateral_entry *entry,
                         struct hf_buf *out);

/* Keep bytes under an address, in place of what it had. url, from, etag and fetched_at are the caller's; the rest is
 * found out from the bytes. HF_E_FULL: HF_COLLATERAL_MAX entries. */
hf_err hf_collateral_put(struct hf_collateral *cache, const struct hf_collateral_entry *entry, struct hf_bytes bytes);

/* The bytes have not changed at their source: the entry is as if it had been fetched then. HF_E_NOT_FOUND. */
hf_err hf_collateral_touch(struct hf_collateral *cache, const char *url, hf_time fetched_at);

/* Every entry with its bytes, in the order of their addresses. An error of the visitor ends the walk and is returned.
 * Damaged entries are dropped and not shown. */
typedef hf_err hf_collateral_visit(void *arg, const struct hf_collateral_entry *entry, struct hf_bytes bytes);
hf_err hf_collateral_each(struct hf_collateral *cache, hf_collateral_visit *visit, void *arg);

/* Every entry, without its bytes: those may be gone or damaged. */
hf_err hf_collateral_list(struct hf_collateral *cache, hf_collateral_visit *visit, void *arg);

/* Drop what `gone` says yes to, and files that no entry names. *dropped counts entries. */
hf_err hf_collateral_drop(struct hf_collateral *cache,
                          bool (*gone)(void *arg, const struct hf_collateral_entry *entry), void *arg,
                          size_t *dropped);

/* The folder, to open beneath. */
int hf_collateral_dir(const struct hf_collateral *cache);

/* The name of bytes: their SHA-256 in hex. */
hf_err hf_collateral_id(struct hf_bytes bytes, char out[65]);

/* What bytes look like and until when they hold: sets kind, sha256, size, valid_until. Never fails for what it does
 * not know: that is "other". */
hf_err hf_collateral_look(struct hf_bytes bytes, struct hf_collateral_entry *entry);

#endif

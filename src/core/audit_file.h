/* The files of the audit trail: names, the lock, the place to go on from, closing one and beginning the next. */
#ifndef HF_CORE_AUDIT_FILE_H
#define HF_CORE_AUDIT_FILE_H

#include "core/audit.h"

#define HF_AUDIT_FILE "audit.log"
#define HF_AUDIT_LOCK "audit.lock"
#define HF_AUDIT_WAIT_MS 10000u

/* "audit.<first seq, 20 digits>.log" */
#define HF_AUDIT_NAME_MAX 40

/* A lock between processes: on an open file description of its own. HF_E_BUSY after HF_AUDIT_WAIT_MS. */
hf_err hf_audit_lock(int lock_fd, bool exclusive);
void hf_audit_unlock(int lock_fd);

/* The names of the closed files in the order of the chain. Free with hf_audit_names_free. */
struct hf_audit_names {
    size_t n;
    char (*name)[HF_AUDIT_NAME_MAX];
};
hf_err hf_audit_names(int dir, struct hf_audit_names *out);
void hf_audit_names_free(struct hf_audit_names *names);

/* The last intact record of an open file, and where it ends. *end is 0 when the file is empty, or holds
 * only a torn first line; HF_E_INTEGRITY when there is more and none of it is intact. */
hf_err hf_audit_last(int fd, const char *name, uint64_t size, struct hf_audit_head *head, uint64_t *end);

/* The place to go on from when audit.log is empty: the end of the last closed file, or the start. */
hf_err hf_audit_last_closed(int dir, struct hf_audit_head *head);

/* Keep the bytes from `end` to `size` aside in a file of their own, and cut them off. */
hf_err hf_audit_cut(int dir, int fd, uint64_t end, uint64_t size, char kept[HF_AUDIT_NAME_MAX]);

/* Make audit.log durable and give it its name as a closed file. */
hf_err hf_audit_retire(int dir, int fd);

#endif

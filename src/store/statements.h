/*
 * Every statement, in the SQL that both databases speak: placeholders $1, $2, ... numbered in the order in which they
 * first appear; 64-bit integers, texts and blobs only. Included by store/store.h.
 */
#ifndef HF_STORE_STATEMENTS_H
#define HF_STORE_STATEMENTS_H

#define HF_STORE_ARGS_MAX 16

/* clang-format off */
/*    id                     values  text */
#define HF_STATEMENTS(X) \
    X(HF_STMT_NONCE_ADD,          5, "INSERT INTO hf_nonces (id, purpose, issued_at, expires_at, forget_at)" \
                                     " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING") \
    X(HF_STMT_NONCE_BURN,         3, "UPDATE hf_nonces SET used_at = $1 WHERE id = $2 AND purpose = $3" \
                                     " AND used_at IS NULL AND expires_at >= $1") \
    X(HF_STMT_NONCE_SHOW,         1, "SELECT purpose, issued_at, expires_at, used_at FROM hf_nonces WHERE id = $1") \
    X(HF_STMT_NONCE_COUNT,        0, "SELECT count(*) FROM hf_nonces") \
    X(HF_STMT_NONCE_PURGE,        1, "DELETE FROM hf_nonces WHERE forget_at < $1") \
    X(HF_STMT_NONCE_PURGE_DEAD,   1, "DELETE FROM hf_nonces WHERE used_at IS NOT NULL OR expires_at < $1") \
    X(HF_STMT_SEEN_ADD,           3, "INSERT INTO hf_seen (id, seen_at, forget_at) VALUES ($1, $2, $3)" \
                                     " ON CONFLICT DO NOTHING") \
    X(HF_STMT_SEEN_SHOW,          1, "SELECT seen_at FROM hf_seen WHERE id = $1") \
    X(HF_STMT_SEEN_COUNT,         0, "SELECT count(*) FROM hf_seen") \
    X(HF_STMT_SEEN_PURGE,         1, "DELETE FROM hf_seen WHERE forget_at < $1")
/* clang-format on */

#define HF_STATEMENT_ID(id, values, text) id,
enum hf_statement { HF_STATEMENTS(HF_STATEMENT_ID) HF_STATEMENT_COUNT };
#undef HF_STATEMENT_ID

#endif

/* For tests that judge evidence by hf_verify: one question, its answer, and looking at rows. */
#ifndef HF_TEST_VERIFYING_H
#define HF_TEST_VERIFYING_H

#include "policy/verify.h"
#include "test.h"

struct verifying {
    struct hf_verifier *verifier;
    struct hf_verify_result *result;
    struct hf_verify_request q; /* evidence is set by judge */
};

static inline void verifying_new(struct verifying *j, int64_t at)
{
    *j = (struct verifying){.q = {.at = at}};
    OK(hf_verifier_new(&j->verifier));
    OK(hf_verify_result_new(&j->result));
}

static inline void verifying_free(struct verifying *j)
{
    hf_verifier_free(&j->verifier);
    hf_verify_result_free(&j->result);
}

static inline void verifying_nonce(struct verifying *j, struct hf_bytes nonce)
{
    j->q.has_nonce = true;
    j->q.nonce = nonce;
}

static inline void verifying_key(struct verifying *j, const struct hf_pubkey *key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    OK(hf_pubkey_to_spki(key, &der));
    OK(hf_verifier_add_collateral(j->verifier, hf_buf_bytes(&der), "key"));
}

static inline hf_err judge(struct verifying *j, struct hf_bytes evidence)
{
    hf_err err;

    j->q.evidence = &evidence;
    j->q.n_evidence = 1;
    err = hf_verify(j->verifier, &j->q, j->result);
    j->q.evidence = NULL;
    return err;
}

/* "ok", ...; "" where there is no such row. */
static inline const char *row_status(const struct verifying *j, const char *name)
{
    const struct hf_check *row = hf_verdict_row(&j->result->verdict, name);

    return row ? hf_check_status_name(row->status) : "";
}

static inline void show_rows(const struct verifying *j)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (hf_verdict_text(&j->result->verdict, &text) == HF_OK)
        print_message("%.*s\n", (int)text.n, (const char *)text.p);
}

#define ROW_IS(j, name, want) \
    do { \
        if (strcmp(row_status((j), (name)), (want)) != 0) { \
            show_rows(j); \
            FAIL("row \"%s\" is \"%s\", want \"%s\"", (name), row_status((j), (name)), (want)); \
        } \
    } while (0)

/* No row failed but these, which all did. Names with commas between; "" for none. */
static inline void only_failed(const struct verifying *j, const char *names)
{
    const struct hf_verdict *v = &j->result->verdict;
    char list[256], *at = list, *name;

    for (size_t i = 0; i < v->n; i++) {
        if (v->row[i].status == HF_CHECK_FAILED && !strstr(names, v->row[i].name)) {
            show_rows(j);
            FAIL("row \"%s\" failed as well", v->row[i].name);
        }
    }
    (void)snprintf(list, sizeof(list), "%s", names);
    while ((name = strsep(&at, ",")) != NULL) {
        if (name[0])
            ROW_IS(j, name, "failed");
    }
}

#endif

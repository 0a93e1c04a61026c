/* Judging evidence that counts once: by a nonce that was issued and is used up, or by being new. */
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/hex.h"
#include "core/verify.h"

#include <stdio.h>

#define OUTSIDE_MAX 32

struct judging {
    const struct hf_verify_once *once;
    struct hf_worker *worker;
    struct hf_verify_request request; /* with our row among its outside ones */
    struct hf_verify_outside outside[OUTSIDE_MAX];
    char note[256];
    struct hf_verify_result *result;
};

/* The nonce is used up by the attempt, whatever the verdict will be: who may try again asks for another. */
static hf_err use_nonce(struct hf_store *store, struct judging *j)
{
    const struct hf_verify_request *q = &j->request;
    struct hf_nonce_answer answer;
    hf_err err;

    if (!q->has_nonce)
        return hf_fail(HF_E_ARG, "no nonce to use up");
    if (q->n_outside >= OUTSIDE_MAX)
        return hf_fail(HF_E_LIMIT, "%zu checks made outside, at most %d", q->n_outside + 1, OUTSIDE_MAX);
    err = hf_nonce_burn(store, q->nonce, j->once->purpose, hf_now(), &answer);
    if (err != HF_OK && err != HF_E_MISMATCH)
        return err;
    (void)snprintf(j->note, sizeof(j->note), "%s", err == HF_OK ? "issued here, and used up now" : hf_err_detail());
    for (size_t i = 0; i < q->n_outside; i++)
        j->outside[i] = q->outside[i];
    j->outside[q->n_outside] = (struct hf_verify_outside){"nonce use", err == HF_OK, j->note};
    j->request.outside = j->outside;
    j->request.n_outside++;
    return HF_OK;
}

/* Commitments write their nonce and what they are about as text. Other texts may be beside what is signed. */
static bool names_it(const struct hf_claim *c)
{
    static const char *const texts[] = {"nonce", "model_hash", "mock_measurement"};
    bool named = c->kind == HF_CLAIM_BYTES;

    for (size_t i = 0; i < HF_COUNT(texts) && c->kind == HF_CLAIM_TEXT; i++)
        named |= strcmp(c->name, texts[i]) == 0;
    return named;
}

/*
 * What names an item: its kind, its time, the byte strings that its verifier read from what is signed, and its nonce.
 * Not the bytes as they came: those can be written in other ways (base64, another signature of the same, another
 * chain).
 */
static hf_err item_id(const struct hf_item_result *item, struct hf_bytes nonce, uint8_t out[32])
{
    HF_CLEANUP(hf_buf_free) struct hf_buf said = {0};
    const struct hf_claims *c = &item->findings.claims;

    HF_TRY(hf_buf_printf(&said, "%s", item->format->name));
    for (size_t i = 0; i < c->n; i++) {
        if (!names_it(&c->item[i]))
            continue;
        HF_TRY(hf_buf_printf(&said, "\n%s=", c->item[i].name));
        HF_TRY(hf_hex_write(c->item[i].bytes, &said));
    }
    return hf_replay_id(nonce, item->findings.has_time ? item->findings.made_at : 0, hf_buf_bytes(&said), out);
}

/* Each item by itself: one that was seen is not new for standing beside another. */
static hf_err check_new(struct hf_store *store, struct judging *j)
{
    struct hf_verify_result *r = j->result;
    struct hf_check *row;

    for (size_t i = 0; i < r->n; i++) {
        struct hf_nonce_answer answer;
        uint8_t id[32];
        char when[HF_TIME_TEXT];
        hf_err err;

        HF_TRY(item_id(&r->item[i], j->request.has_nonce ? j->request.nonce : (struct hf_bytes){0}, id));
        err = hf_replay_check(store, id, j->once->max_age_s, j->once->max, hf_now(), &answer);
        if (err == HF_OK)
            continue;
        if (err != HF_E_MISMATCH)
            return err;
        row = hf_check(&r->verdict, "replay", hf_fail(HF_E_UNTRUSTED, "the same was accepted before"));
        hf_time_write(answer.used_at, when);
        hf_check_found(row, "seen at %s", when);
        return HF_OK;
    }
    hf_check_found(hf_check(&r->verdict, "replay", HF_OK), "new within %u s", 2 * (unsigned)j->once->max_age_s);
    return HF_OK;
}

static hf_err work(struct hf_core *core, void *arg)
{
    struct judging *j = arg;
    struct hf_store *store = NULL;
    hf_err err;

    HF_TRY(hf_core_store(core, &store));
    if (j->once->burn)
        HF_TRY(use_nonce(store, j));
    err = hf_worker_verify(j->worker, &j->request, j->result);
    if (j->once->max_age_s == 0 || (err != HF_OK && err != HF_E_WARNED))
        return err; /* what is refused is not remembered: its better copy would be */
    HF_TRY(check_new(store, j));
    return hf_verdict_err(&j->result->verdict);
}

hf_err hf_core_verify_once(struct hf_core *core, const struct hf_who *who, const char *object, struct hf_worker *worker,
                           const struct hf_verify_request *request, const struct hf_verify_once *once,
                           struct hf_verify_result *result)
{
    struct judging j = {.once = once, .worker = worker, .request = *request, .result = result};

    if (!once->burn && once->max_age_s == 0)
        return hf_core_verify(core, who, object, worker, request, result);
    return hf_core_do(core, who, HF_OP_EVIDENCE_VERIFY, object, work, &j);
}

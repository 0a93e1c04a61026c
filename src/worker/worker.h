/*
 * A worker: a child process that parses and judges foreign evidence, and can do nothing else. It has no file, no
 * network, no key, no program to start; its parent hands it bytes and reads its answers as foreign. So evidence that
 * breaks a parser breaks a process that had nothing. What such a worker could still do is lie about what it is asked
 * afterwards; where that matters, one worker judges one thing.
 *
 *     hf_worker_start(NULL, &worker);                    before keys are there, and before threads
 *     hf_briefing_add(&briefing, HF_BRIEF_COLLATERAL, "tcb.json", bytes);
 *     hf_worker_brief(worker, &briefing, refused, NULL);
 *     err = hf_worker_verify(worker, &request, result);
 *
 * A worker that dies, is late or answers nonsense gives an error and never a verdict.
 */
#ifndef HF_WORKER_WORKER_H
#define HF_WORKER_WORKER_H

#include "evidence/inspect.h"
#include "policy/verify.h"

struct hf_worker;

/* Runs inside the worker, for tests of its confinement: what it writes is handed back. */
typedef hf_err hf_worker_probe(struct hf_bytes in, struct hf_buf *out);

struct hf_worker_conf {
    size_t memory;         /* bytes of address space; 0: 1 GiB */
    unsigned cpu_s;        /* seconds of processor time in its life; 0: without end */
    unsigned wait_ms;      /* for one answer; 0: 30 s */
    hf_worker_probe *probe; /* NULL: none */
};

/* NULL conf: all zeros. The child is forked, not executed: it sees what memory this process had then. */
hf_err hf_worker_start(const struct hf_worker_conf *conf, struct hf_worker **out);

/* The child's end is waited for. Accepts NULL in *worker. */
void hf_worker_stop(struct hf_worker **worker);

/* Which parts of the confinement hold (worker/confine.h). Waits for the child to say so. */
hf_err hf_worker_confinement(struct hf_worker *worker, unsigned *parts);

/* ---- what it is told before it judges ---- */

enum hf_brief { HF_BRIEF_ROOT, HF_BRIEF_COLLATERAL, HF_BRIEF_POLICY };

/* Made once, told to any number of workers. Start with {0}. */
struct hf_briefing {
    size_t n;
    struct hf_buf body;
};
hf_err hf_briefing_add(struct hf_briefing *b, enum hf_brief what, const char *name, struct hf_bytes bytes);
void hf_briefing_free(struct hf_briefing *b);

/* Called for each item that was not taken, with its number, in order. HF_OK: go on; else that is the answer. */
typedef hf_err hf_brief_refused(void *to, size_t i, hf_err err, const char *detail);
hf_err hf_worker_brief(struct hf_worker *worker, const struct hf_briefing *b, hf_brief_refused *refused, void *to);

/* ---- judging ---- */

/*
 * As hf_verify, with its errors; `result` is as good as from hf_verify, and renders the same. And
 *   HF_E_INTERNAL  the judge died (signal 11), or answered nonsense
 *   HF_E_TIMEOUT   it took too long, and was ended
 * after which the worker is good for nothing but hf_worker_stop.
 */
hf_err hf_worker_verify(struct hf_worker *worker, const struct hf_verify_request *request,
                        struct hf_verify_result *result);

/*
 * The two halves of hf_worker_verify: questions may be asked ahead of answers, which come in the same order, some of
 * them together. `request` is the same in both. `briefly`: the result has no claims but those of HCL reports
 * (whose provider they tell), and no texts in rows that held. A worker that dies takes answers with it that it had not
 * sent yet: which question was too much for it is found by asking one at a time.
 */
hf_err hf_worker_ask(struct hf_worker *worker, const struct hf_verify_request *request, bool briefly);
hf_err hf_worker_answer(struct hf_worker *worker, const struct hf_verify_request *request,
                        struct hf_verify_result *result);

/* For poll(2): readable when an answer, or a part of one, is there. And whether a whole one was read already. */
int hf_worker_fd(const struct hf_worker *worker);
hf_err hf_worker_ready(struct hf_worker *worker, bool *ready);

/* ---- inspecting ---- */

/*
 * Every field of every item in a file. `item` is called before an item's rows (format NULL: an endorsement), with the
 * inspector's complaint where the bytes did not fit ("" where they did), then `row` for each. Offsets are those of the
 * item's own bytes. Errors as hf_evidence_open; HF_E_INTERNAL and HF_E_TIMEOUT as above.
 */
struct hf_inspect_item {
    const struct hf_evidence_format *format;
    const char *where;
    size_t n; /* bytes */
    hf_err err;
    const char *detail;
};
typedef void hf_inspect_on_item(void *to, const struct hf_inspect_item *item);
typedef void hf_inspect_on_row(void *to, const struct hf_inspect_row *row);
hf_err hf_worker_inspect(struct hf_worker *worker, struct hf_bytes evidence, const char *kind,
                         hf_inspect_on_item *item, hf_inspect_on_row *row, void *to);

/* Run the probe. */
hf_err hf_worker_probe_run(struct hf_worker *worker, struct hf_bytes in, struct hf_buf *out);

#endif

/* Many files, several workers. */
#include "cli/batch.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "codec/hex.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>

#define AHEAD 32u       /* questions that a worker has before it answers the first */
#define REFILL 16u      /* it gets more when it has so few: fewer wake-ups */
#define WAIT_MS 30000u  /* for one answer */
#define KEEP ((size_t)256 << 10) /* a buffer larger than this is not kept for the next file */

/* A file that was handed out. */
struct job {
    char *path;
    struct hf_buf nonce;
    struct hf_verify_request request; /* its evidence is gone once it is asked */
};

struct lane {
    struct hf_worker *worker;
    struct job job[AHEAD]; /* a ring: answers come in order */
    size_t first, n;
    uint64_t since; /* when the first job was asked, or became the first */
};

struct run {
    const struct hf_batch *b;
    struct lane *lane;
    struct pollfd *poll;
    struct hf_verify_result *result;
    struct hf_buf evidence;
    bool ended; /* no file is left */
};

static void job_free(struct job *j)
{
    hf_free(&j->path);
    hf_buf_free(&j->nonce);
    *j = (struct job){0};
}

static void run_free(struct run *r)
{
    for (unsigned i = 0; r->lane && i < r->b->jobs; i++) {
        hf_worker_stop(&r->lane[i].worker);
        for (size_t k = 0; k < AHEAD; k++)
            job_free(&r->lane[i].job[k]);
    }
    hf_free(&r->lane);
    hf_free(&r->poll);
    hf_buf_free(&r->evidence);
    hf_verify_result_free(&r->result);
}

unsigned hf_batch_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static hf_err lane_start(const struct run *r, struct lane *l)
{
    hf_worker_stop(&l->worker);
    HF_TRY(hf_worker_start(&(struct hf_worker_conf){.wait_ms = WAIT_MS}, &l->worker));
    return hf_cli_judgement_tell(r->b->cli, r->b->judgement, l->worker);
}

static hf_err done(const struct run *r, const struct job *j, hf_err err)
{
    char detail[512] = "";

    if (err != HF_OK)
        (void)snprintf(detail, sizeof(detail), "%s", hf_err_detail());
    return r->b->done(r->b->to, j->path, err, detail, r->result);
}

/* Read a job's file and ask about it. */
static hf_err ask(struct run *r, struct lane *l, struct job *j)
{
    struct hf_bytes view;
    struct stat st;

    if (stat(j->path, &st) == 0 && S_ISFIFO(st.st_mode)) /* nobody may ever write to it, and many files wait behind it */
        return hf_fail(HF_E_ARG, "%s is a pipe; of many files each is one on a disk", j->path);
    if (r->evidence.cap > KEEP)
        hf_buf_free(&r->evidence);
    r->evidence.n = 0;
    HF_TRY(hf_cli_evidence_read(j->path, &r->evidence));
    view = hf_buf_bytes(&r->evidence);
    j->request.evidence = &view;
    j->request.n_evidence = 1;
    HF_TRY(hf_worker_ask(l->worker, &j->request, true));
    j->request.n_evidence = 0;
    if (l->n == 0)
        l->since = hf_monotonic_ms();
    return HF_OK;
}

static bool worker_lost(hf_err err)
{
    return err == HF_E_INTERNAL || err == HF_E_TIMEOUT;
}

static hf_err recover(struct run *r, struct lane *l);

/* Hand the next file to a lane. A file that cannot be read is done at once. */
static hf_err feed(struct run *r, struct lane *l)
{
    const char *path = NULL, *nonce = "";
    struct job *j = &l->job[(l->first + l->n) % AHEAD];
    hf_err err;

    HF_TRY(r->b->next(r->b->to, &path, &nonce));
    r->ended = path == NULL;
    if (r->ended)
        return HF_OK;
    HF_TRY(hf_strdup(path, &j->path));
    j->request = r->b->judgement->request;
    err = nonce[0] ? hf_hex_parse(hf_bytes_text(nonce), &j->nonce) : HF_OK;
    if (nonce[0]) {
        j->request.has_nonce = true;
        j->request.nonce = hf_buf_bytes(&j->nonce);
    }
    if (err == HF_OK)
        err = ask(r, l, j);
    if (err == HF_OK) {
        l->n++;
        return HF_OK;
    }
    if (worker_lost(err)) {
        l->n++;
        return recover(r, l);
    }
    err = done(r, j, err);
    job_free(j);
    HF_TRY(err);
    return l->n ? HF_OK : lane_start(r, l);
}

/* The first job of a lane is answered, one way or the other. */
static hf_err answered(struct run *r, struct lane *l, hf_err err)
{
    struct job *j = &l->job[l->first];
    hf_err next = done(r, j, err);

    job_free(j);
    l->first = (l->first + 1) % AHEAD;
    l->n--;
    l->since = hf_monotonic_ms();
    return next;
}

/* The worker is gone, and answers with it. Its jobs are asked again of a new one, one at a time, so that each answers
 * for itself. */
static hf_err recover(struct run *r, struct lane *l)
{
    hf_err err;

    HF_TRY(lane_start(r, l));
    while (l->n) {
        struct job *j = &l->job[l->first];

        err = ask(r, l, j);
        if (err == HF_OK)
            err = hf_worker_answer(l->worker, &j->request, r->result);
        HF_TRY(answered(r, l, err));
        if (worker_lost(err))
            HF_TRY(lane_start(r, l));
    }
    return HF_OK;
}

/* All answers of a lane that are there. */
static hf_err collect(struct run *r, struct lane *l)
{
    while (l->n) {
        bool ready = false;
        hf_err err = hf_worker_ready(l->worker, &ready);

        if (err == HF_OK && !ready)
            return HF_OK;
        if (err == HF_OK)
            err = hf_worker_answer(l->worker, &l->job[l->first].request, r->result);
        if (worker_lost(err))
            return recover(r, l);
        HF_TRY(answered(r, l, err));
    }
    return HF_OK;
}

static hf_err late(struct run *r, struct lane *l)
{
    if (l->n == 0 || hf_monotonic_ms() - l->since < WAIT_MS)
        return HF_OK;
    return recover(r, l);
}

static size_t waiting(const struct run *r)
{
    size_t n = 0;

    for (unsigned i = 0; i < r->b->jobs; i++)
        n += r->lane[i].n;
    return n;
}

static hf_err step(struct run *r)
{
    unsigned jobs = r->b->jobs;

    for (unsigned i = 0; i < jobs; i++) {
        r->poll[i] = (struct pollfd){.fd = r->lane[i].n ? hf_worker_fd(r->lane[i].worker) : -1, .events = POLLIN};
    }
    if (poll(r->poll, jobs, 1000) < 0 && errno != EINTR)
        return hf_fail_errno("poll");
    for (unsigned i = 0; i < jobs; i++) {
        if (r->poll[i].revents)
            HF_TRY(collect(r, &r->lane[i]));
        HF_TRY(late(r, &r->lane[i]));
    }
    return HF_OK;
}

/* One file a lane and turn, so that a few files are spread over all. */
static hf_err feed_all(struct run *r)
{
    bool hungry = false;

    for (unsigned i = 0; i < r->b->jobs; i++)
        hungry |= r->lane[i].n <= REFILL;
    for (size_t turn = 0; hungry && turn < AHEAD && !r->ended; turn++) {
        for (unsigned i = 0; i < r->b->jobs && !r->ended && !*r->b->stop; i++) {
            if (r->lane[i].n <= turn)
                HF_TRY(feed(r, &r->lane[i]));
        }
    }
    return HF_OK;
}

hf_err hf_batch_run(const struct hf_batch *batch)
{
    HF_CLEANUP(run_free) struct run r = {.b = batch};

    HF_TRY(hf_alloc(batch->jobs * sizeof(*r.lane), &r.lane));
    HF_TRY(hf_alloc(batch->jobs * sizeof(*r.poll), &r.poll));
    HF_TRY(hf_verify_result_new(&r.result));
    for (unsigned i = 0; i < batch->jobs; i++)
        HF_TRY(hf_worker_start(&(struct hf_worker_conf){.wait_ms = WAIT_MS}, &r.lane[i].worker));
    for (unsigned i = 0; i < batch->jobs; i++)
        HF_TRY(hf_cli_judgement_tell(batch->cli, batch->judgement, r.lane[i].worker));
    for (;;) {
        HF_TRY(feed_all(&r));
        if (*batch->stop)
            return hf_fail(HF_E_CANCELLED, "it was interrupted");
        if (waiting(&r) == 0 && r.ended)
            return HF_OK;
        HF_TRY(step(&r));
    }
}

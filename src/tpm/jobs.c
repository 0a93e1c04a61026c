/* Asynchronous operations: one worker thread for each connection, jobs in the order of starting. */
#include "tpm/jobs.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "tpm/key.h"

#include <errno.h>
#include <time.h>

#define JOBS_MAX 1024u /* waiting or uncollected; past it starting gives HF_E_BUSY */

enum state { WAITING, RUNNING, DONE };

struct job {
    struct job *next;
    uint64_t id;
    enum state state;
    struct hf_tpm_key *key;
    struct hf_buf data;
    enum hf_tpm_scheme scheme;
    unsigned hash;
    hf_err err;
    uint32_t device_code;
    char detail[512];
    struct hf_buf result;
};

struct hf_tpm_jobs {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t worker;
    struct job *first; /* in the order of starting */
    unsigned count;
    uint64_t last_id;
    bool stopping;
};

static void job_free(struct job **job)
{
    if (!*job)
        return;
    hf_buf_free(&(*job)->data);
    hf_buf_free(&(*job)->result);
    hf_free(job);
}

static struct job *next_waiting(struct hf_tpm_jobs *jobs)
{
    for (struct job *job = jobs->first; job; job = job->next) {
        if (job->state == WAITING)
            return job;
    }
    return NULL;
}

static void run(struct job *job)
{
    job->err = hf_tpm_sign(job->key, hf_buf_bytes(&job->data), job->scheme, job->hash, &job->result);
    if (job->err == HF_OK)
        return;
    job->device_code = hf_err_device_code();
    (void)strncpy(job->detail, hf_err_detail(), sizeof(job->detail) - 1);
}

static void *work(void *arg)
{
    struct hf_tpm_jobs *jobs = arg;

    (void)pthread_mutex_lock(&jobs->lock);
    for (;;) {
        struct job *job = jobs->stopping ? NULL : next_waiting(jobs);

        if (jobs->stopping)
            break;
        if (!job) {
            (void)pthread_cond_wait(&jobs->changed, &jobs->lock);
            continue;
        }
        job->state = RUNNING; /* nobody removes it now */
        (void)pthread_mutex_unlock(&jobs->lock);
        run(job);
        (void)pthread_mutex_lock(&jobs->lock);
        job->state = DONE;
        (void)pthread_cond_broadcast(&jobs->changed);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

/* The connection's jobs, with their worker started by the first. */
static hf_err jobs_of(struct hf_tpm *tpm, struct hf_tpm_jobs **out)
{
    HF_CLEANUP(hf_free) struct hf_tpm_jobs *jobs = NULL;
    pthread_condattr_t attr;

    if (tpm->jobs) {
        *out = tpm->jobs;
        return HF_OK;
    }
    HF_TRY(hf_alloc(sizeof(*jobs), &jobs));
    (void)pthread_mutex_init(&jobs->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&jobs->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (pthread_create(&jobs->worker, NULL, work, jobs) != 0)
        return hf_fail(HF_E_MEMORY, "no thread for asynchronous operations");
    *out = tpm->jobs = hf_take(jobs);
    return HF_OK;
}

static hf_err add(struct hf_tpm_jobs *jobs, struct job **job, uint64_t *id)
{
    struct job **end = &jobs->first;
    hf_err err = HF_OK;

    (void)pthread_mutex_lock(&jobs->lock);
    if (jobs->count >= JOBS_MAX) {
        err = hf_fail(HF_E_BUSY, "%u operations are waiting or uncollected; that is the most", jobs->count);
    } else {
        while (*end)
            end = &(*end)->next;
        *id = (*job)->id = ++jobs->last_id;
        *end = hf_take(*job);
        jobs->count++;
        (void)pthread_cond_broadcast(&jobs->changed);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

hf_err hf_tpm_start_async_sign(struct hf_tpm_key *key, struct hf_bytes data, enum hf_tpm_scheme scheme, unsigned hash,
                               uint64_t *operation)
{
    HF_CLEANUP(job_free) struct job *job = NULL;
    struct hf_tpm_sig_choice how;
    struct hf_tpm_jobs *jobs = NULL;
    hf_err err;

    HF_TRY(hf_tpm_sig_choose(&key->pub, scheme, hash, &how)); /* what cannot work is said at once */
    HF_TRY(hf_alloc(sizeof(*job), &job));
    HF_TRY(hf_buf_set(&job->data, data));
    job->key = key;
    job->scheme = (enum hf_tpm_scheme)how.scheme;
    job->hash = (unsigned)how.hash;
    HF_TRY(hf_tpm_take(key->tpm));
    err = jobs_of(key->tpm, &jobs);
    hf_tpm_give(key->tpm);
    HF_TRY(err);
    return add(jobs, &job, operation);
}

static struct job **find(struct hf_tpm_jobs *jobs, uint64_t id)
{
    struct job **at = &jobs->first;

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return *at ? at : NULL;
}

static hf_err unknown(uint64_t id)
{
    return hf_fail(HF_E_NOT_FOUND, "there is no operation %llu: never started, or collected already", (unsigned long long)id);
}

/* Take a job out of the list. The lock is held. */
static struct job *unlink_job(struct hf_tpm_jobs *jobs, struct job **at)
{
    struct job *job = *at;

    *at = job->next;
    job->next = NULL;
    jobs->count--;
    return job;
}

/* Wait until the job is done or the deadline is past. The lock is held. */
static hf_err wait_done(struct hf_tpm_jobs *jobs, uint64_t id, uint32_t wait_ms, struct job **out)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    for (;;) {
        struct job **at = find(jobs, id);
        int got = 0;

        if (!at)
            return unknown(id);
        if ((*at)->state == DONE) {
            *out = unlink_job(jobs, at);
            return HF_OK;
        }
        if (wait_ms == UINT32_MAX)
            (void)pthread_cond_wait(&jobs->changed, &jobs->lock);
        else
            got = pthread_cond_timedwait(&jobs->changed, &jobs->lock, &until);
        if (got == ETIMEDOUT)
            return hf_fail(HF_E_TIMEOUT, "operation %llu is still under way after %u ms", (unsigned long long)id, (unsigned)wait_ms);
    }
}

hf_err hf_tpm_wait_for_completion(struct hf_tpm *tpm, uint64_t operation, uint32_t wait_ms, struct hf_buf *out)
{
    HF_CLEANUP(job_free) struct job *job = NULL;
    struct hf_tpm_jobs *jobs = tpm->pid == getpid() ? tpm->jobs : NULL;
    hf_err err;

    if (!jobs)
        return unknown(operation);
    (void)pthread_mutex_lock(&jobs->lock);
    err = wait_done(jobs, operation, wait_ms, &job);
    (void)pthread_mutex_unlock(&jobs->lock);
    HF_TRY(err);
    if (job->err != HF_OK)
        return hf_fail_device(job->err, job->device_code, "%s", job->detail);
    return hf_buf_set(out, hf_buf_bytes(&job->result));
}

hf_err hf_tpm_cancel_operation(struct hf_tpm *tpm, uint64_t operation)
{
    HF_CLEANUP(job_free) struct job *job = NULL;
    struct hf_tpm_jobs *jobs = tpm->pid == getpid() ? tpm->jobs : NULL;
    struct job **at;
    hf_err err = HF_OK;

    if (!jobs)
        return unknown(operation);
    (void)pthread_mutex_lock(&jobs->lock);
    at = find(jobs, operation);
    if (!at)
        err = unknown(operation);
    else if ((*at)->state != WAITING)
        err = hf_fail(HF_E_BUSY, "operation %llu has begun; wait for it", (unsigned long long)operation);
    else
        job = unlink_job(jobs, at);
    (void)pthread_cond_broadcast(&jobs->changed); /* who waits for it learns that it is gone */
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

/* Is a job of this key running? Those that wait are ended. The lock is held. */
static bool end_waiting(struct hf_tpm_jobs *jobs, const struct hf_tpm_key *key)
{
    bool running = false;

    for (struct job *job = jobs->first; job; job = job->next) {
        if (job->key != key)
            continue;
        running = running || job->state == RUNNING;
        if (job->state == WAITING) {
            job->state = DONE;
            job->err = HF_E_CANCELLED;
            (void)strncpy(job->detail, "the key was closed before the operation began", sizeof(job->detail) - 1);
        }
    }
    return running;
}

void hf_tpm_jobs_leave(struct hf_tpm_key *key)
{
    struct hf_tpm *tpm = key->tpm;
    struct hf_tpm_jobs *jobs;

    if (tpm->pid != getpid()) /* the child of a fork: the worker is the parent's */
        return;
    (void)pthread_mutex_lock(&tpm->lock);
    jobs = tpm->jobs;
    (void)pthread_mutex_unlock(&tpm->lock);
    if (!jobs)
        return;
    (void)pthread_mutex_lock(&jobs->lock);
    while (end_waiting(jobs, key))
        (void)pthread_cond_wait(&jobs->changed, &jobs->lock);
    (void)pthread_cond_broadcast(&jobs->changed);
    (void)pthread_mutex_unlock(&jobs->lock);
}

void hf_tpm_jobs_stop(struct hf_tpm *tpm)
{
    struct hf_tpm_jobs *jobs = tpm->jobs;

    tpm->jobs = NULL;
    if (!jobs)
        return;
    (void)pthread_mutex_lock(&jobs->lock);
    jobs->stopping = true;
    (void)pthread_cond_broadcast(&jobs->changed);
    (void)pthread_mutex_unlock(&jobs->lock);
    (void)pthread_join(jobs->worker, NULL);
    while (jobs->first) {
        struct job *job = unlink_job(jobs, &jobs->first);

        job_free(&job);
    }
    (void)pthread_mutex_destroy(&jobs->lock);
    (void)pthread_cond_destroy(&jobs->changed);
    hf_free(&jobs);
}

/* A file that goes to disk within 100 ms of being written. */
#include "store/flush.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define COLLECT_MS 50 /* the rest of the 100 is for the disk */

struct hf_flusher {
    int fd;
    bool threaded;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool dirty, stop;
};

static void flush(const struct hf_flusher *f)
{
    if (fdatasync(f->fd) != 0)
        hf_log(HF_LOG_ERROR, "store.flush", "error=\"%s\"", strerror(errno));
}

static void *run(void *arg)
{
    static const struct timespec collect = {.tv_nsec = COLLECT_MS * 1000000};
    struct hf_flusher *f = arg;

    (void)pthread_mutex_lock(&f->lock);
    while (!f->stop) {
        if (!f->dirty) {
            (void)pthread_cond_wait(&f->wake, &f->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&f->lock);
        (void)nanosleep(&collect, NULL);
        (void)pthread_mutex_lock(&f->lock);
        f->dirty = false;
        (void)pthread_mutex_unlock(&f->lock);
        flush(f);
        (void)pthread_mutex_lock(&f->lock);
    }
    (void)pthread_mutex_unlock(&f->lock);
    return NULL;
}

hf_err hf_flusher_new(int fd, bool thread, struct hf_flusher **out)
{
    HF_CLEANUP(hf_fd_close) int owned = fd;
    struct hf_flusher *f = NULL;
    sigset_t all, before;

    HF_TRY(hf_alloc(sizeof(*f), &f));
    f->fd = hf_fd_take(&owned);
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_cond_init(&f->wake, NULL);
    if (thread) { /* signals are the program's: none is handled here */
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        f->threaded = pthread_create(&f->thread, NULL, run, f) == 0;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    *out = f;
    return HF_OK;
}

void hf_flusher_note(struct hf_flusher *f)
{
    (void)pthread_mutex_lock(&f->lock);
    f->dirty = true;
    (void)pthread_cond_signal(&f->wake);
    (void)pthread_mutex_unlock(&f->lock);
}

void hf_flusher_free(struct hf_flusher **flusher)
{
    struct hf_flusher *gone = hf_take(*flusher);

    if (!gone)
        return;
    if (gone->threaded) {
        (void)pthread_mutex_lock(&gone->lock);
        gone->stop = true;
        (void)pthread_cond_signal(&gone->wake);
        (void)pthread_mutex_unlock(&gone->lock);
        (void)pthread_join(gone->thread, NULL);
    }
    if (gone->dirty)
        flush(gone);
    hf_fd_close(&gone->fd);
    (void)pthread_cond_destroy(&gone->wake);
    (void)pthread_mutex_destroy(&gone->lock);
    hf_free(&gone);
}

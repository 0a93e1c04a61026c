/* Requests to a host, apart in time: a file for each host, whose time of change is that of its last request. */
#include "collateral/pace.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

/* "host.kdsintf.amd.com": no name from outside can be anything else than a plain one. */
static void file_name(const char *host, char out[128])
{
    size_t n = 0;

    (void)snprintf(out, 128, "host.");
    for (n = 5; *host && n + 1 < 128; host++)
        out[n++] = isalnum((unsigned char)*host) || *host == '.' || *host == '-' ? *host : '_';
    out[n] = 0;
}

/* How long until the turn comes, by a clock that may have been set back meanwhile: never longer than the distance. */
static uint64_t left_ms(const struct stat *st, uint32_t apart_ms)
{
    uint64_t last = (uint64_t)st->st_mtim.tv_sec * 1000 + (uint64_t)st->st_mtim.tv_nsec / 1000000;
    uint64_t now = hf_now_ms();

    if (st->st_size == 0 || last > now || now - last >= apart_ms) /* empty: no request yet */
        return 0;
    return apart_ms - (now - last);
}

hf_err hf_pace_wait(int dir, const char *host, uint32_t apart_ms, void (*say)(void *arg, const char *text), void *arg)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;
    char name[128], text[300];
    struct stat st;
    uint64_t ms;

    if (apart_ms == 0)
        return HF_OK;
    file_name(host, name);
    HF_TRY(hf_open_beneath(dir, name, O_RDWR | O_CREAT, 0600, &fd));
    while (flock(fd, LOCK_EX) != 0) { /* those before us wait as long as we will, not longer */
        if (errno != EINTR)
            return hf_fail_errno("%s", name);
    }
    if (fstat(fd, &st) != 0)
        return hf_fail_errno("%s", name);
    ms = left_ms(&st, apart_ms);
    if (ms >= 1000 && say) {
        (void)snprintf(text, sizeof(text), "%.200s is asked once in %u s: waiting %u s", host,
                       (unsigned)(apart_ms / 1000), (unsigned)((ms + 999) / 1000));
        say(arg, text);
    }
    if (ms)
        (void)nanosleep(&(const struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000}, NULL);
    if (ftruncate(fd, 1) != 0 || futimens(fd, NULL) != 0)
        return hf_fail_errno("%s", name);
    return HF_OK;
}

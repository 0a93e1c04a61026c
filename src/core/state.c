/* The state directory, opened. */
#include "core/state.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_empty(int fd)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;
    bool empty = dir != NULL;

    while (empty && (entry = readdir(dir)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (dir)
        (void)closedir(dir);
    else if (copy >= 0)
        (void)close(copy);
    return empty;
}

hf_err hf_state_open(const char *path, int *dir)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;
    struct stat st;

    HF_TRY(hf_dir_open(path, &fd));
    if (fstat(fd, &st) != 0)
        return hf_fail_errno("%s", path);
    if (st.st_uid != geteuid() && geteuid() != 0)
        return hf_fail(HF_E_PERMISSION,
                       "state directory %s belongs to user %u and this is user %u: name another by --state", path,
                       (unsigned)st.st_uid, (unsigned)geteuid());
    if (st.st_mode & 077 && is_empty(fd) && fchmod(fd, 0700) == 0) /* made by `mkdir` for us a moment ago */
        st.st_mode &= ~(mode_t)077;
    if (st.st_mode & 077)
        return hf_fail(HF_E_PERMISSION,
                       "state directory %s has mode %04o and holds what only its owner may see: chmod 700 %s", path,
                       (unsigned)(st.st_mode & 07777), path);
    *dir = hf_fd_take(&fd);
    return HF_OK;
}

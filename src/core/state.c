/* The state directory. */
#include "core/state.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>

#define ROOTS_PLACE "/var/lib/holdfast"

/* Programs that run with another user's rights (setuid) must not be led by their caller's environment. */
static const char *environment(const char *name)
{
    const char *value = secure_getenv(name);

    return value && value[0] ? value : NULL;
}

static hf_err home(const char **out)
{
    const char *value = environment("HOME");
    const struct passwd *user = value ? NULL : getpwuid(geteuid());

    if (user)
        value = user->pw_dir;
    if (!value || value[0] != '/')
        return hf_fail(HF_E_CONFIG,
                       "user %u has no home directory: name a state directory by --state or HOLDFAST_STATE",
                       (unsigned)geteuid());
    *out = value;
    return HF_OK;
}

static hf_err join(const char *folder, const char *rest, char **path)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    HF_TRY(hf_buf_printf(&text, "%s/%s", folder, rest));
    return hf_text_of(hf_buf_bytes(&text), path);
}

hf_err hf_state_path(const char *option, char **path)
{
    const char *xdg = environment("XDG_STATE_HOME");
    const char *folder = NULL;

    if (!option || !option[0])
        option = environment("HOLDFAST_STATE");
    if (option)
        return hf_strdup(option, path);
    if (geteuid() == 0)
        return hf_strdup(ROOTS_PLACE, path);
    if (xdg && xdg[0] == '/') /* a relative one is to be ignored (XDG Base Directory Specification) */
        return join(xdg, "holdfast", path);
    HF_TRY(home(&folder));
    return join(folder, ".local/state/holdfast", path);
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
    if (st.st_mode & 077)
        return hf_fail(HF_E_PERMISSION,
                       "state directory %s has mode %04o and holds what only its owner may see: chmod 700 %s", path,
                       (unsigned)(st.st_mode & 07777), path);
    *dir = hf_fd_take(&fd);
    return HF_OK;
}

/* Where the state directory is. */
#include "base/state_dir.h"
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

static hf_err absolute(const char *path, char **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    char here[4096];

    if (!path[0])
        return hf_fail(HF_E_ARG, "the state directory has an empty name");
    if (path[0] == '/')
        return hf_strdup(path, out);
    if (!getcwd(here, sizeof(here)))
        return hf_fail_errno("current folder");
    HF_TRY(hf_buf_printf(&buf, "%s/%s", here, path));
    return hf_text_of(hf_buf_bytes(&buf), out);
}

static hf_err below(const char *folder, const char *rest, char **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};

    HF_TRY(hf_buf_printf(&buf, "%s/%s", folder, rest));
    return hf_text_of(hf_buf_bytes(&buf), out);
}

/* A program with another user's rights (setuid) is not led by its caller's environment. */
hf_err hf_state_dir_choose(const char *option, const char *configured, char **out)
{
    const char *env = secure_getenv("HOLDFAST_STATE");
    const char *xdg = secure_getenv("XDG_STATE_HOME");
    const char *home = secure_getenv("HOME");
    const struct passwd *pw;

    if (option)
        return absolute(option, out);
    if (env && env[0])
        return absolute(env, out);
    if (configured)
        return absolute(configured, out);
    if (geteuid() == 0)
        return hf_strdup("/var/lib/holdfast", out);
    if (xdg && xdg[0] == '/')
        return below(xdg, "holdfast", out);
    pw = home && home[0] == '/' ? NULL : getpwuid(geteuid());
    if (pw)
        home = pw->pw_dir;
    if (!home || home[0] != '/')
        return hf_fail(HF_E_CONFIG, "no state directory: neither --state, HOLDFAST_STATE, XDG_STATE_HOME nor HOME is set");
    return below(home, ".local/state/holdfast", out);
}

/* base/file. */
#include "base/file.h"
#include "folder.h"

#include <sys/stat.h>

static const char *in(const struct folder *f, const char *name)
{
    static char path[2][200];
    static int which;

    which = !which;
    (void)snprintf(path[which], sizeof(path[0]), "%s/%s", f->path, name);
    return path[which];
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    CHECK(stat(path, &st) == 0);
    return st.st_mode & 07777;
}

TEST(what_is_written_is_read_back)
{
    FOLDER(f);
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};
    mode_t before = umask(022);

    OK(hf_file_write(in(&f, "public"), hf_bytes_text("one")));
    OK(hf_file_write_private(in(&f, "private"), hf_bytes_text("two")));
    (void)umask(before);
    CHECK(mode_of(in(&f, "public")) == 0644 && mode_of(in(&f, "private")) == 0600);
    OK(hf_file_write(in(&f, "public"), hf_bytes_text("other")));
    OK(hf_file_read(in(&f, "public"), 5, &got));
    CHECK_BYTES(hf_buf_bytes(&got), hf_bytes_text("other"));
    OK(hf_file_read(in(&f, "private"), 100, &got)); /* appends */
    CHECK_BYTES(hf_buf_bytes(&got), hf_bytes_text("othertwo"));
}

TEST(a_read_has_a_ceiling_and_says_what_is_wrong)
{
    FOLDER(f);
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;

    OK(hf_file_write(in(&f, "five"), hf_bytes_text("12345")));
    FAILS(hf_file_read(in(&f, "five"), 4, &got), HF_E_LIMIT);
    CHECK_DETAIL("larger than 4 bytes");
    got.n = 0;
    FAILS(hf_file_read(in(&f, "none"), 4, &got), HF_E_NOT_FOUND);
    FAILS(hf_file_read(f.path, 4, &got), HF_E_ARG);
    CHECK_DETAIL("is a directory");
    FAILS(hf_file_read_secret(in(&f, "five"), 4, &s), HF_E_LIMIT);
    CHECK(s == NULL);
    OK(hf_file_read_secret(in(&f, "five"), 5, &s));
    CHECK(hf_secret_equal(s, hf_bytes_text("12345")));
}

TEST(a_write_that_fails_leaves_the_old_file)
{
    FOLDER(f);

    FAILS(hf_file_write(in(&f, "no/such/folder"), hf_bytes_text("x")), HF_E_NOT_FOUND);
    FAILS(hf_file_replace_at(f.fd, "a/b", hf_bytes_text("x")), HF_E_ARG);
    FAILS(hf_file_replace_at(f.fd, "", hf_bytes_text("x")), HF_E_ARG);
    OK(hf_file_replace_at(f.fd, "a", hf_bytes_text("x")));
    CHECK(mode_of(in(&f, "a")) == 0600);
}

TEST(no_name_leads_out_of_its_folder)
{
    static const char *const names[] = {"../outside", "in/../../outside", "/etc/passwd", "link", "in/link"};
    FOLDER(f);
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};

    CHECK(mkdirat(f.fd, "in", 0700) == 0);
    CHECK(symlinkat("/etc/passwd", f.fd, "link") == 0 && symlinkat("../../outside", f.fd, "in/link") == 0);
    for (size_t i = 0; i < HF_COUNT(names); i++) {
        CASE(names[i]);
        CHECK(hf_file_read_at(f.fd, names[i], 1000, &got) != HF_OK && got.n == 0);
    }
    OK(hf_file_replace_at(f.fd, "inside", hf_bytes_text("x")));
    OK(hf_file_read_at(f.fd, "in/../inside", 1000, &got));
}

TEST(a_folder_is_made_with_its_parents)
{
    FOLDER(f);
    HF_CLEANUP(hf_fd_close) int fd = -1;

    OK(hf_dir_open(in(&f, "a/b/c"), &fd));
    CHECK(mode_of(in(&f, "a/b/c")) == 0700 && mode_of(in(&f, "a")) == 0700);
    OK(hf_file_write(in(&f, "file"), hf_bytes_text("x")));
    hf_fd_close(&fd);
    FAILS(hf_dir_open(in(&f, "file"), &fd), HF_E_NOT_FOUND);
    FAILS(hf_dir_open("", &fd), HF_E_NOT_FOUND);
}

static hf_err whole_life(void)
{
    FOLDER(f);
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;
    HF_CLEANUP(hf_fd_close) int fd = -1;

    HF_TRY(hf_file_write(in(&f, "a"), hf_bytes_text("x")));
    HF_TRY(hf_file_read(in(&f, "a"), 10, &got));
    HF_TRY(hf_file_read_secret(in(&f, "a"), 10, &s));
    return hf_dir_open(in(&f, "d"), &fd);
}

TEST(each_allocation_may_fail)
{
    SWEEP(whole_life());
}

TESTS(RUN(what_is_written_is_read_back), RUN(a_read_has_a_ceiling_and_says_what_is_wrong),
      RUN(a_write_that_fails_leaves_the_old_file), RUN(no_name_leads_out_of_its_folder),
      RUN(a_folder_is_made_with_its_parents), RUN(each_allocation_may_fail))

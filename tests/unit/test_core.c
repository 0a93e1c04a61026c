/* core/core: permission, work, record. */
#include "base/text.h"
#include "core/audit_ops.h"
#include "core/state.h"
#include "folder.h"

#include <sys/stat.h>

struct job {
    int runs;
    hf_err result;
};

static hf_err work(struct hf_core *core, void *arg)
{
    struct job *job = arg;

    (void)core;
    job->runs++;
    return job->result == HF_OK ? HF_OK : hf_fail_device(job->result, 0x98e, "the work says no");
}

static struct hf_core *opened(const struct folder *f)
{
    struct hf_core_conf conf = {.state_dir = f->path, .one_shot = true};
    struct hf_core *core = NULL;

    OK(hf_core_open(&conf, &core));
    return core;
}

struct last {
    struct hf_audit_record rec;
    int n;
};

static hf_err keep_last(void *arg, const struct hf_audit_place *place, struct hf_bytes line)
{
    struct last *last = arg;

    (void)place;
    last->n++;
    return hf_audit_line_parse(line, &last->rec);
}

static struct last last_of(const struct folder *f)
{
    struct last last = {.n = 0};

    OK(hf_audit_walk(f->fd, 0, keep_last, &last));
    return last;
}

TEST(each_role_may_do_what_its_row_says)
{
    static const struct {
        const char *name;
        enum hf_role role;
        enum hf_op op;
        bool may;
    } cases[] = {
        {"admin signs", HF_ROLE_ADMIN, HF_OP_TPM_SIGN, true},
        {"admin clears", HF_ROLE_ADMIN, HF_OP_TPM_CLEAR, true},
        {"operator creates", HF_ROLE_OPERATOR, HF_OP_TPM_CREATE, true},
        {"operator clears", HF_ROLE_OPERATOR, HF_OP_TPM_CLEAR, false},
        {"signer signs", HF_ROLE_SIGNER, HF_OP_TPM_SIGN, true},
        {"signer creates", HF_ROLE_SIGNER, HF_OP_TPM_CREATE, false},
        {"signer reads the trail", HF_ROLE_SIGNER, HF_OP_AUDIT_TAIL, false},
        {"auditor reads the trail", HF_ROLE_AUDITOR, HF_OP_AUDIT_TAIL, true},
        {"auditor signs", HF_ROLE_AUDITOR, HF_OP_TPM_SIGN, false},
        {"verifier verifies", HF_ROLE_VERIFIER, HF_OP_TPM_VERIFY, true},
        {"verifier quotes", HF_ROLE_VERIFIER, HF_OP_TPM_QUOTE, false},
        {"robot quotes", HF_ROLE_ROBOT, HF_OP_TPM_QUOTE, true},
        {"robot decrypts", HF_ROLE_ROBOT, HF_OP_TPM_DECRYPT, false},
        {"nobody verifies", HF_ROLE_NONE, HF_OP_TPM_VERIFY, false},
        {"a role of no row", (enum hf_role)40, HF_OP_TPM_VERIFY, false},
    };
    FOLDER(f);
    HF_CLEANUP(hf_core_close) struct hf_core *core = opened(&f);

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_who who = {.role = cases[i].role, .name = "token:ci", .door = "rest"};
        struct job job = {0};
        struct last last;

        CASE(cases[i].name);
        FAILS(hf_core_do(core, &who, cases[i].op, "thing", work, &job), cases[i].may ? HF_OK : HF_E_DENIED);
        CHECK(job.runs == cases[i].may);
        last = last_of(&f);
        CHECK(last.n == (int)i + 1); /* refusals are recorded like successes */
        CHECK_TEXT(last.rec.op, hf_op_name(cases[i].op));
        CHECK_TEXT(last.rec.result, cases[i].may ? "HF_OK" : "HF_E_DENIED");
        CHECK_TEXT(last.rec.who, "token:ci");
        CHECK_TEXT(last.rec.door, "rest");
        CHECK_TEXT(last.rec.object, "thing");
    }
}

TEST(every_operation_has_a_name_of_its_own_and_an_admin)
{
    for (enum hf_op op = 0; op < HF_OP_COUNT; op++) {
        for (enum hf_op other = 0; other < op; other++)
            CHECK(strcmp(hf_op_name(op), hf_op_name(other)) != 0);
    }
#define ADMIN_MAY(id, name, class, roles) CHECK((roles)&HF_ADMIN);
    HF_OPS(ADMIN_MAY)
#undef ADMIN_MAY
    CHECK_TEXT(hf_op_name(HF_OP_COUNT), "unknown");
}

TEST(a_failure_is_recorded_and_keeps_its_detail_and_code)
{
    FOLDER(f);
    HF_CLEANUP(hf_core_close) struct hf_core *core = opened(&f);
    struct hf_who who = hf_who_here("library");
    struct job job = {.result = HF_E_AUTH};
    struct last last;

    FAILS(hf_core_do(core, &who, HF_OP_TPM_SIGN, NULL, work, &job), HF_E_AUTH);
    CHECK_TEXT(hf_err_detail(), "the work says no");
    CHECK(hf_err_device_code() == 0x98e);
    last = last_of(&f);
    CHECK_TEXT(last.rec.result, "HF_E_AUTH");
    CHECK_TEXT(last.rec.detail, "the work says no");
    CHECK(last.rec.code == 0x98e);
}

static hf_err break_the_trail(struct hf_core *core, void *arg)
{
    int *runs = arg;

    (*runs)++;
    if (unlinkat(hf_core_state_dir(core), "audit.log", 0) != 0 ||
        mkdirat(hf_core_state_dir(core), "audit.log", 0700) != 0)
        return hf_fail_errno("test");
    return HF_OK;
}

TEST(without_a_record_there_is_no_result)
{
    FOLDER(f);
    HF_CLEANUP(hf_core_close) struct hf_core *core = opened(&f);
    struct hf_who who = hf_who_here("library");
    struct job job = {0};
    int runs = 0;
    hf_err err;

    OK(hf_core_do(core, &who, HF_OP_TPM_SIGN, NULL, work, &job));
    job.runs = 0;
    err = hf_core_do(core, &who, HF_OP_TPM_SIGN, NULL, break_the_trail, &runs);
    CHECK(err != HF_OK && runs == 1);
    CHECK_DETAIL("its result is withheld");
    err = hf_core_do(core, &who, HF_OP_TPM_CREATE, NULL, work, &job); /* known beforehand: not even begun */
    CHECK(err != HF_OK && job.runs == 0);
    CHECK_DETAIL("was not done");
}

TEST(an_operation_that_is_not_in_the_table_is_refused)
{
    FOLDER(f);
    HF_CLEANUP(hf_core_close) struct hf_core *core = opened(&f);
    struct hf_who who = hf_who_here("library");
    struct job job = {0};

    FAILS(hf_core_do(core, &who, HF_OP_COUNT, NULL, work, &job), HF_E_INTERNAL);
    CHECK(job.runs == 0);
}

TEST(an_event_of_the_caller_is_a_record)
{
    FOLDER(f);
    HF_CLEANUP(hf_core_close) struct hf_core *core = opened(&f);
    struct hf_who who = hf_who_here("library");
    struct last last;

    OK(hf_core_log_event(core, &who, "KEY_ACCESS", 0x81010001, "SIGN", "SUCCESS"));
    FAILS(hf_core_log_event(core, &who, NULL, 0, "SIGN", "SUCCESS"), HF_E_ARG);
    last = last_of(&f);
    CHECK(last.n == 1);
    CHECK_TEXT(last.rec.op, "event");
    CHECK_TEXT(last.rec.object, "0x81010001");
    CHECK_TEXT(last.rec.detail, "KEY_ACCESS SIGN");
    CHECK_TEXT(last.rec.result, "SUCCESS");
}

TEST(a_state_directory_that_others_can_enter_is_refused)
{
    FOLDER(f);
    struct hf_core_conf conf = {.state_dir = f.path};
    struct hf_core *core = NULL;

    OK(hf_core_open(&conf, &core)); /* an empty one would be closed to others, and taken */
    OK(hf_core_log_event(core, &(struct hf_who){.role = HF_ROLE_ADMIN, .name = "x", .door = "library"}, "E", 0, "O", "R"));
    hf_core_close(&core);
    CHECK(chmod(f.path, 0750) == 0);
    FAILS(hf_core_open(&conf, &core), HF_E_PERMISSION);
    CHECK_DETAIL("mode 0750");
    CHECK_DETAIL("chmod 700");
    CHECK(core == NULL);
    CHECK(chmod(f.path, 0700) == 0);
    OK(hf_core_open(&conf, &core));
    hf_core_close(&core);
}

TEST(a_missing_state_directory_is_made)
{
    FOLDER(f);
    char path[128];
    struct stat st;
    int dir = -1;

    (void)snprintf(path, sizeof(path), "%s/a/b", f.path);
    OK(hf_state_open(path, &dir));
    CHECK(fstat(dir, &st) == 0 && (st.st_mode & 07777) == 0700);
    hf_fd_close(&dir);
    (void)snprintf(path, sizeof(path), "%s/file", f.path);
    CHECK(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) == 0);
    FAILS(hf_state_open(path, &dir), HF_E_NOT_FOUND);
    CHECK(dir == -1);
}

TEST(a_buffer_moves_within_the_limit_of_where_it_goes)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf from = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf to = {.max = 4};

    OK(hf_buf_add(&from, hf_bytes_text("12345")));
    FAILS(hf_buf_move(&from, &to), HF_E_LIMIT);
    from.n = 4;
    OK(hf_buf_move(&from, &to));
    CHECK_BYTES(hf_buf_bytes(&to), hf_bytes_text("1234"));
    CHECK(from.p == NULL && to.max == 4);
}

static hf_err whole_life(void)
{
    FOLDER(f);
    HF_CLEANUP(hf_core_close) struct hf_core *core = NULL;
    struct hf_core_conf conf = {.state_dir = f.path, .tpm = {.uri = "embedded"}, .one_shot = true};
    struct hf_who who = hf_who_here("library");
    struct hf_audit_report rep;
    struct job job = {0};

    HF_TRY(hf_core_open(&conf, &core));
    HF_TRY(hf_core_do(core, &who, HF_OP_TPM_CREATE, "k", work, &job));
    return hf_core_audit_verify(core, &who, 1, NULL, &rep);
}

TEST(each_allocation_may_fail)
{
    SWEEP(whole_life());
}

TESTS(RUN(each_role_may_do_what_its_row_says), RUN(every_operation_has_a_name_of_its_own_and_an_admin),
      RUN(a_failure_is_recorded_and_keeps_its_detail_and_code), RUN(without_a_record_there_is_no_result),
      RUN(an_operation_that_is_not_in_the_table_is_refused), RUN(an_event_of_the_caller_is_a_record),
      RUN(a_state_directory_that_others_can_enter_is_refused), RUN(a_missing_state_directory_is_made),
      RUN(a_buffer_moves_within_the_limit_of_where_it_goes), RUN(each_allocation_may_fail))

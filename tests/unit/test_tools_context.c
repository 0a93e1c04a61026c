/* tpm/tools_context: object contexts as tpm2-tools saves them. */
#include "base/writer.h"
#include "test.h"
#include "tpm/tools_context.h"

/* A small public area: an hmac key. */
static void public_area(struct hf_buf *out)
{
    TPMT_PUBLIC pub = {.type = TPM2_ALG_KEYEDHASH,
                       .nameAlg = TPM2_ALG_SHA256,
                       .objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_SIGN_ENCRYPT,
                       .parameters.keyedHashDetail.scheme = {.scheme = TPM2_ALG_HMAC,
                                                             .details.hmac.hashAlg = TPM2_ALG_SHA256},
                       .unique.keyedHash = {.size = 4, .buffer = "uniq"}};

    OK(hf_tpm_public_write(&pub, out));
}

struct sample {
    struct hf_buf area;
    struct hf_tpm_name name;
    struct hf_tools_context ctx;
};

static void sample_make(struct sample *s)
{
    memset(s, 0, sizeof(*s));
    public_area(&s->area);
    OK(hf_tpm_public_name(hf_buf_bytes(&s->area), &s->name));
    s->ctx = (struct hf_tools_context){
        .hierarchy = TPM2_RH_OWNER,
        .saved_handle = 0x80000000,
        .sequence = 0x0102030405060708,
        .context = hf_bytes_text("the TPM's own"),
        .esys_handle = 0x80000001,
        .name = hf_tpm_name_bytes(&s->name),
        .public_area = hf_buf_bytes(&s->area),
    };
}

static void sample_free(struct sample *s)
{
    hf_buf_free(&s->area);
}

TEST(what_is_written_is_laid_out_as_tpm2_tools_does_and_read_again)
{
    HF_CLEANUP(sample_free) struct sample s;
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    static const uint8_t head[] = {0xba, 0xdc, 0xc0, 0xde, 0, 0, 0, 1, 0x40, 0, 0, 1, 0x80, 0, 0, 0,
                                   1,    2,    3,    4,    5, 6, 7, 8};
    struct hf_tools_context got;

    CASE("");
    sample_make(&s);
    OK(hf_tools_context_write(&s.ctx, &file));
    CHECK(hf_tools_context_is(hf_buf_bytes(&file)));
    CHECK_BYTES(((struct hf_bytes){file.p, sizeof(head)}), HF_BYTES_OF(head));
    /* blob: 4 reserved, 2 + 13 context, 2 size, 4 handle, 2 + 34 name, 4 kind, 2 + public */
    CHECK((size_t)(file.p[24] << 8 | file.p[25]) == 4 + 15 + 2 + 4 + 36 + 4 + 2 + s.area.n);
    CHECK(file.n == 26 + 67 + s.area.n);
    OK(hf_tools_context_parse(hf_buf_bytes(&file), &got));
    CHECK(got.hierarchy == TPM2_RH_OWNER && got.saved_handle == 0x80000000 && got.sequence == 0x0102030405060708);
    CHECK_BYTES(got.context, s.ctx.context);
    CHECK_BYTES(got.name, s.ctx.name);
    CHECK_BYTES(got.public_area, s.ctx.public_area);
}

TEST(damage_is_refused)
{
    static const struct {
        const char *name;
        size_t at; /* offset; from the end where it is under 0 as a signed number */
        uint8_t value;
        hf_err want;
    } cases[] = {
        {"another magic", 0, 0xbb, HF_E_FORMAT},
        {"a saved session", 7, 2, HF_E_UNSUPPORTED},
        {"version 0", 7, 0, HF_E_UNSUPPORTED},
        {"a handle that is no object's", 12, 0x03, HF_E_FORMAT},
        {"a blob that claims more", 25, 0xff, HF_E_TRUNCATED},
        {"a blob that claims less", 25, 0x10, HF_E_TRAILING},
        {"a reserved byte", 29, 1, HF_E_FORMAT},
        {"metadata of a size that does not fit", 46, 9, HF_E_FORMAT},
        {"another Name", 55, 0x55, HF_E_INTEGRITY},
        {"a resource that is no key", 90, 2, HF_E_UNSUPPORTED},
        {"another public area", (size_t)-1, 'Q', HF_E_INTEGRITY},
    };
    HF_CLEANUP(sample_free) struct sample s;
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    struct hf_tools_context got;

    sample_make(&s);
    OK(hf_tools_context_write(&s.ctx, &file));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        size_t at = cases[i].at > file.n ? file.n - 1 : cases[i].at;
        uint8_t was = file.p[at];

        CASE(cases[i].name);
        file.p[at] = cases[i].value;
        FAILS(hf_tools_context_parse(hf_buf_bytes(&file), &got), cases[i].want);
        file.p[at] = was;
    }
    CASE("whole");
    OK(hf_tools_context_parse(hf_buf_bytes(&file), &got));
}

TEST(no_part_of_one_is_one_nor_is_one_with_more_behind_it)
{
    HF_CLEANUP(sample_free) struct sample s;
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    struct hf_tools_context got;

    CASE("");
    sample_make(&s);
    OK(hf_tools_context_write(&s.ctx, &file));
    for (size_t n = 0; n < file.n; n++)
        FAILS(hf_tools_context_parse((struct hf_bytes){file.p, n}, &got), HF_E_TRUNCATED);
    OK(hf_buf_add(&file, hf_bytes_text("x")));
    FAILS(hf_tools_context_parse(hf_buf_bytes(&file), &got), HF_E_TRAILING);
    CHECK(!hf_tools_context_is(hf_bytes_text("")));
    CHECK(!hf_tools_context_is(hf_bytes_text("-----BEGIN TSS2 PRIVATE KEY-----")));
}

TEST(metadata_may_say_its_size_and_says_it_again)
{
    HF_CLEANUP(sample_free) struct sample s;
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    struct hf_tools_context got;

    CASE("");
    sample_make(&s);
    s.ctx.metadata_size = (uint16_t)(4 + 36 + 4 + 2 + s.area.n);
    OK(hf_tools_context_write(&s.ctx, &file));
    OK(hf_tools_context_parse(hf_buf_bytes(&file), &got));
    CHECK(got.metadata_size == s.ctx.metadata_size);
}

TEST(what_does_not_fit_is_not_written)
{
    static const uint8_t big[HF_TOOLS_CONTEXT_MAX];
    HF_CLEANUP(sample_free) struct sample s;
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    struct hf_tools_context got;

    CASE("");
    sample_make(&s);
    s.ctx.context = HF_BYTES_OF(big);
    FAILS(hf_tools_context_write(&s.ctx, &file), HF_E_LIMIT);
    CHECK(file.n == 0);
    OK(hf_buf_add(&file, HF_BYTES_OF(big)));
    OK(hf_buf_add(&file, hf_bytes_text("x")));
    FAILS(hf_tools_context_parse(hf_buf_bytes(&file), &got), HF_E_LIMIT);
}

TESTS(RUN(what_is_written_is_laid_out_as_tpm2_tools_does_and_read_again), RUN(damage_is_refused),
      RUN(no_part_of_one_is_one_nor_is_one_with_more_behind_it), RUN(metadata_may_say_its_size_and_says_it_again),
      RUN(what_does_not_fit_is_not_written))

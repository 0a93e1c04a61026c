/* base/secret. */
#include "test.h"

TEST(a_secret_is_a_copy_that_can_be_looked_at)
{
    char text[] = "hunter2";
    struct hf_secret *s = NULL;

    OK(hf_secret_new(hf_bytes_text(text), &s));
    text[0] = 'X';
    CHECK_BYTES(hf_secret_expose(s), hf_bytes_text("hunter2"));
    hf_secret_free(&s);
    CHECK(s == NULL);
    hf_secret_free(&s); /* an empty one is accepted */
    CHECK(hf_secret_expose(NULL).n == 0);
}

TEST(secrets_compare_by_length_and_content)
{
    static const struct {
        const char *other;
        bool equal;
    } cases[] = {{"hunter2", true}, {"hunter3", false},  {"Hunter2", false},
                 {"hunter", false}, {"hunter22", false}, {"", false}};
    HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;

    OK(hf_secret_new(hf_bytes_text("hunter2"), &s));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].other);
        CHECK(hf_secret_equal(s, hf_bytes_text(cases[i].other)) == cases[i].equal);
    }
    CHECK(hf_secret_equal(NULL, hf_bytes_text("")) && !hf_secret_equal(NULL, hf_bytes_text("x")));
}

TEST(a_freed_place_is_wiped_before_it_is_given_out_again)
{
    static const uint8_t zeros[4096];
    static const size_t sizes[] = {1, 63, 64, 65, 4096};

    for (size_t i = 0; i < HF_COUNT(sizes); i++) {
        struct hf_secret *s = NULL;
        uint8_t *first = NULL;
        uint8_t *second = NULL;

        OK(hf_secret_new_zero(sizes[i], &first, &s));
        memset(first, 0xa5, sizes[i]);
        hf_secret_free(&s);
        OK(hf_secret_new_zero(sizes[i], &second, &s));
        CHECK(second == first); /* first fit: the same place, so this test looks at what was freed */
        CHECK(memcmp(second, zeros, sizes[i]) == 0);
        hf_secret_free(&s);
    }
}

TEST(many_secrets_of_many_sizes_do_not_overlap)
{
    struct hf_secret *s[300] = {NULL};
    uint8_t *place;

    for (size_t i = 0; i < HF_COUNT(s); i++) { /* more than the arena holds: the rest has mappings of its own */
        OK(hf_secret_new_zero(1 + i * 7 % 2000, &place, &s[i]));
        memset(place, (int)(i & 0xff), 1 + i * 7 % 2000);
    }
    for (size_t i = 0; i < HF_COUNT(s); i++) {
        struct hf_bytes b = hf_secret_expose(s[i]);

        for (size_t k = 0; k < b.n; k++)
            CHECK(b.p[k] == (i & 0xff));
    }
    for (size_t i = 0; i < HF_COUNT(s); i++)
        hf_secret_free(&s[i]);
}

TEST(a_secret_has_a_limit_and_may_be_empty)
{
    struct hf_secret *s = NULL;
    uint8_t *place;

    FAILS(hf_secret_new_zero(((size_t)1 << 20) + 1, &place, &s), HF_E_LIMIT);
    CHECK(s == NULL);
    OK(hf_secret_new_zero((size_t)1 << 20, &place, &s));
    hf_secret_free(&s);
    OK(hf_secret_new((struct hf_bytes){NULL, 0}, &s));
    CHECK(hf_secret_expose(s).n == 0);
    hf_secret_free(&s);
}

TEST(wiping_leaves_zeros)
{
    uint8_t bytes[5] = {1, 2, 3, 4, 5};

    hf_wipe(bytes, 4);
    CHECK(bytes[0] == 0 && bytes[3] == 0 && bytes[4] == 5);
}

static hf_err whole_life(void)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;

    return hf_secret_new(hf_bytes_text("x"), &s);
}

TEST(each_allocation_may_fail)
{
    SWEEP(whole_life());
}

TESTS(RUN(a_secret_is_a_copy_that_can_be_looked_at), RUN(secrets_compare_by_length_and_content),
      RUN(a_freed_place_is_wiped_before_it_is_given_out_again), RUN(many_secrets_of_many_sizes_do_not_overlap),
      RUN(a_secret_has_a_limit_and_may_be_empty), RUN(wiping_leaves_zeros), RUN(each_allocation_may_fail))

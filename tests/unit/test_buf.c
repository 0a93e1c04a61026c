/* base/buf and base/alloc. */
#include "test.h"

TEST(a_buffer_grows_and_keeps_what_it_has)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf b = {0};
    char *text = NULL;

    for (int i = 0; i < 1000; i++)
        OK(hf_buf_add(&b, hf_bytes_text("0123456789")));
    CHECK(b.n == 10000 && memcmp(b.p + 9990, "0123456789", 10) == 0);
    OK(hf_buf_set(&b, hf_bytes_text("abc")));
    OK(hf_buf_text(&b, &text));
    CHECK_TEXT(text, "abc");
    CHECK(b.n == 3);
    hf_buf_free(&b);
    CHECK(b.p == NULL && b.n == 0);
    hf_buf_free(&b);
}

TEST(a_ceiling_holds_and_a_failure_changes_nothing)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf b = {.max = 4};
    uint8_t *place = NULL;

    OK(hf_buf_add(&b, hf_bytes_text("123")));
    FAILS(hf_buf_add(&b, hf_bytes_text("45")), HF_E_LIMIT);
    CHECK_DETAIL("3 bytes and 2 more exceed the limit of 4");
    FAILS(hf_buf_set(&b, hf_bytes_text("12345")), HF_E_LIMIT);
    CHECK_BYTES(hf_buf_bytes(&b), hf_bytes_text("123"));
    FAILS(hf_buf_grow(&b, SIZE_MAX, &place), HF_E_LIMIT); /* no overflow */
    OK(hf_buf_add(&b, (struct hf_bytes){NULL, 0}));
    hf_buf_free(&b);
    CHECK(b.max == 4);
    b.max = 0;
    FAILS(hf_buf_grow(&b, ((size_t)1 << 30) + 1, &place), HF_E_LIMIT);
}

TEST(bytes_compare_by_length_and_content)
{
    CHECK(hf_bytes_equal(hf_bytes_text("ab"), hf_bytes_text("ab")));
    CHECK(!hf_bytes_equal(hf_bytes_text("ab"), hf_bytes_text("ac")));
    CHECK(!hf_bytes_equal(hf_bytes_text("ab"), hf_bytes_text("a")));
    CHECK(hf_bytes_equal((struct hf_bytes){NULL, 0}, hf_bytes_text("")));
    CHECK(hf_bytes_text(NULL).n == 0);
}

TEST(memory_is_zeroed_and_a_named_allocation_fails_once)
{
    uint8_t *p = NULL;
    char *copy = NULL;

    OK(hf_alloc(16, &p));
    CHECK(p[0] == 0 && p[15] == 0);
    p[0] = 1;
    hf_alloc_fail_at(1);
    FAILS(hf_realloc(32, &p), HF_E_MEMORY);
    CHECK(hf_alloc_has_failed() && p[0] == 1);
    OK(hf_realloc(32, &p)); /* the one after it does not fail */
    hf_alloc_fail_at(2);
    OK(hf_strdup("x", &copy));
    CHECK(!hf_alloc_has_failed());
    hf_free(&copy);
    FAILS(hf_strdup("x", &copy), HF_E_MEMORY);
    CHECK(copy == NULL);
    hf_alloc_fail_at(0);
    hf_free(&p);
    CHECK(p == NULL);
    hf_free(&p);
}

TEST(taking_leaves_nothing_behind)
{
    char *p = NULL;
    char *taken;

    OK(hf_strdup("x", &p));
    taken = hf_take(p);
    CHECK(p == NULL && taken != NULL);
    hf_free(&taken);
}

TESTS(RUN(a_buffer_grows_and_keeps_what_it_has), RUN(a_ceiling_holds_and_a_failure_changes_nothing),
      RUN(bytes_compare_by_length_and_content), RUN(memory_is_zeroed_and_a_named_allocation_fails_once),
      RUN(taking_leaves_nothing_behind))

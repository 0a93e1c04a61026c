/* Parts of one item in several files, as tools leave them. */
#include "evidence/table.h"
#include "make_tpm_quote.h"

static struct made_quote made, other;
static struct hf_buf values;

static void prepare_quotes(void)
{
    make_quote(&made);
    make_quote(&other);
    OK(hf_pcr_values_write(&made.env.claim.pcrs, &made.env.claim.selection, &values));
}

static struct hf_bytes message(void)
{
    return hf_buf_bytes(&made.env.attest);
}

static struct hf_bytes signature(void)
{
    return hf_buf_bytes(&made.env.signature);
}

/* One envelope with this message, signature and so many register values. */
static bool one_quote(const struct hf_evidence_set *set, size_t banks)
{
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {0};

    return set->n == 1 && set->n_buf == 1 && strcmp(set->item[0].format->name, "tpm-quote") == 0 &&
           hf_tpm_envelope_parse(set->item[0].bytes, &env) == HF_OK && env.ak_public.n == 0 &&
           hf_bytes_equal(hf_buf_bytes(&env.attest), message()) &&
           hf_bytes_equal(hf_buf_bytes(&env.signature), signature()) && env.claim.pcrs.n == banks;
}

TEST(parts_of_a_quote_come_in_any_order)
{
    const struct hf_bytes part[3] = {message(), signature(), hf_buf_bytes(&values)};
    static const size_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    for (size_t i = 0; i < HF_COUNT(orders); i++) {
        struct hf_evidence_set set = {0};
        struct hf_bytes in[3] = {part[orders[i][0]], part[orders[i][1]], part[orders[i][2]]};

        OK(hf_evidence_open_files(in, 3, NULL, &set));
        CHECK(one_quote(&set, 2));
        hf_evidence_set_free(&set);
    }
}

TEST(values_may_be_left_out_and_a_signature_may_not)
{
    struct hf_evidence_set set = {0};
    struct hf_bytes without[2] = {signature(), message()};
    struct hf_bytes unsigned_values[2] = {message(), hf_buf_bytes(&values)};

    OK(hf_evidence_open_files(without, 2, "tpm", &set));
    CHECK(one_quote(&set, 0));
    hf_evidence_set_free(&set);
    FAILS(hf_evidence_open_files(unsigned_values, 2, NULL, &set), HF_E_FORMAT);
    hf_evidence_set_free(&set);
    FAILS(hf_evidence_open_files(without, 2, "sgx", &set), HF_E_FORMAT);
    hf_evidence_set_free(&set);
    OK(hf_evidence_open_files(without + 1, 1, NULL, &set)); /* a message alone stays what it is */
    CHECK(set.n == 1 && set.n_buf == 0 && set.item[0].bytes.p == made.env.attest.p);
    hf_evidence_set_free(&set);
}

TEST(each_message_has_the_parts_behind_it)
{
    struct hf_evidence_set set = {0};
    struct hf_bytes in[5] = {message(), signature(), hf_buf_bytes(&values), hf_buf_bytes(&other.env.attest),
                             hf_buf_bytes(&other.env.signature)};

    OK(hf_evidence_open_files(in, 5, NULL, &set));
    CHECK(set.n == 2 && set.n_buf == 2);
    hf_evidence_set_free(&set);
}

TEST(the_same_files_again_are_one_item)
{
    struct hf_evidence_set set = {0};
    struct hf_bytes in[HF_EVIDENCE_ITEMS_MAX + 1];

    for (size_t i = 0; i < HF_COUNT(in); i++)
        in[i] = i % 2 ? signature() : message();
    OK(hf_evidence_open_files(in, HF_EVIDENCE_ITEMS_MAX, NULL, &set));
    CHECK(one_quote(&set, 0));
    hf_evidence_set_free(&set);
    FAILS(hf_evidence_open_files(in, HF_COUNT(in), NULL, &set), HF_E_LIMIT);
    hf_evidence_set_free(&set);
}

static hf_err open_swept(void)
{
    struct hf_evidence_set set = {0};
    struct hf_bytes in[3] = {message(), signature(), hf_buf_bytes(&values)};
    hf_err err = hf_evidence_open_files(in, 3, NULL, &set);

    hf_evidence_set_free(&set);
    return err;
}

TEST(each_allocation_may_fail)
{
    SWEEP(open_swept());
    made_quote_free(&made);
    made_quote_free(&other);
    hf_buf_free(&values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(parts_of_a_quote_come_in_any_order),   RUN(values_may_be_left_out_and_a_signature_may_not),
        RUN(each_message_has_the_parts_behind_it), RUN(the_same_files_again_are_one_item),
        RUN(each_allocation_may_fail),
    };

    prepare_quotes();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}

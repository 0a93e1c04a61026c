/* The certificate table of an extended report: rows, what they point to, and how it becomes collateral. */
#include "base/writer.h"
#include "evidence/amd_cert_table.h"
#include "inspected.h"
#include "snp_rig.h"

static const uint8_t some[] = {1, 2, 3, 4, 5};

static void write_table(struct hf_buf *out)
{
    struct hf_amd_cert_table table = {.n = 2};

    memcpy(table.row[0].guid, hf_amd_guid("VCEK"), 16);
    table.row[0].data = HF_BYTES_OF(some);
    memset(table.row[1].guid, 0x77, 16); /* a vendor's own */
    table.row[1].data = (struct hf_bytes){some, 2};
    OK(hf_amd_cert_table_write(&table, out));
}

TEST(what_is_written_is_read_again)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_amd_cert_table table;

    write_table(&bytes);
    CHECK(hf_amd_cert_table_looks(hf_buf_bytes(&bytes)));
    OK(hf_amd_cert_table_parse(hf_buf_bytes(&bytes), &table));
    CHECK(table.n == 2);
    CHECK_TEXT(hf_amd_guid_name(table.row[0].guid), "VCEK");
    CHECK(hf_amd_guid_name(table.row[1].guid) == NULL);
    CHECK_BYTES(table.row[0].data, HF_BYTES_OF(some));
    OK(hf_amd_cert_table_write(&table, &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&bytes));
}

TEST(rows_that_point_elsewhere_are_refused)
{
    static const struct {
        const char *name;
        size_t size, at;
        uint32_t value;
        hf_err want;
    } cases[] = {
        {"as it is", 79, 20, 5, HF_OK},
        {"a byte short", 78, 20, 5, HF_E_TRUNCATED},
        {"cut in the rows", 60, 20, 5, HF_E_TRUNCATED},
        {"no row of zeros", 48, 20, 5, HF_E_TRUNCATED},
        {"into the rows", 79, 16, 71, HF_E_FORMAT},
        {"to the table itself", 79, 16, 0, HF_E_FORMAT},
        {"behind the end", 79, 16, 80, HF_E_TRUNCATED},
        {"longer than what is there", 79, 20, 8, HF_E_TRUNCATED},
        {"so long that the sum wraps", 79, 20, 0xffffffff, HF_E_TRUNCATED},
        {"an empty one at the end", 79, 20, 0, HF_OK},
    };
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    struct hf_amd_cert_table table;

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_writer w;

        CASE(cases[i].name);
        hf_buf_free(&bytes);
        write_table(&bytes);
        CHECK(bytes.n == 79);
        w = hf_writer(bytes.p + cases[i].at, 4);
        hf_wr_u32le(&w, cases[i].value);
        FAILS(hf_amd_cert_table_parse((struct hf_bytes){bytes.p, cases[i].size}, &table), cases[i].want);
    }
}

TEST(a_table_of_too_many_rows_is_refused)
{
    uint8_t rows[(HF_AMD_CERT_TABLE_MAX + 2) * 24] = {0};
    struct hf_amd_cert_table table;

    for (size_t i = 0; i <= HF_AMD_CERT_TABLE_MAX; i++)
        rows[i * 24] = 1;
    FAILS(hf_amd_cert_table_parse(HF_BYTES_OF(rows), &table), HF_E_LIMIT);
}

static hf_err add_table(struct hf_bytes bytes)
{
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};

    return hf_endorsements_add(&set, bytes, "auxblob");
}

hf_endorsement_reader hf_amd_endorsements;

/* Without the recognisers that are asked first, which take what lacks memory for something else. */
static hf_err read_table(struct hf_bytes bytes)
{
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};
    bool known = false;

    return hf_amd_endorsements(&set, bytes, "auxblob", &known);
}

TEST(certificates_lists_and_pem_in_it_become_collateral_and_vendors_rows_do_not)
{
    HF_CLEANUP(machine_free) struct machine m = {0};
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf behind = {0};
    struct hf_amd_cert_table table = {.n = 4};
    static struct inspected told;

    machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, false);
    OK(make_amd_crl(&m.amd, NULL, 0, 0, &crl));
    OK(hf_cert_to_pem(m.amd.ask.cert, &pem));
    memcpy(table.row[0].guid, hf_amd_guid("VCEK"), 16);
    table.row[0].data = m.vek.cert->der;
    memcpy(table.row[1].guid, hf_amd_guid("ASK"), 16);
    table.row[1].data = hf_buf_bytes(&pem);
    memcpy(table.row[2].guid, hf_amd_guid("CRL"), 16);
    table.row[2].data = hf_buf_bytes(&crl);
    memset(table.row[3].guid, 0x77, 16);
    table.row[3].data = HF_BYTES_OF(some);
    OK(hf_amd_cert_table_write(&table, &bytes));
    OK(hf_endorsements_add(&set, hf_buf_bytes(&bytes), "auxblob"));
    CHECK(set.n == 3 && set.certs.n == 2);
    SWEEP(read_table(hf_buf_bytes(&bytes)));
    OK(inspected(hf_buf_bytes(&bytes), hf_amd_cert_table_inspect, &told));
    CHECK(told.rows == 5 && strstr(told.text, "1 unknown GUID"));

    /* behind a report it is found as well */
    OK(hf_buf_add(&behind, HF_BYTES_OF(m.bytes)));
    OK(hf_buf_add(&behind, hf_buf_bytes(&bytes)));
    OK(add_table(hf_buf_bytes(&behind)));

    /* one row that is no certificate spoils the file */
    table.row[0].data = HF_BYTES_OF(some);
    hf_buf_free(&bytes);
    OK(hf_amd_cert_table_write(&table, &bytes));
    CHECK(add_table(hf_buf_bytes(&bytes)) != HF_OK);
}

TESTS(RUN(what_is_written_is_read_again), RUN(rows_that_point_elsewhere_are_refused),
      RUN(a_table_of_too_many_rows_is_refused),
      RUN(certificates_lists_and_pem_in_it_become_collateral_and_vendors_rows_do_not))

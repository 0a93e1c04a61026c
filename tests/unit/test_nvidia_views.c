/* What NVIDIA's reports consist of, and what comes with them: views that are read or refused whole. */
#include "codec/base64.h"
#include "evidence/dice_tcb.h"
#include "evidence/rim.h"
#include "make_nvidia.h"
#include "test.h"
#include "unhex.h"
#include "verify/nvidia.h"
#include "verify/ocsp.h"

TEST(reports_are_read_whole_and_written_as_they_were)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t to;
        hf_err want;
    } cases[] = {
        {"SPDM 1.2", 0, 0x12, HF_E_UNSUPPORTED},
        {"a response of SPDM 1.2", 37, 0x12, HF_E_UNSUPPORTED},
        {"another request", 1, 0xe1, HF_E_FORMAT},
        {"no signature asked for", 2, 0, HF_E_FORMAT},
        {"one block asked for", 3, 1, HF_E_FORMAT},
        {"slot 8", 36, 8, HF_E_FORMAT},
        {"a response of another slot", 40, 1, HF_E_FORMAT},
        {"blocks miscounted", 41, 15, HF_E_FORMAT},
        {"a block twice", 45 + 55, 1, HF_E_FORMAT},
        {"block 0", 45, 0, HF_E_FORMAT},
        {"another measurement specification", 46, 2, HF_E_UNSUPPORTED},
        {"a block longer than its measurement", 47, 52, HF_E_TRAILING},
    };
    struct make_nvidia_spec spec = {.nonce = {1, 2, 3}};
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_spdm_report parsed;

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_report(&spec, &nv, &report));
    OK(hf_spdm_report_parse(hf_buf_bytes(&report), &parsed));
    OK(hf_spdm_report_write(&parsed, &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&report));
    for (size_t n = 0; n < report.n; n++)
        CHECK(hf_spdm_report_parse((struct hf_bytes){report.p, n}, &parsed) != HF_OK);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t was = report.p[cases[i].at];
        hf_err err;

        CASE(cases[i].name);
        report.p[cases[i].at] = cases[i].to;
        err = hf_spdm_report_parse(hf_buf_bytes(&report), &parsed);
        if (err == HF_OK || (cases[i].want != HF_E_TRAILING && err != cases[i].want))
            FAIL("got %s: %s", hf_err_name(err), hf_err_detail());
        report.p[cases[i].at] = was;
    }
    CASE("");
}

TEST(opaque_fields_are_read_or_refused)
{
    static const struct {
        const char *name, *hex;
        hf_err want;
    } cases[] = {
        {"nothing", "", HF_OK},
        {"one", "0300 0200 3500", HF_OK},
        {"an unknown one", "ff7f 0100 00", HF_OK},
        {"one twice", "0300 0100 35 0300 0100 35", HF_E_FORMAT},
        {"cut", "0300 0200 35", HF_E_TRUNCATED},
        {"a version that is known", "2200 0200 0200", HF_OK},
        {"a version that is not", "2200 0200 0300", HF_E_UNSUPPORTED},
        {"with a header", "4e5644414f44 0000 02 00 0000 0300 8700 0200 3500", HF_OK},
        {"a header of another profile", "4e5644414f44 0100 02 00 0000", HF_E_UNSUPPORTED},
        {"a header of another version", "4e5644414f44 0000 03 00 0000", HF_E_UNSUPPORTED},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_nvidia_opaque opaque;

        CASE(cases[i].name);
        FAILS(hf_nvidia_opaque_parse(unhex(cases[i].hex), &opaque), cases[i].want);
    }
    CASE("");
}

TEST(dice_extensions_are_read_or_refused)
{
#define FWID "3008 0603 2a0304 0401 aa"
    static const struct {
        const char *name, *hex;
        hf_err want;
        size_t fwids;
    } cases[] = {
        {"TcbInfo", "300e 8001 41 8301 05 a60a" FWID, HF_E_TRUNCATED, 0},
        {"TcbInfo", "3012 8001 41 8301 05 a60a" FWID, HF_OK, 1},
        {"two firmware ids", "3016 a614" FWID FWID, HF_OK, 2},
        {"an empty TcbInfo", "3000", HF_OK, 0},
        {"fields out of order", "3006 8301 05 8001 41", HF_E_FORMAT, 0},
        {"a field twice", "3006 8001 41 8001 41", HF_E_FORMAT, 0},
        {"a field beyond the last", "3003 8c01 41", HF_E_FORMAT, 0},
        {"no firmware id in the list", "3002 a600", HF_E_TRUNCATED, 0},
        {"a list of TcbInfo", "3018 300a a608 3006 0603 2a0304", HF_E_TRUNCATED, 0},
        {"a list of two", "301c 300c a60a" FWID "300c a60a" FWID, HF_OK, 2},
        {"a composite id", "3010 020101 3003 020101" FWID, HF_E_FORMAT, 0},
        {"a composite id", "3012 020101 3003 020101" FWID, HF_OK, 1},
        {"no sequence", "0401 00", HF_E_FORMAT, 0},
        {"a byte behind", "3000 00", HF_E_TRAILING, 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        struct hf_dice_tcb tcb;
        hf_err err = hf_dice_tcb_parse(unhex(cases[i].hex), &tcb);

        CASE(cases[i].name);
        if ((err == HF_OK) != (cases[i].want == HF_OK))
            FAIL("case %zu: %s: %s", i, hf_err_name(err), hf_err_detail());
        if (err != HF_OK)
            continue;
        CHECK(tcb.n_fwids == cases[i].fwids);
        if (tcb.kind == HF_DICE_MULTI_TCB_INFO)
            continue;
        OK(hf_dice_tcb_write(&tcb, &again));
        CHECK_BYTES(hf_buf_bytes(&again), unhex(cases[i].hex));
    }
    CASE("");
}

TEST(no_flipped_byte_of_a_manifest_is_signed)
{
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf xml = {0};

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_rim(&(struct make_nvidia_rim_spec){0}, &nv, &xml));
    for (size_t i = 0; i < xml.n; i += 3) {
        HF_CLEANUP(hf_rim_free) struct hf_rim *rim = NULL;
        const uint8_t was = xml.p[i];
        const char *info = memmem(xml.p, xml.n, "<ds:KeyInfo>", 12);

        xml.p[i] ^= (uint8_t)(1 << i % 7);
        /* certificates prove themselves, and white space within base64 is none */
        if (hf_rim_parse(hf_buf_bytes(&xml), &rim) == HF_OK && hf_rim_verify(rim) == HF_OK &&
            (const char *)xml.p + i < info)
            FAIL("still good with byte %zu flipped: %.60s", i, xml.p + (i > 30 ? i - 30 : 0));
        xml.p[i] = was;
    }
}

/* ---- OCSP ---- */

TEST(responses_are_read_whole)
{
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_ocsp ocsp;

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_ocsp(&(struct make_nvidia_ocsp_spec){.which = 2, .delegated = true, .status = HF_OCSP_REVOKED}, &nv,
                        &der));
    OK(hf_ocsp_parse(hf_buf_bytes(&der), &ocsp));
    CHECK(ocsp.n == 1 && ocsp.n_certs == 1 && ocsp.single[0].status == HF_OCSP_REVOKED && ocsp.single[0].reason == 6);
    CHECK(hf_ocsp_covers(&ocsp.single[0], nv.cert[2].cert, nv.cert[1].cert));
    CHECK(!hf_ocsp_covers(&ocsp.single[0], nv.cert[2].cert, nv.cert[0].cert));
    CHECK(!hf_ocsp_covers(&ocsp.single[0], nv.cert[3].cert, nv.cert[1].cert));
    OK(hf_ocsp_write(&ocsp, &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&der));
    for (size_t n = 0; n < der.n; n++)
        CHECK(hf_ocsp_parse((struct hf_bytes){der.p, n}, &ocsp) != HF_OK);
    OK(hf_buf_add(&der, (struct hf_bytes){(const uint8_t *)"", 1}));
    FAILS(hf_ocsp_parse(hf_buf_bytes(&der), &ocsp), HF_E_TRAILING);
}

TEST(a_responder_s_error_is_named)
{
    struct hf_ocsp ocsp;

    FAILS(hf_ocsp_parse(unhex("3003 0a01 06"), &ocsp), HF_E_UNSUPPORTED);
    CHECK_DETAIL("unauthorized");
    FAILS(hf_ocsp_parse(unhex("3003 0a01 03"), &ocsp), HF_E_UNSUPPORTED);
    CHECK_DETAIL("tryLater");
    FAILS(hf_ocsp_parse(unhex("3003 0a01 00"), &ocsp), HF_E_UNSUPPORTED);
}

static hf_err add_once(hf_endorsement_reader *reader, const struct hf_buf *what)
{
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};
    bool known = false;

    HF_TRY(reader(&set, hf_buf_bytes(what), "file", &known));
    return known ? HF_OK : HF_E_FORMAT;
}

TEST(collateral_survives_want_of_memory)
{
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf ocsp = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf rim = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf inner = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf answer = {0};

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_ocsp(&(struct make_nvidia_ocsp_spec){.which = 2, .delegated = true}, &nv, &ocsp));
    OK(make_nvidia_rim(&(struct make_nvidia_rim_spec){0}, &nv, &rim));
    OK(hf_base64_write(hf_buf_bytes(&ocsp), &text));
    OK(hf_base64_write(hf_buf_bytes(&rim), &inner));
    OK(hf_buf_add(&answer, hf_bytes_text("{\"rim\": \"")));
    OK(hf_buf_add(&answer, hf_buf_bytes(&inner)));
    OK(hf_buf_add(&answer, hf_bytes_text("\"}")));
    SWEEP(add_once(hf_ocsp_endorsements, &ocsp));
    SWEEP(add_once(hf_ocsp_endorsements, &text));
    SWEEP(add_once(hf_nvidia_rim_endorsements, &rim));
    SWEEP(add_once(hf_nvidia_rim_endorsements, &answer));
}

static hf_err write_once(const struct hf_spdm_report *report, const struct hf_dice_tcb *tcb, const struct hf_ocsp *ocsp)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    HF_TRY(hf_spdm_report_write(report, &out));
    HF_TRY(hf_dice_tcb_write(tcb, &out));
    HF_TRY(hf_ocsp_tbs_write(ocsp, &out));
    return hf_ocsp_write(ocsp, &out);
}

TEST(writers_survive_want_of_memory)
{
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    struct hf_spdm_report spdm;
    struct hf_dice_tcb tcb;
    struct hf_ocsp ocsp;

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){.tcb_info = true}, &nv));
    OK(make_nvidia_report(&(struct make_nvidia_spec){.header = true}, &nv, &report));
    OK(make_nvidia_ocsp(&(struct make_nvidia_ocsp_spec){.which = 2, .delegated = true}, &nv, &der));
    OK(hf_spdm_report_parse(hf_buf_bytes(&report), &spdm));
    OK(hf_dice_tcb_parse(hf_cert_ext(nv.cert[MAKE_NVIDIA_LEAF].cert, HF_OID_DICE_TCB_INFO_ALIAS)->value, &tcb));
    OK(hf_ocsp_parse(hf_buf_bytes(&der), &ocsp));
    SWEEP(write_once(&spdm, &tcb, &ocsp));
}

TEST(endorsements_are_recognised_in_every_form)
{
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf ocsp = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf rim = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf answer = {0};
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_ocsp(&(struct make_nvidia_ocsp_spec){.which = 2}, &nv, &ocsp));
    OK(make_nvidia_rim(&(struct make_nvidia_rim_spec){0}, &nv, &rim));
    OK(hf_endorsements_add(&set, hf_buf_bytes(&ocsp), "ocsp.der"));
    OK(hf_base64_write(hf_buf_bytes(&ocsp), &text));
    OK(hf_endorsements_add(&set, hf_buf_bytes(&text), "ocsp.b64")); /* the same: kept once */
    CHECK(set.n == 1 && set.item[0].kind == HF_ENDORSEMENT_OCSP);
    hf_buf_free(&text);
    OK(hf_base64_write(hf_buf_bytes(&rim), &text));
    OK(hf_buf_add(&answer, hf_bytes_text("{\"id\": \"NV_GPU_DRIVER_GH100_550.54.15\", \"rim\": \"")));
    OK(hf_buf_add(&answer, hf_buf_bytes(&text)));
    OK(hf_buf_add(&answer, hf_bytes_text("\", \"request_id\": \"1\"}")));
    OK(hf_endorsements_add(&set, hf_buf_bytes(&answer), "answer.json"));
    OK(hf_endorsements_add(&set, hf_buf_bytes(&rim), "rim.xml"));
    CHECK(set.n == 2 && set.item[1].kind == HF_ENDORSEMENT_RIM);
}

TESTS(RUN(reports_are_read_whole_and_written_as_they_were), RUN(opaque_fields_are_read_or_refused),
      RUN(dice_extensions_are_read_or_refused), RUN(no_flipped_byte_of_a_manifest_is_signed),
      RUN(responses_are_read_whole), RUN(a_responder_s_error_is_named), RUN(collateral_survives_want_of_memory),
      RUN(writers_survive_want_of_memory), RUN(endorsements_are_recognised_in_every_form))

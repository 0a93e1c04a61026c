/* Intel's collateral in every form that people keep it in: all of it is found, and what is none of it is left alone. */
#include "base/text.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "make_intel.h"
#include "test.h"

static struct make_intel m;

/* What a bundle is made of. */
static struct hf_buf info, identity, pck_crl, root_crl, tcb_chain, pck_chain;

static void make(void)
{
    if (m.ak)
        return;
    make_intel_start(&m, false);
    OK(make_intel_certs(&m));
    OK(make_intel_tcb_info(&m, &info));
    OK(make_intel_identity(&m, &identity));
    OK(make_intel_pck_crl(&m, &pck_crl));
    OK(make_intel_root_crl(&m, &root_crl));
    OK(hf_cert_to_pem(m.ca[INTEL_SIGNER].cert, &tcb_chain));
    OK(hf_cert_to_pem(m.ca[INTEL_ROOT].cert, &tcb_chain));
    OK(hf_cert_to_pem(m.ca[INTEL_CA].cert, &pck_chain));
    OK(hf_cert_to_pem(m.ca[INTEL_ROOT].cert, &pck_chain));
}

/* A bundle with everything holds a TCB info, an identity, two lists, three certificates. */
static void must_hold(const struct hf_buf *bundle, size_t infos, size_t identities, size_t lists, size_t certs)
{
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};
    size_t n[8] = {0};

    OK(hf_endorsements_add(&set, hf_buf_bytes(bundle), "bundle"));
    for (size_t i = 0; i < set.n; i++)
        n[set.item[i].kind]++;
    if (n[HF_ENDORSEMENT_TCB_INFO] != infos || n[HF_ENDORSEMENT_IDENTITY] != identities ||
        n[HF_ENDORSEMENT_CRL] != lists || n[HF_ENDORSEMENT_CERT] != certs)
        FAIL("%zu infos, %zu identities, %zu lists, %zu certificates", n[HF_ENDORSEMENT_TCB_INFO],
             n[HF_ENDORSEMENT_IDENTITY], n[HF_ENDORSEMENT_CRL], n[HF_ENDORSEMENT_CERT]);
    OK(hf_endorsements_add(&set, hf_buf_bytes(bundle), "again"));
    CHECK(set.n == infos + identities + lists + certs); /* twice is once */
}

static void put_hex(struct hf_json *j, const char *key, const struct hf_buf *bytes)
{
    hf_json_hex(j, key, hf_buf_bytes(bytes));
}

static void put_text(struct hf_json *j, const char *key, const struct hf_buf *text)
{
    hf_json_text_n(j, key, hf_buf_bytes(text));
}

/* The inner object of a document, and its signature's hex. */
static struct hf_bytes inner_of(const struct hf_buf *document, const char *name)
{
    size_t head = strlen(name) + 4;

    return (struct hf_bytes){document->p + head, document->n - head - strlen(",\"signature\":\"\"}") - 128};
}

static struct hf_bytes signature_of(const struct hf_buf *document)
{
    return (struct hf_bytes){document->p + document->n - 130, 128};
}

TEST(answers_of_the_service_are_taken_as_they_are)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf spaced = {0};

    make();
    must_hold(&info, 1, 0, 0, 0);
    must_hold(&identity, 0, 1, 0, 0);
    must_hold(&pck_crl, 0, 0, 1, 0);
    OK(hf_buf_printf(&spaced, "\r\n %.*s\n", (int)info.n, (const char *)info.p));
    must_hold(&spaced, 1, 0, 0, 0);
}

TEST(bundles_of_texts_are_taken_apart)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bundle = {0};
    struct hf_json j = hf_json(&bundle, false);

    make();
    hf_json_object(&j, NULL);
    put_text(&j, "pck_crl_issuer_chain", &pck_chain);
    put_hex(&j, "root_ca_crl", &root_crl);
    put_hex(&j, "pck_crl", &pck_crl);
    put_text(&j, "tcb_info_issuer_chain", &tcb_chain);
    hf_json_text_n(&j, "tcb_info", inner_of(&info, "tcbInfo"));
    hf_json_text_n(&j, "tcb_info_signature", signature_of(&info));
    put_text(&j, "qe_identity_issuer_chain", &tcb_chain);
    hf_json_text_n(&j, "qe_identity", inner_of(&identity, "enclaveIdentity"));
    hf_json_text_n(&j, "qe_identity_signature", signature_of(&identity));
    hf_json_close(&j);
    OK(hf_json_end(&j));
    must_hold(&bundle, 1, 1, 2, 3);
}

TEST(bundles_of_objects_bytes_and_base64_are_taken_apart)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bundle = {0};
    struct hf_json j = hf_json(&bundle, true);

    make();
    hf_json_object(&j, NULL);
    hf_json_object(&j, "collateral");
    hf_json_raw(&j, "tcbInfo", hf_buf_bytes(&info)); /* an answer under the name of what is in it */
    put_text(&j, "qeIdentity", &identity);           /* one as a text */
    hf_json_base64(&j, "pckCrl", hf_buf_bytes(&pck_crl));
    hf_json_array(&j, "rootCaCrl");
    for (size_t i = 0; i < root_crl.n; i++)
        hf_json_u64(&j, NULL, root_crl.p[i]);
    hf_json_close(&j);
    hf_json_array(&j, "certificates");
    put_text(&j, NULL, &pck_chain);
    put_text(&j, NULL, &tcb_chain);
    hf_json_close(&j);
    hf_json_close(&j);
    hf_json_text(&j, "version", "4");
    hf_json_close(&j);
    OK(hf_json_end(&j));
    must_hold(&bundle, 1, 1, 2, 3);
}

static void url_encode(const struct hf_buf *in, struct hf_buf *out)
{
    for (size_t i = 0; i < in->n; i++) {
        if (strchr(" \n+/=", in->p[i]))
            OK(hf_buf_printf(out, "%%%02X", in->p[i]));
        else
            OK(hf_buf_printf(out, "%c", in->p[i]));
    }
}

TEST(answers_with_their_headers_are_taken_apart)
{
    static const char *const heads[] = {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", "HTTP/2 200\r\n", ""};
    HF_CLEANUP(hf_buf_free) struct hf_buf chain = {0};

    make();
    url_encode(&tcb_chain, &chain);
    for (size_t i = 0; i < HF_COUNT(heads); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf answer = {0};

        CASE(heads[i]);
        OK(hf_buf_printf(&answer, "%sTCB-Info-Issuer-Chain: %.*s\r\nRequest-ID: 0123\r\n\r\n%.*s", heads[i],
                         (int)chain.n, (const char *)chain.p, (int)info.n, (const char *)info.p));
        must_hold(&answer, 1, 0, 0, 2);
    }
    CASE("");
}

TEST(lists_and_chains_come_in_other_letters)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0}, base64 = {0}, url = {0}, nul = {0};
    static const uint8_t zero[] = {0};

    make();
    OK(hf_hex_write(hf_buf_bytes(&pck_crl), &hex));
    must_hold(&hex, 0, 0, 1, 0);
    OK(hf_buf_printf(&hex, "\n"));
    must_hold(&hex, 0, 0, 1, 0);
    OK(hf_base64_write(hf_buf_bytes(&root_crl), &base64));
    must_hold(&base64, 0, 0, 1, 0);
    url_encode(&pck_chain, &url);
    must_hold(&url, 0, 0, 0, 2);
    OK(hf_buf_add(&nul, hf_buf_bytes(&pck_chain)));
    OK(hf_buf_add(&nul, HF_BYTES_OF(zero)));
    must_hold(&nul, 0, 0, 0, 2);
}

static void add_u32(struct hf_buf *out, size_t v)
{
    uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};

    OK(hf_buf_add(out, HF_BYTES_OF(b)));
}

/* Items of Open Enclave's endorsements, each with a NUL behind it. */
static void openenclave(struct hf_buf *out)
{
    static const uint8_t zero[] = {0};
    static struct hf_buf version, created;
    const struct hf_buf *items[9] = {&version,   &info,     &tcb_chain, &pck_crl, &root_crl,
                                     &pck_chain, &identity, &tcb_chain, &created};
    size_t at = 0, all = 0;

    hf_buf_free(out);
    for (size_t i = 0; i < 9; i++)
        all += items[i]->n + 1;
    add_u32(out, 1);
    add_u32(out, 2);
    add_u32(out, all + 36);
    add_u32(out, 9);
    for (size_t i = 0; i < 9; i++) {
        add_u32(out, at);
        at += items[i]->n + 1;
    }
    for (size_t i = 0; i < 9; i++) {
        OK(hf_buf_add(out, hf_buf_bytes(items[i])));
        OK(hf_buf_add(out, HF_BYTES_OF(zero)));
    }
}

TEST(open_enclaves_endorsements_are_taken_apart)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bundle = {0};
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};

    make();
    openenclave(&bundle);
    must_hold(&bundle, 1, 1, 2, 3);
    FAILS(hf_endorsements_add(&set, (struct hf_bytes){bundle.p, bundle.n - 1}, "cut"), HF_E_TRUNCATED);
    bundle.p[23] = 0xff; /* the second item lies beyond the end */
    FAILS(hf_endorsements_add(&set, hf_buf_bytes(&bundle), "offset"), HF_E_FORMAT);
    bundle.p[23] = 0;
    bundle.p[21] = 0xff; /* the second item ends before it begins */
    FAILS(hf_endorsements_add(&set, hf_buf_bytes(&bundle), "offset"), HF_E_FORMAT);
    CHECK(set.n == 0);
}

TEST(the_librarys_memory_is_taken_apart)
{
    static const uint8_t zero[] = {0, 0, 0, 0, 0, 0, 0, 0};
    HF_CLEANUP(hf_buf_free) struct hf_buf dump = {0};
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};
    const struct hf_buf *items[7] = {&pck_chain, &root_crl, &pck_crl, &tcb_chain, &info, &tcb_chain, &identity};

    make();
    add_u32(&dump, 3);
    add_u32(&dump, 0x81);
    for (size_t i = 0; i < 7; i++) {
        OK(hf_buf_add(&dump, HF_BYTES_OF(zero)));
        add_u32(&dump, items[i]->n + 1);
        add_u32(&dump, 0);
    }
    for (size_t i = 0; i < 7; i++) {
        OK(hf_buf_add(&dump, hf_buf_bytes(items[i])));
        OK(hf_buf_add(&dump, (struct hf_bytes){zero, 1}));
    }
    must_hold(&dump, 1, 1, 2, 3);
    FAILS(hf_endorsements_add(&set, (struct hf_bytes){dump.p, dump.n - 1}, "cut"), HF_E_FORMAT);
}

TEST(what_is_none_is_left_alone)
{
    static const char *const texts[] = {
        "{}",
        "{\"tcbInfo\":1,\"signature\":\"\"}",
        "[1,2,3]",
        "hello",
        "00",
        "3082",
        "HTTP/1.1 404 Not Found\r\n\r\nthere is no such platform here, and this is more than sixty-four bytes",
        "{\"a\":\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n and some more text behind it\"}",
        "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        "3030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030"};

    for (size_t i = 0; i < HF_COUNT(texts); i++) {
        HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};

        CASE(texts[i]);
        FAILS(hf_endorsements_add(&set, hf_bytes_text(texts[i]), "text"), HF_E_FORMAT);
        CHECK(set.n == 0);
    }
    CASE("");
}

TEST(nested_without_end_is_refused)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};

    for (size_t i = 0; i < 40; i++)
        OK(hf_buf_printf(&text, "{\"a\":"));
    OK(hf_buf_printf(&text, "\"%0100d\"", 0));
    for (size_t i = 0; i < 40; i++)
        OK(hf_buf_printf(&text, "}"));
    FAILS(hf_endorsements_add(&set, hf_buf_bytes(&text), "deep"), HF_E_LIMIT);
}

static hf_err add_one(struct hf_bytes bundle)
{
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};
    hf_err err = hf_endorsements_add(&set, bundle, "bundle");

    if (err != HF_OK && set.n != 0)
        return HF_E_INTERNAL;
    return err;
}

TEST(without_memory_nothing_is_added)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bundle = {0};

    make();
    openenclave(&bundle);
    SWEEP(add_one(hf_buf_bytes(&bundle)));
}

TEST(nothing_is_left)
{
    struct hf_buf *all[] = {&info, &identity, &pck_crl, &root_crl, &tcb_chain, &pck_chain};

    for (size_t i = 0; i < HF_COUNT(all); i++)
        hf_buf_free(all[i]);
    make_intel_free(&m);
}

TESTS(RUN(answers_of_the_service_are_taken_as_they_are), RUN(bundles_of_texts_are_taken_apart),
      RUN(bundles_of_objects_bytes_and_base64_are_taken_apart), RUN(answers_with_their_headers_are_taken_apart),
      RUN(lists_and_chains_come_in_other_letters), RUN(open_enclaves_endorsements_are_taken_apart),
      RUN(the_librarys_memory_is_taken_apart), RUN(what_is_none_is_left_alone), RUN(nested_without_end_is_refused),
      RUN(without_memory_nothing_is_added), RUN(nothing_is_left))

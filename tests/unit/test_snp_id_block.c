/* ID blocks: signatures, keys, and reports of guests that were or were not started with them. */
#include "codec/base64.h"
#include "evidence/snp_id_block.h"
#include "inspected.h"
#include "snp_rig.h"
#include "vectors.h"

struct owner {
    struct hf_privkey *id, *author;
    uint8_t bytes[HF_SNP_ID_BLOCK_SIZE + HF_SNP_ID_AUTH_SIZE];
    uint8_t id_key[HF_AMD_KEY_SIZE], author_key[HF_AMD_KEY_SIZE];
};

static void owner_free(struct owner *o)
{
    hf_privkey_free(&o->id);
    hf_privkey_free(&o->author);
}

/* r || s big-endian into AMD's 72 bytes each. */
static void sign(const struct hf_privkey *key, struct hf_bytes message, uint8_t out[144])
{
    static const struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA384};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

    OK(hf_privkey_sign_message(key, &alg, message, &sig));
    memset(out, 0, 144);
    for (size_t i = 0; i < 48; i++) {
        out[i] = sig.p[47 - i];
        out[72 + i] = sig.p[95 - i];
    }
}

/* The block of an ordinary guest's report. */
static void owner_new(struct owner *o, bool author)
{
    static const uint8_t none[HF_AMD_KEY_SIZE];
    struct hf_snp_report rep;
    struct hf_snp_id_block block;
    struct hf_snp_id_auth auth = {.id_key_algo = 1, .author_key_algo = author};
    uint8_t block_sig[144] = {0}, key_sig[144] = {0};

    make_snp_report(3, HF_SNP_PRODUCT_MILAN, &rep);
    block = (struct hf_snp_id_block){.launch_digest = rep.measurement,
                                     .family_id = rep.family_id,
                                     .image_id = rep.image_id,
                                     .version = 1,
                                     .policy = rep.policy};
    hf_snp_id_block_write(&block, o->bytes);
    OK(hf_privkey_generate_ec(HF_P384, &o->id));
    OK(hf_privkey_generate_ec(HF_P384, &o->author));
    OK(hf_amd_key_write(hf_privkey_public(o->id), o->id_key));
    OK(hf_amd_key_write(hf_privkey_public(o->author), o->author_key));
    sign(o->id, (struct hf_bytes){o->bytes, HF_SNP_ID_BLOCK_SIZE}, block_sig);
    if (author)
        sign(o->author, HF_BYTES_OF(o->id_key), key_sig);
    auth.block_r = (struct hf_bytes){block_sig, 72};
    auth.block_s = (struct hf_bytes){block_sig + 72, 72};
    auth.key_r = (struct hf_bytes){key_sig, 72};
    auth.key_s = (struct hf_bytes){key_sig + 72, 72};
    auth.id_key = HF_BYTES_OF(o->id_key);
    auth.author_key = author ? HF_BYTES_OF(o->author_key) : HF_BYTES_OF(none);
    hf_snp_id_auth_write(&auth, o->bytes + HF_SNP_ID_BLOCK_SIZE);
}

static enum hf_verdict_status judge(struct rig *r, const struct owner *o)
{
    return rig_judge_as(r, "snp-id-block", HF_BYTES_OF(o->bytes));
}

TEST(a_signed_block_holds_and_its_key_is_for_the_caller_to_name)
{
    for (int author = 0; author < 2; author++) {
        HF_CLEANUP(rig_free) struct rig *r = rig_new();
        HF_CLEANUP(owner_free) struct owner o = {0};
        const struct hf_evidence_format *format = NULL;
        uint8_t spki[32];

        owner_new(&o, author);
        OK(hf_evidence_detect(HF_BYTES_OF(o.bytes), NULL, &format));
        CHECK_TEXT(format->name, "snp-id-block");
        CHECK(judge(r, &o) == HF_VERDICT_WARNING);
        want_row(r, "signature", HF_CHECK_OK);
        want_row(r, "author signature", author ? HF_CHECK_OK : HF_CHECK_NOT_APPLICABLE);
        want_row(r, "root", HF_CHECK_ABSENT);
        OK(hf_pubkey_spki_sha256(hf_privkey_public(author ? o.author : o.id), spki));
        OK(hf_anchors_add(&r->anchors, HF_VENDOR_ANY, HF_ENV_UNKNOWN, spki, "the owner"));
        CHECK(judge(r, &o) == HF_VERDICT_AFFIRMING);
        CHECK((hf_claim_find(&r->findings.claims, "author_key_digest") != NULL) == (author != 0));
    }
}

TEST(no_byte_of_a_block_or_its_authentication_can_be_changed)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(owner_free) struct owner o = {0};

    owner_new(&o, true);
    for (size_t at = 0; at < sizeof(o.bytes); at += at < 0x300 || (at > 0x6e0 && at < 0x7a0) ? 3 : 17) {
        o.bytes[at] ^= 0x10;
        if (judge(r, &o) != HF_VERDICT_CONTRAINDICATED)
            FAIL("byte 0x%zx changed, and still not refused", at);
        o.bytes[at] ^= 0x10;
    }
    for (size_t n = 0; n < sizeof(o.bytes); n += 97)
        CHECK(rig_judge_as(r, "snp-id-block", (struct hf_bytes){o.bytes, n}) == HF_VERDICT_CONTRAINDICATED);
}

TEST(a_report_beside_it_must_be_of_a_guest_that_was_started_with_it)
{
    static const struct {
        const char *row;
        size_t at; /* in the report */
    } cases[] = {{"report measurement", 0x90}, {"report family id", 0x10},   {"report image id", 0x20},
                 {"report id key", 0xe0},      {"report author key", 0x110}, {"report guest svn", 0x04},
                 {"report policy", 0x08}};
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(owner_free) struct owner o = {0};
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    uint8_t report[HF_SNP_REPORT_SIZE];
    struct hf_evidence_item item = {.bytes = HF_BYTES_OF(report)};
    const struct hf_evidence_item *also[] = {&item};
    struct hf_digest id = {0}, author = {0};
    struct hf_snp_report rep;

    owner_new(&o, true);
    OK(hf_amd_key_digest(HF_BYTES_OF(o.id_key), &id));
    OK(hf_amd_key_digest(HF_BYTES_OF(o.author_key), &author));
    make_snp_report(3, HF_SNP_PRODUCT_MILAN, &rep);
    rep.id_key_digest = hf_digest_bytes(&id);
    rep.author_key_digest = hf_digest_bytes(&author);
    rep.flags = HF_SNP_FLAG_AUTHOR_KEY;
    OK(hf_privkey_generate_ec(HF_P384, &key));
    OK(make_snp_sign(&rep, key, report));
    OK(hf_evidence_detect(item.bytes, NULL, &item.format));
    r->judge.also = also;
    r->judge.n_also = 1;
    CHECK(judge(r, &o) == HF_VERDICT_WARNING);
    for (size_t i = 0; i < HF_COUNT(cases); i++)
        want_row(r, cases[i].row, HF_CHECK_OK);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].row);
        report[cases[i].at] ^= 1;
        CHECK(judge(r, &o) == HF_VERDICT_CONTRAINDICATED);
        want_row(r, cases[i].row, HF_CHECK_FAILED);
        report[cases[i].at] ^= 1;
    }
}

TEST(what_is_parsed_is_written_again_and_what_does_not_fit_is_refused)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
    } cases[] = {
        {"block version 2", 80, 2},   {"ID key algorithm 2", 96, 2},        {"author key algorithm 2", 100, 2},
        {"reserved at 8", 96 + 8, 1}, {"a signature's tail", 96 + 0xd0, 1}, {"between keys", 96 + 0x650, 1},
        {"the end", 96 + 4095, 1},
    };
    HF_CLEANUP(owner_free) struct owner o = {0};
    static struct inspected told;
    uint8_t block_again[HF_SNP_ID_BLOCK_SIZE], auth_again[HF_SNP_ID_AUTH_SIZE];
    struct hf_snp_id_block block;
    struct hf_snp_id_auth auth;

    owner_new(&o, true);
    OK(hf_snp_id_block_parse((struct hf_bytes){o.bytes, HF_SNP_ID_BLOCK_SIZE}, &block));
    OK(hf_snp_id_auth_parse((struct hf_bytes){o.bytes + HF_SNP_ID_BLOCK_SIZE, HF_SNP_ID_AUTH_SIZE}, &auth));
    hf_snp_id_block_write(&block, block_again);
    hf_snp_id_auth_write(&auth, auth_again);
    CHECK(memcmp(block_again, o.bytes, sizeof(block_again)) == 0);
    CHECK(memcmp(auth_again, o.bytes + HF_SNP_ID_BLOCK_SIZE, sizeof(auth_again)) == 0);
    OK(inspected(HF_BYTES_OF(o.bytes), hf_snp_id_block_inspect, &told));
    CHECK(told.rows == 14);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t was = o.bytes[cases[i].at];

        CASE(cases[i].name);
        o.bytes[cases[i].at] = cases[i].value;
        FAILS(inspected(HF_BYTES_OF(o.bytes), hf_snp_id_block_inspect, &told), HF_E_FORMAT);
        o.bytes[cases[i].at] = was;
    }
}

static hf_err take_key(struct hf_bytes amd_key)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    return hf_amd_key_parse(amd_key, &key);
}

TEST(amds_form_of_a_key_is_exact)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t flip;
    } cases[] = {{"curve 3", 0, 1},
                 {"QX wide", 4 + 48, 1},
                 {"QY wide", 76 + 71, 1},
                 {"zeros behind", 148, 1},
                 {"not on the curve", 4, 1}};
    HF_CLEANUP(owner_free) struct owner o = {0};

    owner_new(&o, false);
    OK(take_key(HF_BYTES_OF(o.id_key)));
    SWEEP(take_key(HF_BYTES_OF(o.id_key)));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        o.id_key[cases[i].at] ^= cases[i].flip;
        FAILS(take_key(HF_BYTES_OF(o.id_key)), HF_E_FORMAT);
        o.id_key[cases[i].at] ^= cases[i].flip;
    }
    FAILS(take_key((struct hf_bytes){o.id_key, sizeof(o.id_key) - 1}), HF_E_TRUNCATED);
}

TEST(the_known_answer_holds)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf all = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    const char *c;

    NEED_VECTORS();
    c = json_first(json_key(vector_text("evidence/sev/cases.json", &json), "id_block"));
    OK(hf_base64_parse(json_word(json_key(c, "id_block_b64")), &all));
    vector("evidence/sev/id-block/test_auth_block.bin", &file);
    OK(hf_buf_add(&all, hf_buf_bytes(&file)));
    CHECK(rig_judge_as(r, "snp-id-block", hf_buf_bytes(&all)) == HF_VERDICT_WARNING);
    want_row(r, "signature", HF_CHECK_OK);
    want_row(r, "author signature", HF_CHECK_OK);
    for (int author = 0; author < 2; author++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
        const struct hf_claim *claim = hf_claim_find(&r->findings.claims,
                                                     author ? "author_key_digest" : "id_key_digest");

        OK(hf_base64_parse(json_word(json_key(c, author ? "author_key_digest_b64" : "id_key_digest_b64")), &digest));
        CHECK(claim != NULL);
        CHECK_BYTES(claim->bytes, hf_buf_bytes(&digest));
    }
}

TESTS(RUN(a_signed_block_holds_and_its_key_is_for_the_caller_to_name),
      RUN(no_byte_of_a_block_or_its_authentication_can_be_changed),
      RUN(a_report_beside_it_must_be_of_a_guest_that_was_started_with_it),
      RUN(what_is_parsed_is_written_again_and_what_does_not_fit_is_refused), RUN(amds_form_of_a_key_is_exact),
      RUN(the_known_answer_holds))

/* The guest owner's side of an SEV launch: known answers, both directions, and what must not pass. */
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/ecdh.h"
#include "crypto/hash.h"
#include "crypto/privkey.h"
#include "vectors.h"
#include "verify/sev_launch.h"

static struct hf_secret *secret_of(const char *hex)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    struct hf_secret *s = NULL;

    OK(hf_hex_parse(hf_bytes_text(hex), &bytes));
    OK(hf_secret_new(hf_buf_bytes(&bytes), &s));
    return s;
}

static void bytes_of(const char *hex, void *place, size_t n)
{
    OK(hf_hex_parse_exact(hf_bytes_text(hex), (uint8_t *)place, n));
}

TEST(a_measurement_has_its_known_answer)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *tik = secret_of("66320db73158a35a255d051758e95ed4");
    struct hf_sev_launch l = {.api_minor = 18, .build = 15};
    uint8_t measure[32], want[32];

    bytes_of("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", l.digest, 32);
    bytes_of("4fbe0bedbad6c86ae8f68971d103e554", l.mnonce, 16);
    bytes_of("6faab2daae389bcd3405a05d6cafe33c0414f7bedd0bae19ba5f38b7fd1664ea", want, 32);
    OK(hf_sev_launch_measure(&l, tik, measure));
    CHECK(memcmp(measure, want, 32) == 0);
    OK(hf_sev_launch_check(&l, tik, want));
    l.policy = 1;
    FAILS(hf_sev_launch_check(&l, tik, want), HF_E_MISMATCH);
    l.policy = 0;
    l.build++;
    FAILS(hf_sev_launch_check(&l, tik, want), HF_E_MISMATCH);
    l.build--;
    for (size_t i = 0; i < 32; i++) {
        want[i] ^= 1;
        FAILS(hf_sev_launch_check(&l, tik, want), HF_E_MISMATCH);
        want[i] ^= 1;
    }
}

TEST(a_session_has_its_known_answer_and_opens_again)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *zero = secret_of("00000000000000000000000000000000");
    HF_CLEANUP(hf_secret_free) struct hf_secret *master = NULL, *kek = NULL, *kik = NULL, *tek = NULL, *tik = NULL;
    struct hf_sev_session_spec spec = {.z = zero, .tek = zero, .tik = zero};
    struct hf_sev_session s, read;
    uint8_t want[16], wrap[32], blob[HF_SEV_SESSION_SIZE];

    OK(hf_sev_session_keys(zero, spec.nonce, &master, &kek, &kik));
    bytes_of("ab4d269fcc62bedb4511d56c386ce706", want, 16);
    CHECK(hf_secret_equal(master, HF_BYTES_OF(want)));
    bytes_of("b6abfbfb75ea1ea74ed8750b8afdb973", want, 16);
    CHECK(hf_secret_equal(kek, HF_BYTES_OF(want)));
    bytes_of("53b524bf5669a363f365c864acba8572", want, 16);
    CHECK(hf_secret_equal(kik, HF_BYTES_OF(want)));
    OK(hf_sev_session_make(&spec, &s));
    bytes_of("2137bc7f9bb8bd7c3e55a576a15d3454b3856b8ba27afadf46dcfee9f02c02c4", wrap, 32);
    CHECK(memcmp(s.wrap_tk, wrap, 32) == 0);
    bytes_of("3176c0752738bd9d5e86689534020f528c088f16238826b000b327dee6aeed7d", wrap, 32);
    CHECK(memcmp(s.wrap_mac, wrap, 32) == 0);
    bytes_of("aa7855e13839dd767cd5da7c1ff5036540c9264b7a803029315e55375287b4af", wrap, 32);
    CHECK(memcmp(s.policy_mac, wrap, 32) == 0);
    hf_sev_session_write(&s, blob);
    OK(hf_sev_session_parse(HF_BYTES_OF(blob), &read));
    OK(hf_sev_session_open(zero, &read, 0, &tek, &tik));
    CHECK(hf_secret_equal(tek, hf_secret_expose(zero)) && hf_secret_equal(tik, hf_secret_expose(zero)));
    FAILS(hf_sev_session_parse((struct hf_bytes){blob, 127}, &read), HF_E_TRUNCATED);
    for (size_t i = 0; i < sizeof(blob); i++) {
        HF_CLEANUP(hf_secret_free) struct hf_secret *e = NULL, *t = NULL;

        blob[i] ^= 1;
        OK(hf_sev_session_parse(HF_BYTES_OF(blob), &read));
        FAILS(hf_sev_session_open(zero, &read, 0, &e, &t), HF_E_INTEGRITY);
        blob[i] ^= 1;
    }
}

TEST(both_sides_of_a_session_agree)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *pdh = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *scalar = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *z = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *tek = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *tik = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *tek2 = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *tik2 = NULL;
    struct hf_sev_session session;
    struct hf_point owner;

    OK(hf_privkey_generate_ec(HF_P384, &pdh));
    OK(hf_sev_session_start(hf_privkey_public(pdh), 5, &owner, &session, &tek, &tik));
    OK(hf_privkey_scalar(pdh, &scalar));
    OK(hf_ecdh_scalar(scalar, &owner, &z));
    CHECK(hf_secret_expose(z).n == 48);
    FAILS(hf_sev_session_open(z, &session, 1, &tek2, &tik2), HF_E_INTEGRITY);
    OK(hf_sev_session_open(z, &session, 5, &tek2, &tik2));
    CHECK(hf_secret_equal(tek2, hf_secret_expose(tek)) && hf_secret_equal(tik2, hf_secret_expose(tik)));
    CHECK(!hf_secret_equal(tek, hf_secret_expose(tik)));
}

static const uint8_t guid[16] = {0xe5, 0x69, 0x68, 0x73, 0xf0, 0x84, 0x73, 0x49,
                                 0x92, 0xec, 0x06, 0x87, 0x9c, 0xe3, 0xda, 0x0b};

TEST(a_secret_is_sealed_and_opened)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *tek = secret_of("000102030405060708090a0b0c0d0e0f");
    HF_CLEANUP(hf_secret_free) struct hf_secret *tik = secret_of("101112131415161718191a1b1c1d1e1f");
    HF_CLEANUP(hf_secret_free) struct hf_secret *brief = secret_of("1011");
    HF_CLEANUP(hf_buf_free) struct hf_buf payload = {0};
    uint8_t measure[32] = {7}, head[HF_SEV_SECRET_HEADER_SIZE];
    struct hf_sev_secret_spec spec = {.tek = tek, .tik = tik, .measure = measure, .iv = {9}};
    struct hf_sev_secret_entry entry = {.data = hf_bytes_text("swordfish")}, read;
    struct hf_sev_secret_header header, again;
    struct hf_bytes entries;

    memcpy(entry.guid, guid, sizeof(guid));
    OK(hf_sev_secret_table_write(&entry, 1, &payload));
    CHECK(payload.n % 16 == 0);
    OK(hf_sev_secret_seal(&spec, payload.p, payload.n, &header));
    FAILS(hf_sev_secret_table_open(hf_buf_bytes(&payload), &entries), HF_E_FORMAT);
    hf_sev_secret_header_write(&header, head);
    OK(hf_sev_secret_header_parse(HF_BYTES_OF(head), &again));
    for (size_t i = 0; i < sizeof(head); i++) {
        head[i] ^= 1;
        OK(hf_sev_secret_header_parse(HF_BYTES_OF(head), &again));
        FAILS(hf_sev_secret_open(&spec, &again, payload.p, payload.n), HF_E_INTEGRITY);
        head[i] ^= 1;
    }
    measure[0]++;
    FAILS(hf_sev_secret_open(&spec, &header, payload.p, payload.n), HF_E_INTEGRITY);
    measure[0]--;
    spec.measure = NULL;
    FAILS(hf_sev_secret_open(&spec, &header, payload.p, payload.n), HF_E_INTEGRITY);
    spec.measure = measure;
    spec.tek = brief;
    FAILS(hf_sev_secret_open(&spec, &header, payload.p, payload.n), HF_E_ARG);
    spec.tek = tek;
    OK(hf_sev_secret_open(&spec, &header, payload.p, payload.n));
    OK(hf_sev_secret_table_open(hf_buf_bytes(&payload), &entries));
    OK(hf_sev_secret_table_next(&entries, &read));
    CHECK_BYTES(read.data, entry.data);
    FAILS(hf_sev_secret_table_next(&entries, &read), HF_E_NOT_FOUND);
}

TEST(tables_that_do_not_fit_are_refused)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t to;
        hf_err want;
    } cases[] = {
        {"another GUID", 0, 0, HF_E_FORMAT},
        {"a size below its header", 16, 19, HF_E_FORMAT},
        {"a size past the end", 16, 200, HF_E_TRUNCATED},
        {"a block too many", 16, 20, HF_E_TRAILING},
        {"padding that is not zero", 63, 1, HF_E_FORMAT},
        {"an entry below its header", 36, 19, HF_E_FORMAT},
        {"an entry past the end", 36, 40, HF_E_TRUNCATED},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf table = {0};
        struct hf_sev_secret_entry entry = {.data = hf_bytes_text("swordfish")}, read;
        struct hf_bytes entries;
        hf_err err;

        CASE(cases[i].name);
        OK(hf_sev_secret_table_write(&entry, 1, &table));
        CHECK(table.n == 64);
        table.p[cases[i].at] = cases[i].to;
        err = hf_sev_secret_table_open(hf_buf_bytes(&table), &entries);
        if (err == HF_OK)
            err = hf_sev_secret_table_next(&entries, &read);
        FAILS(err, cases[i].want);
    }
}

/* ---- the vectors ---- */

static struct hf_secret *secret_file(const char *name)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    struct hf_secret *s = NULL;
    char path[256];

    (void)snprintf(path, sizeof(path), "evidence/%s", name);
    vector(path, &bytes);
    OK(hf_secret_new(hf_buf_bytes(&bytes), &s));
    return s;
}

static void word(const char *at, char *place, size_t size)
{
    struct hf_bytes w = at ? json_word(at) : (struct hf_bytes){0};

    (void)snprintf(place, size, "%.*s", (int)w.n, (const char *)w.p);
}

static void check_measure(const char *at)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *tik = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf want = {0};
    struct hf_sev_launch l = {.api_major = (uint8_t)json_number(json_key(at, "api_major")),
                              .api_minor = (uint8_t)json_number(json_key(at, "api_minor")),
                              .build = (uint8_t)json_number(json_key(at, "build_id"))};
    uint8_t measure[48];
    char text[256];

    word(json_key(at, "policy"), text, sizeof(text));
    l.policy = (uint32_t)strtoul(text, NULL, 16);
    word(json_key(at, json_key(at, "launch_digest") ? "launch_digest" : "digest"), text, sizeof(text));
    bytes_of(text, l.digest, sizeof(l.digest));
    word(json_key(at, "mnonce"), text, sizeof(text));
    bytes_of(text, l.mnonce, sizeof(l.mnonce));
    word(json_key(at, "tik"), text, sizeof(text));
    tik = strstr(text, ".bin") ? secret_file(text) : secret_of(text);
    OK(hf_sev_launch_measure(&l, tik, measure));
    memcpy(measure + 32, l.mnonce, 16);
    if (json_key(at, "expected_b64_measure_and_nonce")) {
        struct hf_sev_measure m;

        OK(hf_base64_parse(json_word(json_key(at, "expected_b64_measure_and_nonce")), &want));
        CHECK_BYTES(HF_BYTES_OF(measure), hf_buf_bytes(&want));
        OK(hf_sev_measure_parse(hf_buf_bytes(&want), &m));
        OK(hf_sev_launch_check(&l, tik, m.measure));
    } else {
        OK(hf_hex_parse(json_word(json_key(at, "measure")), &want));
        CHECK_BYTES(((struct hf_bytes){measure, 32}), hf_buf_bytes(&want));
    }
}

TEST(real_measurements_are_recomputed)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf list = {0};
    const char *all;
    size_t n = 0;

    NEED_VECTORS();
    all = vector_text("evidence/sev/cases.json", &list);
    for (const char *at = json_first(json_key(all, "launch_measure")); at; at = json_next(at), n++) {
        CASE((const char *)json_word(json_key(at, "id")).p);
        check_measure(at);
    }
    CHECK(n == 5);
}

TEST(launch_digests_are_hashes_of_what_was_loaded)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf ovmf = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf vmsa0 = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf vmsa1 = {0};
    struct hf_digest digest;
    uint8_t want[32];

    NEED_VECTORS();
    vector("evidence/sev/sevctl/ovmf-trimmed.fd", &ovmf);
    vector("evidence/sev/sevctl/vmsa0.bin", &vmsa0);
    vector("evidence/sev/sevctl/vmsa1.bin", &vmsa1);
    OK(hf_hash_one(HF_SHA256, hf_buf_bytes(&ovmf), &digest));
    bytes_of("2f6fc6065f4abc131eb4fb2b5090a542636eae84a94c0db0fdd5f405cb372ff5", want, 32);
    CHECK_BYTES(hf_digest_bytes(&digest), HF_BYTES_OF(want));
    OK(hf_hash(HF_SHA256,
               (struct hf_bytes[]){hf_buf_bytes(&ovmf), hf_buf_bytes(&vmsa0), hf_buf_bytes(&vmsa1),
                                   hf_buf_bytes(&vmsa1), hf_buf_bytes(&vmsa1)},
               5, &digest));
    bytes_of("847b5ab6db136ea67dc5a95478ebe7e5ebbe93e9e74bdb1284165f9007a4e367", want, 32);
    CHECK_BYTES(hf_digest_bytes(&digest), HF_BYTES_OF(want));
}

/* "736869e5-84f0-4973-..." into the order in which it is stored. */
static void guid_of(const char *text, uint8_t out[16])
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    char hex[33];
    uint8_t raw[16];
    size_t n = 0;

    for (; *text; text++) {
        if (*text != '-' && n < 32)
            hex[n++] = *text;
    }
    hex[n] = 0;
    bytes_of(hex, raw, sizeof(raw));
    for (size_t i = 0; i < 16; i++)
        out[i] = raw[order[i]];
}

static void check_secret(const char *at)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *tek = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *tik = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf payload = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf want = {0};
    struct hf_buf data[4] = {{0}};
    struct hf_sev_secret_entry entries[4] = {{{0}, {0}}};
    struct hf_sev_secret_spec spec = {0};
    struct hf_sev_secret_header header;
    uint8_t head[HF_SEV_SECRET_HEADER_SIZE], measure[32];
    char text[256];
    size_t n = 0;

    for (const char *e = json_first(json_key(at, "entries")); e; e = json_next(e), n++) {
        char path[300];

        word(json_first(e), text, sizeof(text));
        guid_of(text, entries[n].guid);
        word(json_next(json_first(e)), text, sizeof(text));
        (void)snprintf(path, sizeof(path), "evidence/%s", text);
        vector(path, &data[n]);
        entries[n].data = hf_buf_bytes(&data[n]);
    }
    word(json_key(at, "tek"), text, sizeof(text));
    spec.tek = tek = secret_file(text);
    word(json_key(at, "tik"), text, sizeof(text));
    spec.tik = tik = secret_file(text);
    word(json_key(at, "iv"), text, sizeof(text));
    bytes_of(text, spec.iv, sizeof(spec.iv));
    word(json_key(at, "measure"), text, sizeof(text));
    bytes_of(text, measure, sizeof(measure));
    spec.measure = measure;
    OK(hf_sev_secret_table_write(entries, n, &payload));
    OK(hf_sev_secret_seal(&spec, payload.p, payload.n, &header));
    hf_sev_secret_header_write(&header, head);
    OK(hf_base64_parse(json_word(json_key(at, "expected_header_b64")), &want));
    CHECK_BYTES(HF_BYTES_OF(head), hf_buf_bytes(&want));
    hf_buf_free(&want);
    OK(hf_base64_parse(json_word(json_key(at, "expected_payload_b64")), &want));
    CHECK_BYTES(hf_buf_bytes(&payload), hf_buf_bytes(&want));
    OK(hf_sev_secret_open(&spec, &header, payload.p, payload.n));
    for (size_t i = 0; i < HF_COUNT(data); i++)
        hf_buf_free(&data[i]);
}

TEST(real_secrets_are_rebuilt)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf list = {0};
    const char *all;
    size_t n = 0;

    NEED_VECTORS();
    all = vector_text("evidence/sev/cases.json", &list);
    for (const char *at = json_first(json_key(all, "launch_secret")); at; at = json_next(at), n++)
        check_secret(at);
    CHECK(n == 2);
}

TESTS(RUN(a_measurement_has_its_known_answer), RUN(a_session_has_its_known_answer_and_opens_again),
      RUN(both_sides_of_a_session_agree), RUN(a_secret_is_sealed_and_opened), RUN(tables_that_do_not_fit_are_refused),
      RUN(real_measurements_are_recomputed), RUN(launch_digests_are_hashes_of_what_was_loaded),
      RUN(real_secrets_are_rebuilt))

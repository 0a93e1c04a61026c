/* tpm/public.c, sensitive.c, attest.c, marshal.c: strict, and of one mind with libtss2-mu and a TPM. */
#include "base/alloc.h"
#include "base/reader.h"
#include "base/writer.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "software_tpm.h"
#include "test.h"
#include "tpm/transport.h"
#include "tpm/types.h"
#include "vectors.h"

#include <tss2/tss2_mu.h>

/* The keyfile/systemd template of a storage root key: ECC P-256, AES-128-CFB, empty unique. */
static const uint8_t srk[] = {
    0x00, 0x23, 0x00, 0x0b, 0x00, 0x03, 0x04, 0x72, 0x00, 0x00, 0x00, 0x06, 0x00,
    0x80, 0x00, 0x43, 0x00, 0x10, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
};
/* An RSA signing key: RSASSA-SHA256, 2048 bits, exponent 65537 by default, empty modulus. */
static const uint8_t rsa[] = {
    0x00, 0x01, 0x00, 0x0b, 0x00, 0x04, 0x00, 0x72, 0x00, 0x00, 0x00, 0x10,
    0x00, 0x14, 0x00, 0x0b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};
/* An HMAC key and an AES key. */
static const uint8_t hmac[] = {0x00, 0x08, 0x00, 0x0b, 0x00, 0x04, 0x00, 0x72,
                               0x00, 0x00, 0x00, 0x05, 0x00, 0x0b, 0x00, 0x00};
static const uint8_t aes[] = {0x00, 0x25, 0x00, 0x0b, 0x00, 0x06, 0x00, 0x72, 0x00,
                              0x00, 0x00, 0x06, 0x01, 0x00, 0x00, 0x43, 0x00, 0x00};

static const struct hf_bytes whole[] = {
    {srk, sizeof(srk)}, {rsa, sizeof(rsa)}, {hmac, sizeof(hmac)}, {aes, sizeof(aes)}};

TEST(a_public_area_writes_as_it_was_read)
{
    for (size_t i = 0; i < HF_COUNT(whole); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        TPMT_PUBLIC pub;

        OK(hf_tpm_public_parse(whole[i], &pub));
        OK(hf_tpm_public_write(&pub, &again));
        CHECK_BYTES(hf_buf_bytes(&again), whole[i]);
    }
}

TEST(a_public_area_is_whole_and_alone)
{
    for (size_t i = 0; i < HF_COUNT(whole); i++) {
        uint8_t longer[64] = {0};
        TPMT_PUBLIC pub = {.type = 77};

        for (size_t n = 0; n < whole[i].n; n++)
            FAILS(hf_tpm_public_parse((struct hf_bytes){whole[i].p, n}, &pub), HF_E_TRUNCATED);
        memcpy(longer, whole[i].p, whole[i].n);
        FAILS(hf_tpm_public_parse((struct hf_bytes){longer, whole[i].n + 1}, &pub), HF_E_TRAILING);
        CHECK_DETAIL("TPMT_PUBLIC: 1 bytes are left over");
        CHECK(pub.type == 77); /* written on success only */
    }
}

TEST(values_that_the_specification_does_not_have_are_refused)
{
    static const struct {
        const char *name;
        struct hf_bytes in;
        size_t at; /* two bytes are replaced */
        uint16_t by;
        hf_err want;
    } cases[] = {
        {"an unknown type", {srk, sizeof(srk)}, 0, 0x0024, HF_E_UNSUPPORTED},
        {"an unknown nameAlg", {srk, sizeof(srk)}, 2, 0x0099, HF_E_UNSUPPORTED},
        {"no nameAlg", {srk, sizeof(srk)}, 2, 0x0010, HF_OK},
        {"reserved attribute 31", {srk, sizeof(srk)}, 4, 0x8003, HF_E_FORMAT},
        {"reserved attribute 0", {srk, sizeof(srk)}, 6, 0x0473, HF_E_FORMAT},
        {"reserved attribute 3", {srk, sizeof(srk)}, 6, 0x047a, HF_E_FORMAT},
        {"attribute firmwareLimited", {srk, sizeof(srk)}, 6, 0x0572, HF_OK},
        {"a policy of one byte", {srk, sizeof(srk)}, 8, 0x0001, HF_E_FORMAT},
        {"a policy longer than any", {srk, sizeof(srk)}, 8, 0x0041, HF_E_FORMAT},
        {"an unknown cipher", {srk, sizeof(srk)}, 10, 0x0007, HF_E_UNSUPPORTED},
        {"AES with 64 bits", {srk, sizeof(srk)}, 12, 0x0040, HF_E_UNSUPPORTED},
        {"an unknown mode", {srk, sizeof(srk)}, 14, 0x0045, HF_E_UNSUPPORTED},
        {"an RSA scheme on a curve", {srk, sizeof(srk)}, 16, 0x0015, HF_E_UNSUPPORTED},
        {"an unknown curve", {srk, sizeof(srk)}, 18, 0x0006, HF_E_UNSUPPORTED},
        {"an unknown KDF", {srk, sizeof(srk)}, 20, 0x0023, HF_E_UNSUPPORTED},
        {"x longer than the curve", {srk, sizeof(srk)}, 22, 0x0021, HF_E_FORMAT},
        {"y beyond the end", {srk, sizeof(srk)}, 24, 0x0020, HF_E_TRUNCATED},
        {"an ECC scheme on RSA", {rsa, sizeof(rsa)}, 12, 0x0018, HF_E_UNSUPPORTED},
        {"no hash in the scheme", {rsa, sizeof(rsa)}, 14, 0x0010, HF_E_UNSUPPORTED},
        {"1000 bits", {rsa, sizeof(rsa)}, 16, 1000, HF_E_UNSUPPORTED},
        {"no bits", {rsa, sizeof(rsa)}, 16, 0, HF_E_UNSUPPORTED},
        {"65,535 bits", {rsa, sizeof(rsa)}, 16, 0xffff, HF_E_UNSUPPORTED},
        {"exponent 1", {rsa, sizeof(rsa)}, 20, 1, HF_E_FORMAT},
        {"an even exponent", {rsa, sizeof(rsa)}, 20, 4, HF_E_FORMAT},
        {"exponent 3", {rsa, sizeof(rsa)}, 20, 3, HF_OK},
        {"a modulus longer than its bits", {rsa, sizeof(rsa)}, 22, 257, HF_E_FORMAT},
        {"an unknown keyed hash scheme", {hmac, sizeof(hmac)}, 10, 0x0006, HF_E_UNSUPPORTED},
        {"a unique longer than a digest", {hmac, sizeof(hmac)}, 14, 65, HF_E_FORMAT},
        {"AES with 257 bits", {aes, sizeof(aes)}, 12, 257, HF_E_UNSUPPORTED},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t in[64];
        TPMT_PUBLIC pub;

        CASE(cases[i].name);
        memcpy(in, cases[i].in.p, cases[i].in.n);
        in[cases[i].at] = (uint8_t)(cases[i].by >> 8);
        in[cases[i].at + 1] = (uint8_t)cases[i].by;
        FAILS(hf_tpm_public_parse((struct hf_bytes){in, cases[i].in.n}, &pub), cases[i].want);
    }
}

/* The size fields of a structure are not followed out of it, in writing either. */
TEST(a_structure_that_is_not_valid_is_not_written)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    TPMT_PUBLIC pub;
    TPMS_ATTEST attest = {.magic = TPM2_GENERATED_VALUE, .type = TPM2_ST_ATTEST_QUOTE};

    OK(hf_tpm_public_parse(HF_BYTES_OF(rsa), &pub));
    pub.parameters.rsaDetail.keyBits = 0xffff;
    pub.unique.rsa.size = 8191;
    FAILS(hf_tpm_public_write(&pub, &out), HF_E_UNSUPPORTED);
    OK(hf_tpm_public_parse(HF_BYTES_OF(srk), &pub));
    pub.authPolicy.size = 0xffff;
    FAILS(hf_tpm_public_write(&pub, &out), HF_E_FORMAT);
    attest.attested.quote.pcrSelect.count = 1000;
    FAILS(hf_tpm_attest_write(&attest, &out), HF_E_FORMAT);
    CHECK(out.n == 0);
}

static const char *const public_files[] = {
    "tpm/own-swtpm/ak-ecc256-ecdsa.pub",
    "tpm/own-swtpm/ak-ecc384-ecdsa.pub",
    "tpm/own-swtpm/ak-ecc521-ecdsa.pub",
    "tpm/own-swtpm/ak-rsa2048-rsapss.pub",
    "tpm/own-swtpm/ak-rsa2048-rsassa.pub",
    "tpm/own-swtpm/ak-rsa3072-rsassa.pub",
    "tpm/own-swtpm/ek-ecc.pub",
    "tpm/own-swtpm/ek-rsa.pub",
    "tpm/own-swtpm/seal.pub",
    "tpm/own-swtpm/sealpcr7.pub",
    "tpm/own-swtpm/tools-ecc256.pub",
    "tpm/own-swtpm-ek/ek-ecc384.tpm2b.pub",
    "tpm/own-swtpm-ek/ek-rsa.tpm2b.pub",
};

static const char *const keys[] = {"ecc256-ecdsa",   "ecc384-ecdsa",   "ecc521-ecdsa",
                                   "rsa2048-rsapss", "rsa2048-rsassa", "rsa3072-rsassa"};

/* The inside of a file that holds a TPM2B_PUBLIC. */
static struct hf_bytes inside(const char *name, struct hf_buf *file)
{
    struct hf_reader r;
    struct hf_bytes in;

    vector(name, file);
    r = hf_reader(hf_buf_bytes(file));
    in = hf_rd_view(&r, hf_rd_u16be(&r));
    OK(hf_rd_end(&r));
    return in;
}

/* Part 1, 16.7: the Qualified Name of a child. */
static struct hf_tpm_name qualified(struct hf_bytes parent, const struct hf_tpm_name *name)
{
    const struct hf_bytes parts[] = {parent, hf_tpm_name_bytes(name)};
    struct hf_tpm_name qn = *name;
    struct hf_digest digest;

    OK(hf_hash((enum hf_hash_alg)(name->bytes[0] << 8 | name->bytes[1]), parts, 2, &digest));
    CHECK(digest.n + 2 == name->n);
    memcpy(qn.bytes + 2, digest.bytes, digest.n);
    return qn;
}

/* Every byte changed in three ways: what we accept, libtss2-mu accepts and writes as the same bytes. */
static void compare_with_mu(struct hf_bytes in)
{
    for (size_t i = 0; i < 3 * in.n; i++) {
        static const uint8_t changes[] = {0x01, 0x80, 0xff};
        uint8_t changed[1024];
        uint8_t written[1024];
        size_t used = 0;
        size_t n = 0;
        TPMT_PUBLIC ours;
        TPMT_PUBLIC theirs = {0};
        hf_err err;

        CHECK(in.n <= sizeof(changed));
        memcpy(changed, in.p, in.n);
        changed[i / 3] ^= changes[i % 3];
        err = hf_tpm_public_parse((struct hf_bytes){changed, in.n}, &ours);
        if (err != HF_OK) {
            CHECK(err == HF_E_FORMAT || err == HF_E_UNSUPPORTED || err == HF_E_TRUNCATED || err == HF_E_TRAILING);
            continue;
        }
        CHECK(Tss2_MU_TPMT_PUBLIC_Unmarshal(changed, in.n, &used, &theirs) == TSS2_RC_SUCCESS && used == in.n);
        CHECK(Tss2_MU_TPMT_PUBLIC_Marshal(&ours, written, sizeof(written), &n) == TSS2_RC_SUCCESS);
        CHECK(n == in.n && memcmp(written, changed, n) == 0);
    }
}

TEST(public_areas_of_real_keys_are_read_as_libtss2_reads_them)
{
    NEED_VECTORS();
    (void)setenv("TSS2_LOG", "all+none", 1); /* libtss2-mu tells stderr what it refuses */
    for (size_t i = 0; i < HF_COUNT(public_files); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        struct hf_bytes in;
        TPMT_PUBLIC ours;
        TPMT_PUBLIC theirs = {0};
        size_t used = 0;

        CASE(public_files[i]);
        in = inside(public_files[i], &file);
        OK(hf_tpm_public_parse(in, &ours));
        CHECK(Tss2_MU_TPMT_PUBLIC_Unmarshal(in.p, in.n, &used, &theirs) == TSS2_RC_SUCCESS);
        CHECK(memcmp(&ours, &theirs, sizeof(ours)) == 0);
        OK(hf_tpm_public_write(&ours, &again));
        CHECK_BYTES(hf_buf_bytes(&again), in);
        compare_with_mu(in);
    }
}

/* The Name of the storage root key that signed nothing but is the parent: tpm2-tools' template, and the
 * point at the end of its SubjectPublicKeyInfo. */
static void srk_name(struct hf_tpm_name *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    TPMT_PUBLIC pub;
    TPMS_ECC_POINT *point = &pub.unique.ecc;

    vector("tpm/own-swtpm/srk.pem", &file);
    OK(hf_pem_find(hf_buf_bytes(&file), "PUBLIC KEY", &der));
    CHECK(der.n == 91);
    OK(hf_tpm_public_parse(HF_BYTES_OF(srk), &pub));
    pub.objectAttributes &= ~TPMA_OBJECT_NODA;
    point->x.size = 32;
    memcpy(point->x.buffer, der.p + 27, 32);
    point->y.size = 32;
    memcpy(point->y.buffer, der.p + 59, 32);
    OK(hf_tpm_public_write(&pub, &area));
    OK(hf_tpm_public_name(hf_buf_bytes(&area), out));
}

/* A quote carries the signer's Qualified Name: hashed by the TPM over Names of its own making. */
TEST(names_are_those_that_quotes_carry)
{
    const struct hf_tpm_entity owner = hf_tpm_entity_plain(TPM2_RH_OWNER);
    struct hf_tpm_name parent;

    NEED_VECTORS();
    srk_name(&parent);
    parent = qualified(hf_tpm_name_bytes(&owner.name), &parent);
    for (size_t i = 0; i < HF_COUNT(keys); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
        struct hf_tpm_name ak;
        TPMS_ATTEST attest;
        char name[128];

        CASE(keys[i]);
        (void)snprintf(name, sizeof(name), "tpm/own-swtpm/ak-%s.pub", keys[i]);
        OK(hf_tpm_public_name(inside(name, &file), &ak));
        ak = qualified(hf_tpm_name_bytes(&parent), &ak);
        (void)snprintf(name, sizeof(name), "tpm/own-swtpm/ak-%s.quote.msg", keys[i]);
        vector(name, &file);
        OK(hf_tpm_attest_parse(hf_buf_bytes(&file), &attest));
        CHECK_BYTES(((struct hf_bytes){attest.qualifiedSigner.name, attest.qualifiedSigner.size}),
                    hf_tpm_name_bytes(&ak));
    }
}

TEST(attestations_and_signatures_are_read_whole)
{
    NEED_VECTORS();
    for (size_t i = 0; i < 2 * HF_COUNT(keys); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        const char *quote = i % 2 ? "q2" : "quote";
        TPMS_ATTEST attest;
        TPMT_SIGNATURE sig;
        char name[128];

        CASE(keys[i / 2]);
        (void)snprintf(name, sizeof(name), "tpm/own-swtpm/ak-%s.%s.msg", keys[i / 2], quote);
        vector(name, &file);
        OK(hf_tpm_attest_parse(hf_buf_bytes(&file), &attest));
        CHECK(attest.type == TPM2_ST_ATTEST_QUOTE && attest.attested.quote.pcrSelect.count == 2);
        OK(hf_tpm_attest_write(&attest, &again));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&file));
        for (size_t n = 0; n < file.n; n++)
            CHECK(hf_tpm_attest_parse((struct hf_bytes){file.p, n}, &attest) != HF_OK);
        (void)snprintf(name, sizeof(name), "tpm/own-swtpm/ak-%s.%s.sig", keys[i / 2], quote);
        vector(name, &file);
        OK(hf_tpm_signature_parse(hf_buf_bytes(&file), &sig));
        hf_buf_free(&again);
        OK(hf_tpm_signature_write(&sig, &again));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&file));
        for (size_t n = 0; n < file.n; n++)
            CHECK(hf_tpm_signature_parse((struct hf_bytes){file.p, n}, &sig) != HF_OK);
    }
}

TEST(forged_attestations_are_refused)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    TPMS_ATTEST attest;

    NEED_VECTORS();
    vector("tpm/own-negative/badmagic.msg", &file);
    FAILS(hf_tpm_attest_parse(hf_buf_bytes(&file), &attest), HF_E_FORMAT);
    CHECK_DETAIL("magic is 0xdeadbeef");
    vector("tpm/own-negative/badtype.msg", &file);
    CHECK(hf_tpm_attest_parse(hf_buf_bytes(&file), &attest) != HF_OK);
}

TEST(attestations_of_every_type_pass_and_others_do_not)
{
    static const uint16_t types[] = {TPM2_ST_ATTEST_NV,      TPM2_ST_ATTEST_COMMAND_AUDIT, TPM2_ST_ATTEST_SESSION_AUDIT,
                                     TPM2_ST_ATTEST_CERTIFY, TPM2_ST_ATTEST_QUOTE,         TPM2_ST_ATTEST_TIME,
                                     TPM2_ST_ATTEST_CREATION};

    for (uint32_t type = 0; type <= 0xffff; type++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        TPMS_ATTEST attest = {.magic = TPM2_GENERATED_VALUE, .type = (uint16_t)type};
        TPMS_ATTEST again;
        bool known = false;

        for (size_t i = 0; i < HF_COUNT(types); i++)
            known |= types[i] == type;
        if (type == TPM2_ST_ATTEST_COMMAND_AUDIT)
            attest.attested.commandAudit.digestAlg = TPM2_ALG_SHA256;
        if (!known) {
            FAILS(hf_tpm_attest_write(&attest, &out), HF_E_UNSUPPORTED);
            continue;
        }
        OK(hf_tpm_attest_write(&attest, &out));
        OK(hf_tpm_attest_parse(hf_buf_bytes(&out), &again));
        CHECK(memcmp(&attest, &again, sizeof(again)) == 0);
        out.p[26] = 2; /* clockInfo.safe: neither yes nor no */
        FAILS(hf_tpm_attest_parse(hf_buf_bytes(&out), &again), HF_E_FORMAT);
    }
}

/* Bytes in hex, and what a parser says of them; what it accepts is written as the same. */
#define PARSER_ROWS(kind, type)                                        \
    static hf_err try_##kind(struct hf_bytes in, struct hf_buf *again) \
    {                                                                  \
        type value;                                                    \
                                                                       \
        HF_TRY(hf_tpm_##kind##_parse(in, &value));                     \
        return hf_tpm_##kind##_write(&value, again);                   \
    }
PARSER_ROWS(pcr_selection, TPML_PCR_SELECTION)
PARSER_ROWS(signature, TPMT_SIGNATURE)
PARSER_ROWS(sym_object, TPMT_SYM_DEF_OBJECT)
PARSER_ROWS(creation_data, TPMS_CREATION_DATA)
PARSER_ROWS(nv_public, TPMS_NV_PUBLIC)
PARSER_ROWS(id_object, struct hf_tpm_id_object)

static hf_err try_sensitive(struct hf_bytes in, struct hf_buf *again)
{
    HF_CLEANUP(hf_tpm_sensitive_wipe) TPMT_SENSITIVE value;
    HF_CLEANUP(hf_secret_free) struct hf_secret *out = NULL;

    memset(&value, 0, sizeof(value));
    HF_TRY(hf_tpm_sensitive_parse(in, &value));
    HF_TRY(hf_tpm_sensitive_write(&value, &out));
    return hf_buf_add(again, hf_secret_expose(out));
}

#define D20 "0101010101010101010101010101010101010101"
#define D32 D20 "020202020202020202020202"
#define NAME256 "0022000b" D32

TEST(other_structures_are_read_strictly)
{
    static const struct {
        const char *name;
        hf_err (*parse)(struct hf_bytes in, struct hf_buf *again);
        const char *hex;
        hf_err want;
    } cases[] = {
        {"no PCR bank", try_pcr_selection, "00000000", HF_OK},
        {"two PCR banks", try_pcr_selection, "00000002000b03810000000402ffff", HF_OK},
        {"17 PCR banks", try_pcr_selection, "00000011", HF_E_FORMAT},
        {"a bank too few", try_pcr_selection, "00000002000b03810000", HF_E_TRUNCATED},
        {"a bank too many", try_pcr_selection, "00000001000b03810000000402ffff", HF_E_TRAILING},
        {"a selection of no bytes", try_pcr_selection, "00000001000b00", HF_E_FORMAT},
        {"a selection of five bytes", try_pcr_selection, "00000001000b050000000000", HF_E_FORMAT},
        {"a bank of no hash", try_pcr_selection,
         "000000010010"
         "03810000",
         HF_E_UNSUPPORTED},
        {"no signature", try_signature, "0010", HF_OK},
        {"an HMAC", try_signature, "0005000b" D32, HF_OK},
        {"an HMAC of another size", try_signature, "0005000b" D20, HF_E_TRUNCATED},
        {"an ECDSA signature", try_signature, "0018000b0001aa0001bb", HF_OK},
        {"an RSA signature with no hash", try_signature, "001400100001aa", HF_E_UNSUPPORTED},
        {"an RSA signature of 513 bytes", try_signature, "0014000b0201", HF_E_FORMAT},
        {"r of 129 bytes", try_signature, "0018000b0081", HF_E_FORMAT},
        {"an unknown signature", try_signature, "0099000b0001aa", HF_E_UNSUPPORTED},
        {"AES-256-CFB", try_sym_object, "000601000043", HF_OK},
        {"no cipher", try_sym_object, "0010", HF_OK},
        {"no cipher, but a size", try_sym_object, "00100080", HF_E_TRAILING},
        {"XOR", try_sym_object, "000a000b", HF_E_TRUNCATED},
        {"SM4 with 256 bits", try_sym_object, "001301000043", HF_E_UNSUPPORTED},
        {"creation data", try_creation_data,
         "00000000"
         "0020" D32 "01"
         "000b" NAME256 NAME256 "0002abcd",
         HF_OK},
        {"creation data of a primary", try_creation_data,
         "00000000"
         "0020" D32 "01"
         "0010"
         "000440000001"
         "000440000001"
         "0000",
         HF_OK},
        {"a Name of another size", try_creation_data,
         "00000000"
         "0020" D32 "01"
         "000b"
         "0016000b" D20 "0000"
         "0000",
         HF_E_FORMAT},
        {"a Name of one byte", try_creation_data,
         "00000000"
         "0000"
         "01"
         "000b"
         "000100"
         "0000"
         "0000",
         HF_E_FORMAT},
        {"an unknown parent algorithm", try_creation_data,
         "00000000"
         "0000"
         "01"
         "0099"
         "0000"
         "0000"
         "0000",
         HF_E_UNSUPPORTED},
        {"an NV index", try_nv_public,
         "01800001000b000400040000"
         "0020",
         HF_OK},
        {"an NV index with a policy", try_nv_public,
         "01800001000b00040004"
         "0020" D32 "0800",
         HF_OK},
        {"a handle of an object", try_nv_public,
         "81800001000b000400040000"
         "0020",
         HF_E_FORMAT},
        {"a reserved NV attribute", try_nv_public,
         "01800001000b001400040000"
         "0020",
         HF_E_FORMAT},
        {"an unknown NV type", try_nv_public,
         "01800001000b000400340000"
         "0020",
         HF_E_FORMAT},
        {"an NV index with no hash", try_nv_public,
         "018000010010000400040000"
         "0020",
         HF_E_UNSUPPORTED},
        {"an NV policy of another size", try_nv_public,
         "01800001000b00040004"
         "0014" D20 "0800",
         HF_E_FORMAT},
        {"a credential", try_id_object,
         "0020" D32 "aabb"
         "cc",
         HF_OK},
        {"a credential of one byte", try_id_object, "0020" D32 "aa", HF_E_FORMAT},
        {"a credential longer than a digest", try_id_object, "0014" D20 D32 D32 "010203", HF_E_FORMAT},
        {"an HMAC of no hash", try_id_object,
         "0003aabbcc"
         "aabb",
         HF_E_FORMAT},
        {"an HMAC beyond the end", try_id_object, "0020" D20, HF_E_TRUNCATED},
        {"a sensitive area of RSA", try_sensitive,
         "0001"
         "0003010203"
         "0000"
         "0002c0c1",
         HF_OK},
        {"of sealed data", try_sensitive,
         "0008"
         "0000"
         "0020" D32 "0001ff",
         HF_OK},
        {"of AES", try_sensitive,
         "0025"
         "0000"
         "0000"
         "0020" D32,
         HF_OK},
        {"of an AES key of 33 bytes", try_sensitive,
         "0025"
         "0000"
         "0000"
         "0021" D32 "00",
         HF_E_FORMAT},
        {"of an unknown type", try_sensitive,
         "0024"
         "0000"
         "0000"
         "0000",
         HF_E_UNSUPPORTED},
        {"with an auth of 65 bytes", try_sensitive,
         "0008"
         "0041",
         HF_E_FORMAT},
        {"cut short", try_sensitive,
         "0008"
         "0000"
         "0000"
         "0002ff",
         HF_E_TRUNCATED},
        {"with something behind it", try_sensitive,
         "0008"
         "0000"
         "0000"
         "0001ff00",
         HF_E_TRAILING},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

        CASE(cases[i].name);
        OK(hf_hex_parse(hf_bytes_text(cases[i].hex), &in));
        FAILS(cases[i].parse(hf_buf_bytes(&in), &again), cases[i].want);
        if (cases[i].want == HF_OK)
            CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&in));
    }
}

TEST(a_name_is_the_algorithm_and_the_digest_or_nothing)
{
    uint8_t nameless[sizeof(srk)];
    struct hf_tpm_name name;
    struct hf_digest digest;
    struct hf_tpm_entity owner = hf_tpm_entity_plain(TPM2_RH_OWNER);

    OK(hf_tpm_public_name(HF_BYTES_OF(srk), &name));
    OK(hf_hash_one(HF_SHA256, HF_BYTES_OF(srk), &digest));
    CHECK(name.n == 34 && name.bytes[0] == 0 && name.bytes[1] == 0x0b);
    CHECK_BYTES(((struct hf_bytes){name.bytes + 2, 32}), hf_digest_bytes(&digest));
    memcpy(nameless, srk, sizeof(srk));
    nameless[3] = 0x10;
    OK(hf_tpm_public_name(HF_BYTES_OF(nameless), &name));
    CHECK(name.n == 0);
    CHECK(owner.handle == 0x40000001);
    CHECK_BYTES(hf_tpm_name_bytes(&owner.name), ((struct hf_bytes){(const uint8_t *)"\x40\0\0\x01", 4}));
}

/* A command with one password session of empty authorization. */
static struct hf_reader ask(struct hf_tpm_transport *t, uint32_t code, uint32_t handle, struct hf_bytes params,
                            struct hf_tpm_reply *reply)
{
    static const uint8_t password[] = {0x40, 0, 0, 9, 0, 0, 0, 0, 0};
    uint8_t command[512];
    struct hf_writer w = hf_writer(command, sizeof(command));
    struct hf_reader r;

    hf_wr_u16be(&w, TPM2_ST_SESSIONS);
    hf_wr_u32be(&w, (uint32_t)(10 + 4 + 4 + sizeof(password) + params.n));
    hf_wr_u32be(&w, code);
    hf_wr_u32be(&w, handle);
    hf_wr_u32be(&w, sizeof(password));
    hf_wr_bytes(&w, HF_BYTES_OF(password));
    hf_wr_bytes(&w, params);
    OK(hf_tpm_transport_transact(t, hf_wr_done(&w), 10000, reply));
    r = hf_reader((struct hf_bytes){reply->bytes, reply->n});
    hf_rd_skip(&r, 6);
    CHECK(hf_rd_u32be(&r) == 0);
    return r;
}

/* TPM2_CreatePrimary answers with a Name of its own making, and creation data whose hash it gives. */
TEST(a_tpm_gives_the_same_name_and_creation_hash)
{
    HF_CLEANUP(software_tpm_stop) struct software_tpm tpm = {0};
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    struct hf_tpm_reply reply;
    struct hf_reader r;
    struct hf_bytes pub;
    struct hf_bytes creation;
    struct hf_tpm_name name;
    struct hf_digest hash;
    TPMS_CREATION_DATA data;
    uint8_t params[64];
    struct hf_writer w = hf_writer(params, sizeof(params));

    if (!software_tpm_start(&tpm, SOFTWARE_TPM_UNIX))
        skip();
    OK(hf_tpm_transport_open(tpm.uri, NULL, NULL, &t));
    hf_wr_u16be(&w, 4); /* inSensitive: empty auth and data */
    hf_wr_u32be(&w, 0);
    hf_wr_b16(&w, HF_BYTES_OF(srk));
    hf_wr_u16be(&w, 0); /* outsideInfo */
    hf_wr_u32be(&w, 0); /* creationPCR */
    r = ask(t, TPM2_CC_CreatePrimary, TPM2_RH_OWNER, hf_wr_done(&w), &reply);
    hf_rd_skip(&r, 8); /* handle, parameterSize */
    pub = hf_rd_view(&r, hf_rd_u16be(&r));
    creation = hf_rd_view(&r, hf_rd_u16be(&r));
    OK(hf_hash_one(HF_SHA256, creation, &hash));
    CHECK_BYTES(hf_rd_view(&r, hf_rd_u16be(&r)), hf_digest_bytes(&hash));
    hf_rd_skip(&r, 6); /* ticket: tag, hierarchy, digest */
    (void)hf_rd_view(&r, hf_rd_u16be(&r));
    OK(hf_tpm_public_name(pub, &name));
    CHECK_BYTES(hf_rd_view(&r, hf_rd_u16be(&r)), hf_tpm_name_bytes(&name));
    OK(hf_tpm_creation_data_parse(creation, &data));
    CHECK(data.parentNameAlg == TPM2_ALG_NULL && data.parentName.size == 4);
}

TEST(a_tpm_gives_the_same_name_of_an_nv_index)
{
    static const uint8_t read_public[] = {0x80, 1, 0, 0, 0, 14, 0, 0, 1, 0x69, 0x01, 0x80, 0, 1};
    static const uint8_t define[] = {0, 0, 0, 14, 0x01, 0x80, 0, 1, 0, 0x0b, 0, 4, 0, 4, 0, 0, 0, 0x20};
    HF_CLEANUP(software_tpm_stop) struct software_tpm tpm = {0};
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    struct hf_tpm_reply reply;
    struct hf_reader r;
    struct hf_bytes pub;
    struct hf_tpm_name name;
    TPMS_NV_PUBLIC nv;

    if (!software_tpm_start(&tpm, SOFTWARE_TPM_TCP))
        skip();
    OK(hf_tpm_transport_open(tpm.uri, NULL, NULL, &t));
    (void)ask(t, TPM2_CC_NV_DefineSpace, TPM2_RH_OWNER, HF_BYTES_OF(define), &reply);
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(read_public), 10000, &reply));
    r = hf_reader((struct hf_bytes){reply.bytes, reply.n});
    hf_rd_skip(&r, 10);
    pub = hf_rd_view(&r, hf_rd_u16be(&r));
    OK(hf_tpm_nv_public_parse(pub, &nv));
    CHECK(nv.nvIndex == 0x01800001 && nv.dataSize == 32);
    OK(hf_tpm_nv_public_name(pub, &name));
    CHECK_BYTES(hf_rd_view(&r, hf_rd_u16be(&r)), hf_tpm_name_bytes(&name));
    OK(hf_rd_end(&r));
}

TESTS(RUN(a_public_area_writes_as_it_was_read), RUN(a_public_area_is_whole_and_alone),
      RUN(values_that_the_specification_does_not_have_are_refused), RUN(a_structure_that_is_not_valid_is_not_written),
      RUN(public_areas_of_real_keys_are_read_as_libtss2_reads_them), RUN(names_are_those_that_quotes_carry),
      RUN(attestations_and_signatures_are_read_whole), RUN(forged_attestations_are_refused),
      RUN(attestations_of_every_type_pass_and_others_do_not), RUN(other_structures_are_read_strictly),
      RUN(a_name_is_the_algorithm_and_the_digest_or_nothing), RUN(a_tpm_gives_the_same_name_and_creation_hash),
      RUN(a_tpm_gives_the_same_name_of_an_nv_index))

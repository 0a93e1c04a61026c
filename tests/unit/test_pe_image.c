/* evidence/pe_image: an image made by hand, and what its Authenticode hash goes around. */
#include "evidence/pe_image.h"
#include "test.h"

/* MS-DOS stub of 64 bytes, PE header, PE32+ optional header of 240 bytes, two sections; then 16 bytes that belong to
 * no section, and a certificate table of 24. */
enum {
    PE = 64,
    OPTIONAL = PE + 24,
    TABLE = OPTIONAL + 240,
    HEADERS = 512,
    FIRST = 512,
    SECOND = 640,
    EXTRA = 704,
    CERTS = 720,
    SIZE = 744
};

struct image {
    uint8_t bytes[SIZE];
};

static void le32(struct image *i, size_t at, uint32_t v)
{
    for (size_t k = 0; k < 4; k++)
        i->bytes[at + k] = (uint8_t)(v >> 8 * k);
}

static struct image make(void)
{
    struct image i;

    for (size_t k = 0; k < SIZE; k++)
        i.bytes[k] = (uint8_t)(k * 7);
    i.bytes[0] = 'M';
    i.bytes[1] = 'Z';
    le32(&i, 0x3c, PE);
    le32(&i, PE, 0x00004550);
    i.bytes[PE + 6] = 2; /* NumberOfSections */
    i.bytes[PE + 7] = 0;
    i.bytes[PE + 20] = 240; /* SizeOfOptionalHeader */
    i.bytes[PE + 21] = 0;
    i.bytes[OPTIONAL] = 0x0b;
    i.bytes[OPTIONAL + 1] = 0x02;
    le32(&i, OPTIONAL + 60, HEADERS);
    le32(&i, OPTIONAL + 108, 16); /* NumberOfRvaAndSizes */
    le32(&i, OPTIONAL + 112 + 32, CERTS);
    le32(&i, OPTIONAL + 112 + 36, SIZE - CERTS);
    le32(&i, TABLE + 16, 64); /* the second one in the file comes first in the table */
    le32(&i, TABLE + 20, SECOND);
    le32(&i, TABLE + 40 + 16, 128);
    le32(&i, TABLE + 40 + 20, FIRST);
    return i;
}

static struct hf_bytes whole(const struct image *i)
{
    return HF_BYTES_OF(i->bytes);
}

TEST(the_hash_goes_around_checksum_and_signatures)
{
    struct image i = make();
    struct hf_bytes parts[] = {
        {i.bytes, OPTIONAL + 64},
        {i.bytes + OPTIONAL + 68, 112 + 32 - 68},
        {i.bytes + OPTIONAL + 112 + 40, HEADERS - (OPTIONAL + 112 + 40)},
        {i.bytes + FIRST, 128},
        {i.bytes + SECOND, 64},
        {i.bytes + EXTRA, 16},
    };
    struct hf_digest want, got;

    OK(hf_hash(HF_SHA256, parts, HF_COUNT(parts), &want));
    OK(hf_pe_digest(whole(&i), HF_SHA256, &got));
    CHECK_BYTES(hf_digest_bytes(&got), hf_digest_bytes(&want));
    memset(i.bytes + OPTIONAL + 64, 0, 4);
    memset(i.bytes + CERTS, 0xee, SIZE - CERTS);
    OK(hf_pe_digest(whole(&i), HF_SHA256, &got));
    CHECK_BYTES(hf_digest_bytes(&got), hf_digest_bytes(&want));
    i.bytes[EXTRA] ^= 1;
    OK(hf_pe_digest(whole(&i), HF_SHA256, &got));
    CHECK(!hf_bytes_equal(hf_digest_bytes(&got), hf_digest_bytes(&want)));
}

TEST(signing_an_image_does_not_change_its_hash)
{
    struct image i = make();
    struct hf_digest with, without;
    struct hf_bytes unsigned_file = {i.bytes, CERTS};

    OK(hf_pe_digest(whole(&i), HF_SHA384, &with));
    le32(&i, OPTIONAL + 112 + 32, 0);
    le32(&i, OPTIONAL + 112 + 36, 0);
    OK(hf_pe_digest(unsigned_file, HF_SHA384, &without));
    CHECK_BYTES(hf_digest_bytes(&with), hf_digest_bytes(&without));
}

TEST(what_is_no_image_is_refused)
{
    static const struct {
        const char *name;
        size_t at;
        uint32_t value;
        size_t size;
        hf_err want;
    } cases[] = {
        {"cut in the stub", 0, 0x5a4d, 63, HF_E_FORMAT},
        {"another magic", 0, 0x5a4e, SIZE, HF_E_FORMAT},
        {"a PE header past the end", 0x3c, SIZE - 2, SIZE, HF_E_TRUNCATED},
        {"a PE header far away", 0x3c, 0xffffffff, SIZE, HF_E_TRUNCATED},
        {"no PE signature", PE, 0x00004551, SIZE, HF_E_FORMAT},
        {"an optional header of another kind", OPTIONAL, 0x0107, SIZE, HF_E_FORMAT},
        {"headers longer than the file", OPTIONAL + 60, SIZE + 1, SIZE, HF_E_FORMAT},
        {"headers that end before the certificate entry", OPTIONAL + 60, OPTIONAL + 100, SIZE, HF_E_FORMAT},
        {"a section past the end", TABLE + 20, SIZE, SIZE, HF_E_FORMAT},
        {"a section that wraps", TABLE + 20, 0xfffffff0, SIZE, HF_E_FORMAT},
        {"signatures longer than the rest", OPTIONAL + 112 + 36, 100, SIZE, HF_E_FORMAT},
        {"signatures longer than the file", OPTIONAL + 112 + 36, SIZE + 1, SIZE, HF_E_FORMAT},
        {"cut in the section table", 0, 0x5a4d, TABLE + 50, HF_E_TRUNCATED},
    };

    for (size_t k = 0; k < HF_COUNT(cases); k++) {
        struct image i = make();
        struct hf_digest out = {.n = 77};

        CASE(cases[k].name);
        if (cases[k].at == 0)
            memcpy(i.bytes, (uint8_t[]){(uint8_t)cases[k].value, (uint8_t)(cases[k].value >> 8)}, 2);
        else
            le32(&i, cases[k].at, cases[k].value);
        FAILS(hf_pe_digest((struct hf_bytes){i.bytes, cases[k].size}, HF_SHA256, &out), cases[k].want);
        CHECK(out.n == 77);
    }
}

TESTS(RUN(the_hash_goes_around_checksum_and_signatures), RUN(signing_an_image_does_not_change_its_hash),
      RUN(what_is_no_image_is_refused))

/* The Authenticode hash of a PE/COFF image (PE Format: MS-DOS stub, COFF header, optional header, section table). */
#include "evidence/pe_image.h"
#include "base/reader.h"

#include <stdlib.h>

#define SECTIONS_MAX 96 /* what the Windows loader takes */

struct section {
    uint32_t at, size;
};

/* The places that the hash goes around, as offsets in the file. */
struct layout {
    size_t checksum;     /* four bytes */
    size_t directory;    /* the certificate table's entry, eight bytes; 0: there is none */
    uint32_t headers;    /* SizeOfHeaders */
    uint32_t signatures; /* bytes of the certificate table, at the file's end */
    size_t n;
    struct section section[SECTIONS_MAX];
};

bool hf_pe_is_image(struct hf_bytes file)
{
    return file.n >= 64 && file.p[0] == 'M' && file.p[1] == 'Z';
}

static struct hf_reader at(struct hf_bytes file, size_t offset)
{
    struct hf_reader r = hf_reader(file);

    hf_rd_skip(&r, offset);
    return r;
}

static hf_err read_optional(struct hf_bytes file, size_t optional, struct layout *out)
{
    struct hf_reader r = at(file, optional);
    uint16_t magic = hf_rd_u16le(&r);
    size_t directories = optional + (magic == 0x20b ? 112 : 96); /* PE32+, PE32 */
    uint32_t n;

    HF_TRY(hf_rd_err(&r));
    if (magic != 0x10b && magic != 0x20b)
        return hf_fail(HF_E_FORMAT, "PE image: an optional header of magic 0x%x", magic);
    r = at(file, optional + 60);
    out->headers = hf_rd_u32le(&r);
    out->checksum = optional + 64;
    r = at(file, directories - 4);
    n = hf_rd_u32le(&r);
    HF_TRY(hf_rd_err(&r));
    if (n <= 4)
        return HF_OK;
    out->directory = directories + 4 * 8;
    r = at(file, out->directory + 4);
    out->signatures = hf_rd_u32le(&r);
    return hf_rd_err(&r);
}

static int by_place(const void *a, const void *b)
{
    const struct section *x = a;
    const struct section *y = b;

    return x->at < y->at ? -1 : x->at > y->at;
}

static hf_err read_sections(struct hf_bytes file, size_t table, uint16_t n, struct layout *out)
{
    struct hf_reader r = at(file, table);

    if (n > SECTIONS_MAX)
        return hf_fail(HF_E_FORMAT, "PE image: %u sections; at most %d are possible", n, SECTIONS_MAX);
    for (uint16_t i = 0; i < n; i++) {
        struct section s;

        hf_rd_skip(&r, 16); /* Name, VirtualSize, VirtualAddress */
        s.size = hf_rd_u32le(&r);
        s.at = hf_rd_u32le(&r);
        hf_rd_skip(&r, 16);
        if (s.size)
            out->section[out->n++] = s;
    }
    HF_TRY(hf_rd_err(&r));
    qsort(out->section, out->n, sizeof(out->section[0]), by_place);
    return HF_OK;
}

static hf_err read_layout(struct hf_bytes file, struct layout *out)
{
    struct hf_reader r = at(file, 0x3c);
    size_t pe = hf_rd_u32le(&r); /* e_lfanew */
    uint16_t sections, optional_size;

    r = at(file, pe);
    if (hf_rd_u32le(&r) != 0x00004550 && hf_rd_err(&r) == HF_OK) /* "PE\0\0" */
        return hf_fail(HF_E_FORMAT, "PE image: no PE signature at offset %zu", pe);
    hf_rd_skip(&r, 2); /* Machine */
    sections = hf_rd_u16le(&r);
    hf_rd_skip(&r, 12);
    optional_size = hf_rd_u16le(&r);
    HF_TRY(hf_rd_err(&r));
    HF_TRY(read_optional(file, pe + 24, out));
    HF_TRY(read_sections(file, pe + 24 + optional_size, sections, out));
    if (out->headers > file.n || out->checksum + 4 > out->headers || out->directory + 8 > out->headers)
        return hf_fail(HF_E_FORMAT, "PE image: headers of %u bytes do not hold what belongs to them",
                       (unsigned)out->headers);
    return HF_OK;
}

static hf_err add(struct hf_hasher *h, struct hf_bytes file, uint64_t from, uint64_t to)
{
    if (from > to || to > file.n)
        return hf_fail(HF_E_FORMAT, "PE image: bytes %llu to %llu of a file of %zu", (unsigned long long)from,
                       (unsigned long long)to, file.n);
    return hf_hasher_add(h, (struct hf_bytes){file.p + from, (size_t)(to - from)});
}

static hf_err add_all(struct hf_hasher *h, struct hf_bytes file, const struct layout *l)
{
    uint64_t done = l->headers;

    HF_TRY(add(h, file, 0, l->checksum));
    if (l->directory) {
        HF_TRY(add(h, file, l->checksum + 4, l->directory));
        HF_TRY(add(h, file, l->directory + 8, l->headers));
    } else {
        HF_TRY(add(h, file, l->checksum + 4, l->headers));
    }
    for (size_t i = 0; i < l->n; i++) {
        HF_TRY(add(h, file, l->section[i].at, (uint64_t)l->section[i].at + l->section[i].size));
        done += l->section[i].size;
    }
    if (l->signatures > file.n || done > file.n - l->signatures)
        return done == file.n && !l->signatures ? HF_OK
                                                : hf_fail(HF_E_FORMAT, "PE image: sections and signatures overlap");
    return add(h, file, done, file.n - l->signatures);
}

hf_err hf_pe_digest(struct hf_bytes file, enum hf_hash_alg alg, struct hf_digest *out)
{
    struct layout layout = {0};
    struct hf_hasher h = {0};
    hf_err err;

    if (!hf_pe_is_image(file))
        return hf_fail(HF_E_FORMAT, "it is no PE image: it does not begin with MZ");
    HF_TRY(read_layout(file, &layout));
    HF_TRY(hf_hasher_new(alg, &h));
    err = add_all(&h, file, &layout);
    if (err == HF_OK)
        err = hf_hasher_end(&h, out);
    hf_hasher_free(&h);
    return err;
}

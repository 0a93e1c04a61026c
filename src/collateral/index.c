/* The index of the cache. */
#include "collateral/index.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "codec/json_fields.h"

#include <stdio.h>

#define FILE_NAME "index.json"
#define FILE_MAX ((size_t)16 << 20)

struct item {
    char *url, *from, *sha256, *kind, *etag;
    int64_t fetched_at, valid_until;
    uint64_t size;
};

static const struct hf_json_field fields[] = {
    HF_FIELD(TEXT, "url", struct item, url, .required = true, .max = 511),
    HF_FIELD(TEXT, "from", struct item, from, .required = true, .max = 511),
    HF_FIELD(TEXT, "sha256", struct item, sha256, .required = true, .max = 64),
    HF_FIELD(TEXT, "kind", struct item, kind, .required = true, .max = 23),
    HF_FIELD(TEXT, "etag", struct item, etag, .required = true, .max = 127),
    HF_FIELD(I64, "fetched_at", struct item, fetched_at, .required = true),
    HF_FIELD(I64, "valid_until", struct item, valid_until, .required = true),
    HF_FIELD(U64, "size", struct item, size, .required = true),
    HF_FIELDS_END,
};

void hf_index_free(struct hf_index *index)
{
    hf_free(&index->entry);
    index->n = 0;
}

static void item_free(struct item *item)
{
    hf_json_free(fields, item);
}

static bool is_hash(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static hf_err read_item(struct hf_bytes text, struct hf_json_value v, struct hf_index *out)
{
    HF_CLEANUP(item_free) struct item item = {0};
    struct hf_collateral_entry e = {0};
    struct hf_json_problems problems;

    HF_TRY(hf_json_read_value(text, v, fields, &item, &problems));
    if (!is_hash(item.sha256))
        return hf_fail(HF_E_FORMAT, "\"%.64s\" is no SHA-256", item.sha256);
    (void)snprintf(e.url, sizeof(e.url), "%s", item.url);
    (void)snprintf(e.from, sizeof(e.from), "%s", item.from);
    (void)snprintf(e.sha256, sizeof(e.sha256), "%s", item.sha256);
    (void)snprintf(e.kind, sizeof(e.kind), "%s", item.kind);
    (void)snprintf(e.etag, sizeof(e.etag), "%s", item.etag);
    e.fetched_at = item.fetched_at;
    e.valid_until = item.valid_until;
    e.size = item.size;
    return hf_index_put(out, &e);
}

static hf_err parse(struct hf_bytes text, struct hf_index *out)
{
    struct hf_json_value top, version, entries;
    uint64_t number;

    HF_TRY(hf_json_parse(text, &top));
    HF_TRY(hf_json_get(top, "version", &version));
    HF_TRY(hf_json_as_u64(version, 1, &number));
    HF_TRY(hf_json_get(top, "entries", &entries));
    for (struct hf_json_iter it = hf_json_iter(entries); hf_json_next(&it);)
        HF_TRY(read_item(text, it.value, out));
    return HF_OK;
}

hf_err hf_index_read(int dir, struct hf_index *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    hf_err err = hf_file_read_at(dir, FILE_NAME, FILE_MAX, &text);

    if (err == HF_E_NOT_FOUND)
        return HF_OK;
    HF_TRY(err);
    err = parse(hf_buf_bytes(&text), out);
    if (err == HF_OK || err == HF_E_MEMORY)
        return err;
    hf_log(HF_LOG_WARNING, "collateral.index", "dropped=\"%.200s\"", hf_err_detail());
    hf_index_free(out);
    return HF_OK;
}

hf_err hf_index_write(int dir, const struct hf_index *index)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = hf_json(&text, true);

    hf_json_object(&j, NULL);
    hf_json_u64(&j, "version", 1);
    hf_json_array(&j, "entries");
    for (size_t i = 0; i < index->n; i++) {
        const struct hf_collateral_entry *e = &index->entry[i];

        hf_json_object(&j, NULL);
        hf_json_text(&j, "url", e->url);
        hf_json_text(&j, "from", e->from);
        hf_json_text(&j, "sha256", e->sha256);
        hf_json_text(&j, "kind", e->kind);
        hf_json_text(&j, "etag", e->etag);
        hf_json_i64(&j, "fetched_at", e->fetched_at);
        hf_json_i64(&j, "valid_until", e->valid_until);
        hf_json_u64(&j, "size", e->size);
        hf_json_close(&j);
    }
    hf_json_close(&j);
    hf_json_close(&j);
    HF_TRY(hf_json_end(&j));
    return hf_file_replace_at(dir, FILE_NAME, hf_buf_bytes(&text));
}

struct hf_collateral_entry *hf_index_find(const struct hf_index *index, const char *url_or_id)
{
    size_t n = strlen(url_or_id);
    bool id = n >= 8 && n <= 64 && strspn(url_or_id, "0123456789abcdef") == n;

    for (size_t i = 0; i < index->n; i++) {
        if (strcmp(index->entry[i].url, url_or_id) == 0 || (id && strncmp(index->entry[i].sha256, url_or_id, n) == 0))
            return &index->entry[i];
    }
    return NULL;
}

hf_err hf_index_put(struct hf_index *index, const struct hf_collateral_entry *entry)
{
    size_t at = 0;

    while (at < index->n && strcmp(index->entry[at].url, entry->url) < 0)
        at++;
    if (at < index->n && strcmp(index->entry[at].url, entry->url) == 0) {
        index->entry[at] = *entry;
        return HF_OK;
    }
    if (index->n == HF_COLLATERAL_MAX)
        return hf_fail(HF_E_FULL, "the cache has %d entries: holdfast collateral expire makes room", HF_COLLATERAL_MAX);
    HF_TRY(hf_realloc((index->n + 1) * sizeof(*index->entry), &index->entry));
    memmove(&index->entry[at + 1], &index->entry[at], (index->n - at) * sizeof(*index->entry));
    index->entry[at] = *entry;
    index->n++;
    return HF_OK;
}

void hf_index_remove(struct hf_index *index, size_t i)
{
    memmove(&index->entry[i], &index->entry[i + 1], (index->n - i - 1) * sizeof(*index->entry));
    index->n--;
}

bool hf_index_names(const struct hf_index *index, const char *sha256)
{
    for (size_t i = 0; i < index->n; i++) {
        if (strcmp(index->entry[i].sha256, sha256) == 0)
            return true;
    }
    return false;
}

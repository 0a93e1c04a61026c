/*
 * For tests that read third-party vectors: where they are, their files, and just enough JSON to pick
 * expected values out of files that are known to be well formed.
 */
#ifndef HF_TEST_VECTORS_H
#define HF_TEST_VECTORS_H

#include "base/file.h"
#include "test.h"

#include <sys/stat.h>

/* $HOLDFAST_VECTORS, else ../shared/vectors beside the source; NULL, said loudly, where neither is there. */
static inline const char *vectors_dir(void)
{
    const char *dir = getenv("HOLDFAST_VECTORS");
    struct stat st;

    if (!dir)
        dir = HF_VECTORS_DEFAULT;
    if (stat(dir, &st) == 0)
        return dir;
    print_message("# SKIP: no folder %s (HOLDFAST_VECTORS); third-party vectors are not tried\n", dir);
    return NULL;
}

#define NEED_VECTORS()      \
    do {                    \
        if (!vectors_dir()) \
            skip();         \
    } while (0)

static inline bool vector_try(const char *name, struct hf_buf *out)
{
    char path[1024];

    (void)snprintf(path, sizeof(path), "%s/%s", vectors_dir(), name);
    hf_buf_free(out);
    return hf_file_read(path, (size_t)16 << 20, out) == HF_OK;
}

/* A file of the vectors, which must be there. */
static inline void vector(const char *name, struct hf_buf *out)
{
    if (!vector_try(name, out))
        FAIL("vector %s: %s", name, hf_err_detail());
}

/* A file of the vectors with a NUL behind it. */
static inline const char *vector_text(const char *name, struct hf_buf *out)
{
    char *text = NULL;

    vector(name, out);
    OK(hf_buf_text(out, &text));
    return (const char *)out->p;
}

static inline const char *json_space(const char *at)
{
    return at + strspn(at, " \t\r\n,:");
}

/* Past the value at `at`. */
static inline const char *json_skip(const char *at)
{
    int depth = 0;

    for (at = json_space(at); *at; at++) {
        if (*at == '"') {
            for (at++; *at && *at != '"'; at++)
                at += *at == '\\';
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            depth--;
        }
        if (depth == 0 && strchr("\"}]", *at))
            return at + 1;
        if (depth == 0 && strchr(",]} \n", at[1]))
            return at + 1;
    }
    return at;
}

/* The first item of the array or object at `at`, or the one behind the item at `at`: NULL at the end.
 * In an object, items are keys and values in turn. */
static inline const char *json_first(const char *at)
{
    at = json_space(at);
    at = json_space(*at == '[' || *at == '{' ? at + 1 : at);
    return *at == ']' || *at == '}' || !*at ? NULL : at;
}

static inline const char *json_next(const char *at)
{
    at = json_space(json_skip(at));
    return *at == ']' || *at == '}' || !*at ? NULL : at;
}

/* Text of the string or number at `at`, without quotes. */
static inline struct hf_bytes json_word(const char *at)
{
    const char *end = json_skip(at);
    bool quoted = *at == '"';

    return (struct hf_bytes){(const uint8_t *)at + quoted, (size_t)(end - at) - 2 * quoted};
}

static inline bool json_is(const char *at, const char *word)
{
    return hf_bytes_equal(json_word(at), hf_bytes_text(word));
}

/* The value of a key in the object at `at`: NULL when it is not there. */
static inline const char *json_key(const char *at, const char *key)
{
    for (at = at ? json_first(at) : NULL; at; at = json_next(at)) {
        bool found = json_is(at, key);

        at = json_next(at);
        if (found || !at)
            return at;
    }
    return NULL;
}

static inline uint64_t json_number(const char *at)
{
    return at ? strtoull(at, NULL, 10) : 0;
}

#endif

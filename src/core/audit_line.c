/* One audit record as a line. */
#include "core/audit_line.h"
#include "base/cleanup.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "crypto/hash.h"

/* The end of a line behind what is hashed: `,"hash":"`, 64 digits, `"}` */
#define HASH_KEY ",\"hash\":\""
#define END_SIZE (sizeof(HASH_KEY) - 1 + 64 + 2)

static hf_err body_write(const struct hf_audit_record *rec, struct hf_buf *out)
{
    struct hf_json j = hf_json(out, false);

    hf_json_object(&j, NULL);
    hf_json_u64(&j, "seq", rec->seq);
    hf_json_u64(&j, "time", rec->time_ms);
    hf_json_text(&j, "who", rec->who);
    hf_json_text(&j, "door", rec->door);
    hf_json_text(&j, "op", rec->op);
    hf_json_text(&j, "object", rec->object);
    hf_json_text(&j, "result", rec->result);
    hf_json_text(&j, "detail", rec->detail);
    hf_json_u64(&j, "code", rec->code);
    hf_json_hex(&j, "prev", HF_BYTES_OF(rec->prev));
    return j.err; /* left open: the hash follows */
}

static hf_err digest(const uint8_t prev[32], struct hf_bytes body, uint8_t hash[32])
{
    struct hf_bytes parts[] = {{prev, 32}, body};
    struct hf_digest d;

    HF_TRY(hf_hash(HF_SHA256, parts, HF_COUNT(parts), &d));
    memcpy(hash, d.bytes, 32);
    return HF_OK;
}

hf_err hf_audit_line_write(const struct hf_audit_record *rec, struct hf_buf *out, uint8_t hash[32])
{
    size_t start = out->n;
    uint8_t h[32];

    HF_TRY(body_write(rec, out));
    HF_TRY(digest(rec->prev, (struct hf_bytes){out->p + start, out->n - start}, h));
    HF_TRY(hf_buf_add(out, hf_bytes_text(HASH_KEY)));
    HF_TRY(hf_hex_write(HF_BYTES_OF(h), out));
    HF_TRY(hf_buf_add(out, hf_bytes_text("\"}\n")));
    memcpy(hash, h, 32);
    return HF_OK;
}

/* Reading what is expected, character by character; `ok` turns false at the first that is not. */
struct scan {
    const uint8_t *at;
    const uint8_t *end;
    bool ok;
};

static void literal(struct scan *s, const char *text)
{
    size_t n = strlen(text);

    s->ok = s->ok && (size_t)(s->end - s->at) >= n && memcmp(s->at, text, n) == 0;
    if (s->ok)
        s->at += n;
}

static uint64_t number(struct scan *s, uint64_t max)
{
    const uint8_t *start = s->at;
    uint64_t v = 0;

    while (s->ok && s->at < s->end && *s->at >= '0' && *s->at <= '9') {
        uint64_t digit = (uint64_t)(*s->at++ - '0');

        s->ok = v <= (max - digit) / 10;
        v = v * 10 + digit;
    }
    s->ok = s->ok && s->at > start;
    return s->ok ? v : 0;
}

static int nibble(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void hex(struct scan *s, uint8_t *out, size_t n)
{
    s->ok = s->ok && (size_t)(s->end - s->at) >= 2 * n;
    for (size_t i = 0; s->ok && i < n; i++, s->at += 2) {
        int high = nibble(s->at[0]);
        int low = nibble(s->at[1]);

        s->ok = high >= 0 && low >= 0;
        out[i] = (uint8_t)(s->ok ? high << 4 | low : 0);
    }
}

/* What stands behind a backslash; 0 where it is no escape of ours. */
static uint8_t escape(struct scan *s)
{
    static const char from[] = "\"\\bfnrt";
    static const char to[] = "\"\\\b\f\n\r\t";
    const char *known;
    uint8_t byte = 0;

    if (s->at == s->end)
        return 0;
    if (*s->at == 'u') {
        literal(s, "u00");
        hex(s, &byte, 1);
        return byte;
    }
    known = *s->at ? strchr(from, *s->at) : NULL;
    s->at++;
    return known ? (uint8_t)to[known - from] : 0;
}

static void text(struct scan *s, char *out, size_t room)
{
    size_t n = 0;

    literal(s, "\"");
    while (s->ok && s->at < s->end && *s->at != '"') {
        uint8_t byte = *s->at++;

        if (byte == '\\')
            byte = escape(s);
        s->ok = s->ok && byte && n + 1 < room;
        if (s->ok)
            out[n++] = (char)byte;
    }
    literal(s, "\"");
}

static void scan_record(struct scan *s, struct hf_audit_record *rec)
{
    literal(s, "{\"seq\":");
    rec->seq = number(s, UINT64_MAX);
    literal(s, ",\"time\":");
    rec->time_ms = number(s, UINT64_MAX);
    literal(s, ",\"who\":");
    text(s, rec->who, sizeof(rec->who));
    literal(s, ",\"door\":");
    text(s, rec->door, sizeof(rec->door));
    literal(s, ",\"op\":");
    text(s, rec->op, sizeof(rec->op));
    literal(s, ",\"object\":");
    text(s, rec->object, sizeof(rec->object));
    literal(s, ",\"result\":");
    text(s, rec->result, sizeof(rec->result));
    literal(s, ",\"detail\":");
    text(s, rec->detail, sizeof(rec->detail));
    literal(s, ",\"code\":");
    rec->code = (uint32_t)number(s, UINT32_MAX);
    literal(s, ",\"prev\":\"");
    hex(s, rec->prev, sizeof(rec->prev));
    literal(s, "\"" HASH_KEY);
    hex(s, rec->hash, sizeof(rec->hash));
    literal(s, "\"}");
}

hf_err hf_audit_line_parse(struct hf_bytes line, struct hf_audit_record *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_audit_record rec = {0};
    struct scan s = {line.p, line.p + line.n, line.n > 0 && line.n <= HF_AUDIT_LINE_MAX};

    scan_record(&s, &rec);
    if (!s.ok)
        return hf_fail(HF_E_FORMAT, "this is no audit record: unexpected at byte %zu",
                       line.n ? (size_t)(s.at - line.p) : 0);
    if (s.at != s.end)
        return hf_fail(HF_E_FORMAT, "%zu bytes follow the audit record on its line", (size_t)(s.end - s.at));
    HF_TRY(body_write(&rec, &again));
    if (!hf_bytes_equal(hf_buf_bytes(&again), (struct hf_bytes){line.p, line.n - END_SIZE}))
        return hf_fail(HF_E_FORMAT, "the audit record is spelled otherwise than holdfast writes it");
    *out = rec;
    return HF_OK;
}

hf_err hf_audit_line_check(struct hf_bytes line, const struct hf_audit_record *rec)
{
    uint8_t hash[32];

    if (line.n <= END_SIZE)
        return hf_fail(HF_E_INTEGRITY, "a line of %zu bytes holds no record", line.n);
    HF_TRY(digest(rec->prev, (struct hf_bytes){line.p, line.n - END_SIZE}, hash));
    if (memcmp(hash, rec->hash, 32) != 0)
        return hf_fail(HF_E_INTEGRITY, "the record's hash does not fit its content");
    return HF_OK;
}

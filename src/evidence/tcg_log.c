/* TCG event log. PC Client Platform Firmware Profile 1.06, 10; UEFI 2.10, 38.4. Little-endian. */
#include "evidence/tcg_log.h"
#include "base/writer.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "evidence/tcg_event.h"

#define SHA1_SIZE 20
static const char spec_id[16] = "Spec ID Event03"; /* with its NUL */

static uint16_t alg_size(const struct hf_tcg_log *log, uint16_t alg)
{
    for (size_t i = 0; i < log->n_algs; i++) {
        if (log->alg[i].alg == alg)
            return log->alg[i].size;
    }
    return 0;
}

/* TCG_PCClientPCREvent, 10.1.1 */
static void read_sha1_event(struct hf_reader *r, struct hf_tcg_event *event)
{
    event->reg = hf_rd_u32le(r);  /*  0 pcrIndex */
    event->type = hf_rd_u32le(r); /*  4 eventType */
    event->digest[0].alg = HF_SHA1;
    event->digest[0].bytes = hf_rd_view(r, SHA1_SIZE); /*  8 digest */
    event->n_digests = 1;
    event->data = hf_rd_view(r, hf_rd_u32le(r)); /* 28 eventSize, 32 event */
}

/* TCG_PCR_EVENT2, 10.1.2. Some writers leave banks of the header out of an event. */
static void read_agile_event(struct hf_tcg_log *log, struct hf_tcg_event *event)
{
    struct hf_reader *r = &log->r;
    uint32_t count;

    event->reg = hf_rd_u32le(r);
    event->type = hf_rd_u32le(r);
    count = hf_rd_u32le(r);
    if (hf_rd_err(r) == HF_OK && (count == 0 || count > log->n_algs))
        hf_rd_fail(r, HF_E_FORMAT, "event %u at offset %zu has %u digests; the header names %zu algorithms",
                   event->number, event->offset, count, log->n_algs);
    for (size_t i = 0; i < count && hf_rd_err(r) == HF_OK; i++) {
        uint16_t alg = hf_rd_u16le(r);
        uint16_t size = alg_size(log, alg);

        if (hf_rd_err(r) == HF_OK && (size == 0 || hf_tcg_event_digest(event, alg).n != 0))
            hf_rd_fail(r, HF_E_FORMAT, "event %u at offset %zu: digest %zu is of algorithm 0x%04x, which %s",
                       event->number, event->offset, i, alg, size ? "it has already" : "the header does not name");
        event->digest[i].alg = alg;
        event->digest[i].bytes = hf_rd_view(r, size);
        event->n_digests = i + 1;
    }
    event->data = hf_rd_view(r, hf_rd_u32le(r));
}

static void read_algs(struct hf_reader *r, struct hf_tcg_log *log)
{
    uint32_t count = hf_rd_u32le(r);

    if (hf_rd_err(r) == HF_OK && (count == 0 || count > HF_TCG_ALGS_MAX))
        hf_rd_fail(r, HF_E_FORMAT, "Spec ID event names %u algorithms; 1 to %d are read", count, HF_TCG_ALGS_MAX);
    for (uint32_t i = 0; i < count && hf_rd_err(r) == HF_OK; i++) {
        struct hf_tcg_alg alg = {hf_rd_u16le(r), hf_rd_u16le(r)};
        size_t known = hf_hash_size((enum hf_hash_alg)alg.alg);

        if (hf_rd_err(r) != HF_OK)
            return;
        if (alg.size == 0 || alg.size > HF_PCR_SIZE_MAX || (known && known != alg.size))
            hf_rd_fail(r, HF_E_FORMAT, "Spec ID event gives algorithm 0x%04x digests of %u bytes", alg.alg, alg.size);
        if (alg_size(log, alg.alg))
            hf_rd_fail(r, HF_E_FORMAT, "Spec ID event names algorithm 0x%04x twice", alg.alg);
        log->alg[log->n_algs++] = alg;
    }
}

/*
 * TCG_EfiSpecIDEvent, 10.4.5.1. Some writers leave the vendor information out of the event's size: it
 * then follows the event, and that reading is taken only where the event ends with the length byte.
 */
static hf_err read_spec_id(struct hf_tcg_log *log)
{
    struct hf_reader r = hf_reader(log->first.data);
    uint8_t vendor_size;

    hf_rd_skip(&r, sizeof(spec_id));       /*  0 signature */
    log->platform_class = hf_rd_u32le(&r); /* 16 platformClass */
    log->version_minor = hf_rd_u8(&r);     /* 20 specVersionMinor */
    log->version_major = hf_rd_u8(&r);     /* 21 specVersionMajor */
    log->errata = hf_rd_u8(&r);            /* 22 specErrata */
    log->uintn_size = hf_rd_u8(&r);        /* 23 uintnSize */
    read_algs(&r, log);                    /* 24 numberOfAlgorithms, digestSizes */
    vendor_size = hf_rd_u8(&r);            /*    vendorInfoSize */
    if (hf_rd_err(&r) == HF_OK && vendor_size && hf_rd_left(&r) == 0) {
        log->vendor_info_outside = true;
        log->vendor_info = log->first.tail = hf_rd_view(&log->r, vendor_size);
        HF_TRY(hf_rd_err(&log->r));
    } else {
        log->vendor_info = hf_rd_view(&r, vendor_size); /* vendorInfo */
    }
    return hf_rd_end(&r);
}

static bool is_spec_id(const struct hf_tcg_event *event)
{
    return event->type == HF_EV_NO_ACTION && event->data.n >= sizeof(spec_id) &&
           memcmp(event->data.p, spec_id, sizeof(spec_id)) == 0;
}

static bool filled_with(struct hf_bytes bytes, uint8_t value)
{
    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i] != value)
            return false;
    }
    return true;
}

static bool starts_with(struct hf_bytes bytes, size_t n, uint8_t value)
{
    return bytes.n >= n && filled_with((struct hf_bytes){bytes.p, n}, value);
}

/*
 * Padding ends a log that was read out of a larger buffer: a record of ones (PCRIndex 0xffffffff alone
 * is no sign: Windows logs its own EV_NO_ACTION events under it) or a whole record of zeros. All that
 * follows must be the same byte, so that nothing hides behind it. Less than a record is a cut event.
 */
static bool at_padding(struct hf_tcg_log *log)
{
    struct hf_bytes rest = {log->r.at, hf_rd_left(&log->r)};
    size_t record = log->agile ? 16 : 32; /* an event without digests or data */
    uint8_t value;

    if (starts_with(rest, 8, 0xff))
        value = 0xff;
    else if (starts_with(rest, record, 0))
        value = 0;
    else
        return false;
    if (!filled_with(rest, value)) {
        hf_rd_fail(&log->r, HF_E_FORMAT, "the log ends at offset %zu, but the padding behind it is not all 0x%02x",
                   hf_rd_at(&log->r), value);
        return false;
    }
    log->padding = hf_rd_rest(&log->r);
    return true;
}

hf_err hf_tcg_log_open(struct hf_bytes in, struct hf_tcg_log *out)
{
    struct hf_tcg_log log = {.r = hf_reader(in)};

    if (in.n == 0)
        return hf_fail(HF_E_TRUNCATED, "the event log is empty");
    read_sha1_event(&log.r, &log.first);
    if (hf_rd_err(&log.r) != HF_OK)
        return hf_fail(hf_rd_err(&log.r), "event log: the first event does not fit into %zu bytes", in.n);
    if (is_spec_id(&log.first)) {
        log.first.header = true;
        log.agile = true;
        HF_TRY(read_spec_id(&log));
        log.kind = log.first.reg == 1 ? HF_EVENTLOG_CC : HF_EVENTLOG_TPM;
    } else {
        log.alg[log.n_algs++] = (struct hf_tcg_alg){HF_SHA1, SHA1_SIZE};
    }
    *out = log;
    return HF_OK;
}

bool hf_tcg_log_next(struct hf_tcg_log *log, struct hf_tcg_event *out)
{
    struct hf_tcg_event event = {.number = log->next, .offset = hf_rd_at(&log->r)};

    if (hf_rd_err(&log->r) != HF_OK)
        return false;
    if (log->next == 0) {
        event = log->first;
    } else {
        if (!hf_rd_more(&log->r) || at_padding(log) || hf_rd_err(&log->r) != HF_OK)
            return false;
        if (log->agile)
            read_agile_event(log, &event);
        else
            read_sha1_event(&log->r, &event);
        if (hf_rd_err(&log->r) == HF_E_TRUNCATED)
            (void)hf_fail(HF_E_TRUNCATED, "event %u at offset %zu: need %zu bytes at offset %zu, have fewer",
                          event.number, event.offset, log->r.err_want, log->r.err_at);
        if (hf_rd_err(&log->r) != HF_OK)
            return false;
    }
    log->next++;
    *out = event;
    return true;
}

hf_err hf_tcg_log_end(const struct hf_tcg_log *log)
{
    return hf_rd_end(&log->r);
}

struct hf_bytes hf_tcg_event_digest(const struct hf_tcg_event *event, uint16_t alg)
{
    for (size_t i = 0; i < event->n_digests; i++) {
        if (event->digest[i].alg == alg)
            return event->digest[i].bytes;
    }
    return (struct hf_bytes){NULL, 0};
}

hf_err hf_tcg_event_write(const struct hf_tcg_log *log, const struct hf_tcg_event *event, struct hf_buf *out)
{
    bool agile = log->agile && !event->header;
    uint8_t place[16 + HF_TCG_ALGS_MAX * (2 + HF_PCR_SIZE_MAX)];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes head;

    hf_wr_u32le(&w, event->reg);
    hf_wr_u32le(&w, event->type);
    if (agile)
        hf_wr_u32le(&w, (uint32_t)event->n_digests);
    for (size_t i = 0; i < event->n_digests; i++) {
        if (agile)
            hf_wr_u16le(&w, event->digest[i].alg);
        hf_wr_bytes(&w, event->digest[i].bytes);
    }
    hf_wr_u32le(&w, (uint32_t)event->data.n);
    HF_TRY(hf_wr_end(&w, &head));
    HF_TRY(hf_buf_add(out, head));
    HF_TRY(hf_buf_add(out, event->data));
    return hf_buf_add(out, event->tail);
}

/* The first bytes of a log are a register and an event type below 256 or above 0x80000000: never text. */
static bool is_text(struct hf_bytes in)
{
    for (size_t i = 0; i < in.n && i < 16; i++) {
        if (in.p[i] != '\n' && in.p[i] != '\r' && (in.p[i] < ' ' || in.p[i] > '~'))
            return false;
    }
    return in.n > 0;
}

static bool is_hex(struct hf_bytes in)
{
    for (size_t i = 0; i < in.n; i++) {
        if (!strchr("0123456789abcdefABCDEF", in.p[i]) || in.p[i] == 0)
            return false;
    }
    return in.n % 2 == 0;
}

hf_err hf_tcg_log_decode(struct hf_bytes in, struct hf_buf *out)
{
    struct hf_bytes text = in;

    if (!is_text(in))
        return hf_buf_add(out, in);
    while (text.n && strchr("\r\n \t", text.p[text.n - 1]))
        text.n--;
    return is_hex(text) ? hf_hex_parse(text, out) : hf_base64_parse_loose(text, out);
}

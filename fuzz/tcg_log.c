/* TCG event logs: iterating uses exactly the input or fails; events written again give the same bytes;
 * views lie inside the input; every event can be described; replay agrees about what is a log. */
#include "evidence/tcg_log.h"
#include "base/cleanup.h"
#include "evidence/tcg_event.h"
#include "fuzz.h"

#include <stdlib.h>

static void inside(struct hf_bytes view, struct hf_bytes in)
{
    if (view.n && (view.p < in.p || view.n > in.n || view.p > in.p + in.n - view.n))
        abort();
}

static void check_event(const struct hf_tcg_event *event, struct hf_bytes in)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf line = {0};

    inside(event->data, in);
    for (size_t i = 0; i < event->n_digests; i++)
        inside(event->digest[i].bytes, in);
    if (hf_tcg_event_describe(event, &line) != HF_OK)
        abort();
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] < ' ' || line.p[i] == 0x7f)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hf_eventlog replayed;
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data, size};
    struct hf_tcg_log log;
    struct hf_tcg_event event;
    hf_err replay = hf_eventlog_replay(in, &replayed);

    if (hf_tcg_log_open(in, &log) != HF_OK) {
        if (replay == HF_OK)
            abort();
        return 0;
    }
    while (hf_tcg_log_next(&log, &event)) {
        check_event(&event, in);
        if (hf_tcg_event_write(&log, &event, &again) != HF_OK)
            abort();
    }
    if (hf_tcg_log_end(&log) != HF_OK) {
        if (replay == HF_OK)
            abort();
        return 0;
    }
    if (hf_buf_add(&again, log.padding) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
    return 0;
}

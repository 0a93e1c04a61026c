/* Which register values follow from a firmware's event log? Here from one that is cut off. */
#include <holdfast/eventlog.h>
#include <stdio.h>

int main(void)
{
    static const uint8_t cut[] = {0, 0, 0, 0, 3, 0, 0, 0}; /* PCR 0, EV_NO_ACTION, and no more */
    static struct hf_eventlog log;
    hf_err err = hf_eventlog_replay((struct hf_bytes){cut, sizeof(cut)}, &log);

    if (err == HF_OK)
        printf("%u events, %zu banks\n", (unsigned)log.events, log.pcrs.n);
    else
        printf("%s: %s\n", hf_err_name(err), hf_err_detail());
    return err == HF_E_TRUNCATED ? 0 : 1;
}

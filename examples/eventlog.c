/* Which value must PCR 7 have after this boot log? */
#include <holdfast/eventlog.h>
#include <stdio.h>
#include <stdlib.h>

/* One event: a separator in PCR 7, in the SHA-1 format of TPM 1.2. */
static const uint8_t boot_log[] = {
    7,    0,    0,    0,    4,    0,    0,    0,    0x90, 0x69, 0xca, 0x78, 0xe7, 0x45, 0x0a, 0x28, 0x51, 0x73,
    0x43, 0x1b, 0x3e, 0x52, 0xc5, 0xc2, 0x52, 0x99, 0xe4, 0x73, 4,    0,    0,    0,    0,    0,    0,    0,
};

int main(void)
{
    struct hf_eventlog *log = malloc(sizeof(*log));
    struct hf_bytes bytes = {boot_log, sizeof(boot_log)};

    if (!log || hf_eventlog_replay(bytes, log) != HF_OK) {
        fprintf(stderr, "%s\n", hf_err_detail());
        free(log);
        return 1;
    }
    for (size_t i = 0; i < log->pcrs.bank[0].size; i++)
        printf("%02x", log->pcrs.bank[0].value[7][i]);
    printf("\n%u events, %u findings\n", log->events, log->findings);
    free(log);
    return 0;
}

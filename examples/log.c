/* The library prints nothing by itself: its lines go where the program says. */
#include <holdfast/log.h>
#include <stdio.h>

static void to_stderr(void *arg, enum hf_log_level level, const char *event, const char *fields)
{
    (void)arg;
    fprintf(stderr, "%s %s %s\n", hf_log_level_name(level), event, fields);
}

int main(void)
{
    hf_log_set(to_stderr, NULL, HF_LOG_NOTICE);
    return 0;
}

/* "Did you mean": the command with the fewest letters changed, added, left out or swapped. */
#include "base/text.h"
#include "cli/cli.h"

#define TEXT_MAX 64

/* Length of the first n words. */
static size_t first_words(const char *words, size_t n)
{
    size_t at = 0;

    for (; words[at]; at++) {
        if (words[at] == ' ' && --n == 0)
            break;
    }
    return at;
}

static size_t count_words(const char *words)
{
    size_t n = 1;

    for (; *words; words++)
        n += *words == ' ';
    return n;
}

const char *hf_cli_suggest(const char *typed)
{
    static char best[TEXT_MAX + 1];
    size_t best_distance = strlen(typed) / 4 + 2; /* farther is another word */
    size_t n = count_words(typed);

    best[0] = 0;
    for (size_t i = 0; hf_commands[i] && typed[0]; i++) {
        const char *words = hf_commands[i]->words;
        size_t length = first_words(words, n);
        size_t d = hf_text_distance(hf_bytes_text(typed), (struct hf_bytes){(const uint8_t *)words, length});

        if (d < best_distance && length <= TEXT_MAX) {
            best_distance = d;
            (void)snprintf(best, sizeof(best), "%.*s", (int)length, words);
        }
    }
    return best[0] ? best : NULL;
}

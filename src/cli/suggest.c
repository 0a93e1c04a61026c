/* "Did you mean": the command with the fewest letters changed, added, left out or swapped. */
#include "cli/cli.h"

#define TEXT_MAX 64

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment distance. Texts are cut at TEXT_MAX. */
static size_t distance(const char *a, size_t an, const char *b, size_t bn)
{
    size_t before[TEXT_MAX + 1] = {0};
    size_t above[TEXT_MAX + 1];
    size_t here[TEXT_MAX + 1];

    an = least(an, TEXT_MAX);
    bn = least(bn, TEXT_MAX);
    for (size_t k = 0; k <= bn; k++)
        above[k] = k;
    for (size_t i = 1; i <= an; i++) {
        here[0] = i;
        for (size_t k = 1; k <= bn; k++) {
            here[k] = least(least(above[k] + 1, here[k - 1] + 1), above[k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                here[k] = least(here[k], before[k - 2] + 1);
        }
        memcpy(before, above, sizeof(above));
        memcpy(above, here, sizeof(here));
    }
    return above[bn];
}

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
        size_t d = distance(typed, strlen(typed), words, length);

        if (d < best_distance && length <= TEXT_MAX) {
            best_distance = d;
            (void)snprintf(best, sizeof(best), "%.*s", (int)length, words);
        }
    }
    return best[0] ? best : NULL;
}

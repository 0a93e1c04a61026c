/* A command line (arguments parted by newlines) is parsed or refused with a reason; numbers keep their limits. */
#include "base/opt.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

struct opts {
    bool flag;
    const char *text;
    struct hf_buf hex;
    uint32_t number;
    struct hf_opt_list list;
    const char *auth;
    const char *word;
    struct hf_opt_list words;
};

static const struct hf_opt rows[] = {
    {HF_OPT_FLAG, 'f', "flag", offsetof(struct opts, flag), NULL, "", NULL, false},
    {HF_OPT_TEXT, 't', "text", offsetof(struct opts, text), "TEXT", "", "one|two", false},
    {HF_OPT_HEX, 'x', "hex", offsetof(struct opts, hex), "HEX", "", NULL, false},
    {HF_OPT_U32, 'n', "number", offsetof(struct opts, number), "N", "", NULL, false},
    {HF_OPT_LIST, 'l', "list", offsetof(struct opts, list), "ITEM", "", NULL, false},
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct opts, auth), "AUTH", "", NULL, false},
    {HF_OPT_WORD, 0, "WORD", offsetof(struct opts, word), NULL, "", NULL, true},
    {HF_OPT_WORDS, 0, "WORDS", offsetof(struct opts, words), NULL, "", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct opts o = {0};
    char text[1024];
    char *argv[512];
    int argc = 0;

    if (size >= sizeof(text) || (size && memchr(data, 0, size)))
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = 0;
    for (char *at = text; at && argc < 512; argc++) {
        argv[argc] = at;
        at = strchr(at, '\n');
        if (at)
            *at++ = 0;
    }
    if (hf_opts_parse(rows, argc, argv, &o) == HF_OK) {
        if (!o.word || o.list.n > HF_OPT_LIST_MAX || o.words.n > HF_OPT_LIST_MAX)
            abort();
        if (o.text && strcmp(o.text, "one") != 0 && strcmp(o.text, "two") != 0)
            abort();
        if (o.auth && !strchr(o.auth, ':') && strcmp(o.auth, "-") != 0)
            abort();
    } else if (!hf_err_detail()[0]) {
        abort();
    }
    hf_opts_free(rows, &o);
    return 0;
}

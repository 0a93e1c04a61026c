/*
 * Pins: which key a TPM's sessions must be salted with. A line for each TPM in <state>/tpm.pins:
 * level, handle, Name in hex, and the URI to the end of the line.
 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/hex.h"
#include "tpm/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>

#define PIN_FILE "tpm.pins"
#define PIN_FILE_MAX ((size_t)1 << 20)

static hf_err level_of(const char *word, enum hf_tpm_bus *out)
{
    for (int level = HF_TPM_BUS_TOFU; level <= HF_TPM_BUS_EK; level++) {
        if (strcmp(word, hf_tpm_bus_name((enum hf_tpm_bus)level)) == 0) {
            *out = (enum hf_tpm_bus)level;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_FORMAT, "%s: \"%.20s\" is not a level (tofu, srk, ek)", PIN_FILE, word);
}

/* One line: HF_OK when it is the URI's, HF_E_NOT_FOUND when it is another's. */
static hf_err line_parse(char *line, const char *uri, struct hf_tpm_pin *out)
{
    char *rest = NULL;
    char *level = strtok_r(line, " ", &rest);
    char *handle = strtok_r(NULL, " ", &rest);
    char *name = strtok_r(NULL, " ", &rest);
    struct hf_tpm_pin pin = {0};
    uint64_t number = 0;

    if (!name || !rest || !rest[0])
        return hf_fail(HF_E_FORMAT, "%s: a line has fewer than four words", PIN_FILE);
    if (strcmp(rest, uri) != 0)
        return HF_E_NOT_FOUND;
    HF_TRY(level_of(level, &pin.level));
    HF_TRY(hf_text_u64(handle, UINT32_MAX, PIN_FILE ": handle", &number));
    pin.handle = (uint32_t)number;
    pin.name.n = strlen(name) / 2;
    if (pin.name.n > sizeof(pin.name.bytes))
        return hf_fail(HF_E_FORMAT, "%s: a Name of %zu bytes", PIN_FILE, pin.name.n);
    HF_TRY(hf_hex_parse_exact(hf_bytes_text(name), pin.name.bytes, pin.name.n));
    *out = pin;
    return HF_OK;
}

/* The lines of the file as one C string; empty when there is no file. */
static hf_err read_lines(int dir, struct hf_buf *buf, char **text)
{
    hf_err err = hf_file_read_at(dir, PIN_FILE, PIN_FILE_MAX, buf);

    if (err != HF_OK && err != HF_E_NOT_FOUND)
        return err;
    return hf_buf_text(buf, text);
}

hf_err hf_tpm_pin_load(const char *state_dir, const char *uri, struct hf_tpm_pin *out)
{
    HF_CLEANUP(hf_fd_close) int dir = -1;
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    char *text = NULL;
    char *rest = NULL;

    HF_TRY(hf_dir_open(state_dir, &dir));
    HF_TRY(read_lines(dir, &buf, &text));
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        hf_err err = line_parse(line, uri, out);

        if (err != HF_E_NOT_FOUND)
            return err;
    }
    return hf_fail(HF_E_NOT_FOUND, "no key is pinned for %s", uri);
}

static hf_err line_write(struct hf_buf *buf, const char *uri, const struct hf_tpm_pin *pin)
{
    HF_TRY(hf_buf_printf(buf, "%s 0x%08x ", hf_tpm_bus_name(pin->level), (unsigned)pin->handle));
    HF_TRY(hf_hex_write(hf_tpm_name_bytes(&pin->name), buf));
    return hf_buf_printf(buf, " %s\n", uri);
}

/* The other TPMs' lines, then this one's unless `pin` is NULL. */
static hf_err rewrite(int dir, const char *uri, const struct hf_tpm_pin *pin)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf old = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf new = {0};
    char *text = NULL;
    char *rest = NULL;

    HF_TRY(read_lines(dir, &old, &text));
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        struct hf_tpm_pin ignored;
        HF_CLEANUP(hf_free) char *copy = NULL;

        HF_TRY(hf_strdup(line, &copy));
        if (line_parse(copy, uri, &ignored) == HF_E_NOT_FOUND)
            HF_TRY(hf_buf_printf(&new, "%s\n", line));
    }
    if (pin)
        HF_TRY(line_write(&new, uri, pin));
    return hf_file_replace_at(dir, PIN_FILE, hf_buf_bytes(&new));
}

hf_err hf_tpm_pin_save(const char *state_dir, const char *uri, const struct hf_tpm_pin *pin)
{
    HF_CLEANUP(hf_fd_close) int dir = -1;

    if (strchr(uri, '\n'))
        return hf_fail(HF_E_ARG, "the URI of the TPM holds a line break");
    HF_TRY(hf_dir_open(state_dir, &dir));
    if (flock(dir, LOCK_EX) != 0) /* released when the descriptor is closed */
        return hf_fail_errno("%s", state_dir);
    return rewrite(dir, uri, pin);
}

hf_err hf_tpm_pin_forget(const char *state_dir, const char *uri)
{
    HF_CLEANUP(hf_fd_close) int dir = -1;

    HF_TRY(hf_dir_open(state_dir, &dir));
    if (flock(dir, LOCK_EX) != 0)
        return hf_fail_errno("%s", state_dir);
    return rewrite(dir, uri, NULL);
}

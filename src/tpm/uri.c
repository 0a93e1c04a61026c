/* Which TPM, and where it is. */
#include "tpm/uri.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT 2321 /* of swtpm and of the simulator, as libtss2 assumes it */

/* Variables that other programs read, in the order of how specific they are. */
static const char *const foreign_variables[] = {"TPM2TOOLS_TCTI", "TPM2OPENSSL_TCTI", "TPM2_PKCS11_TCTI", "TSS2_TCTI",
                                                "TCTI"};

static hf_err copy_part(const char *scheme, const char *key, struct hf_bytes value, char *place, size_t size)
{
    if (place[0])
        return hf_fail(HF_E_ARG, "%s: %s= is given twice", scheme, key);
    if (value.n == 0 || value.n >= size)
        return hf_fail(HF_E_ARG, "%s: %s= has %zu bytes; 1 to %zu are possible", scheme, key, value.n, size - 1);
    memcpy(place, value.p, value.n);
    place[value.n] = 0;
    return HF_OK;
}

static hf_err port_parse(const char *scheme, const char *text, uint16_t *out)
{
    uint64_t port = 0;

    HF_TRY(hf_text_u64(text, UINT16_MAX, "port", &port));
    if (port == 0)
        return hf_fail(HF_E_ARG, "%s: port 0 cannot be connected to", scheme);
    *out = (uint16_t)port;
    return HF_OK;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

hf_err hf_tpm_address_parse(const char *scheme, const char *rest, struct hf_tpm_address *out)
{
    struct hf_tpm_address a = {.port = DEFAULT_PORT};
    char port[8] = "";

    if (starts(rest, "path=")) { /* a path may hold commas, so it stands alone */
        a.port = 0;
        HF_TRY(copy_part(scheme, "path", hf_bytes_text(rest + 5), a.path, sizeof(a.path)));
        *out = a;
        return HF_OK;
    }
    while (*rest) {
        size_t n = strcspn(rest, ",");

        if (starts(rest, "host="))
            HF_TRY(
                copy_part(scheme, "host", (struct hf_bytes){(const uint8_t *)rest + 5, n - 5}, a.host, sizeof(a.host)));
        else if (starts(rest, "port="))
            HF_TRY(copy_part(scheme, "port", (struct hf_bytes){(const uint8_t *)rest + 5, n - 5}, port, sizeof(port)));
        else
            return hf_fail(HF_E_ARG, "%s: \"%.*s\" is not understood; wanted host=H,port=N or path=SOCKET", scheme,
                           (int)(n < 64 ? n : 64), rest);
        rest += n;
        if (*rest == ',' && !*++rest)
            return hf_fail(HF_E_ARG, "%s: nothing follows the last comma", scheme);
    }
    if (!a.host[0])
        memcpy(a.host, DEFAULT_HOST, sizeof(DEFAULT_HOST));
    if (port[0])
        HF_TRY(port_parse(scheme, port, &a.port));
    *out = a;
    return HF_OK;
}

hf_err hf_tpm_address_write(const struct hf_tpm_address *a, struct hf_buf *out)
{
    if (a->path[0])
        return hf_buf_printf(out, "path=%s", a->path);
    return hf_buf_printf(out, "host=%s,port=%u", a->host, a->port);
}

/* A new text made by appending. */
static hf_err join(const char *a, const char *b, const char *c, char **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    HF_TRY(hf_buf_printf(&text, "%s%s%s", a, b, c));
    return hf_text_of(hf_buf_bytes(&text), out);
}

/* "swtpm" of "swtpm", and of "libtss2-tcti-swtpm.so.0". */
static struct hf_bytes module_name(const char *conf)
{
    static const char prefix[] = "libtss2-tcti-";
    const char *colon = strchr(conf, ':');
    struct hf_bytes name = {(const uint8_t *)conf, colon ? (size_t)(colon - conf) : strlen(conf)};
    const uint8_t *so;

    if (name.n < sizeof(prefix) - 1 || memcmp(name.p, prefix, sizeof(prefix) - 1) != 0)
        return name;
    name.p += sizeof(prefix) - 1;
    name.n -= sizeof(prefix) - 1;
    so = memmem(name.p, name.n, ".so", 3);
    if (so)
        name.n = (size_t)(so - name.p);
    return name;
}

hf_err hf_tpm_uri_foreign(const char *conf, char **uri)
{
    struct hf_bytes name = module_name(conf);
    const char *colon = strchr(conf, ':');
    const char *rest = colon ? colon + 1 : "";
    struct hf_tpm_address address;

    if (name.n == 0)
        return hf_fail(HF_E_ARG, "\"%.100s\" names no TCTI module before the colon", conf);
    for (const char *p = conf; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return hf_fail(HF_E_ARG, "a TCTI configuration holds the control character 0x%02x at offset %zu",
                           (unsigned char)*p, (size_t)(p - conf));
    if (hf_bytes_equal(name, hf_bytes_text("device")))
        return join("device", rest[0] ? ":" : "", rest, uri);
    if (hf_bytes_equal(name, hf_bytes_text("swtpm")) && hf_tpm_address_parse("swtpm", rest, &address) == HF_OK)
        return join("swtpm", rest[0] ? ":" : "", rest, uri);
    if (hf_bytes_equal(name, hf_bytes_text("mssim")) && hf_tpm_address_parse("mssim", rest, &address) == HF_OK)
        return join("mssim", rest[0] ? ":" : "", rest, uri);
    return join("tcti:", conf, "", uri);
}

/* The kernel says "1" for chips of TPM 1.2, whose /dev/tpm0 is of no use here. */
static bool is_tpm12(const char *sys, const char *device)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char path[512];

    (void)snprintf(path, sizeof(path), "%.400s/%.40s/tpm_version_major", sys, device);
    return hf_file_read(path, 64, &text) == HF_OK && text.n > 0 && text.p[0] == '1';
}

hf_err hf_tpm_uri_find_device(const char *dev, const char *sys, char **uri)
{
    static const char *const names[] = {"tpmrm0", "tpm0"};

    *uri = NULL;
    for (size_t i = 0; i < HF_COUNT(names); i++) {
        char path[512];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%.400s/%s", dev, names[i]);
        if (stat(path, &st) != 0 || !S_ISCHR(st.st_mode))
            continue;
        if (is_tpm12(sys, names[i])) {
            hf_log(HF_LOG_NOTICE, "tpm.skipped", "device=%s reason=\"it is a TPM 1.2\"", path);
            continue;
        }
        return join("device:", path, "", uri);
    }
    return HF_OK;
}

/* The first of the foreign variables that is set. "none" is what tpm2-tools calls working without one. */
static hf_err choose_foreign(char **uri, const char **source)
{
    for (size_t i = 0; i < HF_COUNT(foreign_variables); i++) {
        const char *value = secure_getenv(foreign_variables[i]);

        if (!value || !value[0] || strcmp(value, "none") == 0)
            continue;
        if (hf_tpm_uri_foreign(value, uri) != HF_OK)
            return hf_fail(HF_E_ARG, "%s: %s", foreign_variables[i], hf_err_detail());
        *source = foreign_variables[i];
        return HF_OK;
    }
    return HF_OK;
}

void hf_tpm_uri_forget_foreign(void)
{
    for (size_t i = 0; i < HF_COUNT(foreign_variables); i++)
        (void)unsetenv(foreign_variables[i]);
}

hf_err hf_tpm_uri_choose(const char *option, const char *configured, char **uri, const char **source)
{
    const char *environment = secure_getenv("HOLDFAST_TPM");
    const struct {
        const char *uri;
        const char *source;
    } own[] = {{option, "option"}, {environment, "HOLDFAST_TPM"}, {configured, "configuration"}};
    const char *chosen = NULL;
    char *found = NULL;

    for (size_t i = 0; i < HF_COUNT(own); i++) {
        if (own[i].uri && own[i].uri[0]) {
            *source = own[i].source;
            return hf_strdup(own[i].uri, uri);
        }
    }
    HF_TRY(choose_foreign(&found, &chosen));
    if (!found) {
        chosen = "found";
        HF_TRY(hf_tpm_uri_find_device("/dev", "/sys/class/tpm", &found));
    }
    if (!found) {
        chosen = "default";
        HF_TRY(hf_strdup("embedded", &found));
    }
    *uri = found;
    *source = chosen;
    return HF_OK;
}

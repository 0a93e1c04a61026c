/* TPM URIs: which one to use, and what stands in them. */
#ifndef HF_TPM_URI_H
#define HF_TPM_URI_H

#include "base/bytes.h"
#include "tpm/transport.h"

/* "host=H,port=N" (both optional) or "path=P" of swtpm: and mssim:. */
struct hf_tpm_address {
    char host[128]; /* "" when path is set */
    uint16_t port;
    char path[108]; /* a unix socket; "" for TCP */
};

/* Unknown, repeated, empty and too long parts are HF_E_ARG. `scheme` is for the error. */
hf_err hf_tpm_address_parse(const char *scheme, const char *rest, struct hf_tpm_address *out);

/* The same as text, which parses to the same again. */
hf_err hf_tpm_address_write(const struct hf_tpm_address *a, struct hf_buf *out);

/*
 * A TCTI configuration of other programs ("swtpm:port=2321", "libtss2-tcti-device.so.0:/dev/tpm0",
 * "tabrmd:bus_type=session") as a URI: a transport of ours where there is one that understands it,
 * else tcti:CONF. Free *uri with hf_free.
 */
hf_err hf_tpm_uri_foreign(const char *conf, char **uri);

/* From now on this process does not look at the variables of other programs (TPM2TOOLS_TCTI, TSS2_TCTI, ...): for
 * the program that such a variable starts, which would otherwise start itself. Before there are threads. */
void hf_tpm_uri_forget_foreign(void);

/*
 * The TPM 2.0 device of this machine: "device:/dev/tpmrm0" or "device:/dev/tpm0", or NULL in *uri
 * when there is none. Whether it may be opened is not asked: a device that is there is never passed
 * over in silence. `dev` and `sys` are "/dev" and "/sys/class/tpm" but in tests.
 */
hf_err hf_tpm_uri_find_device(const char *dev, const char *sys, char **uri);

#endif

/* NVIDIA reports for tests: a device chain of five made at run time, reports that its leaf signs, manifests and OCSP
 * responses, and whatever a test wants to be wrong with them. */
#ifndef HF_MAKE_NVIDIA_H
#define HF_MAKE_NVIDIA_H

#include "evidence/ocsp.h"
#include "evidence/spdm.h"
#include "testca.h"

/* Root first: the order in which they are issued. */
enum {
    MAKE_NVIDIA_ROOT,
    MAKE_NVIDIA_MODEL,
    MAKE_NVIDIA_BATCH,
    MAKE_NVIDIA_DEVICE,
    MAKE_NVIDIA_LEAF,
    MAKE_NVIDIA_CERTS
};

struct make_nvidia {
    struct testca cert[MAKE_NVIDIA_CERTS];
    struct testca rim_root, rim_signer;
    uint8_t fwid[48];
};

struct make_nvidia_chain_spec {
    bool tcb_info; /* the leaf has DiceTcbInfo under .5.4.1.1 and two firmware ids, as Blackwell; else CompositeDeviceID
                    */
    hf_time until; /* of the device's certificate; 0: TESTCA_UNTIL */
    bool device_no_ca;
};
hf_err make_nvidia_new(const struct make_nvidia_chain_spec *spec, struct make_nvidia *out);
void make_nvidia_free(struct make_nvidia *nv);

/* The chain as PEM, leaf first, root last; appended. */
hf_err make_nvidia_chain(const struct make_nvidia *nv, struct hf_buf *out);

struct make_nvidia_spec {
    uint8_t nonce[32];
    const char *driver; /* NULL: "550.54.15"; "": a switch */
    bool no_fwid, other_fwid;
    uint8_t nvdec0;                  /* 0: 0xaa */
    uint8_t changed;                 /* a block whose measurement differs; 0: none */
    bool header;                     /* "NVDAOD" before the opaque fields */
    const struct hf_privkey *signer; /* NULL: the leaf's */
};
hf_err make_nvidia_report(const struct make_nvidia_spec *spec, const struct make_nvidia *nv, struct hf_buf *out);

/* A manifest: of the driver measurements 8 to 15, of the VBIOS 0 to 7; fits make_nvidia_report's. */
struct make_nvidia_rim_spec {
    bool vbios;
    const char *version; /* NULL: what the report says */
    bool exclusive;      /* by the exclusive canonical form */
    bool other_value;    /* signed with a value that no report has */
    bool changed;        /* changed after it was signed */
    bool overlaps;       /* claims measurement 8 as well */
};
hf_err make_nvidia_rim(const struct make_nvidia_rim_spec *spec, const struct make_nvidia *nv, struct hf_buf *out);

/* A response about certificate `which` of the chain, by its issuer, or by a responder that the issuer made. */
struct make_nvidia_ocsp_spec {
    int which;
    enum hf_ocsp_status status;
    hf_time from, until; /* 0: TESTCA_FROM and TESTCA_UNTIL */
    bool delegated;
    bool no_eku;           /* the responder may not */
    bool by_leaf;          /* signed by the device itself */
    enum hf_hash_alg hash; /* 0: SHA-384 */
};
hf_err make_nvidia_ocsp(const struct make_nvidia_ocsp_spec *spec, const struct make_nvidia *nv, struct hf_buf *out);

/* The same for the manifests' signer. */
hf_err make_nvidia_rim_ocsp(const struct make_nvidia *nv, struct hf_buf *out);

#endif

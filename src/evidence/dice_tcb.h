/*
 * What a DICE layer says of itself in a certificate: DiceTcbInfo and its list (TCG DICE Attestation Architecture 1.1,
 * section 6.1), and CompositeDeviceID, which NVIDIA's Hopper and LS10 carry under DiceTcbInfo's OID (Implicit
 * Identity Based Device Attestation).
 */
#ifndef HF_EVIDENCE_DICE_TCB_H
#define HF_EVIDENCE_DICE_TCB_H

#include "codec/der.h"

#define HF_OID_DICE_TCB_INFO "2.23.133.5.4.1"         /* also CompositeDeviceID on older devices */
#define HF_OID_DICE_TCB_INFO_ALIAS "2.23.133.5.4.1.1" /* Blackwell */
#define HF_OID_DICE_MULTI_TCB_INFO "2.23.133.5.4.5"

#define HF_DICE_FWIDS_MAX 16

struct hf_dice_fwid {
    struct hf_bytes alg; /* content of the OBJECT IDENTIFIER */
    struct hf_bytes digest;
};

enum hf_dice_kind { HF_DICE_TCB_INFO, HF_DICE_MULTI_TCB_INFO, HF_DICE_COMPOSITE };

/* Views lie in the input. Of a list, the fields are the first one's and the firmware ids are all. */
struct hf_dice_tcb {
    enum hf_dice_kind kind;
    uint64_t version_number; /* COMPOSITE */
    struct hf_bytes spki;    /* COMPOSITE: the device's key */
    struct hf_bytes vendor, model, version;
    bool has_svn, has_layer, has_index;
    uint64_t svn, layer, index;
    struct hf_bytes flags; /* content of the BIT STRING */
    struct hf_bytes vendor_info, type;
    struct hf_bytes rest; /* flagsMask and what is newer, as it came */
    size_t n_fwids;
    struct hf_dice_fwid fwid[HF_DICE_FWIDS_MAX];
};

/* The content of the extension's OCTET STRING, all of it. */
hf_err hf_dice_tcb_parse(struct hf_bytes der, struct hf_dice_tcb *out);

/* Append it: DiceTcbInfo and CompositeDeviceID only. */
hf_err hf_dice_tcb_write(const struct hf_dice_tcb *tcb, struct hf_buf *out);

#endif

/* DICE extensions (TCG DICE Attestation Architecture 1.1, 6.1). */
#include "evidence/dice_tcb.h"

/* Tags of DiceTcbInfo's fields, in their order. */
enum {
    VENDOR,
    MODEL,
    VERSION,
    SVN,
    LAYER,
    INDEX,
    FWIDS,
    FLAGS,
    VENDOR_INFO,
    TYPE,
    FLAGS_MASK,
    INTEGRITY,
    LAST = INTEGRITY
};

static hf_err read_fwid(struct hf_reader *r, struct hf_dice_tcb *out)
{
    struct hf_dice_fwid f;
    struct hf_reader inside;

    HF_TRY(hf_der_sequence(r, &inside));
    HF_TRY(hf_der_oid(&inside, &f.alg));
    HF_TRY(hf_der_octets(&inside, &f.digest));
    HF_TRY(hf_rd_end(&inside));
    if (out->n_fwids == HF_DICE_FWIDS_MAX)
        return hf_fail(HF_E_LIMIT, "DICE: more than %d firmware ids", HF_DICE_FWIDS_MAX);
    out->fwid[out->n_fwids++] = f;
    return HF_OK;
}

static hf_err read_number(struct hf_bytes content, bool *has, uint64_t *out)
{
    *has = true;
    return hf_der_integer_value(content, out);
}

static hf_err read_tagged(const struct hf_der *e, struct hf_dice_tcb *out)
{
    struct hf_reader inside = hf_reader(e->content);

    switch (HF_DER_NUMBER(e->tag)) {
    case VENDOR:
        out->vendor = e->content;
        return HF_OK;
    case MODEL:
        out->model = e->content;
        return HF_OK;
    case VERSION:
        out->version = e->content;
        return HF_OK;
    case SVN:
        return read_number(e->content, &out->has_svn, &out->svn);
    case LAYER:
        return read_number(e->content, &out->has_layer, &out->layer);
    case INDEX:
        return read_number(e->content, &out->has_index, &out->index);
    case FWIDS:
        do
            HF_TRY(read_fwid(&inside, out));
        while (hf_rd_more(&inside));
        return hf_rd_end(&inside);
    case FLAGS:
        out->flags = e->content;
        return HF_OK;
    case VENDOR_INFO:
        out->vendor_info = e->content;
        return HF_OK;
    default:
        out->type = e->content;
        return HF_OK;
    }
}

/* The fields of one DiceTcbInfo: each optional, in the order of their tags. */
static hf_err read_info(struct hf_reader *r, struct hf_dice_tcb *out)
{
    int last = -1;

    while (hf_rd_more(r)) {
        struct hf_bytes left = {r->at, hf_rd_left(r)};
        struct hf_der e;
        int number;

        HF_TRY(hf_der_next(r, &e));
        number = (int)HF_DER_NUMBER(e.tag);
        if (HF_DER_CLASS(e.tag) != 2 || number > LAST || number <= last ||
            HF_DER_CONSTRUCTED(e.tag) != (number == FWIDS || number == INTEGRITY))
            return hf_fail(HF_E_FORMAT, "DICE: field [%d] behind [%d] in DiceTcbInfo", number, last);
        last = number;
        if (number >= FLAGS_MASK) {
            if (!out->rest.p)
                out->rest = left;
            continue;
        }
        HF_TRY(read_tagged(&e, out));
    }
    return hf_rd_end(r);
}

static hf_err read_composite(struct hf_reader *r, struct hf_dice_tcb *out)
{
    struct hf_der spki;

    HF_TRY(hf_der_u64(r, &out->version_number));
    HF_TRY(hf_der_next(r, &spki));
    if (spki.tag != HF_DER_SEQUENCE)
        return hf_fail(HF_E_FORMAT, "DICE: CompositeDeviceID has no public key");
    out->spki = spki.whole;
    HF_TRY(read_fwid(r, out));
    return hf_rd_end(r);
}

hf_err hf_dice_tcb_parse(struct hf_bytes der, struct hf_dice_tcb *out)
{
    struct hf_dice_tcb tcb = {.kind = HF_DICE_TCB_INFO};
    struct hf_reader r = hf_reader(der), inside;

    HF_TRY(hf_der_sequence(&r, &inside));
    HF_TRY(hf_rd_end(&r));
    if (hf_der_is(&inside, HF_DER_INTEGER)) {
        tcb.kind = HF_DICE_COMPOSITE;
        HF_TRY(read_composite(&inside, &tcb));
    } else if (hf_der_is(&inside, HF_DER_SEQUENCE)) {
        struct hf_dice_tcb first = {0};

        tcb.kind = HF_DICE_MULTI_TCB_INFO;
        for (size_t i = 0; hf_rd_more(&inside); i++) {
            struct hf_dice_tcb one = {.n_fwids = tcb.n_fwids};
            struct hf_reader fields;

            memcpy(one.fwid, tcb.fwid, sizeof(one.fwid));
            HF_TRY(hf_der_sequence(&inside, &fields));
            HF_TRY(read_info(&fields, &one));
            if (i == 0)
                first = one;
            tcb.n_fwids = one.n_fwids;
            memcpy(tcb.fwid, one.fwid, sizeof(tcb.fwid));
        }
        HF_TRY(hf_rd_end(&inside));
        first.kind = HF_DICE_MULTI_TCB_INFO;
        first.n_fwids = tcb.n_fwids;
        memcpy(first.fwid, tcb.fwid, sizeof(first.fwid));
        tcb = first;
    } else {
        HF_TRY(read_info(&inside, &tcb));
    }
    *out = tcb;
    return HF_OK;
}

/* ---- writing ---- */

static void put_optional(struct hf_der_writer *w, uint32_t number, struct hf_bytes content)
{
    if (content.p)
        hf_der_put(w, HF_DER_CONTEXT_PRIMITIVE(number), content);
}

/* INTEGER by an implicit tag: minimal, with a zero before a set top bit. */
static void put_number(struct hf_der_writer *w, uint32_t number, bool has, uint64_t value)
{
    uint8_t bytes[9];
    size_t at = sizeof(bytes);

    if (!has)
        return;
    do {
        bytes[--at] = (uint8_t)value;
        value >>= 8;
    } while (value);
    if (bytes[at] & 0x80)
        bytes[--at] = 0;
    hf_der_put(w, HF_DER_CONTEXT_PRIMITIVE(number), (struct hf_bytes){bytes + at, sizeof(bytes) - at});
}

static void put_fwid(struct hf_der_writer *w, const struct hf_dice_fwid *f)
{
    hf_der_put_open(w, HF_DER_SEQUENCE);
    hf_der_put(w, HF_DER_OID, f->alg);
    hf_der_put_octets(w, f->digest);
    hf_der_put_close(w);
}

static void put_info(struct hf_der_writer *w, const struct hf_dice_tcb *tcb)
{
    put_optional(w, VENDOR, tcb->vendor);
    put_optional(w, MODEL, tcb->model);
    put_optional(w, VERSION, tcb->version);
    put_number(w, SVN, tcb->has_svn, tcb->svn);
    put_number(w, LAYER, tcb->has_layer, tcb->layer);
    put_number(w, INDEX, tcb->has_index, tcb->index);
    if (tcb->n_fwids) {
        hf_der_put_open(w, HF_DER_CONTEXT(FWIDS));
        for (size_t i = 0; i < tcb->n_fwids; i++)
            put_fwid(w, &tcb->fwid[i]);
        hf_der_put_close(w);
    }
    put_optional(w, FLAGS, tcb->flags);
    put_optional(w, VENDOR_INFO, tcb->vendor_info);
    put_optional(w, TYPE, tcb->type);
    hf_der_put_raw(w, tcb->rest);
}

hf_err hf_dice_tcb_write(const struct hf_dice_tcb *tcb, struct hf_buf *out)
{
    struct hf_der_writer w = hf_der_writer(out);
    size_t before = out->n;
    hf_err err;

    if (tcb->kind == HF_DICE_MULTI_TCB_INFO)
        return hf_fail(HF_E_UNSUPPORTED, "DICE: lists of DiceTcbInfo are read, not written");
    hf_der_put_open(&w, HF_DER_SEQUENCE);
    if (tcb->kind == HF_DICE_COMPOSITE) {
        hf_der_put_u64(&w, tcb->version_number);
        hf_der_put_raw(&w, tcb->spki);
        if (tcb->n_fwids)
            put_fwid(&w, &tcb->fwid[0]);
    } else {
        put_info(&w, tcb);
    }
    hf_der_put_close(&w);
    err = hf_der_end(&w);
    if (err != HF_OK)
        out->n = before;
    return err;
}

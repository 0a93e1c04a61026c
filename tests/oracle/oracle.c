/*
 * Every byte counts: evidence with one byte changed is never judged as good as it was. What is left are bytes that
 * nothing signs; each field that has such is in the table below, with the reason, and what may be changed there.
 *
 *     oracle [STRIDE]      every STRIDE-th byte (default 1: all of them), each changed in three ways; in
 *                          one way where STRIDE is larger
 *
 * The verifier keeps its cache all the time: a fact that was found for good evidence must not help the changed one.
 */
#include "codec/pem.h"
#include "crypto/x509.h"
#include "subject.h"

/* ---- bytes that nothing signs ---- */

/* Is this a letter between lines and blocks of PEM, where readers take any white space and pass over text; or the last
 * one of a block, some of whose bits are not used? */
static bool is_pem_slack(struct hf_bytes in, size_t at)
{
    return in.p[at] == '\n' || in.p[at] == '\r' || in.p[at] == '=' || in.p[at] == 0 ||
           (at + 1 < in.n && in.p[at + 1] == '=') || (at + 2 < in.n && in.p[at + 1] == '\n' && in.p[at + 2] == '-');
}

/* Does a byte of PEM lie in a certificate that issued itself? */
static bool is_of_root(struct hf_bytes in, size_t at)
{
    static const char begin[] = "-----BEGIN", end[] = "-----END CERTIFICATE-----";
    HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    const uint8_t *from = in.p + at, *to;

    while (from > in.p && memcmp(from, begin, strlen(begin)) != 0)
        from--;
    to = memmem(from, in.n - (size_t)(from - in.p), end, strlen(end));
    if (!to)
        return false;
    return hf_pem_find((struct hf_bytes){from, (size_t)(to - from) + strlen(end)}, "CERTIFICATE", &der) == HF_OK &&
           hf_cert_parse(hf_buf_bytes(&der), &cert) == HF_OK && strcmp(cert->subject_text, cert->issuer_text) == 0;
}

static bool anything(struct hf_bytes in, size_t at)
{
    (void)in, (void)at;
    return true;
}

static bool pem_slack_or_root(struct hf_bytes in, size_t at)
{
    return is_pem_slack(in, at) || is_of_root(in, at);
}

static const struct {
    const char *kind, *field;
    bool (*may)(struct hf_bytes in, size_t at);
    const char *why;
} unsigned_fields[] = {
    {"sgx-quote", "certification data", pem_slack_or_root,
     "certificates are signed, not the PEM around them; the root is trusted for its key, which the verifier has"},
    {"tdx-quote", "certification data", pem_slack_or_root, "the same"},
    {"tdx-quote", "certification data type", anything, "4 and 5 are both read as certificates in PEM"},
    {"sgx-quote", "certification data type", anything, "the same"},
};

/* ---- where a byte lies ---- */

struct place {
    size_t at;
    size_t size; /* of the smallest row around it */
    char field[96];
};

static void on_row(void *to, const struct hf_inspect_row *row)
{
    struct place *p = to;

    if (row->n == 0 || p->at < row->at || p->at - row->at >= row->n || row->n > p->size)
        return;
    p->size = row->n;
    (void)snprintf(p->field, sizeof(p->field), "%s", row->name);
}

static void find_place(const struct hf_evidence_format *format, struct hf_bytes in, size_t at, struct place *out)
{
    struct hf_inspect i = {.row = on_row, .to = out, .whole = in};

    *out = (struct place){.at = at, .size = SIZE_MAX, .field = "(no field)"};
    (void)format->inspect(in, &i);
}

/* ---- as good as it was ---- */

struct tally {
    size_t stride;
    size_t subjects, flips, excused;
    size_t surprises; /* changed bytes that are not in the table */
    unsigned points;
    bool failed;
    struct hf_verify_result *good, *changed;
};

static size_t failures(const struct hf_verdict *v)
{
    size_t n = 0;

    for (size_t i = 0; i < v->n; i++)
        n += v->row[i].status == HF_CHECK_FAILED;
    return n;
}

/* No row is worse, none failed that had not, and the verdict is the same or better. */
static bool as_good(const struct hf_verify_result *good, const struct hf_verify_result *changed)
{
    const struct hf_verdict *a = &good->verdict, *b = &changed->verdict;

    if (hf_verdict_status(b) > hf_verdict_status(a) || failures(b) > failures(a) || b->n < a->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->row[i].name, b->row[i].name) != 0 || b->row[i].status > a->row[i].status)
            return false;
    }
    return true;
}

/* Was a signature found good? Without one there is nothing that a changed byte could break. */
static bool is_signed(const struct hf_verdict *v)
{
    size_t good = 0;

    for (size_t i = 0; i < v->n; i++) {
        if (strstr(v->row[i].name, "signature") && v->row[i].status != HF_CHECK_OK)
            return false;
        good += strstr(v->row[i].name, "signature") != NULL;
    }
    return good > 0;
}

static bool judged(hf_err err)
{
    return err == HF_OK || err == HF_E_WARNED || err == HF_E_UNTRUSTED;
}

static bool is_excused(const char *kind, const char *field, struct hf_bytes in, size_t at)
{
    for (size_t i = 0; i < HF_COUNT(unsigned_fields); i++) {
        if (strcmp(unsigned_fields[i].kind, kind) == 0 && strcmp(unsigned_fields[i].field, field) == 0)
            return unsigned_fields[i].may(in, at);
    }
    return false;
}

static void flip(struct tally *t, struct subject *s, size_t at, uint8_t by)
{
    const struct hf_evidence_format *format = t->good->item[0].format;
    struct place place;
    hf_err err;

    s->evidence.p[at] ^= by;
    err = hf_verify(s->verifier, &s->request, t->changed);
    t->flips++;
    if (judged(err) && as_good(t->good, t->changed)) {
        s->evidence.p[at] ^= by;
        find_place(format, s->view, at, &place);
        if (is_excused(format->name, place.field, s->view, at)) {
            t->excused++;
        } else if (t->surprises++ < 40) {
            print_message("# %s: byte %zu (%02x ^ %02x), field \"%s\" of %s: as good as before\n", s->name, at,
                          s->evidence.p[at], by, place.field, format->name);
        }
        return;
    }
    s->evidence.p[at] ^= by;
}

static void try_subject(void *to, struct subject *s)
{
    static const uint8_t ways[] = {0x01, 0x80, 0xff};
    struct tally *t = to;
    size_t before = t->surprises, excused = t->excused;
    hf_err err = hf_verify(s->verifier, &s->request, t->good);

    if (!judged(err) || t->good->n != 1) { /* what cannot be judged has no verdict to lose */
        (void)printf("ok %u - %s # SKIP %s\n", ++t->points, s->name, hf_err_detail());
        return;
    }
    if (!is_signed(&t->good->verdict)) {
        (void)printf("ok %u - %s # SKIP no signature of it was found good\n", ++t->points, s->name);
        return;
    }
    for (size_t at = t->subjects++ % t->stride; at < s->evidence.n; at += t->stride) {
        for (size_t i = 0; i < (t->stride == 1 ? HF_COUNT(ways) : 1); i++)
            flip(t, s, at, ways[i]);
    }
    (void)printf("%sok %u - %s: %s, no byte changes unseen but %zu that nothing signs\n",
                 t->surprises > before ? "not " : "", ++t->points, s->name, hf_verify_result_verdict(t->good),
                 t->excused - excused);
    (void)fflush(stdout);
    t->failed |= t->surprises > before;
}

int main(int argc, char **argv)
{
    struct tally t = {.stride = argc > 1 ? strtoul(argv[1], NULL, 10) : 1};

    t.stride = t.stride ? t.stride : 1;
    OK(hf_verify_result_new(&t.good));
    OK(hf_verify_result_new(&t.changed));
    subjects_made(try_subject, &t);
    if (vectors_dir())
        subjects_real(try_subject, &t);
    (void)printf("1..%u\n# %zu pieces of evidence, %zu changes, %zu of bytes that nothing signs, %zu unseen\n",
                 t.points, t.subjects, t.flips, t.excused, t.surprises);
    hf_verify_result_free(&t.good);
    hf_verify_result_free(&t.changed);
    return t.failed;
}

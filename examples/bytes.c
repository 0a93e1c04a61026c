/* A view, a growing buffer, and a secret. */
#include <holdfast/bytes.h>
#include <stdio.h>

int main(void)
{
    struct hf_buf buf = {0};
    struct hf_secret *pin = NULL;
    hf_err err = hf_buf_add(&buf, hf_bytes_text("holdfast"));

    if (err == HF_OK)
        err = hf_secret_new(hf_bytes_text("1234"), &pin);
    if (err == HF_OK)
        printf("%zu bytes; the PIN is %s, in memory that is %s\n", buf.n,
               hf_secret_equal(pin, hf_bytes_text("1234")) ? "right" : "wrong",
               hf_secret_locked() ? "locked" : "not locked");
    else
        fprintf(stderr, "%s\n", hf_err_detail());
    hf_secret_free(&pin);
    hf_buf_free(&buf);
    return hf_err_exit(err);
}

/* Telling a person and a program what went wrong. */
#include <holdfast/bytes.h>
#include <stdio.h>

int main(void)
{
    struct hf_buf buf = {.max = 4};
    hf_err err = hf_buf_add(&buf, hf_bytes_text("five!"));

    if (err != HF_OK)
        printf("%s: %s (%s); a shell sees %d\n", hf_err_name(err), hf_err_detail(), hf_err_text(err), hf_err_exit(err));
    hf_buf_free(&buf);
    return err == HF_E_LIMIT ? 0 : 1;
}

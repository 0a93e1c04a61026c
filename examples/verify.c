/* Is this evidence to be trusted? Usage: verify EVIDENCE [COLLATERAL]... (without a file: nothing is). */
#include <holdfast/verify.h>
#include <stdio.h>
#include <time.h>

static uint8_t file[1 << 20];

static struct hf_bytes content(const char *path)
{
    FILE *in = fopen(path, "rb");
    struct hf_bytes bytes = {file, in ? fread(file, 1, sizeof(file), in) : 0};

    if (in)
        fclose(in);
    return bytes;
}

int main(int argc, char **argv)
{
    struct hf_verifier *verifier = NULL;
    struct hf_verify_result *result = NULL;
    struct hf_bytes evidence = {file, 0};
    struct hf_verify_request request = {.evidence = &evidence, .n_evidence = 1, .at = time(NULL)};
    struct hf_buf text = {0};
    hf_err err = hf_verifier_new(&verifier);

    for (int i = 2; i < argc && err == HF_OK; i++)
        err = hf_verifier_add_collateral(verifier, content(argv[i]), argv[i]);
    if (err == HF_OK)
        err = hf_verify_result_new(&result);
    if (argc > 1)
        evidence = content(argv[1]);
    if (err == HF_OK)
        err = hf_verify(verifier, &request, result);
    if (result && hf_verify_result_text(result, &text) == HF_OK)
        fwrite(text.p, 1, text.n, stdout);
    printf("%s: %s\n", hf_err_text(err), hf_err_detail());
    hf_buf_free(&text);
    hf_verify_result_free(&result);
    hf_verifier_free(&verifier);
    return argc > 1 ? hf_err_exit(err) : 0;
}

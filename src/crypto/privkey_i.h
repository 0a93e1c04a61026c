/* Shared by privkey*.c. */
#ifndef HF_CRYPTO_PRIVKEY_I_H
#define HF_CRYPTO_PRIVKEY_I_H

#include "crypto/privkey.h"

/* Take over an OpenSSL key (left NULL) once its kind and size are ones we know. */
hf_err hf_privkey_of_evp(EVP_PKEY **evp, struct hf_privkey **out);

#endif

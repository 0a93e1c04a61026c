/* Decimal text and doubles, independent of the locale. */
#ifndef HF_CODEC_NUMBER_H
#define HF_CODEC_NUMBER_H

#include "base/bytes.h"

/* The double nearest to a JSON number: HF_E_FORMAT where it is not finite or has more than 1,024 characters. */
hf_err hf_number_double(struct hf_bytes text, double *out);

/* A finite double as ECMAScript's Number::toString writes it (ECMA-262, 6.1.6.1.20), which RFC 8785 uses:
 * the shortest digits that read back as the same double, the nearest of them. */
#define HF_NUMBER_TEXT 64
hf_err hf_number_write(double value, char out[HF_NUMBER_TEXT]);

#endif

/* Base64, standard alphabet with padding. */
#ifndef MS_BASE_BASE64_H
#define MS_BASE_BASE64_H

#include "base/buf.h"

void ms_base64_encode(struct ms_buf *out, struct ms_str data);
/* Lenient, as Java's MIME decoder: other characters are skipped, missing padding is accepted. */
int ms_base64_decode_lenient(struct ms_buf *out, struct ms_str text);
/* Strict: MSTEP_ESYNTAX for anything that encode would not write. */
int ms_base64_decode(struct ms_buf *out, struct ms_str text);

#endif

/* Messages: an error's code and parts to the text a user reads. */
#ifndef MS_QUERY_JSONATA_ERROR_H
#define MS_QUERY_JSONATA_ERROR_H

#include "query/jsonata/jsonata.h"
#include "query/jsonata/value.h"

#define MS_JX_MESSAGE_MAX 16384 /* longer values are cut */

/* What an error consists of, wherever it is found. */
struct ms_jx_error {
  const char *code; /* "T2001"; "" = `text` is the message */
  const char *text;
  bool is_result_type; /* as in struct ms_jsonata_error */
  bool has_pos;
  size_t pos;         /* bytes into the expression */
  struct ms_jx token; /* UNDEFINED = none */
  struct ms_jx value;
  struct ms_jx value2;
  uint32_t index; /* of an argument, from 1 */
};

/* Fills *out from the parts; MS_FAILED, or MSTEP_ENOMEM. `source` is the expression's text. */
int ms_jx_error_fill(struct ms_jsonata_error *out, const struct ms_jx_error *error,
                     struct ms_str source);

#endif

/*
 * Function signatures `<s-nn?:s>`: what each parameter takes, and how arguments are fitted to them
 * (context for a missing first argument, a scalar where an array is due).
 */
#ifndef MS_QUERY_JSONATA_SIGNATURE_H
#define MS_QUERY_JSONATA_SIGNATURE_H

#include "query/jsonata/value.h"

#define MS_JX_PARAMS_MAX 16

/* Bits of ms_jx_param.mask, one for each type letter. */
enum {
  MS_JX_T_STRING = 1,
  MS_JX_T_NUMBER = 2,
  MS_JX_T_BOOLEAN = 4,
  MS_JX_T_NULL = 8,
  MS_JX_T_ARRAY = 16,
  MS_JX_T_OBJECT = 32,
  MS_JX_T_FUNCTION = 64,
  MS_JX_T_MISSING = 128,
  MS_JX_T_JSON = 1 | 2 | 4 | 8 | 16 | 32,
  MS_JX_T_ANY = MS_JX_T_JSON | 64
};

enum {
  MS_JX_P_OPTIONAL = 1, /* `?` */
  MS_JX_P_CONTEXT = 2,  /* `-` */
  MS_JX_P_REPEATED = 4, /* `+` */
  MS_JX_P_ARRAY = 8     /* `a`: whatever comes is put into an array */
};

struct ms_jx_param {
  uint8_t mask;
  uint8_t flags;
  char
      subtype; /* of an array's items: letter; 0 = any; 'X' = no letter: nothing but an exact match */
  char reserved;
};

struct ms_jx_signature {
  uint8_t count;
  struct ms_jx_param params[MS_JX_PARAMS_MAX];
};

/*
 * Reads the text between and including `<` and `>`. NULL on success; else the error code, and
 * *offset and *value say where and what.
 */
const char *ms_jx_signature_parse(struct ms_jx_signature *out, struct ms_str text, size_t *offset,
                                  struct ms_str *value);

/*
 * Fits `count` arguments to the signature into out (room for `count` and the signature's
 * parameters together; *out_count of them, missing ones undefined). False: the evaluation failed with T0410, T0411 or T0412.
 */
bool ms_jx_signature_fit(struct ms_jx_eval *ev, const struct ms_jx_signature *signature,
                         const struct ms_jx *args, size_t count, struct ms_jx context,
                         struct ms_jx *out, size_t *out_count);

#endif

/*
 * Pictures: the XPath patterns that $formatInteger, $parseInteger, $fromMillis and $toMillis take.
 * A picture is analysed into a format, then numbers or moments go through the format, either way.
 */
#ifndef MS_QUERY_JSONATA_PICTURE_H
#define MS_QUERY_JSONATA_PICTURE_H

#include "query/jsonata/eval.h"

/* Of ASCII letters only. */
static inline char ms_jx_lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static inline char ms_jx_upper(char c)
{
  return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

enum ms_jx_int_style {
  MS_JX_INT_DECIMAL,
  MS_JX_INT_LETTERS,
  MS_JX_INT_ROMAN,
  MS_JX_INT_WORDS,
  MS_JX_INT_SEQUENCE /* a numbering that is not known here */
};

enum ms_jx_case { MS_JX_LOWER_CASE, MS_JX_UPPER_CASE, MS_JX_TITLE_CASE };

struct ms_jx_separator {
  uint32_t position; /* digits to its right */
  uint32_t character;
};

struct ms_jx_int_format {
  enum ms_jx_int_style style;
  enum ms_jx_case letter_case;
  bool is_ordinal;
  bool is_regular; /* one separator, repeated every separators[0].position digits */
  uint32_t zero;   /* the digit family's zero; DECIMAL */
  uint32_t mandatory_digits;
  uint32_t optional_digits;
  uint32_t parse_width;               /* digits to read exactly; 0 = as many as there are */
  struct ms_jx_separator *separators; /* from the right */
  uint32_t separator_count;
  struct ms_str token; /* the primary part of the picture */
};

/* False: the evaluation failed. */
bool ms_jx_int_analyse(struct ms_jx_eval *ev, struct ms_jx_int_format *out, struct ms_str picture);
/* Appends value, a whole number, to out. */
bool ms_jx_int_format(struct ms_jx_eval *ev, struct ms_buf *out, double value,
                      const struct ms_jx_int_format *format);
/* The number a text stands for; NaN when it is none. False: the evaluation failed. */
bool ms_jx_int_parse(struct ms_jx_eval *ev, double *out, struct ms_str text,
                     const struct ms_jx_int_format *format);

/* Numbers in English words (words.c). */
void ms_jx_words_put(struct ms_buf *out, double value, bool is_ordinal,
                     enum ms_jx_case letter_case);
double ms_jx_words_parse(struct ms_str lower_case);
/* A regular expression that matches such texts. */
void ms_jx_words_pattern(struct ms_buf *out);

/* ---- dates ---- */

enum { MS_JX_NOT_NAMED = -1 };

/* A piece of a date picture: a literal, or a component with its presentation. */
struct ms_jx_date_part {
  char component; /* 0: a literal */
  struct ms_str literal;
  int names; /* enum ms_jx_case, or MS_JX_NOT_NAMED */
  bool has_format;
  bool is_traditional; /* modifier `t` */
  int64_t width_max;   /* -1 = none */
  int64_t year_digits; /* of Y: -1 = all */
  struct ms_jx_int_format format;
};

struct ms_jx_date_picture {
  struct ms_jx_date_part *parts;
  size_t count;
};

bool ms_jx_date_analyse(struct ms_jx_eval *ev, struct ms_jx_date_picture *out,
                        struct ms_str picture);
/* Text of a moment; `offset` is minutes east of UTC split as in `+hhmm`. ERROR on failure. */
struct ms_jx ms_jx_date_format(struct ms_jx_eval *ev, double millis, struct ms_jx picture,
                               struct ms_jx timezone);
/* Milliseconds, or undefined when the text does not fit the picture. */
struct ms_jx ms_jx_date_parse(struct ms_jx_eval *ev, struct ms_str text, struct ms_str picture);
/* One component (a letter of YMDdFWwXxHhmsfP) of a moment in UTC. */
double ms_jx_date_fragment(double millis, char component);
extern const char *const ms_jx_months[12];
extern const char *const ms_jx_days[7]; /* from Monday */

#endif

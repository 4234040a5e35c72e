/* Date pictures: `[Y0001]-[M01]-[D01]` into literals and components. */

#include "query/jsonata/picture.h"

#define COMPONENTS_WITH_NUMBERS "YMDdFWwXxHhmsf"

/* What a component looks like when the picture does not say; NULL: there is no such component. */
static const char *default_presentation(char component)
{
  switch (component) {
  case 'F':
  case 'P':
  case 'C':
  case 'E':
    return "n";
  case 'm':
  case 's':
    return "01";
  case 'Z':
  case 'z':
    return "01:01";
  default:
    return component != '\0' && strchr("YMDdWwXxHhf", component) != NULL ? "1" : NULL;
  }
}

/* A width: `*` or nothing is none (-1). */
static int64_t read_width(struct ms_str text)
{
  int64_t width = -1;
  for (size_t i = 0; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
    width = (width < 0 ? 0 : width) * 10 + (text.data[i] - '0');
    if (width > 1000) {
      return 1000;
    }
  }
  return width;
}

static bool is_name_style(struct ms_str presentation)
{
  return presentation.len > 0 && (presentation.data[0] == 'n' || presentation.data[0] == 'N');
}

static void set_year_digits(struct ms_jx_date_part *part)
{
  part->year_digits = -1;
  if (part->width_max >= 0) {
    part->year_digits = part->width_max;
    part->format.mandatory_digits = (uint32_t)part->width_max;
  } else if (part->format.mandatory_digits + part->format.optional_digits >= 2) {
    part->year_digits = part->format.mandatory_digits + part->format.optional_digits;
  }
}

/* The numeric presentation of a component. */
static bool set_format(struct ms_jx_eval *ev, struct ms_jx_date_part *part,
                       struct ms_str presentation, char modifier, int64_t width_min)
{
  bool is_zone = part->component == 'Z' || part->component == 'z';
  if (!is_zone && strchr(COMPONENTS_WITH_NUMBERS, part->component) == NULL) {
    return true;
  }
  part->has_format = true;
  if (!ms_jx_int_analyse(ev, &part->format, presentation)) {
    return false;
  }
  if (is_zone) {
    return true;
  }
  part->format.is_ordinal = part->format.is_ordinal || modifier == 'o';
  if (width_min >= 0 && part->format.mandatory_digits < width_min) {
    part->format.mandatory_digits = (uint32_t)width_min;
  }
  if (part->component == 'Y') {
    set_year_digits(part);
  }
  return true;
}

/* Reads what is between brackets, blanks taken out. */
static bool analyse_marker(struct ms_jx_eval *ev, struct ms_jx_date_part *part,
                           struct ms_str marker)
{
  size_t comma = marker.len;
  for (size_t i = marker.len; i > 0 && comma == marker.len; i--) {
    comma = marker.data[i - 1] == ',' ? i - 1 : comma;
  }
  struct ms_str widths = ms_str_sub(marker, comma + 1, marker.len);
  size_t dash = ms_str_find(widths, 0, '-');
  int64_t width_min = read_width(ms_str_sub(widths, 0, dash));
  part->width_max = read_width(ms_str_sub(widths, dash + 1, widths.len));
  part->component = marker.len > 0 ? marker.data[0] : '\0';
  part->names = MS_JX_NOT_NAMED;
  struct ms_str presentation = ms_str_sub(marker, 1, comma);
  char modifier = '\0';
  if (presentation.len > 1 && strchr("atco", presentation.data[presentation.len - 1]) != NULL) {
    modifier = presentation.data[--presentation.len];
  }
  if (presentation.len == 0) {
    presentation = ms_str_c(default_presentation(part->component));
    if (presentation.data == NULL) {
      ms_jx_fail_value(ev, "D3132", ms_jx_text_value(ms_str_sub(marker, 0, 1)));
      return false;
    }
  }
  part->is_traditional = modifier == 't';
  if (is_name_style(presentation)) {
    bool is_title = presentation.len > 1 && presentation.data[1] == 'n';
    part->names = presentation.data[0] == 'n' ? MS_JX_LOWER_CASE
                                              : (is_title ? MS_JX_TITLE_CASE : MS_JX_UPPER_CASE);
    bool is_zone = part->component == 'Z' || part->component == 'z';
    return !is_zone || set_format(ev, part, presentation, modifier, width_min);
  }
  return set_format(ev, part, presentation, modifier, width_min);
}

struct reader {
  struct ms_jx_eval *ev;
  struct ms_jx_date_picture *out;
  struct ms_str picture;
};

/* Adds picture[from, to) as a literal, `]]` meaning `]`. */
static bool add_literal(struct reader *r, size_t from, size_t to)
{
  if (from >= to) {
    return true;
  }
  char *text = ms_jx_alloc(r->ev, to - from);
  if (text == NULL) {
    return false;
  }
  size_t len = 0;
  for (size_t i = from; i < to; i++) {
    text[len++] = r->picture.data[i];
    if (r->picture.data[i] == ']' && i + 1 < to && r->picture.data[i + 1] == ']') {
      i++;
    }
  }
  struct ms_jx_date_part *part = &r->out->parts[r->out->count++];
  part->literal = (struct ms_str){text, len};
  return true;
}

/* A marker without its blanks. */
static bool add_marker(struct reader *r, size_t from, size_t to)
{
  char *text = ms_jx_alloc(r->ev, to - from);
  if (text == NULL) {
    return false;
  }
  size_t len = 0;
  for (size_t i = from; i < to; i++) {
    if (strchr(" \t\r\n", r->picture.data[i]) == NULL || r->picture.data[i] == '\0') {
      text[len++] = r->picture.data[i];
    }
  }
  struct ms_jx_date_part *part = &r->out->parts[r->out->count];
  if (!analyse_marker(r->ev, part, (struct ms_str){text, len})) {
    return false;
  }
  /* Digits that follow digits directly: the first must have a known width to be parsed. */
  if (r->out->count > 0 && part->has_format && part->component != 'Z' && part->component != 'z' &&
      part[-1].has_format) {
    part[-1].format.parse_width = part[-1].format.mandatory_digits;
  }
  r->out->count++;
  return true;
}

bool ms_jx_date_analyse(struct ms_jx_eval *ev, struct ms_jx_date_picture *out,
                        struct ms_str picture)
{
  struct reader r = {ev, out, picture};
  size_t brackets = 0;
  for (size_t i = 0; i < picture.len; i++) {
    brackets += picture.data[i] == '[';
  }
  out->count = 0;
  out->parts = ms_jx_alloc(ev, (2 * brackets + 1) * sizeof *out->parts);
  if (out->parts == NULL || !ms_jx_spend(ev, picture.len)) {
    return false;
  }
  memset(out->parts, 0, (2 * brackets + 1) * sizeof *out->parts);
  size_t start = 0;
  size_t at = ms_str_find(picture, 0, '[');
  while (at < picture.len) {
    if (at + 1 < picture.len && picture.data[at + 1] == '[') {
      if (!add_literal(&r, start, at) || !add_literal(&r, at, at + 1)) {
        return false;
      }
      start = at + 2;
    } else {
      size_t end = ms_str_find(picture, at, ']');
      if (end >= picture.len) {
        ms_jx_fail(ev, "D3135");
        return false;
      }
      if (!add_literal(&r, start, at) || !add_marker(&r, at + 1, end)) {
        return false;
      }
      start = end + 1;
    }
    at = ms_str_find(picture, start, '[');
  }
  return add_literal(&r, start, picture.len);
}

/* See table.h. */
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static size_t columns_of(const char *cell)
{
  size_t count = 0;
  for (; *cell != '\0'; cell++) {
    count += ((unsigned char)*cell & 0xC0) != 0x80;
  }
  return count;
}

void ms_cli_table_init(struct ms_cli_table *table, const char *const *titles)
{
  *table = (struct ms_cli_table){0};
  while (titles[table->columns] != NULL && table->columns < MS_TABLE_COLUMNS_MAX) {
    table->columns++;
  }
  for (size_t i = 0; i < table->columns; i++) {
    ms_cli_table_add(table, titles[i]);
  }
}

void ms_cli_table_add(struct ms_cli_table *table, const char *cell)
{
  size_t column = table->count++ % table->columns, width = columns_of(cell);
  if (width > table->widths[column]) {
    table->widths[column] = width;
  }
  ms_text_add(&table->cells, cell, strlen(cell) + 1);
}

void ms_cli_table_print(struct ms_cli_table *table)
{
  bool is_coloured = ms_cli_has_colour(stdout);
  const char *cell = table->cells.is_failed ? NULL : table->cells.data;
  for (size_t i = 0; cell != NULL && i < table->count; i++) {
    size_t column = i % table->columns, width = columns_of(cell);
    bool is_last = column + 1 == table->columns;
    bool is_title = is_coloured && i < table->columns;
    printf("%s%s%s", is_title ? ms_cli_style(true, MS_STYLE_BOLD) : "", cell,
           is_title ? ms_cli_style(true, MS_STYLE_PLAIN) : "");
    printf("%*s", is_last ? 0 : (int)(table->widths[column] - width + 2), "");
    if (is_last) {
      putchar('\n');
    }
    cell += strlen(cell) + 1;
  }
  if (table->cells.is_failed) {
    ms_cli_error("could not print the table: out of memory");
  }
  ms_text_deinit(&table->cells);
}

void ms_cli_date_text(char out[32], double seconds)
{
  time_t at = (time_t)seconds;
  struct tm parts;
  if (seconds <= 0 || gmtime_r(&at, &parts) == NULL ||
      strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
    snprintf(out, 32, "-");
  }
}

void ms_cli_size_text(char out[32], unsigned long long bytes)
{
  static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
  double value = (double)bytes;
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < sizeof units / sizeof *units) {
    value /= 1000;
    unit++;
  }
  snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

long long ms_cli_duration_parse(const char *text)
{
  static const struct {
    const char *unit;
    long long ms;
  } units[] = {{"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"w", 604800000}};
  char *end = NULL;
  if (text[0] < '0' || text[0] > '9') {
    return -1;
  }
  unsigned long long number = strtoull(text, &end, 10);
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcmp(end, units[i].unit) == 0 && number <= 1000000000ull) {
      return (long long)number * units[i].ms;
    }
  }
  return -1;
}

static void add_details(struct ms_text *text, mstep_str details)
{
  static const char *const members[] = {"name",     "length",     "index",  "redriveCount",
                                        "resource", "state",      "error",  "cause",
                                        "input",    "parameters", "output", "assignedVariables"};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    struct ms_text value = {0};
    if (ms_text_member(&value, details, members[i])) {
      ms_text_printf(text, "%s%s", text->len > 0 ? " " : "", ms_text_str(&value).data);
    }
    ms_text_deinit(&value);
  }
}

static void take_details(mstep_str name, mstep_str value, void *user)
{
  static const char end[] = "EventDetails";
  size_t len = sizeof end - 1;
  if (name.len > len && memcmp(name.data + name.len - len, end, len) == 0) {
    add_details(user, value);
  }
}

void ms_text_details(struct ms_text *text, mstep_str event)
{
  ms_text_each_member(event, take_details, text);
}

void ms_cli_member_print(const char *name, int width, const char *value)
{
  size_t len = strcspn(value, "\n");
  if (value[len] == '\0' || value[len + 1] == '\0') {
    printf("%-*s %.*s\n", width, name, (int)len, value);
    return;
  }
  printf("%s\n", name);
  while (*value != '\0') {
    len = strcspn(value, "\n");
    printf("%s%.*s\n", len > 0 ? "  " : "", (int)len, value);
    value += len + (value[len] == '\n');
  }
}

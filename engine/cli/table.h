/* What a person reads: rows in columns, dates, sizes. */
#ifndef MS_CLI_TABLE_H
#define MS_CLI_TABLE_H

#include "cli/cli.h"
#include "cli/text.h"

#define MS_TABLE_COLUMNS_MAX 8

/* Rows are kept until they are printed, so that columns are as wide as what stands in them. */
struct ms_cli_table {
  size_t columns;
  size_t widths[MS_TABLE_COLUMNS_MAX]; /* in characters */
  struct ms_text cells;                /* each with a NUL behind it */
  size_t count;
};

void ms_cli_table_init(struct ms_cli_table *table, const char *const *titles); /* NULL ends them */
void ms_cli_table_add(struct ms_cli_table *table, const char *cell); /* the next cell, row by row */
/* Prints on standard output; titles bold on a terminal. Frees. */
void ms_cli_table_print(struct ms_cli_table *table);

/* "2026-11-23T16:34:12Z" of seconds since 1970; "-" for 0. */
void ms_cli_date_text(char out[32], double seconds);
/* "512 B", "1.5 MB". */
void ms_cli_size_text(char out[32], unsigned long long bytes);
/* Milliseconds of "30s", "5m", "12h", "7d", "2w"; -1: it is none of these. */
long long ms_cli_duration_parse(const char *text);

/* "NAME   VALUE"; a value of more than a line stands below its name, indented by two columns. */
void ms_cli_member_print(const char *name, int width, const char *value);

#endif

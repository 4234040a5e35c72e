/*
 * `mstep trace EXECUTION [-f]`: its history, a line an event, indented by branch; with -f as it happens. What
 * encloses an event is found from the events before it, so that this works on what AWS recorded, too.
 */
#include <string.h>
#include <time.h>

#include "cli/client.h"

#define PAUSE_MS 200
#define PAGE 1000
#define DETAILS_COLUMNS 200
#define INDENT_MAX 16

/* What opens a level, and the beginning of the types that close it. */
static const struct {
  const char *opens, *closes;
} levels[] = {{"ParallelStateStarted", "ParallelState"},
              {"MapStateStarted", "MapState"},
              {"MapIterationStarted", "MapIteration"}};
#define LEVEL_COUNT (sizeof levels / sizeof *levels)

/* An event that was shown. Ids count from 1. */
struct seen {
  unsigned long long around; /* id of what encloses it; 0: nothing */
  unsigned depth;
  int level; /* that it opens; -1 */
  bool is_closed; /* that level */
};

struct trace {
  struct ms_text arn;
  struct ms_text token; /* of the page that was read last; empty: the first */
  struct ms_text next;
  unsigned long long skip, on_page; /* events of that page: shown before, there are */
  struct seen *seen;
  size_t count, capacity;
  double started;
  bool is_json, is_ended, is_failed;
};

/* ---- where an event belongs ---- */

static const struct seen *seen_at(const struct trace *trace, unsigned long long id)
{
  static const struct seen outside = {0, 0, -1, false};
  return id >= 1 && id <= trace->count ? &trace->seen[id - 1] : &outside;
}

/* Out of what encloses it, which must be something. */
static void go_out(struct seen *place, const struct trace *trace)
{
  const struct seen *opener = seen_at(trace, place->around);
  place->depth = opener->depth;
  place->around = opener->around;
}

/* It ends the nearest level of its kind; what is within that has ended with it. */
static void close_level(struct seen *place, struct trace *trace, int level)
{
  bool is_found = false;
  while (place->around != 0 && !is_found) {
    struct seen *opener = &trace->seen[place->around - 1];
    is_found = opener->level == level;
    opener->is_closed = true;
    go_out(place, trace);
  }
}

static struct seen place_of(struct trace *trace, const char *type, unsigned long long previous)
{
  const struct seen *before = seen_at(trace, previous);
  bool is_inside = before->level >= 0;
  struct seen place = {is_inside ? previous : before->around, before->depth + is_inside, -1, false};
  /* What comes after a level may name one of its events as the one before. */
  while (place.around != 0 && seen_at(trace, place.around)->is_closed) {
    go_out(&place, trace);
  }
  for (size_t i = 0; i < LEVEL_COUNT; i++) {
    size_t len = strlen(levels[i].closes);
    if (strcmp(type, levels[i].opens) == 0) {
      place.level = (int)i;
    } else if (strncmp(type, levels[i].closes, len) == 0 && strcmp(type + len, "Entered") != 0 &&
               strcmp(type + len, "Exited") != 0) {
      close_level(&place, trace, (int)i);
    }
  }
  if (strncmp(type, "Execution", 9) == 0) {
    place = (struct seen){0, 0, -1, false};
  }
  return place;
}

static bool remember(struct trace *trace, const struct seen *place)
{
  if (trace->count == trace->capacity) {
    size_t capacity = trace->capacity == 0 ? 256 : 2 * trace->capacity;
    struct seen *seen = ms_cli_resize(trace->seen, capacity * sizeof *seen);
    if (seen == NULL) {
      trace->is_failed = true;
      return false;
    }
    trace->seen = seen;
    trace->capacity = capacity;
  }
  trace->seen[trace->count++] = *place;
  return true;
}

/* ---- a line ---- */

static void print_line(struct trace *trace, mstep_str event, const char *type, unsigned depth)
{
  bool is_coloured = ms_cli_has_colour(stdout);
  double at = ms_text_number(event, "timestamp", 0);
  struct ms_text line = {0}, details = {0};
  trace->started = trace->count == 1 ? at : trace->started;
  bool is_bad = strstr(type, "Failed") != NULL || strstr(type, "TimedOut") != NULL ||
                strstr(type, "Aborted") != NULL;
  ms_text_printf(&line, "%s%11.3fs%s  %*s#%.0f %s%s%s", ms_cli_style(is_coloured, MS_STYLE_DIM),
                 at - trace->started, ms_cli_style(is_coloured, MS_STYLE_PLAIN),
                 (int)(2 * (depth < INDENT_MAX ? depth : INDENT_MAX)), "",
                 ms_text_number(event, "id", 0),
                 ms_cli_style(is_coloured, is_bad ? MS_STYLE_RED : MS_STYLE_BOLD), type,
                 ms_cli_style(is_coloured, MS_STYLE_PLAIN));
  ms_text_details(&details, event);
  if (details.len > 0) {
    ms_text_put(&line, " ");
    ms_text_clip(&line, details.data, DETAILS_COLUMNS);
  }
  printf("%s\n", ms_text_str(&line).data);
  ms_text_deinit(&details);
  ms_text_deinit(&line);
}

static bool is_end(const char *type)
{
  return strncmp(type, "Execution", 9) == 0 && strcmp(type, "ExecutionStarted") != 0 &&
         strcmp(type, "ExecutionRedriven") != 0;
}

static void take_event(mstep_str event, void *user)
{
  struct trace *trace = user;
  struct ms_text type = {0};
  if (trace->on_page++ < trace->skip) {
    return;
  }
  ms_text_member(&type, event, "type");
  const char *name = ms_text_str(&type).data;
  double previous = ms_text_number(event, "previousEventId", 0);
  struct seen place = place_of(trace, name, previous > 0 ? (unsigned long long)previous : 0);
  if (remember(trace, &place)) {
    if (trace->is_json) {
      printf("%.*s\n", (int)event.len, event.data);
    } else {
      print_line(trace, event, name, place.depth);
    }
  }
  trace->is_ended = is_end(name);
  ms_text_deinit(&type);
}

/* ---- pages ---- */

static bool ask_page(struct trace *trace, struct ms_client *client)
{
  struct ms_text request = {0}, page = {0};
  ms_text_put(&request, "{");
  ms_text_pair(&request, "executionArn", ms_text_str(&trace->arn).data);
  ms_text_printf(&request, ",\"maxResults\":%d", PAGE);
  if (trace->token.len > 0) {
    ms_text_pair(&request, "nextToken", trace->token.data);
  }
  ms_text_put(&request, "}");
  bool is_fine = ms_client_ask(client, "GetExecutionHistory", &request);
  mstep_str reply = ms_text_str(&client->reply);
  trace->next.len = 0;
  trace->on_page = 0;
  if (is_fine && ms_text_member(&page, reply, "events")) {
    ms_text_each(ms_text_str(&page), take_event, trace);
  }
  if (is_fine) {
    ms_text_member(&trace->next, reply, "nextToken");
  }
  ms_text_deinit(&request);
  ms_text_deinit(&page);
  return is_fine && !trace->is_failed;
}

/* What is new. The last page is asked for again next time, and what was shown of it passed over. */
static bool look(struct trace *trace, struct ms_client *client)
{
  bool has_more;
  do {
    if (!ask_page(trace, client)) {
      return false;
    }
    has_more = trace->next.len > 0;
    trace->skip = has_more ? 0 : trace->on_page;
    if (has_more) {
      struct ms_text token = trace->token;
      trace->token = trace->next;
      trace->next = token;
    }
  } while (has_more);
  fflush(stdout);
  return true;
}

/* A store's file is opened anew each time: another process writes it. */
static bool follow(struct trace *trace, const struct ms_cli_args *args)
{
  const struct timespec pause = {0, PAUSE_MS * 1000000L};
  bool must_follow = args->options[MS_OPTION_FOLLOW] != NULL, is_fine, goes_on;
  do {
    struct ms_client client;
    is_fine = ms_client_start(&client, args, MS_CLIENT_READ);
    if (is_fine) {
      is_fine = (trace->arn.len > 0 ||
                 ms_client_execution(&client, &trace->arn, args->operands[0])) &&
                look(trace, &client);
      ms_client_close(&client);
    }
    goes_on = is_fine && must_follow && !trace->is_ended && !ferror(stdout);
    if (goes_on) {
      nanosleep(&pause, NULL);
    }
  } while (goes_on);
  return is_fine;
}

int ms_cmd_trace(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct trace trace = {.count = 0};
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0) {
    return MS_EXIT_USAGE;
  }
  trace.is_json = form == 1;
  bool is_fine = follow(&trace, args);
  if (trace.is_failed) {
    ms_cli_error("out of memory");
  }
  ms_text_deinit(&trace.arn);
  ms_text_deinit(&trace.token);
  ms_text_deinit(&trace.next);
  ms_cli_resize(trace.seen, 0);
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}

/*
 * The live view: the tree of states, drawn over itself on a terminal ten times a second and once in full
 * at the end. What was drawn is counted in lines, so every line is cut to the terminal's width.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/text.h"
#include "cli/tree.h"
#include "cli/view.h"

#define FINAL_LINES_MAX 500 /* of the last drawing, which may scroll */
#define PARTS_IN_FULL 8     /* of a Map with more, iterations that ended well are only counted */

struct mark {
  const char *utf8, *ascii;
  enum ms_style style;
};

static const struct mark marks[] = {
    [MS_NODE_LIVE] = {"●", "*", MS_STYLE_BOLD},
    [MS_NODE_WAITING] = {"◷", "~", MS_STYLE_PLAIN},
    [MS_NODE_RETRYING] = {"↻", "@", MS_STYLE_YELLOW},
    [MS_NODE_DONE] = {"✓", "+", MS_STYLE_GREEN},
    [MS_NODE_FAILED] = {"✗", "x", MS_STYLE_RED},
    [MS_NODE_CAUGHT] = {"↷", "!", MS_STYLE_YELLOW},
    [MS_NODE_ABORTED] = {"–", "-", MS_STYLE_DIM},
};

/* A drawing under way. */
struct canvas {
  const struct ms_view *view;
  struct ms_text text;
  struct ms_text line;
  bool has_utf8;
  size_t columns;
  int64_t now_ms;
  size_t lines;
};

static bool has_utf8(void)
{
  static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (value != NULL && value[0] != '\0') {
      return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL ||
             strstr(value, "UTF8") != NULL || strstr(value, "utf-8") != NULL;
    }
  }
  return false;
}

static void terminal_size(size_t *columns, size_t *rows)
{
  struct winsize size;
  *columns = 80;
  *rows = 24;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    *columns = size.ws_col;
    *rows = size.ws_row;
  }
}

/* What stands at the right of a state's name. */
static void add_note(struct canvas *c, uint32_t i)
{
  const struct ms_tree *tree = c->view->tree;
  const struct ms_node *node = &tree->nodes[i];
  char duration[32];
  unsigned parts = 0, ended = 0;
  ms_tree_parts(tree, i, &parts, &ended);
  if (node->status == MS_NODE_RETRYING) {
    ms_duration_text(duration, sizeof duration, node->due_at_ms - c->now_ms);
    ms_text_printf(&c->line, "attempt %u in %s", node->attempt + 1, duration);
  } else if (node->status == MS_NODE_WAITING) {
    ms_duration_text(duration, sizeof duration, node->due_at_ms - c->now_ms);
    ms_text_printf(&c->line, "%s left", duration);
  } else {
    int64_t end = ms_node_is_open(node) ? c->now_ms : node->ended_at_ms;
    ms_duration_text(duration, sizeof duration, end - node->entered_at_ms);
    ms_text_put(&c->line, duration);
    if (node->attempt > 1) {
      ms_text_printf(&c->line, ", attempt %u", node->attempt);
    }
    if (node->status == MS_NODE_CAUGHT) {
      ms_text_put(&c->line, ", caught");
    }
  }
  if (parts > 0 && !node->is_part) {
    ms_text_printf(&c->line, ", %u of %u", ended, parts);
  }
  if (node->error[0] != '\0' && node->status != MS_NODE_DONE) {
    ms_text_printf(&c->line, "  %s", node->error);
  }
}

/* One line: two columns of indent a level, mark, name, note. */
static void draw_node(struct canvas *c, uint32_t i, unsigned depth)
{
  enum { NAME_COLUMNS = 34 };
  const struct ms_node *node = &c->view->tree->nodes[i];
  const struct mark *mark = &marks[node->status];
  unsigned indent = 2 * (depth < 12 ? depth : 12);
  char number[32];
  const char *name = node->name;
  if (node->is_part) {
    snprintf(number, sizeof number, "[%lld]", (long long)node->index);
    name = number;
  }
  c->line.len = 0;
  ms_text_clip(&c->line, name, NAME_COLUMNS - indent);
  size_t used = 0;
  for (size_t k = 0; k < c->line.len; k++) {
    used += ((unsigned char)c->line.data[k] & 0xC0) != 0x80;
  }
  ms_text_printf(&c->line, "%*s",
                 (int)(NAME_COLUMNS - indent > used ? NAME_COLUMNS - indent - used : 0) + 2, "");
  add_note(c, i);
  ms_text_printf(
      &c->text, "%*s%s%s%s ", (int)indent, "", ms_cli_style(c->view->is_coloured, mark->style),
      c->has_utf8 ? mark->utf8 : mark->ascii, ms_cli_style(c->view->is_coloured, MS_STYLE_PLAIN));
  size_t room = c->columns > indent + 4 ? c->columns - indent - 3 : 1;
  ms_text_clip(&c->text, ms_text_str(&c->line).data, room);
  ms_text_put(&c->text, "\n");
  c->lines++;
}

/* Is the node one of many that ended well, of which the node above tells only the number? */
static bool is_hidden(const struct ms_tree *tree, uint32_t i)
{
  const struct ms_node *node = &tree->nodes[i];
  return node->is_part && node->status == MS_NODE_DONE && node->parent != MS_TREE_NONE &&
         tree->nodes[node->parent].is_folded;
}

static void draw_all(struct canvas *c)
{
  struct ms_tree *tree = c->view->tree;
  unsigned depth = 0, parts = 0, ended = 0;
  uint32_t i = tree->first;
  if (tree->dropped > 0) {
    ms_text_printf(&c->text, "  (%llu that ended earlier)\n", tree->dropped);
    c->lines++;
  }
  while (i != MS_TREE_NONE) {
    struct ms_node *node = &tree->nodes[i];
    bool is_shown = !is_hidden(tree, i);
    if (is_shown) {
      ms_tree_parts(tree, i, &parts, &ended);
      node->is_folded = !node->is_part && parts > PARTS_IN_FULL;
      draw_node(c, i, depth);
    }
    if (is_shown && node->first_child != MS_TREE_NONE) {
      i = node->first_child;
      depth++;
      continue;
    }
    while (i != MS_TREE_NONE && tree->nodes[i].next == MS_TREE_NONE) {
      i = tree->nodes[i].parent;
      depth -= i != MS_TREE_NONE;
    }
    i = i != MS_TREE_NONE ? tree->nodes[i].next : MS_TREE_NONE;
  }
}

/* Writes the last `rows` lines of what was drawn. */
static size_t flush_canvas(struct canvas *c, size_t rows)
{
  const char *from = ms_text_str(&c->text).data;
  size_t lines = c->lines;
  if (lines > rows && rows > 1) {
    size_t skip = lines - rows + 1;
    for (size_t k = 0; k < skip; k++) {
      from = strchr(from, '\n') + 1;
    }
    fprintf(c->view->to, "  (%zu lines above)\n", skip);
    lines = rows;
  }
  fputs(from, c->view->to);
  return lines;
}

static size_t draw(struct ms_view *view, int64_t now_ms, bool is_last)
{
  size_t rows;
  struct canvas c = {.view = view, .has_utf8 = has_utf8(), .now_ms = now_ms};
  terminal_size(&c.columns, &rows);
  draw_all(&c);
  fputs("\r\033[J", view->to);
  size_t lines = 0;
  if (!c.text.is_failed && !c.line.is_failed) {
    lines = flush_canvas(&c, is_last ? FINAL_LINES_MAX : rows > 2 ? rows - 2 : 1);
  }
  if (!is_last && lines > 0) {
    /* Back to where the drawing began: whatever is written next replaces it. */
    fprintf(view->to, "\033[%zuA", lines);
  }
  fflush(view->to);
  ms_text_deinit(&c.text);
  ms_text_deinit(&c.line);
  return lines;
}

static void tree_event(struct ms_view *view, const mstep_event *event)
{
  if (view->tree == NULL && ms_tree_new(&view->tree) != MSTEP_OK) {
    view->type = &ms_view_lines;
    view->type->event(view, event);
    return;
  }
  ms_tree_event(view->tree, event);
}

static void tree_draw(struct ms_view *view, int64_t now_ms)
{
  if (view->tree != NULL) {
    draw(view, now_ms, false);
  }
}

static void tree_close(struct ms_view *view, int64_t now_ms)
{
  if (view->tree != NULL) {
    draw(view, now_ms, true);
    ms_tree_free(view->tree);
    view->tree = NULL;
  }
}

const struct ms_view_type ms_view_tree = {
    .is_live = true, .event = tree_event, .draw = tree_draw, .close = tree_close};

/* The tree of states: see tree.h. */
#include "cli/tree.h"

#include <string.h>

#include "cli/text.h"
#include "cli/view.h"

int ms_tree_new(struct ms_tree **out)
{
  struct ms_tree *tree = ms_cli_resize(NULL, sizeof *tree);
  struct ms_node *nodes = ms_cli_resize(NULL, MS_TREE_MAX * sizeof *nodes);
  if (tree == NULL || nodes == NULL) {
    ms_cli_resize(tree, 0);
    ms_cli_resize(nodes, 0);
    return MSTEP_ENOMEM;
  }
  *tree = (struct ms_tree){.nodes = nodes, .first = MS_TREE_NONE, .last = MS_TREE_NONE};
  *out = tree;
  return MSTEP_OK;
}

void ms_tree_free(struct ms_tree *tree)
{
  if (tree != NULL) {
    ms_cli_resize(tree->nodes, 0);
    ms_cli_resize(tree, 0);
  }
}

bool ms_node_is_open(const struct ms_node *node)
{
  return node->status == MS_NODE_LIVE || node->status == MS_NODE_WAITING ||
         node->status == MS_NODE_RETRYING;
}

void ms_tree_parts(const struct ms_tree *tree, uint32_t node, unsigned *count, unsigned *ended)
{
  *count = *ended = 0;
  for (uint32_t i = tree->nodes[node].first_child; i != MS_TREE_NONE; i = tree->nodes[i].next) {
    *count += 1;
    *ended += !ms_node_is_open(&tree->nodes[i]);
  }
}

/* Hangs node i below its parent, at the end. */
static void link_node(struct ms_tree *tree, uint32_t i)
{
  struct ms_node *node = &tree->nodes[i];
  uint32_t *first = &tree->first, *last = &tree->last;
  if (node->parent != MS_TREE_NONE) {
    first = &tree->nodes[node->parent].first_child;
    last = &tree->nodes[node->parent].last_child;
  }
  node->next = MS_TREE_NONE;
  if (*first == MS_TREE_NONE) {
    *first = i;
  } else {
    tree->nodes[*last].next = i;
  }
  *last = i;
}

/*
 * Drops what has ended, and `branch` with all below it (MS_TREE_NONE: nothing more). Parents stand
 * before their children, so one pass renumbers and links anew.
 */
static void compact(struct ms_tree *tree, bool drops_ended, uint32_t branch)
{
  uint32_t kept = 0, count = tree->count;
  uint32_t moved_to[MS_TREE_MAX];
  tree->first = tree->last = MS_TREE_NONE;
  for (uint32_t i = 0; i < count; i++) {
    struct ms_node *node = &tree->nodes[i];
    bool is_orphan = node->parent != MS_TREE_NONE && moved_to[node->parent] == MS_TREE_NONE;
    bool is_below = branch != MS_TREE_NONE && node->parent == branch;
    moved_to[i] = MS_TREE_NONE;
    if (is_orphan || is_below || (drops_ended && !ms_node_is_open(node))) {
      tree->dropped += drops_ended;
      continue;
    }
    uint32_t parent = node->parent == MS_TREE_NONE ? MS_TREE_NONE : moved_to[node->parent];
    moved_to[i] = kept;
    tree->nodes[kept] = *node;
    node = &tree->nodes[kept];
    node->parent = parent;
    node->first_child = node->last_child = MS_TREE_NONE;
    link_node(tree, kept++);
  }
  tree->count = kept;
}

static uint32_t add_node(struct ms_tree *tree, uint32_t parent, const mstep_event *event)
{
  if (tree->count >= MS_TREE_MAX) {
    tree->dropped++;
    return MS_TREE_NONE;
  }
  uint32_t i = tree->count++;
  struct ms_node *node = &tree->nodes[i];
  *node = (struct ms_node){.parent = parent,
                           .first_child = MS_TREE_NONE,
                           .last_child = MS_TREE_NONE,
                           .thread = event->thread,
                           .index = event->index,
                           .attempt = 1,
                           .entered_at_ms = event->at_ms};
  link_node(tree, i);
  return i;
}

/* The state that `thread` is in, or was in last; searched from the newest. */
static uint32_t state_of_thread(const struct ms_tree *tree, unsigned thread, bool is_open)
{
  for (uint32_t i = tree->count; i-- > 0;) {
    const struct ms_node *node = &tree->nodes[i];
    if (!node->is_part && node->thread == thread && (!is_open || ms_node_is_open(node))) {
      return i;
    }
  }
  return MS_TREE_NONE;
}

/* The open branch or iteration that `event` happens in. */
static uint32_t part_of(const struct ms_tree *tree, const mstep_event *event)
{
  for (uint32_t i = tree->count; i-- > 0;) {
    const struct ms_node *node = &tree->nodes[i];
    if (node->is_part && node->thread == event->thread && node->index == event->index &&
        ms_node_is_open(node)) {
      return i;
    }
  }
  return MS_TREE_NONE;
}

static void entered(struct ms_tree *tree, const mstep_event *event)
{
  uint32_t parent = MS_TREE_NONE;
  if (tree->count + 2 > MS_TREE_MAX) {
    compact(tree, true, MS_TREE_NONE);
  }
  if (event->depth > 0) {
    parent = part_of(tree, event);
    if (parent == MS_TREE_NONE) {
      uint32_t outer = state_of_thread(tree, event->parent_thread, true);
      parent = add_node(tree, outer, event);
      if (parent == MS_TREE_NONE) {
        return;
      }
      tree->nodes[parent].is_part = true;
    }
  }
  uint32_t i = add_node(tree, parent, event);
  if (i != MS_TREE_NONE) {
    struct ms_node *node = &tree->nodes[i];
    snprintf(node->name, sizeof node->name, "%s", event->state);
    node->is_fail = strcmp(event->type, "FailStateEntered") == 0;
  }
}

static void end_node(struct ms_node *node, enum ms_node_status status, int64_t at_ms)
{
  if (ms_node_is_open(node)) {
    node->ended_at_ms = at_ms;
  }
  node->status = node->is_fail ? MS_NODE_FAILED : status;
}

/* Ends what is still open below a node. */
static void end_below(struct ms_tree *tree, uint32_t above, enum ms_node_status status,
                      int64_t at_ms)
{
  for (uint32_t i = above + 1; i < tree->count; i++) {
    struct ms_node *node = &tree->nodes[i];
    uint32_t up = node->parent;
    while (up != MS_TREE_NONE && up > above) {
      up = tree->nodes[up].parent;
    }
    if (up == above && ms_node_is_open(node)) {
      end_node(node, status, at_ms);
    }
  }
}

static void note_error(struct ms_node *node, const mstep_event *event)
{
  struct ms_text text = {0};
  mstep_str cause = {event->cause, strlen(event->cause)};
  if (event->error[0] != '\0') {
    ms_text_printf(&text, "%s: ", event->error);
  }
  size_t before = text.len;
  if (!ms_text_member(&text, cause, "errorMessage")) {
    ms_text_put(&text, event->cause);
  }
  if (text.len == before && before > 2) {
    text.data[before - 2] = '\0';
  }
  struct ms_text clipped = {0};
  if (text.data != NULL && text.data[0] != '\0') {
    ms_text_clip(&clipped, text.data, 50);
    snprintf(node->error, sizeof node->error, "%s", ms_text_str(&clipped).data);
  }
  ms_text_deinit(&clipped);
  ms_text_deinit(&text);
}

/* What happens to the state that the event's thread is in. */
static void state_moment(struct ms_tree *tree, const mstep_event *event, enum ms_moment moment)
{
  uint32_t i = state_of_thread(tree, event->thread, true);
  if (i == MS_TREE_NONE) {
    i = state_of_thread(tree, event->thread, false);
  }
  if (i == MS_TREE_NONE) {
    return;
  }
  struct ms_node *node = &tree->nodes[i];
  switch (moment) {
  case MS_MOMENT_EXITED:
    end_below(tree, i, MS_NODE_ABORTED, event->at_ms);
    end_node(node, node->status == MS_NODE_FAILED ? MS_NODE_CAUGHT : MS_NODE_DONE, event->at_ms);
    break;
  case MS_MOMENT_ABORTED:
    end_node(node, node->status == MS_NODE_FAILED ? MS_NODE_FAILED : MS_NODE_ABORTED, event->at_ms);
    break;
  case MS_MOMENT_SCHEDULED:
    node->status = MS_NODE_LIVE;
    node->attempt = event->attempt > 0 ? event->attempt : node->attempt;
    break;
  case MS_MOMENT_FAILED:
    note_error(node, event);
    end_below(tree, i, MS_NODE_ABORTED, event->at_ms);
    end_node(node, MS_NODE_FAILED, event->at_ms);
    break;
  case MS_MOMENT_WAITING:
  case MS_MOMENT_RETRY:
    node->status = moment == MS_MOMENT_RETRY ? MS_NODE_RETRYING : MS_NODE_WAITING;
    node->due_at_ms = event->due_at_ms;
    break;
  case MS_MOMENT_RESTARTED:
    node->status = MS_NODE_LIVE;
    compact(tree, false, i);
    break;
  default:
    break;
  }
}

/* A branch or iteration ended. The event may speak of its own thread or of the one around it. */
static void part_moment(struct ms_tree *tree, const mstep_event *event, enum ms_node_status status)
{
  uint32_t i = part_of(tree, event);
  if (i == MS_TREE_NONE) {
    uint32_t outer = state_of_thread(tree, event->thread, true);
    i = outer == MS_TREE_NONE ? MS_TREE_NONE : tree->nodes[outer].first_child;
    while (i != MS_TREE_NONE && tree->nodes[i].index != event->index) {
      i = tree->nodes[i].next;
    }
  }
  if (i != MS_TREE_NONE) {
    end_below(tree, i, status == MS_NODE_DONE ? MS_NODE_DONE : MS_NODE_ABORTED, event->at_ms);
    end_node(&tree->nodes[i], status, event->at_ms);
  }
}

/* The execution has ended: what is open shares its fate. */
static void execution_ended(struct ms_tree *tree, const mstep_event *event)
{
  bool is_failure = strcmp(event->type, "ExecutionFailed") == 0;
  bool is_success = strcmp(event->type, "ExecutionSucceeded") == 0;
  for (uint32_t i = 0; i < tree->count; i++) {
    struct ms_node *node = &tree->nodes[i];
    if (!ms_node_is_open(node)) {
      continue;
    }
    if (is_failure && node->parent == MS_TREE_NONE) {
      note_error(node, event);
    }
    end_node(node,
             is_success   ? MS_NODE_DONE
             : is_failure ? MS_NODE_FAILED
                          : MS_NODE_ABORTED,
             event->at_ms);
  }
}

void ms_tree_event(struct ms_tree *tree, const mstep_event *event)
{
  enum ms_moment moment = ms_moment_of(event);
  switch (moment) {
  case MS_MOMENT_ENTERED:
    entered(tree, event);
    break;
  case MS_MOMENT_PART_DONE:
    part_moment(tree, event, MS_NODE_DONE);
    break;
  case MS_MOMENT_PART_FAILED:
    part_moment(tree, event, MS_NODE_FAILED);
    break;
  case MS_MOMENT_PART_ABORTED:
    part_moment(tree, event, MS_NODE_ABORTED);
    break;
  case MS_MOMENT_ENDED:
    execution_ended(tree, event);
    break;
  case MS_MOMENT_STARTED:
  case MS_MOMENT_OTHER:
    break;
  default:
    state_moment(tree, event, moment);
    break;
  }
}

/*
 * The states of one execution as a tree, built from its events: what the live view draws. Bounded: when
 * it is full, what has ended is dropped and counted. Knows nothing of terminals.
 */
#ifndef MS_CLI_TREE_H
#define MS_CLI_TREE_H

#include "cli/cli.h"

#define MS_TREE_NONE UINT32_MAX
#define MS_TREE_MAX 4096 /* nodes: about 1.5 MB */

enum ms_node_status {
  MS_NODE_LIVE,
  MS_NODE_WAITING,  /* until due_at_ms */
  MS_NODE_RETRYING, /* next attempt at due_at_ms */
  MS_NODE_DONE,
  MS_NODE_FAILED,
  MS_NODE_CAUGHT, /* failed, and a Catch led on */
  MS_NODE_ABORTED
};

/* A state that was entered, or a branch or iteration (is_part), whose children are states. */
struct ms_node {
  uint32_t parent, first_child, last_child, next;
  bool is_part;
  bool is_fail;   /* a Fail state: however it ends, it failed */
  bool is_folded; /* so many parts that those that ended well are only counted; the view decides */
  enum ms_node_status status;
  unsigned thread;
  int64_t index;
  unsigned attempt;
  int64_t entered_at_ms, ended_at_ms, due_at_ms;
  char name[96];
  char error[160]; /* "Error: message" of the last failure, cut */
};

struct ms_tree {
  struct ms_node *nodes;
  uint32_t count;
  uint32_t first, last; /* the machine's own states */
  unsigned long long dropped;
};

int ms_tree_new(struct ms_tree **out); /* MSTEP_ENOMEM */
void ms_tree_free(struct ms_tree *tree);
void ms_tree_event(struct ms_tree *tree, const mstep_event *event);
bool ms_node_is_open(const struct ms_node *node);
/* How many children a node has, and how many of them have ended. */
void ms_tree_parts(const struct ms_tree *tree, uint32_t node, unsigned *count, unsigned *ended);

#endif

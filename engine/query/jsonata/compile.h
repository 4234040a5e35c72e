/* What the stages of compilation share: the program being made, the failure that ends it. */
#ifndef MS_QUERY_JSONATA_COMPILE_H
#define MS_QUERY_JSONATA_COMPILE_H

#include "base/map.h"
#include "query/jsonata/ast.h"
#include "query/jsonata/lex.h"

#define MS_JX_PARSE_DEPTH 400 /* nested brackets and operands; the C stack is the reason */
#define MS_JX_TREE_DEPTH 1200 /* of the tree, which left-associative operators deepen too */

struct ms_jx_compiler {
  struct ms_jsonata *program;
  struct ms_arena *arena;
  struct ms_jx_lexer lexer;
  struct ms_jx_token token; /* the one ahead */
  uint32_t depth;
  struct ms_map names; /* variable name -> symbol number */
  uint32_t symbol_capacity;
  struct ms_jx_slot **slots; /* of every `%`, by number */
  uint32_t slot_count;
  bool out_of_memory;
  /* The failure. */
  bool failed;
  char code[8];
  bool has_pos;
  size_t pos; /* bytes */
  struct ms_jx error_token;
  struct ms_jx error_value;
  const char *text; /* a message of its own, or NULL: that of the code */
};

/* Both return NULL. */
struct ms_jx_node *ms_jx_compile_fail(struct ms_jx_compiler *c, const char *code, size_t pos,
                                      struct ms_str token);
struct ms_jx_node *ms_jx_compile_nomem(struct ms_jx_compiler *c);
void *ms_jx_compile_alloc(struct ms_jx_compiler *c, size_t size); /* zeroed; NULL: nomem is set */
struct ms_jx_node *ms_jx_compile_node(struct ms_jx_compiler *c, enum ms_jx_node_type type,
                                      size_t pos, struct ms_str token);
/* The number of a variable name; 0 for "" (`$`); UINT32_MAX when out of memory. */
uint32_t ms_jx_compile_symbol(struct ms_jx_compiler *c, struct ms_str name);
/* A counted string kept by the program, as a value; UNDEFINED: nomem is set. */
struct ms_jx ms_jx_compile_string(struct ms_jx_compiler *c, struct ms_str text);

/* The tree as written; NULL on failure. */
struct ms_jx_node *ms_jx_parse(struct ms_jx_compiler *c);
/* The tree as run; NULL on failure. */
struct ms_jx_node *ms_jx_resolve(struct ms_jx_compiler *c, struct ms_jx_node *node);

#endif

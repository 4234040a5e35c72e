/*
 * Payload templates: any JSON in which members named "x.$" are computed. Compiled once into a tree whose
 * constant parts are the definition's own values; a template without such members costs one
 * reference to evaluate.
 */
#ifndef MS_QUERY_TEMPLATE_H
#define MS_QUERY_TEMPLATE_H

#include "query/intrinsics/call.h"

enum ms_template_kind {
  MS_TEMPLATE_VALUE,
  MS_TEMPLATE_PATH,
  MS_TEMPLATE_CALL,
  MS_TEMPLATE_OBJECT,
  MS_TEMPLATE_ARRAY
};

struct ms_template_member;

/* One node; a path or call alone serves fields that are not templates too. */
struct ms_template {
  enum ms_template_kind kind;
  uint32_t count;       /* of members */
  struct ms_json value; /* VALUE: the value; PATH and CALL: name of the field, "x.$" */
  union {
    struct ms_path *path;
    struct ms_call *call;
    struct ms_template_member *members; /* of OBJECT and ARRAY */
  } u;
};

struct ms_template_member {
  struct ms_json key; /* string; NONE in arrays */
  struct ms_template node;
};

/*
 * Compiles into *out, which the caller deinits in any case. MSTEP_EDEFINITION: problems were
 * reported, every one that was found. MSTEP_ENOMEM.
 */
int ms_template_compile(struct ms_template *out, const struct ms_query_source *source,
                        ms_query_report_cb report, void *user);
/* A path, or a call where the text is one. MSTEP_EINVALID fills *error; MSTEP_ENOMEM. */
int ms_template_compile_text(struct ms_template *out, struct ms_str text,
                             struct ms_path_error *error);
void ms_template_deinit(struct ms_template *node);
int ms_template_eval(struct ms_json *out, const struct ms_template *node, struct ms_query_env *env,
                     struct ms_failure *failure);
void ms_template_references(const struct ms_template *node, ms_query_reference_cb cb, void *user);

#endif

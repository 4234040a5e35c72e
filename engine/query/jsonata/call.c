/*
 * Calling: lambdas, built-ins, partial applications, compositions, regular expressions as functions.
 *
 * A call in tail position comes back from a lambda's body as a THUNK and is made here, in a loop: the
 * stack does not grow. Where nothing of the finished call is needed any more, its memory is used again.
 */
#include "query/jsonata/call.h"

#include "query/jsonata/compact.h"

#define KEEP_TEXT 256 /* bytes of text arguments carried over a rewind */

/* ---- failures of calls ---- */

/* Puts the name and place of a call on an error that has none. */
static void place_error(struct ms_jx_eval *ev, size_t pos, struct ms_jx token)
{
  if (!ev->error.has_pos) {
    ev->error.has_pos = true;
    ev->error.pos = pos;
  }
  if (ev->error.token.type == MS_JX_UNDEFINED) {
    ev->error.token = token;
  }
}

/* The name by which a call knows its function, for messages. */
static struct ms_jx call_token(const struct ms_jx_node *procedure)
{
  if (procedure->type == MS_JX_N_PATH) {
    procedure = procedure->items[0];
  }
  if (procedure->type == MS_JX_N_LAMBDA || procedure->token.len == 0) {
    return MS_JX_VALUE_UNDEFINED;
  }
  return ms_jx_text_value(procedure->token);
}

/* Remembers where a function was last called, as errors inside it name that place. */
static void note_call(struct ms_jx callee, size_t pos, struct ms_jx token)
{
  if (callee.type == MS_JX_FUNCTION && callee.u.function->made_at != 0) {
    callee.u.function->has_call = true;
    callee.u.function->call_pos = (uint32_t)pos;
    callee.u.function->call_token = token;
  }
}

/* ---- one call ---- */

/* Room for fitted arguments: what the caller has, or scratch when they are many. */
static struct ms_jx *fitted_room(struct ms_jx_eval *ev, struct ms_jx *room, size_t count,
                                 const struct ms_jx_signature *signature)
{
  size_t needed = count + signature->count;
  return needed <= MS_JX_ARGS_MAX ? room : ms_jx_alloc(ev, needed * sizeof *room);
}

static struct ms_jx call_lambda(struct ms_jx_eval *ev, struct ms_jx_function *f, struct ms_jx *args,
                                size_t count, struct ms_jx context)
{
  struct ms_jx room[MS_JX_ARGS_MAX];
  if (f->signature != NULL) {
    struct ms_jx *fitted = fitted_room(ev, room, count, f->signature);
    if (fitted == NULL ||
        !ms_jx_signature_fit(ev, f->signature, args, count, context, fitted, &count)) {
      return MS_JX_VALUE_ERROR;
    }
    args = fitted;
  }
  struct ms_jx_frame *frame = ms_jx_new_frame(ev, f->frame, f->arity);
  if (frame == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  frame->params = f->params;
  for (size_t i = 0; i < f->arity; i++) {
    frame->args[i] = i < count ? args[i] : MS_JX_VALUE_UNDEFINED;
  }
  return ms_jx_eval(ev, f->node->lhs, f->input, frame);
}

struct ms_jx ms_jx_call_builtin(struct ms_jx_eval *ev, const struct ms_jx_builtin *builtin,
                                struct ms_jx *args, size_t count, struct ms_jx context)
{
  struct ms_jx room[MS_JX_ARGS_MAX];
  struct ms_jx *fitted = fitted_room(ev, room, count, &builtin->signature);
  size_t fitted_count;
  if (fitted == NULL ||
      !ms_jx_signature_fit(ev, &builtin->signature, args, count, context, fitted, &fitted_count)) {
    return MS_JX_VALUE_ERROR;
  }
  for (size_t i = fitted_count; i < builtin->signature.count; i++) {
    fitted[i] = MS_JX_VALUE_UNDEFINED;
  }
  return builtin->call(ev, fitted, fitted_count);
}

/* A built-in with some places filled: the open ones take the arguments in turn. */
static struct ms_jx call_bound(struct ms_jx_eval *ev, const struct ms_jx_function *f,
                               const struct ms_jx *args, size_t count, struct ms_jx context)
{
  struct ms_jx all[MS_JX_ARGS_MAX];
  size_t used = 0;
  size_t total = f->bound_count;
  for (size_t i = 0; i < total; i++) {
    all[i] = f->bound[i];
    if (all[i].type == MS_JX_UNSET) {
      all[i] = used < count ? args[used] : MS_JX_VALUE_UNDEFINED;
      used++;
    }
  }
  return ms_jx_call_builtin(ev, f->builtin, all, total, context);
}

static struct ms_jx call_once(struct ms_jx_eval *ev, struct ms_jx callee, struct ms_jx *args,
                              size_t count, struct ms_jx context)
{
  if (callee.type != MS_JX_FUNCTION) {
    return ms_jx_fail(ev, "T1006");
  }
  struct ms_jx_function *f = callee.u.function;
  struct ms_jx value = count > 0 ? args[0] : MS_JX_VALUE_UNDEFINED;
  switch (f->kind) {
  case MS_JX_FN_LAMBDA:
    return call_lambda(ev, f, args, count, context);
  case MS_JX_FN_BUILTIN:
    return ms_jx_call_builtin(ev, f->builtin, args, count, context);
  case MS_JX_FN_BOUND:
    return call_bound(ev, f, args, count, context);
  case MS_JX_FN_COMPOSED:
    value = ms_jx_call(ev, f->first, &value, 1, MS_JX_NO_CONTEXT);
    return ms_jx_is_error(value) ? value : ms_jx_call(ev, f->second, &value, 1, MS_JX_NO_CONTEXT);
  case MS_JX_FN_TRANSFORM:
    return ms_jx_transform(ev, f, value);
  default:
    return ms_jx_regex_call(ev, f, value);
  }
}

/* The place of an error is that of the outermost call, as the reference has it. */
static void move_error(struct ms_jx_eval *ev, size_t pos, struct ms_jx token)
{
  if (ev->error.token.type == MS_JX_UNDEFINED) {
    ev->error.token = token;
  }
  ev->error.has_pos = true;
  ev->error.pos = pos;
}

static void note_failure(struct ms_jx_eval *ev, struct ms_jx callee)
{
  if (callee.type == MS_JX_FUNCTION && callee.u.function->has_call) {
    move_error(ev, callee.u.function->call_pos, callee.u.function->call_token);
  }
}

/* Built-ins are shared and remember no call. */
static void note_builtin_failure(struct ms_jx_eval *ev, struct ms_jx callee, size_t pos,
                                 struct ms_jx token)
{
  if (callee.type == MS_JX_FUNCTION && callee.u.function->made_at == 0) {
    move_error(ev, pos, token);
  }
}

/* ---- tail calls ---- */

struct tail {
  const struct ms_jx_node *node;
  struct ms_jx callee;
  struct ms_jx *args;
  size_t count;
  struct ms_jx inline_args[MS_JX_ARGS_MAX];
};

/* Evaluates procedure and arguments of the call that a THUNK stands for. */
static bool eval_tail(struct ms_jx_eval *ev, struct tail *tail)
{
  const struct ms_jx_node *node = ev->thunk;
  struct ms_jx input = ev->thunk_input;
  struct ms_jx_frame *frame = ev->thunk_frame;
  tail->node = node;
  tail->callee = ms_jx_eval(ev, node->lhs, input, frame);
  if (ms_jx_is_error(tail->callee)) {
    return false;
  }
  tail->count = node->count;
  tail->args = tail->inline_args;
  if (node->count > MS_JX_ARGS_MAX) {
    tail->args = ms_jx_alloc(ev, node->count * sizeof *tail->args);
    if (tail->args == NULL) {
      return false;
    }
  }
  for (uint32_t i = 0; i < node->count; i++) {
    tail->args[i] = ms_jx_eval(ev, node->items[i], input, frame);
    if (ms_jx_is_error(tail->args[i])) {
      return false;
    }
  }
  note_call(tail->callee, node->lhs->pos, call_token(node->lhs));
  return true;
}

/*
 * Goes back to the mark when callee and arguments do not need what was made since; short texts are
 * carried over.
 */
static bool recycle(struct ms_jx_eval *ev, struct tail *tail, const struct ms_jx_mark *mark,
                    struct ms_jx_carrier *carrier)
{
  char text[KEEP_TEXT];
  size_t len = 0;
  bool is_old =
      tail->callee.type != MS_JX_FUNCTION || tail->callee.u.function->made_at <= mark->made;
  if (!is_old || tail->args != tail->inline_args) {
    return true;
  }
  for (size_t i = 0; i < tail->count; i++) {
    struct ms_jx arg = tail->args[i];
    if (arg.type == MS_JX_TEXT && arg.len <= KEEP_TEXT - len) {
      memcpy(text + len, arg.u.text, arg.len);
      len += arg.len;
    } else if (arg.type == MS_JX_FUNCTION) {
      if (arg.u.function->made_at > mark->made) {
        return true;
      }
    } else if (!ms_jx_is_stable(arg)) {
      return ms_jx_carry(ev, carrier, mark, tail->args, tail->count);
    }
  }
  ms_jx_rewind(ev, mark);
  len = 0;
  for (size_t i = 0; i < tail->count; i++) {
    if (tail->args[i].type == MS_JX_TEXT) {
      size_t arg_len = tail->args[i].len;
      tail->args[i] = ms_jx_copy_text(ev, (struct ms_str){text + len, arg_len});
      len += arg_len;
      if (ms_jx_is_error(tail->args[i])) {
        return false;
      }
    }
  }
  return true;
}

/* Makes calls in tail position, one after the other, until one ends with a value. */
static struct ms_jx call_tails(struct ms_jx_eval *ev, const struct ms_jx_mark *mark,
                               struct ms_jx context)
{
  struct tail tail;
  struct ms_jx_carrier carrier = {NULL, 0};
  struct ms_jx value;
  do {
    value = MS_JX_VALUE_ERROR;
    if (eval_tail(ev, &tail) && recycle(ev, &tail, mark, &carrier)) {
      value = call_once(ev, tail.callee, tail.args, tail.count, context);
      if (ms_jx_is_error(value)) {
        const struct ms_jx_node *name = tail.node->lhs;
        note_failure(ev, tail.callee);
        note_builtin_failure(ev, tail.callee, name->pos, call_token(name));
      }
    }
  } while (value.type == MS_JX_THUNK);
  ms_jx_carrier_end(ev, &carrier, !ms_jx_is_stable(value));
  return value;
}

struct ms_jx ms_jx_call(struct ms_jx_eval *ev, struct ms_jx callee, struct ms_jx *args,
                        size_t count, struct ms_jx context)
{
  if (++ev->nesting > MS_JSONATA_DEPTH_MAX) {
    return ms_jx_fail_depth(ev);
  }
  if (!ms_jx_spend(ev, 1)) {
    return MS_JX_VALUE_ERROR;
  }
  struct ms_jx_mark mark = ms_jx_mark(ev);
  struct ms_jx value = call_once(ev, callee, args, count, context);
  if (ms_jx_is_error(value)) {
    note_failure(ev, callee);
  }
  if (value.type == MS_JX_THUNK) {
    value = call_tails(ev, &mark, context);
  }
  ev->nesting--;
  if (ms_jx_is_stable(value)) {
    ms_jx_rewind(ev, &mark);
  }
  return value;
}

struct ms_jx ms_jx_call_with(struct ms_jx_eval *ev, struct ms_jx callee, struct ms_jx a,
                             struct ms_jx b, struct ms_jx c)
{
  struct ms_jx args[3] = {a, b, c};
  size_t arity = ms_jx_arity(callee);
  size_t count = arity >= 3 ? 3 : (arity == 2 ? 2 : 1);
  return ms_jx_call(ev, callee, args, count, MS_JX_NO_CONTEXT);
}

size_t ms_jx_arity(struct ms_jx callee)
{
  return callee.type == MS_JX_FUNCTION ? callee.u.function->arity : 0;
}

/* ---- call expressions ---- */

struct ms_jx ms_jx_eval_lambda(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                               struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx_function *f = ms_jx_new_function(ev, MS_JX_FN_LAMBDA);
  if (f == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  f->node = node;
  f->arity = (uint16_t)node->count;
  f->input = input;
  f->frame = frame;
  f->params = node->params;
  f->signature = node->signature;
  return ms_jx_function_value(f);
}

/* Something that is not a function was called: perhaps the `$` was forgotten. */
static bool misses_dollar(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                          struct ms_jx procedure, struct ms_jx_frame *frame)
{
  return procedure.type == MS_JX_UNDEFINED && node->symbol != 0 &&
         ms_jx_lookup(ev, node->symbol, frame).type != MS_JX_UNDEFINED;
}

static struct ms_jx fail_call(struct ms_jx_eval *ev, const struct ms_jx_node *node)
{
  place_error(ev, node->pos, call_token(node->lhs));
  return MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_eval_call(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                             struct ms_jx input, struct ms_jx_frame *frame,
                             const struct ms_jx *first)
{
  struct ms_jx_mark mark = ms_jx_mark(ev);
  struct ms_jx procedure = ms_jx_eval(ev, node->lhs, input, frame);
  if (ms_jx_is_error(procedure)) {
    return procedure;
  }
  if (misses_dollar(ev, node, procedure, frame)) {
    ms_jx_fail(ev, "T1005");
    return fail_call(ev, node);
  }
  struct ms_jx inline_args[MS_JX_ARGS_MAX];
  struct ms_jx *args = inline_args;
  size_t count = 0;
  if (node->count + 1 > MS_JX_ARGS_MAX) {
    args = ms_jx_alloc(ev, (node->count + 1) * sizeof *args);
    if (args == NULL) {
      return MS_JX_VALUE_ERROR;
    }
  }
  if (first != NULL) {
    args[count++] = *first;
  }
  for (uint32_t i = 0; i < node->count; i++) {
    args[count] = ms_jx_eval(ev, node->items[i], input, frame);
    if (ms_jx_is_error(args[count])) {
      return args[count];
    }
    count++;
  }
  note_call(procedure, node->pos, call_token(node->lhs));
  struct ms_jx value = ms_jx_call(ev, procedure, args, count, input);
  if (ms_jx_is_error(value)) {
    note_builtin_failure(ev, procedure, node->pos, call_token(node->lhs));
    return fail_call(ev, node);
  }
  if (ms_jx_is_stable(value) && (node->flags & MS_JX_F_BINDS) == 0) {
    ms_jx_rewind(ev, &mark);
  }
  return value;
}

/* `lhs ~> rhs` */
struct ms_jx ms_jx_eval_apply(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                              struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx left = ms_jx_eval(ev, node->lhs, input, frame);
  if (ms_jx_is_error(left)) {
    return left;
  }
  if (node->rhs->type == MS_JX_N_CALL) {
    return ms_jx_eval_call(ev, node->rhs, input, frame, &left);
  }
  struct ms_jx right = ms_jx_eval(ev, node->rhs, input, frame);
  if (ms_jx_is_error(right)) {
    return right;
  }
  if (!ms_jx_is_function(right)) {
    ms_jx_fail_value(ev, "T2006", right);
    place_error(ev, node->pos, MS_JX_VALUE_UNDEFINED);
    return MS_JX_VALUE_ERROR;
  }
  if (!ms_jx_is_function(left)) {
    struct ms_jx value = ms_jx_call(ev, right, &left, 1, MS_JX_NO_CONTEXT);
    if (ms_jx_is_error(value)) {
      note_builtin_failure(ev, right, node->rhs->pos, call_token(node->rhs));
    }
    return value;
  }
  struct ms_jx_function *f = ms_jx_new_function(ev, MS_JX_FN_COMPOSED);
  if (f == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  f->arity = 1;
  f->first = left;
  f->second = right;
  return ms_jx_function_value(f);
}

/* ---- partial application ---- */

/* A lambda: given arguments become bindings, the rest stay parameters. */
static struct ms_jx bind_lambda(struct ms_jx_eval *ev, const struct ms_jx_function *f,
                                const struct ms_jx *args, size_t count)
{
  struct ms_jx_function *bound = ms_jx_new_function(ev, MS_JX_FN_LAMBDA);
  struct ms_jx_frame *frame = ms_jx_new_frame(ev, f->frame, 0);
  uint32_t *params = ms_jx_alloc(ev, (f->arity + 1u) * sizeof *params);
  if (bound == NULL || frame == NULL || params == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  for (uint16_t i = 0; i < f->arity; i++) {
    if (i < count && args[i].type == MS_JX_UNSET) {
      params[bound->arity++] = f->params[i];
    } else if (!ms_jx_bind(ev, frame, f->params[i], i < count ? args[i] : MS_JX_VALUE_UNDEFINED)) {
      return MS_JX_VALUE_ERROR;
    }
  }
  bound->node = f->node;
  bound->input = f->input;
  bound->frame = frame;
  bound->params = params;
  return ms_jx_function_value(bound);
}

/* A built-in: the arguments are kept, open places marked. */
static struct ms_jx bind_builtin(struct ms_jx_eval *ev, const struct ms_jx_builtin *builtin,
                                 const struct ms_jx *args, size_t count)
{
  struct ms_jx_function *bound = ms_jx_new_function(ev, MS_JX_FN_BOUND);
  if (count > MS_JX_ARGS_MAX) {
    count = MS_JX_ARGS_MAX;
  }
  struct ms_jx list = ms_jx_list(ev, args, count);
  if (bound == NULL || ms_jx_is_error(list)) {
    return MS_JX_VALUE_ERROR;
  }
  bound->builtin = builtin;
  bound->bound = list.u.items;
  bound->bound_count = (uint16_t)count;
  for (size_t i = 0; i < count; i++) {
    bound->arity += args[i].type == MS_JX_UNSET;
  }
  return ms_jx_function_value(bound);
}

/* Of what was bound before: its open places take these arguments. */
static struct ms_jx bind_again(struct ms_jx_eval *ev, const struct ms_jx_function *f,
                               const struct ms_jx *args, size_t count)
{
  struct ms_jx all[MS_JX_ARGS_MAX];
  size_t used = 0;
  for (size_t i = 0; i < f->bound_count; i++) {
    all[i] = f->bound[i];
    if (all[i].type == MS_JX_UNSET) {
      all[i] = used < count ? args[used] : MS_JX_VALUE_UNDEFINED;
      used++;
    }
  }
  return bind_builtin(ev, f->builtin, all, f->bound_count);
}

static struct ms_jx bind_function(struct ms_jx_eval *ev, struct ms_jx procedure,
                                  const struct ms_jx *args, size_t count)
{
  struct ms_jx_function *f = procedure.u.function;
  switch (f->kind) {
  case MS_JX_FN_LAMBDA:
    return bind_lambda(ev, f, args, count);
  case MS_JX_FN_BUILTIN:
    return bind_builtin(ev, f->builtin, args, count);
  case MS_JX_FN_BOUND:
    return bind_again(ev, f, args, count);
  default:
    return procedure; /* of one parameter: `f(?)` is f */
  }
}

struct ms_jx ms_jx_eval_partial(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx *args = ms_jx_alloc(ev, node->count * sizeof *args);
  if (args == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  for (uint32_t i = 0; i < node->count; i++) {
    const struct ms_jx_node *arg = node->items[i];
    args[i] = arg->type == MS_JX_N_PLACEHOLDER ? ms_jx_make(MS_JX_UNSET)
                                               : ms_jx_eval(ev, arg, input, frame);
    if (ms_jx_is_error(args[i])) {
      return args[i];
    }
  }
  struct ms_jx procedure = ms_jx_eval(ev, node->lhs, input, frame);
  if (ms_jx_is_error(procedure)) {
    return procedure;
  }
  if (!ms_jx_is_function(procedure)) {
    ms_jx_fail(ev, misses_dollar(ev, node, procedure, frame) ? "T1007" : "T1008");
    return fail_call(ev, node);
  }
  return bind_function(ev, procedure, args, node->count);
}

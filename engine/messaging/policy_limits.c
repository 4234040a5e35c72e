/* What a filter policy may ask for beyond its syntax. */
#include "messaging/pattern_internal.h"

static uint32_t steps_of(struct ms_str name)
{
  uint32_t steps = 1;
  for (size_t i = 0; i < name.len; i++) {
    steps += name.data[i] == '.' ? 1 : 0;
  }
  return steps;
}

/* Over all clauses: the product of each key's alternatives times its depth. Stops past the maximum. */
static uint64_t count_combinations(const struct ms_compile *c)
{
  uint64_t sum = 0;
  for (size_t i = 0; i < c->drafts.count && sum <= MS_POLICY_COMBINATIONS_MAX; i++) {
    const struct ms_draft *draft = &c->drafts.data[i];
    uint64_t product = 1;
    for (uint32_t j = 0; j < draft->count && product <= MS_POLICY_COMBINATIONS_MAX; j++) {
      uint32_t depth = c->dialect == MS_PATTERN_BODY ? steps_of(draft->keys[j].name) : 1;
      product *= (uint64_t)draft->keys[j].count * depth;
    }
    sum += product;
  }
  return sum;
}

int ms_policy_check(struct ms_compile *c)
{
  if (c->dialect == MS_PATTERN_ATTRIBUTES && c->is_nested) {
    return ms_pattern_fail_plain(&c->text, "Filter policy scope MessageAttributes does not support "
                                           "nested filter policy");
  }
  if (c->top_keys > MS_POLICY_KEYS_MAX) {
    return ms_pattern_fail_plain(&c->text, "Filter policy can not have more than %d keys",
                                 MS_POLICY_KEYS_MAX);
  }
  if (count_combinations(c) > MS_POLICY_COMBINATIONS_MAX) {
    return ms_pattern_fail_plain(&c->text, "Filter policy is too complex");
  }
  return 0;
}

/* What is listed: buses, rules, targets, rules by their target; page by page, by name. */
#include "base/error.h"
#include "messaging/bus_internal.h"

#define PAGE_MAX 100

static struct ms_str text_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

void ms_bus_page_begin(struct ms_bus_page *page, struct ms_json request)
{
  *page = (struct ms_bus_page){.items = ms_json_array(0),
                               .prefix = text_of(request, "NamePrefix"),
                               .from = text_of(request, "NextToken"),
                               .limit = PAGE_MAX};
  ms_json_to_int(&page->limit, ms_json_getc(request, "Limit"));
  page->limit = page->limit < 1 || page->limit > PAGE_MAX ? PAGE_MAX : page->limit;
}

bool ms_bus_page_wants(struct ms_bus_page *page, struct ms_str name)
{
  bool has_prefix = name.len >= page->prefix.len &&
                    ms_str_eq(ms_str_sub(name, 0, page->prefix.len), page->prefix);
  if (page->err != 0 || page->next.data != NULL || !has_prefix ||
      (page->from.data != NULL && ms_str_cmp(name, page->from) < 0)) {
    return false;
  }
  if ((int64_t)ms_json_count(page->items) >= page->limit) {
    page->next = name;
    return false;
  }
  return true;
}

void ms_bus_page_add(struct ms_bus_page *page, struct ms_json item)
{
  page->err = ms_json_push(&page->items, item);
}

int ms_bus_page_end(struct ms_bus_page *page, const char *member, struct ms_json *reply)
{
  struct ms_json out = ms_json_object(2);
  int err = ms_json_setc(&out, member, page->items);
  err = page->err != 0 ? page->err : err;
  if (err == 0 && page->next.data != NULL) {
    err = ms_json_setc(&out, "NextToken", ms_json_string(page->next));
  }
  if (err != 0) {
    ms_json_unref(out);
    return err;
  }
  *reply = out;
  return MSTEP_OK;
}

int ms_bus_list_rules(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why)
{
  struct ms_bus_page page;
  struct ms_bus *bus = ms_bus_asked(buses, request, why);
  if (bus == NULL) {
    return MSTEP_EINVALID;
  }
  ms_bus_page_begin(&page, request);
  for (struct ms_rule *rule = bus->rules; rule != NULL; rule = rule->next) {
    if (ms_bus_page_wants(&page, rule->name)) {
      ms_bus_page_add(&page, ms_json_ref(rule->rule));
    }
  }
  return ms_bus_page_end(&page, "Rules", reply);
}

int ms_bus_list_targets(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why)
{
  struct ms_rule *rule = ms_rule_asked(ms_bus_asked(buses, request, why), request, "Rule", why);
  if (rule == NULL) {
    return MSTEP_EINVALID;
  }
  /* Targets stand as they were put, so their token is a place. */
  struct ms_bus_page page;
  ms_bus_page_begin(&page, request);
  size_t from = ms_str_place(page.from), count = ms_json_count(rule->targets);
  for (size_t i = from; i < count && i - from < (size_t)page.limit && page.err == 0; i++) {
    ms_bus_page_add(&page, ms_json_ref(ms_json_at(rule->targets, i)));
  }
  size_t to = from + ms_json_count(page.items);
  int err = ms_bus_page_end(&page, "Targets", reply);
  return err != 0 || to >= count
             ? err
             : ms_json_setc(reply, "NextToken", ms_json_stringf("%zu", to));
}

static bool has_target(const struct ms_rule *rule, struct ms_str arn)
{
  for (size_t i = 0; i < ms_json_count(rule->targets); i++) {
    if (ms_str_eq(text_of(ms_json_at(rule->targets, i), "Arn"), arn)) {
      return true;
    }
  }
  return false;
}

int ms_bus_list_rule_names(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                           struct ms_queue_refusal *why)
{
  struct ms_bus_page page;
  struct ms_bus *bus = ms_bus_asked(buses, request, why);
  if (bus == NULL) {
    return MSTEP_EINVALID;
  }
  ms_bus_page_begin(&page, request);
  for (struct ms_rule *rule = bus->rules; rule != NULL; rule = rule->next) {
    if (has_target(rule, text_of(request, "TargetArn")) && ms_bus_page_wants(&page, rule->name)) {
      ms_bus_page_add(&page, ms_json_string(rule->name));
    }
  }
  return ms_bus_page_end(&page, "RuleNames", reply);
}

int ms_bus_list(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                struct ms_queue_refusal *why)
{
  struct ms_bus_page page;
  (void)why;
  ms_bus_page_begin(&page, request);
  /* The default bus is first among the buses, but not in the list, which goes by name. */
  struct ms_bus *standard = buses->first, *bus = standard == NULL ? NULL : standard->next;
  while (standard != NULL || bus != NULL) {
    bool is_standard =
        standard != NULL && (bus == NULL || ms_str_cmp(standard->name, bus->name) < 0);
    struct ms_bus *one = is_standard ? standard : bus;
    if (ms_bus_page_wants(&page, one->name)) {
      struct ms_json shown = MS_JSON_VALUE_NONE;
      if (ms_bus_show(&shown, one) != 0) {
        ms_json_replace(&shown, MS_JSON_VALUE_NONE);
      }
      ms_bus_page_add(&page, shown);
    }
    standard = is_standard ? NULL : standard;
    bus = is_standard ? bus : bus->next;
  }
  return ms_bus_page_end(&page, "EventBuses", reply);
}

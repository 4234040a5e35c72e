/* Buses, rules and targets in memory. Private to the bus's files. */
#ifndef MS_MESSAGING_BUS_INTERNAL_H
#define MS_MESSAGING_BUS_INTERNAL_H

#include "base/heap.h"
#include "messaging/bus.h"
#include "messaging/relay.h"
#include "messaging/pattern_set.h"
#include "messaging/resource.h"
#include "messaging/schedule.h"
#include "messaging/transform.h"

#define MS_BUS_NAME_MAX 256
#define MS_RULE_NAME_MAX 64
#define MS_RULE_TARGETS_MAX 5
#define MS_RULES_MAX 300
#define MS_BUSES_MAX 100
#define MS_BUS_EVENT_BYTES_MAX ((size_t)1 << 20)

struct ms_rule {
  struct ms_rule *next; /* of its bus, by name */
  struct ms_bus *bus;
  struct ms_heap_node node; /* in the heap of schedules; last_ms ... */
  struct ms_json row;       /* as in the store: {"Rule", "Targets", "EnabledAt", "FiredAt", "Tags"?} */
  struct ms_json rule;      /* borrowed from it: what DescribeRule shows */
  struct ms_json targets;   /* borrowed likewise */
  struct ms_str name, arn;  /* borrowed likewise */
  struct ms_pattern *pattern;
  bool is_in_set, has_schedule;
  uint32_t set_id;
  struct ms_schedule schedule;
  int64_t enabled_at_ms;
  int64_t fired_at_ms; /* the latest run: when it was due */
  int64_t due_at_ms;   /* the next one; the heap may have a later time, after trouble */
  struct ms_transform *transforms[MS_RULE_TARGETS_MAX]; /* NULL: none */
};

struct ms_bus {
  struct ms_bus *next; /* by name; the default one first */
  struct ms_buses *buses;
  struct ms_json row;      /* as in the store: what DescribeEventBus shows, and "Tags" */
  struct ms_str name, arn; /* borrowed from it */
  struct ms_rule *rules;
  size_t rule_count;
  struct ms_pattern_set *patterns;
};

struct ms_buses {
  const struct ms_driver_env *env;
  struct ms_bus *first;
  struct ms_relay *relay;
  struct ms_heap schedules;
  uint64_t order;
  struct ms_archive *archives;
  struct ms_archived *staged; /* events of a change that has not ended, for archives */
  int64_t expire_again_ms;    /* not before, after trouble */
  struct ms_replay *replays;
  uint64_t asked, durable; /* questions of replays whether all is durable, and answers */
  struct ms_bus_wait *waits; /* deliveries to buses that wait for the disk */
  struct {
    uint64_t events, matches;
  } counts, staged_counts; /* staged: of a change that has not ended */
  uint64_t fired, missed;  /* runs of rules by their schedules */
};

/* ---- bus.c ---- */
/* By name or ARN; name data NULL: the default one. NULL: there is none. */
struct ms_bus *ms_bus_find(struct ms_buses *buses, struct ms_str name);
/* Of a request's EventBusName; NULL: *why says so. */
struct ms_bus *ms_bus_asked(struct ms_buses *buses, struct ms_json request,
                            struct ms_queue_refusal *why);

/* By name, data NULL: the default one. NULL: *why says that there is none. */
struct ms_bus *ms_bus_named(struct ms_buses *buses, struct ms_str name,
                            struct ms_queue_refusal *why);
/* Saves a row in the place of its own; takes row. */
int ms_bus_replace(struct ms_bus *bus, struct ms_json row);
/* A row as DescribeEventBus shows it. MSTEP_ENOMEM. */
int ms_bus_show(struct ms_json *out, const struct ms_bus *bus);

/* ---- bus_rule.c ---- */
/* Compiles a row and puts it among the rules of its bus; takes row. `why` may be NULL. */
int ms_rule_install(struct ms_bus *bus, struct ms_json row, bool is_saved,
                    struct ms_queue_refusal *why);
struct ms_rule *ms_rule_find(struct ms_bus *bus, struct ms_str name);
/* Of a request's `member`; NULL: *why says so. */
struct ms_rule *ms_rule_asked(struct ms_bus *bus, struct ms_json request, const char *member,
                              struct ms_queue_refusal *why);
void ms_rule_free(struct ms_rule *rule);
/* When its schedule is next due; adds it to the heap. MSTEP_ENOMEM. */
int ms_rule_schedule(struct ms_rule *rule);

bool ms_rule_name_is_valid(struct ms_str name); /* without its length */

/* ---- bus_target.c ---- */
/* MSTEP_EINVALID, MSTEP_ENOMEM. *out NULL: the target gets the event as it is, or a constant. */
int ms_target_compile(struct ms_transform **out, struct ms_json target,
                      struct ms_queue_refusal *why);
/* Stages a delivery to each of its targets. text: the event, printed. */
int ms_rule_fire(struct ms_rule *rule, struct ms_batch *batch, struct ms_json event,
                 struct ms_str text, bool may_hop);

/* ---- bus_event.c ---- */
int ms_bus_make_event(struct ms_json *out, struct ms_buses *buses, struct ms_str source,
                      struct ms_str detail_type, int64_t at_ms, struct ms_json resources,
                      struct ms_json detail);
/* Stages what an event leads to. only: ARNs of the rules that may take it; NONE: all may. */
int ms_bus_spread(struct ms_bus *bus, struct ms_batch *batch, struct ms_json event, bool may_hop,
                  struct ms_json only);

void ms_bus_waits_free(struct ms_buses *buses);

/* ---- bus_list.c ---- */
/* What is listed, by name: NamePrefix, NextToken and Limit of a request. */
struct ms_bus_page {
  struct ms_json items;
  struct ms_str prefix, from; /* from: NextToken, the name that comes first */
  int64_t limit;
  struct ms_str next; /* the first name that did not fit; data NULL */
  int err;
};
void ms_bus_page_begin(struct ms_bus_page *page, struct ms_json request);
bool ms_bus_page_wants(struct ms_bus_page *page, struct ms_str name);
void ms_bus_page_add(struct ms_bus_page *page, struct ms_json item); /* takes */
int ms_bus_page_end(struct ms_bus_page *page, const char *member, struct ms_json *reply);

#endif

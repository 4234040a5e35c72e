/*
 * Event source mappings as Lambda has them: what comes into a queue or a table's change stream is given to a
 * function in batches, until the function has done it. The driver `ms_sources_driver`; a mapping is a row of
 * MS_TABLE_RESOURCE, "event-source-mapping\0UUID".
 *
 *   Creating ──▶ Enabled ◀──▶ Enabling, Updating, Disabling ◀──▶ Disabled      Deleting ──▶ gone
 *
 * What an operation has changed counts when it is durable; then the next state is reached at once, but for
 * Disabling and Deleting, which wait for the batches that are with the function.
 *
 * Loop thread only.
 */
#ifndef MS_SOURCE_SOURCE_H
#define MS_SOURCE_SOURCE_H

#include "invoke/invoke.h"
#include "journal/driver.h"
#include "messaging/queue.h"
#include "messaging/table_stream.h"
#include "json/json.h"

struct ms_sources; /* the driver */

extern const struct ms_driver_type ms_sources_driver;

/* Change streams of tables: the functions of messaging/table_stream.h, which tells of each. */
struct ms_source_streams {
  bool (*exists)(const struct ms_tables *tables, struct ms_str arn);
  int (*shards)(struct ms_json *out, const struct ms_tables *tables, struct ms_str arn,
                struct ms_queue_refusal *why);
  int (*seek)(uint64_t *position, const struct ms_tables *tables, struct ms_str arn,
              struct ms_str shard, enum ms_table_start start, struct ms_str sequence,
              struct ms_queue_refusal *why);
  int (*read)(struct ms_table_page *out, struct ms_tables *tables, struct ms_str arn,
              uint64_t position, size_t max, size_t max_bytes, struct ms_queue_refusal *why);
  void (*listen)(struct ms_tables *tables, ms_table_news_cb cb, void *user);
};

/* What it takes from and gives to: other drivers, which live longer. */
struct ms_sources_up {
  struct ms_queues *queues;
  struct ms_invoke *invoke;
  const struct ms_source_streams *streams; /* NULL: there are none */
  struct ms_tables *tables;
};
void ms_sources_set_up(struct ms_sources *sources,
                       const struct ms_sources_up *up); /* before load */

/*
 * Operations: AWS's members in, the reply as AWS has it out (owned). MSTEP_EINVALID: refused, *why has
 * the name of the error and its text. The change is in the ledger: answer when that is durable.
 */
typedef int (*ms_source_operation)(struct ms_sources *sources, struct ms_json request,
                                   struct ms_json *reply, struct ms_queue_refusal *why);
int ms_mapping_create(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why);
int ms_mapping_get(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                   struct ms_queue_refusal *why);
int ms_mapping_update(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why);
int ms_mapping_delete(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why);
int ms_mapping_list(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why);

/* Tags, by the mapping's ARN in Resource. */
#define MS_MAPPING_TAGS_MAX 50
bool ms_mapping_is_arn(struct ms_str arn);
int ms_mapping_tag(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                   struct ms_queue_refusal *why);
int ms_mapping_untag(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                     struct ms_queue_refusal *why);
int ms_mapping_list_tags(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why);

#endif

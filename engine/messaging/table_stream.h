/*
 * Change streams of tables: what others read of them. A stream is known by its ARN
 * ("arn:aws:dynamodb:R:A:table/T/stream/2026-01-31T09:00:00.000"), keeps records for 24 hours and
 * has
 * one shard, which ends when the stream is disabled. A table's stream that is enabled again is
 * another
 * one, with an ARN of its own; the old one can be read for as long as it has records.
 *
 * A position is the number of the record that is to be read next. Numbers of a stream are dense and
 * grow; as text (SequenceNumber) they have 21 digits, so that texts sort as numbers do. What is
 * read is
 * durable: it may leave at once.
 *
 * Loop thread.
 */
#ifndef MS_MESSAGING_TABLE_STREAM_H
#define MS_MESSAGING_TABLE_STREAM_H

#include "journal/driver.h"
#include "messaging/queue.h"
#include "json/json.h"

struct ms_tables; /* the driver */

extern const struct ms_driver_type ms_tables_driver;

#define MS_TABLE_SEQUENCE_SIZE 24 /* of the text, with its NUL */

enum ms_table_start {
  MS_TABLE_TRIM_HORIZON, /* the oldest there is */
  MS_TABLE_LATEST,       /* what comes from now on */
  MS_TABLE_AT,           /* that record */
  MS_TABLE_AFTER         /* the one behind it */
};

/* False: none of "TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_..." */
bool ms_table_start_parse(enum ms_table_start *out, struct ms_str text);
size_t ms_table_sequence_print(char out[MS_TABLE_SEQUENCE_SIZE], uint64_t position);
bool ms_table_sequence_parse(uint64_t *position, struct ms_str sequence);

/* Is there one, enabled or not? */
bool ms_table_stream_exists(const struct ms_tables *tables, struct ms_str arn);

/*
 * *out: the array of DescribeStream's Shards, [{"ShardId", "SequenceNumberRange":
 * {"StartingSequenceNumber",
 * "EndingSequenceNumber"?}}]. MSTEP_EINVALID: ResourceNotFoundException in *why. MSTEP_ENOMEM.
 */
int ms_table_stream_shards(struct ms_json *out, const struct ms_tables *tables, struct ms_str arn,
                           struct ms_queue_refusal *why);

/*
 * Where to begin. sequence: for AT and AFTER. MSTEP_EINVALID: see *why (ResourceNotFoundException,
 * ValidationException, TrimmedDataAccessException).
 */
int ms_table_stream_seek(uint64_t *position, const struct ms_tables *tables, struct ms_str arn,
                         struct ms_str shard, enum ms_table_start start, struct ms_str sequence,
                         struct ms_queue_refusal *why);

struct ms_table_page {
  struct ms_json records; /* an array in the order of changes; owned */
  uint64_t next;          /* the position behind them */
  bool is_trimmed;        /* records from the position on were gone: it began with the oldest */
  bool is_end;            /* the shard has ended, nothing comes behind these */
};

/*
 * At most max records and about max_bytes (0: 1 MiB) of text from the position on, in the form
 * that a
 * function gets them: {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion",
 * "dynamodb":
 * {"ApproximateCreationDateTime", "Keys", "NewImage"?, "OldImage"?, "SequenceNumber", "SizeBytes",
 * "StreamViewType"}, "userIdentity"?, "eventSourceARN"}. None: *out has an empty array.
 * MSTEP_EINVALID: ResourceNotFoundException. MSTEP_ENOMEM, MSTEP_EIO.
 */
int ms_table_stream_read(struct ms_table_page *out, struct ms_tables *tables, struct ms_str arn,
                         uint64_t position, size_t max, size_t max_bytes,
                         struct ms_queue_refusal *why);

/*
 * `cb` is called when a stream has new durable records, or has ended; from a turn of its own, once
 * for
 * many. One listener an engine; cb NULL: nobody listens. What was durable before (after a start,
 * after
 * the store has recovered) is not told: look once.
 */
typedef void (*ms_table_news_cb)(struct ms_str stream_arn, void *user);
void ms_table_stream_listen(struct ms_tables *tables, ms_table_news_cb cb, void *user);

#endif

/* What the operations of SQS have in common: the queue that is meant, refusals, batches, pages of
 * queues. */
#ifndef MS_API_SQS_H
#define MS_API_SQS_H

#include "api/members.h"
#include "messaging/queue_config.h"

#define MS_SQS_MEMBER_TEXT(member)                                                                 \
  {                                                                                                \
    .name = member, .kind = MS_API_STRING                                                          \
  }
#define MS_SQS_MEMBER_INT(member)                                                                  \
  {                                                                                                \
    .name = member, .kind = MS_API_INTEGER                                                         \
  }
#define MS_SQS_MEMBER_MAP(member)                                                                  \
  {                                                                                                \
    .name = member, .kind = MS_API_STRUCTURE                                                       \
  }
#define MS_SQS_MEMBER_LIST(member)                                                                 \
  {                                                                                                \
    .name = member, .kind = MS_API_LIST                                                            \
  }

struct ms_queues *ms_sqs(const struct ms_api_call *call);
/* The queue of QueueUrl. NULL: the call has been answered. */
struct ms_queue *ms_sqs_queue(struct ms_api_call *call);
/* False: the call has been answered with MissingRequiredParameterException. */
bool ms_sqs_has(struct ms_api_call *call, const char *name);
/* Answers with the refusal, or hands the code on. */
int ms_sqs_refuse(struct ms_api_call *call, int err, const struct ms_queue_refusal *why);
int ms_sqs_fail_f(struct ms_api_call *call, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Is the number, if it is there, in that range? False: answered. */
bool ms_sqs_in_range(struct ms_api_call *call, const char *name, int64_t min, int64_t max);
/* Its URL as a value. NONE: no memory. */
struct ms_json ms_sqs_url(const struct ms_api_call *call, struct ms_str queue_name);
/* {} when what was done is durable. */
int ms_sqs_done(struct ms_api_call *call);

/* A page of names as {member: [urls], "NextToken"}; takes names. */
int ms_sqs_page(struct ms_api_call *call, const char *member, struct ms_json names, bool has_more);
/* Behind which name the page begins; data NULL: the first. out has room for it. False: answered. */
bool ms_sqs_after(struct ms_api_call *call, struct ms_buf *out);

/* ---- sqs_message.c ---- */

/* Of SendMessage and of an entry of its batch. *out gets the members of the answer. */
int ms_sqs_send(struct ms_json *out, struct ms_queue *queue, struct ms_json request,
                struct ms_queue_refusal *why);

/* ---- sqs_batch.c ---- */

/* One entry; *out: members of its answer, beside Id. MSTEP_EINVALID: refused. */
typedef int (*ms_sqs_entry_cb)(struct ms_json *out, struct ms_queue *queue, struct ms_json entry,
                               struct ms_queue_refusal *why);
int ms_sqs_batch(struct ms_api_call *call, const char *entry_name, ms_sqs_entry_cb run);

#endif

/*
 * Tables: DynamoDB's operations, JSON in and JSON out, on the driver `ms_tables_driver`. What was
 * changed is in
 * the ledger when an operation returns; answer when that is durable. Loop thread.
 */
#ifndef MS_MESSAGING_TABLE_H
#define MS_MESSAGING_TABLE_H

#include "messaging/table_stream.h"

/*
 * MSTEP_EINVALID: refused, *why says how; *reply is then NONE, or an object with what the error
 * has beside its text
 * (Item, CancellationReasons). *reply is the caller's in any case. MSTEP_ENOMEM, MSTEP_EIO,
 * MSTEP_ETOOBIG: nothing has changed.
 */
typedef int (*ms_table_operation)(struct ms_tables *tables, struct ms_json request,
                                  struct ms_json *reply, struct ms_queue_refusal *why);

#define MS_TABLE_OP(name, service, symbol)                                                         \
  int symbol(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,              \
             struct ms_queue_refusal *why);
#include "messaging/tables.def"
#undef MS_TABLE_OP

#endif

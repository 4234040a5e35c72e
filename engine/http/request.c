/*
 * The life of a request: made for the first byte, handed to its owner, freed or used again when it is
 * answered; it outlives its connection, and the server, while its owner has it. And what the owner may
 * ask of it.
 */
#include "base/alloc.h"
#include "http/internal.h"

/* ---- life ---------------------------------------------------------------------------------------- */

void ms_http_request_count_memory(struct ms_http_request *request, size_t bytes)
{
  if (request->http != NULL) {
    request->http->stats.memory_bytes += bytes - request->counted_bytes;
  }
  request->counted_bytes = bytes;
}

struct ms_http_request *ms_http_request_new(struct ms_http_connection *connection)
{
  struct ms_http_request *request = ms_calloc(1, sizeof *request);
  if (request == NULL) {
    return NULL;
  }
  ms_http_parser_init(&request->parser, &connection->http->parse_limits);
  request->http = connection->http;
  request->connection = connection;
  memcpy(request->peer, connection->peer, connection->peer_len);
  return request;
}

static void pending_remove(struct ms_http_request *request)
{
  if (!request->is_pending) {
    return;
  }
  request->is_pending = false;
  if (request->http != NULL) {
    *request->slot = request->next;
    if (request->next != NULL) {
      request->next->slot = request->slot;
    }
    request->http->stats.pending_count--;
  }
}

void ms_http_request_pend(struct ms_http_request *request)
{
  struct ms_http *http = request->http;
  request->is_pending = true;
  request->next = http->pending;
  request->slot = &http->pending;
  if (http->pending != NULL) {
    http->pending->slot = &request->next;
  }
  http->pending = request;
  http->stats.pending_count++;
}

void ms_http_request_free(struct ms_http_request *request)
{
  if (request != NULL) {
    pending_remove(request);
    ms_http_request_count_memory(request, 0);
    ms_http_parser_deinit(&request->parser);
    ms_free(request);
  }
}

void ms_http_request_reuse(struct ms_http_request *request)
{
  pending_remove(request);
  ms_http_parser_reset(&request->parser);
  ms_http_request_count_memory(request, ms_http_parser_memory(&request->parser));
  request->sent_bytes = 0;
  request->is_started = false;
  request->is_chunked = false;
  request->is_bodiless = false;
  request->is_gone = false;
  request->on_gone = NULL;
  request->user = NULL;
}

/* ---- for its owner ----------------------------------------------------------------------------------- */

const struct ms_http_message *ms_http_message(const struct ms_http_request *request)
{
  return &request->parser.message;
}

void ms_http_set_user(struct ms_http_request *request, void *user)
{
  request->user = user;
}

void *ms_http_user(const struct ms_http_request *request)
{
  return request->user;
}

void ms_http_on_gone(struct ms_http_request *request, ms_http_request_cb on_gone, void *user)
{
  request->on_gone = on_gone;
  request->gone_user = user;
}

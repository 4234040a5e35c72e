-- An upload pipeline. A file lands in uploads/ and `inspect` is invoked asynchronously; its record goes to a bus when it
-- succeeds, and the bus starts `publish`; when it has failed three times, 1 s and 2 s apart, it goes to a queue.
return {
  watches = { { folder = "uploads", fn = "inspect" } },
  functions = {
    inspect = {
      timeout = "10s",
      retries = 2,
      backoff = { interval = 1, rate = 2, maximum = "1m" },
      on_success = "bus:pictures",
      on_failure = "queue:refused",
    },
  },
  buses = { "pictures" },
  queues = { "refused" },
  events = {
    inspected = {
      bus = "bus:pictures",
      pattern = { ["detail-type"] = { "Lambda Function Invocation Result - Success" } },
      targets = { { to = "machine:publish", input_path = "$.detail.responsePayload" } },
    },
  },
  tables = { gallery = { key = "name" } },
  routes = { { "GET /gallery/{name}", fn = "show" } },
}

--- What a project may declare: the forms of project/check, with AWS's names on the right.
local function text(as, more)
  local field = more or {}
  field.kind, field.as = "text", as
  return field
end

local function whole(as, min, max)
  return { kind = "whole", as = as, min = min, max = max }
end

local function seconds(as, min, max)
  return { kind = "seconds", as = as, min = min, max = max }
end

local function flag(as)
  return { kind = "flag", as = as }
end

local function ref(as, kinds, needed)
  return { kind = "ref", as = as, of = kinds, needed = needed }
end

local function choice(as, values)
  return { kind = "choice", as = as, of = values }
end

local function any(as)
  return { kind = "any", as = as }
end

-- What a result, an event or a message can be sent to.
local DESTINATIONS = { "function", "queue", "topic", "bus", "http", "folder", "hook" }
local TARGETS = { "function", "queue", "topic", "bus", "machine", "http", "hook" }
local DEAD_LETTERS = { "queue", "topic" }

local backoff = { fields = {
  interval = seconds("IntervalSeconds", 1, 31622400),
  rate = { kind = "number", as = "BackoffRate", min = 1, max = 1000 },
  maximum = seconds("MaxDelaySeconds", 1, 31622400),
  jitter = choice("JitterStrategy", { "FULL", "NONE" }),
} }

local forms = {}

forms.functions = { fields = {
  file = text "File",
  handler = text("Handler", { pattern = "^[%w_%-/]+%.[%a_][%w_]*$", form_text = "FILE.FIELD" }),
  description = text("Description", { max = 256 }),
  timeout = seconds("Timeout", 1, 900),
  memory = whole("MemorySize", 1, 10240),
  environment = { kind = "texts", as = "Environment.Variables" },
  concurrency = whole("ReservedConcurrentExecutions", 0, 100000),
  recursion = choice("RecursiveLoop", { "Terminate", "Allow" }),
  retries = whole("EventInvokeConfig.MaximumRetryAttempts", 0, 1000),
  max_age = seconds("EventInvokeConfig.MaximumEventAgeInSeconds", 60, 21600),
  backoff = { kind = "form", as = "EventInvokeConfig.Backoff", of = backoff },
  on_success = ref("EventInvokeConfig.OnSuccess", DESTINATIONS),
  on_failure = ref("EventInvokeConfig.OnFailure", DESTINATIONS),
  dead_letter = ref("DeadLetter", DEAD_LETTERS),
} }

forms.queues = { fields = {
  fifo = flag "Attributes.FifoQueue",
  content_based_deduplication = flag "Attributes.ContentBasedDeduplication",
  visibility_timeout = seconds("Attributes.VisibilityTimeout", 0, 43200),
  delay = seconds("Attributes.DelaySeconds", 0, 900),
  retention = seconds("Attributes.MessageRetentionPeriod", 60, 1209600),
  max_message_size = whole("Attributes.MaximumMessageSize", 1024, 1048576),
  wait_time = seconds("Attributes.ReceiveMessageWaitTimeSeconds", 0, 20),
  dead_letter = ref("Redrive.To", { "queue" }),
  max_receives = whole("Redrive.MaxReceiveCount", 1, 1000),
} }

local subscription = { short = "to", fields = {
  to = ref("To", { "function", "queue", "http" }, true),
  filter = any "FilterPolicy",
  filter_scope = choice("FilterPolicyScope", { "MessageAttributes", "MessageBody" }),
  raw = flag "RawMessageDelivery",
  dead_letter = ref("DeadLetter", { "queue" }),
} }

forms.topics = { fields = {
  fifo = flag "Attributes.FifoTopic",
  content_based_deduplication = flag "Attributes.ContentBasedDeduplication",
  display_name = text "Attributes.DisplayName",
  subscriptions = { kind = "list", as = "Subscriptions", of = { kind = "form", of = subscription } },
} }

forms.buses = { fields = {
  description = text "Description",
  archive = seconds("ArchiveSeconds", 0),
} }

local target = { short = "to", fields = {
  to = ref("To", TARGETS, true),
  input = any "Input",
  input_path = text "InputPath",
  input_paths = { kind = "texts", as = "InputTransformer.InputPathsMap" },
  input_template = text "InputTransformer.InputTemplate",
  retries = whole("RetryPolicy.MaximumRetryAttempts", 0, 185),
  max_age = seconds("RetryPolicy.MaximumEventAgeInSeconds", 60, 86400),
  dead_letter = ref("DeadLetter", { "queue" }),
} }

forms.events = { fields = {
  bus = ref("Bus", { "bus" }),
  description = text "Description",
  pattern = any "EventPattern",
  schedule = text "ScheduleExpression",
  enabled = flag "Enabled",
  targets = { kind = "list", as = "Targets", of = { kind = "form", of = target }, needed = true },
} }

forms.schedules = { fields = {
  when = text("ScheduleExpression", { needed = true, pattern = "^%l+%(.+%)$", form_text = "rate(5 minutes), cron(...) or at(...)" }),
  timezone = text "ScheduleExpressionTimezone",
  from = text "StartDate",
  till = text "EndDate",
  enabled = flag "Enabled",
  description = text "Description",
  to = ref("To", TARGETS, true),
  input = any "Input",
  missed = choice("Missed", { "skip", "once", "all" }),
  retries = whole("RetryPolicy.MaximumRetryAttempts", 0, 185),
  max_age = seconds("RetryPolicy.MaximumEventAgeInSeconds", 60, 86400),
  dead_letter = ref("DeadLetter", { "queue" }),
} }

local key = { short = "name", fields = {
  name = text("Name", { needed = true }),
  type = choice("Type", { "S", "N", "B" }),
} }

forms.tables = { fields = {
  key = { kind = "form", as = "PartitionKey", of = key, needed = true },
  sort = { kind = "form", as = "SortKey", of = key },
  stream = choice("StreamViewType", { "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES" }),
  expires = text "TimeToLiveAttribute",
} }

forms.machines = { fields = {
  file = text "File",
  definition = any "Definition",
  type = choice("Type", { "STANDARD", "EXPRESS" }),
  log_level = choice("LogLevel", { "OFF", "ERROR", "FATAL", "ALL" }),
  durability = choice("Durability", { "fsync", "os", "none" }),
  keeps_functions = { kind = "refused", message =
    "executions cannot keep functions by themselves; name a published version in the definition, as function:NAME:1" },
  keep_age = seconds("Retention.AgeSeconds", 1),
  keep_count = whole("Retention.Count", 0),
} }

-- "GET /orders/{id}" may stand without a name.
forms.routes = { fields = {
  route = text("RouteKey", { needed = true, pattern = "^[%u$]", form_text = "\"METHOD /path\" or \"$default\"" }),
  fn = text "FunctionName",
  to = ref("To", { "function", "machine" }),
  sync = flag "Sync",
  payload = choice("PayloadFormatVersion", { "1.0", "2.0" }),
  stage = text("Stage", { pattern = "^[%w_$%-]+$", form_text = "letters, digits, '_', '-' and '$'" }),
  timeout_ms = whole("TimeoutInMillis", 50, 30000),
} }

forms.watches = { fields = {
  folder = text("Folder", { needed = true }),
  fn = text "FunctionName",
  to = ref("To", { "function", "queue", "topic", "bus", "machine", "http", "hook" }),
  bucket = text "Bucket",
  prefix = text "Prefix",
  suffix = text "Suffix",
  events = { kind = "list", as = "Events", of = { kind = "choice", of = { "ObjectCreated", "ObjectRemoved" } } },
  id = text "Id",
} }

forms.sources = { fields = {
  from = ref("From", { "queue", "table", "topic", "bus", "folder", "route", "machine" }, true),
  to = ref("To", { "function", "machine", "hook" }, true),
  enabled = flag "Enabled",
  batch_size = whole("BatchSize", 1, 10000),
  batch_window = seconds("MaximumBatchingWindowInSeconds", 0, 300),
  filters = { kind = "list", as = "Filters", of = { kind = "any" } },
  partial_failures = flag "ReportBatchItemFailures",
  bisect = flag "BisectBatchOnFunctionError",
  retries = whole("MaximumRetryAttempts", -1, 10000),
  max_age = { kind = "seconds", as = "MaximumRecordAgeInSeconds", min = -1, max = 604800 },
  parallel = whole("ParallelizationFactor", 1, 10),
  max_concurrency = whole("MaximumConcurrency", 1, 1000),
  start = choice("StartingPosition", { "TRIM_HORIZON", "LATEST" }),
  on_failure = ref("OnFailure", { "queue", "topic", "bus", "http", "folder", "hook" }),
  payload = choice("PayloadFormatVersion", { "1.0", "2.0" }),
} }

return forms

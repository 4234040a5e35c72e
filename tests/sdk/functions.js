// Lua functions in place of those that the recorded tests had deployed, by the name of their file. Each prints
// the event that it gets, by which the test sees it.
'use strict';

const HEAD = 'local mstep = require "mstep"\nlocal function seen(event) print("EVENT " .. mstep.json.encode(event)) end\n';
const raises = (type, message) => `error { errorType = "${type}", errorMessage = "${message}" }`;

// A message asks to fail as often as it says; its attribute tells how often it was received.
const FAILS = 'local function fails(record)\n  local body = mstep.json.decode(record.body)\n' +
  '  return tonumber(record.attributes.ApproximateReceiveCount) <= body.fail_attempts\nend\n';

const BY_FILE = {
  lambda_echo: () => 'return function(event) seen(event) return event end',
  lambda_echo_version_env: () => 'return function(event) seen(event) return event end',
  lambda_event_source_mapping_send_message: () => 'return function(event) seen(event) return "ok" end',
  lambda_echofail: () => `return function(event) seen(event) ${raises('Exception', 'intentional failure')} end`,
  lambda_unhandled_error: () => `return function(event) seen(event) ${raises('Exception', 'some error occurred')} end`,
  lambda_integration: () => `return function(event, context)
  if event.raise_error then ${raises('Exception', 'Test exception (this is intentional)')} end
  return { event = event, context = { invoked_function_arn = context.invoked_function_arn,
    function_version = context.function_version, function_name = context.function_name,
    memory_limit_in_mb = tostring(context.memory_limit_in_mb), aws_request_id = context.aws_request_id,
    log_group_name = "/aws/lambda/" .. context.function_name, log_stream_name = "any", client_context = mstep.null } }
end`,
  lambda_sqs_integration: () => `${FAILS}return function(event)
  seen(event)
  for _, record in ipairs(event.Records) do
    if fails(record) then ${raises('Exception', 'Failed as asked')} end
  end
end`,
  lambda_sqs_batch_item_failure: (given) => `${FAILS}local given = ${given.OVERWRITE_RESULT ? `[==[${given.OVERWRITE_RESULT}]==]` : 'nil'}
return function(event)
  seen(event)
  local failures = mstep.array()
  for _, record in ipairs(event.Records) do
    if fails(record) then failures[#failures + 1] = { itemIdentifier = record.messageId } end
  end
  return given and mstep.json.decode(given) or { batchItemFailures = failures }
end`,
  lambda_report_batch_item_failures_dynamodb: () => `return function(event)
  seen(event)
  local failures = mstep.array()
  for _, record in ipairs(event.Records) do
    local mark = record.dynamodb.NewImage and record.dynamodb.NewImage.should_fail
    if mark and mark.BOOL then failures[#failures + 1] = { itemIdentifier = record.dynamodb.SequenceNumber } end
  end
  return { batchItemFailures = failures }
end`,
  by_mode: () => `return function(event)
  if event.mode == "failure" then ${raises('Exception', 'intentional failure!')} end
  return { hello = "world", test = "abc", val = 5, success = true }
end`,
  by_flag: () => `return function(event)
  if event.should_fail == "1" then ${raises('Exception', 'Failing per design.')} end
  return { lstest_message = event.message }
end`,
};

// Small handlers stand in the recording as text: what they return is Python's notation of JSON.
function inline(text) {
  const [, returned] = /return (.*)/.exec(text) ?? [];
  if (returned === undefined || returned.includes('lambda:'))
    return `return function(event) seen(event) ${raises('ZeroDivisionError', 'division by zero')} end`;
  const json = returned.replaceAll("'", '"').replaceAll('None', 'null');
  return `return function(event) seen(event) return mstep.json.decode([==[${json}]==]) end`;
}

function source(file, environment = {}) {
  const name = /([^/]+)\.py$/.exec(file)?.[1] ?? file;
  const make = BY_FILE[name];
  if (!make && !file.includes('\n'))
    throw new Error(`no function stands in for ${file}`);
  return HEAD + (make ? make(environment) : inline(file));
}

module.exports = { source };

-- What wrk sends for serve_bench and soak, and what it says of it: one JSON object.
local operation = os.getenv("OPERATION")
local machine = os.getenv("MACHINE") or ""
local ARN = "arn:aws:states:us-east-1:000000000000:"
local body = operation == "GetActivityTask" and '{"activityArn":"' .. ARN .. 'activity:work"}'
  or '{"stateMachineArn":"' .. ARN .. "stateMachine:" .. machine .. '","input":"{\\"n\\": 1}"}'

wrk.method = "POST"
wrk.path = "/"
wrk.body = body
wrk.headers["Content-Type"] = "application/x-amz-json-1.0"
wrk.headers["X-Amz-Target"] = "AWSStepFunctions." .. operation

function done(summary, latency)
  local errors = summary.errors
  io.write(("{\"per_s\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"errors\":%d}\n"):format(
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

// What the recorded executions called, made of the recording: Lua functions that answer as the recorded ones
// did, a worker of the recorded activities, and the other calls that were made before the start.
'use strict';

const FUNCTION = /^arn:[^:]*:lambda:[^:]*:\d*:function:([^:]+)/;
const nameOf = (text) => FUNCTION.exec(text ?? '')?.[1] ?? text;

function sorted(value) {
  if (Array.isArray(value))
    return value.map(sorted);
  if (value === null || typeof value !== 'object')
    return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

function causeOf({ cause_text, cause }) {
  return cause_text ?? (typeof cause === 'object' ? JSON.stringify(cause) : cause);
}

// What one recorded invocation says: the event, and what came of it.
function outcome(mock, isInvoke) {
  const { timed_out, throw: thrown, return: returned } = mock;
  const event = isInvoke ? mock.parameters?.Payload ?? {} : mock.parameters ?? mock.input;
  const found = { event: JSON.stringify(sorted(event)) };
  if (timed_out)
    return { ...found, never: true };
  if (thrown)
    return { ...found, error: thrown.error, cause: causeOf(thrown) };
  const result = isInvoke ? returned?.Payload : mock.return_text;
  return { ...found, result: isInvoke || result === undefined ? JSON.stringify(result ?? returned ?? null) : result };
}

function outcomes({ mocks = {} }) {
  const found = new Map();
  for (const [resource, entries] of Object.entries(mocks)) {
    const isInvoke = /:lambda:invoke/.test(resource);
    if (!isInvoke && !FUNCTION.test(resource))
      continue;
    for (const mock of entries) {
      const name = nameOf(isInvoke ? mock.parameters?.FunctionName : resource);
      found.set(name, [...found.get(name) ?? [], outcome(mock, isInvoke)]);
    }
  }
  return found;
}

const literal = (text) => `[==[${text}]==]`;

// The first recorded outcome of this event that was not used yet, else the first one.
function answers(list) {
  const rows = list.map(({ event, never, error, cause, result }) => `  { event = ${literal(event)}, ` +
    (never ? 'never = true' : error !== undefined ? `error = ${literal(error)}, cause = ${cause === undefined ? 'nil' : literal(cause)}`
      : `result = ${literal(result)}`) + ' },\n');
  return `local mstep = require "mstep"
local rows, used = {
${rows.join('')}}, {}
local function find(text)
  for i, row in ipairs(rows) do
    if not used[i] and row.event == text then
      return i
    end
  end
  for i in ipairs(rows) do
    if not used[i] then
      return i
    end
  end
  return #rows
end
return function(event)
  local i = find(mstep.json.encode(event))
  used[i] = true
  local row = rows[i]
  if row.never then
    mstep.sleep(600)
  elseif row.error then
    error { Error = row.error, Cause = row.cause }
  end
  return mstep.json.decode(row.result)
end
`;
}

// The recorded behaviour in words, where no invocation was recorded one by one.
const TRACE = '  File "/var/task/handler.py", line 2, in handler\n    raise Exception("Some exception was raised.")\n';
const RAISED = { errorMessage: 'Some exception was raised.', errorType: 'Exception', requestId: '1', stackTrace: [TRACE] };

// The cause is compact from lambda:invoke, and as the runtime wrote it from the function's own ARN.
function raises(isInvoke) {
  const compact = JSON.stringify(RAISED);
  const spaced = `{${Object.entries(RAISED).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`).join(', ')}}`;
  return `return function() error { Error = "Exception", Cause = ${literal(isInvoke ? compact : spaced)} } end`;
}

const BEHAVIOURS = [
  [/^returns the string "input-event-" followed by the Python repr/, () => // of texts and lists of them
    'local function repr(v) return type(v) == "table" and "[" .. repr(v[1]) .. "]" or "\'" .. v .. "\'" end ' +
    'return function(event) return "input-event-" .. repr(event) end'],
  [/^returns its input event/, () => 'return function(event) return event end'],
  [/^raises a Python Exception\("Some exception was raised/, raises],
];

// A resource of a service that is not here, by resource: the function that stands in for it.
function routes({ mocks = {} }, isHere) {
  const found = Object.keys(mocks).filter((resource) => resource.includes(':::') && !isHere(resource));
  return Object.fromEntries(found.map((resource) => [resource, `function:${resource.split(':::')[1].replace(/\W/g, '_')}`]));
}

function routed({ mocks }, found) {
  return Object.fromEntries(Object.entries(found).map(([resource, target]) => [`functions/${target.split(':')[1]}.lua`,
    answers(mocks[resource].map((mock) => outcome(mock, false)))]));
}

function standIns(recorded) {
  const files = {};
  for (const [arn, { behaviour }] of Object.entries(recorded.lambdas ?? {})) {
    const found = BEHAVIOURS.find(([pattern]) => pattern.test(behaviour));
    if (found)
      files[`functions/${nameOf(arn)}.lua`] = found[1](JSON.stringify(recorded.definition).includes(':lambda:invoke'));
  }
  for (const [name, list] of recorded.class === 'lambda-behaviour' ? [] : outcomes(recorded))
    if (typeof name === 'string' && !list.some(({ error }) => /ResourceNotFound|Lambda\.AWSLambda/.test(error)))
      files[`functions/${name}.lua`] = answers(list);
  return files;
}

async function workOn(server, activityArn, entries, workerName) {
  for (const mock of entries) {
    const task = await server.call('states', 'GetActivityTask', { activityArn, workerName });
    const taskToken = task.reply?.taskToken;
    if (!taskToken || mock.timed_out)
      continue;
    if (mock.throw)
      await server.ask('states', 'SendTaskFailure', { taskToken, error: mock.throw.error, cause: causeOf(mock.throw) });
    else
      await server.ask('states', 'SendTaskSuccess', { taskToken, output: JSON.stringify(mock.return) });
  }
}

// Workers for the activities of a case, which they make; they had been machines of their own, whose text has
// their name. `done` is when they have answered all.
async function work(server, recorded) {
  const workerName = /\\"WorkerName\\": \\"([^\\]+)/.exec(JSON.stringify(recorded.setup ?? []))?.[1];
  const activities = Object.entries(recorded.mocks ?? {}).filter(([resource]) => resource.includes(':activity:'));
  for (const [resource] of activities)
    await server.ask('states', 'CreateActivity', { name: resource.split(':').pop() });
  const done = Promise.all(activities.map(([resource, entries]) => workOn(server, resource, entries, workerName)));
  done.catch(() => {});
  return { done };
}

// Can what the case calls be had here? Functions and activities.
function isPlayable({ mocks = {}, lambdas = {} }) {
  const all = [...Object.keys(mocks), ...Object.keys(lambdas)];
  return all.length > 0 && all.every((resource) => FUNCTION.test(resource) || /:lambda:invoke|:activity:/.test(resource));
}

module.exports = { standIns, routes, routed, work, isPlayable };

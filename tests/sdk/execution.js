// An execution recorded on AWS, played over HTTP and compared: CreateStateMachine, StartExecution (or
// StartSyncExecution), DescribeExecution and GetExecutionHistory to its last page.
'use strict';

const { until } = require('./server.js');
const { Match } = require('./match.js');

const LIMIT_MS = 80000;
// Lengths are of JSON with the blanks that the recorded functions' language puts there; what is billed is AWS's time.
const IGNORED = /\/Content-Length(\/0)?$|\/billingDetails\/billed/;

// A mock has one answer, so what a service had answered at first is not known.
const MOCKED = new RegExp(`${IGNORED.source}|/taskSubmittedEventDetails/output$`);

const textOf = (recorded, name) => recorded[`${name}_text`] ?? JSON.stringify(recorded[name]);

async function history(server, executionArn) {
  const events = [];
  for (let nextToken; ;) {
    const page = await server.ask('states', 'GetExecutionHistory', { executionArn, includeExecutionData: true, nextToken });
    events.push(...page.events);
    nextToken = page.nextToken;
    if (!nextToken)
      return events;
  }
}

async function described(server, executionArn, isRunning) {
  return until(async () => {
    const found = await server.ask('states', 'DescribeExecution', { executionArn });
    return (isRunning || found.status !== 'RUNNING') && found;
  }, LIMIT_MS, 10);
}

function same(match, key, expected, actual) {
  const none = (value) => value === undefined || value === null;
  return (none(expected) && none(actual)) || match.value(`/${key}`, expected, actual);
}

// The answer is a text; what was recorded is a value, or a text, too.
function sameOutput(match, expected, actual) {
  if (same(match, 'output', expected, actual))
    return true;
  if (typeof expected !== 'string' || typeof actual !== 'string' || JSON.parse(actual) !== expected)
    return false;
  match.why = '';
  return true;
}

function compare(match, { expect, unordered_history }, ended, events) {
  const ok = same(match, 'status', expect.status, ended.status) && same(match, 'error', expect.error, ended.error) &&
    same(match, 'cause', expect.cause, ended.cause) &&
    (expect.output === undefined || sameOutput(match, expect.output, ended.output)) &&
    (!Array.isArray(expect.history) || match.history('/history', expect.history, events,
      Boolean(expect.unordered_history || unordered_history)));
  return ok ? [] : [{ step: 0, why: match.why }];
}

// Only StartSyncExecution tells how an Express execution ended; those that were started without waiting have a
// recorded output, too.
function compareSync(match, recorded, reply) {
  const found = compare(match, recorded, reply, []);
  if (recorded.expect.response === undefined || found.length > 0)
    return found;
  const expected = { ...recorded.expect.response };
  delete expected.ResponseMetadata;
  return match.value('/response', expected, reply) ? found : [{ step: 0, why: match.why }];
}

// testCase: which of the server's mocks answer; meanwhile(start): what others do after the start;
// plain: what of both sides is compared.
async function play(server, recorded, { testCase, meanwhile, plain = (value) => value } = {}) {
  const made = await server.ask('states', 'CreateStateMachine', {
    name: recorded.stateMachineName, roleArn: recorded.roleArn, type: recorded.type, definition: textOf(recorded, 'definition'),
  });
  const stateMachineArn = testCase ? `${made.stateMachineArn}#${testCase}` : made.stateMachineArn;
  const start = { stateMachineArn, name: recorded.executionName };
  if (!recorded.input_absent)
    start.input = textOf(recorded, 'input');
  const match = new Match(recorded.wildcards, testCase ? MOCKED : IGNORED);
  if (recorded.type === 'EXPRESS')
    return compareSync(match, recorded, await server.ask('states', 'StartSyncExecution', start));
  const { executionArn } = await server.ask('states', 'StartExecution', start);
  await meanwhile?.(start);
  const ended = await described(server, executionArn, recorded.still_running);
  if (ended === undefined)
    return [{ step: 0, why: 'it does not end' }];
  return compare(match, plain(recorded), plain(ended), plain(await history(server, executionArn)));
}

module.exports = { play };

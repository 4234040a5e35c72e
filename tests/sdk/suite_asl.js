// Executions recorded on AWS, over HTTP: CreateStateMachine, StartExecution, DescribeExecution and
// GetExecutionHistory. tests/conformance/asl.c runs the same on the pure core. What the recorded functions
// answered, a Lua function answers that is made of the recording.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { withServer, until } = require('./server.js');
const { Match } = require('./match.js');
const { standIns, work, isPlayable } = require('./standin.js');

const LIMIT_MS = 80000;
// Lengths are of JSON with the blanks that the recorded functions' language puts there; what is billed is AWS's time.
const IGNORED = /\/Content-Length(\/0)?$|\/billingDetails\/billed/;

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

function sync(match, recorded, reply) {
  const found = compare(match, recorded, reply, []);
  const expected = { ...recorded.expect.response };
  delete expected.ResponseMetadata;
  return found.length > 0 || match.value('/response', expected, reply) ? found : [{ step: 0, why: match.why }];
}

async function play(server, recorded) {
  const { stateMachineArn } = await server.ask('states', 'CreateStateMachine', {
    name: recorded.stateMachineName, roleArn: recorded.roleArn, type: recorded.type, definition: textOf(recorded, 'definition'),
  });
  const start = { stateMachineArn, name: recorded.executionName };
  if (!recorded.input_absent)
    start.input = textOf(recorded, 'input');
  const match = new Match(recorded.wildcards, IGNORED);
  if (recorded.type === 'EXPRESS')
    return sync(match, recorded, await server.ask('states', 'StartSyncExecution', start));
  const worker = work(server, recorded);
  const { executionArn } = await server.ask('states', 'StartExecution', start);
  const ended = await described(server, executionArn, recorded.still_running);
  if (ended === undefined)
    return [{ step: 0, why: 'it does not end' }];
  return compare(match, recorded, ended, await history(server, executionArn));
}

function run(recorded) {
  return withServer({ args: ['--aws-compat'], files: standIns(recorded) }, (server) => play(server, recorded));
}

// Only StartSyncExecution tells how an Express execution ended.
function isWanted(recorded) {
  return (recorded.class === 'pure' || (recorded.class === 'mock' && isPlayable(recorded))) && (recorded.type === 'STANDARD' || recorded.expect.response !== undefined);
}

function cases(corpus) {
  const folder = path.join(corpus, 'asl/cases');
  const all = fs.readdirSync(folder).sort().map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')))
    .filter(isWanted);
  const waits = ({ needs }) => needs.includes('time') ? 0 : 1;
  return all.sort((a, b) => waits(a) - waits(b)).map((recorded) => ({ name: recorded.name, run: () => run(recorded) }));
}

module.exports = { cases, needsCorpus: true, atOnce: 16 };

// Executions recorded on AWS whose tasks call services, over HTTP: against queues, topics, buses, tables and machines
// that are made as the recording made them. Tokens are answered by its helper machines, or from here, where its
// threads did. For services that are not here (S3, Secrets Manager, API Gateway) a Lua function stands in by a
// route, for another account a mock. tests/conformance/services.c plays some of them in one process.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { withServer, until } = require('./server.js');
const { play } = require('./execution.js');
const { standIns, routes, routed, isPlayable } = require('./standin.js');

const HERE = /:::(sqs|sns|events|dynamodb|lambda|states|aws-sdk:(sqs|sns|dynamodb|sfn|lambda)):/;
const OWN = /^(sqs|sns|events|dynamodb|states)$/;
// Addresses differ, and what recordings of other years do not have.
const LEFT_OUT = ['RedriveCount', 'RedriveStatus', 'RedriveStatusReason', 'redriveCount'];

function plain(value) {
  if (typeof value === 'string' && value.startsWith('{')) {
    try {
      return plain(JSON.parse(value));
    } catch {
      return value;
    }
  }
  if (Array.isArray(value))
    return value.map(plain);
  if (value === null || typeof value !== 'object')
    return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !LEFT_OUT.includes(key))
    .map(([key, item]) => [key, key === 'SdkHttpMetadata' && item?.AllHttpHeaders ? kinds(item) : plain(item)]));
}

// Of an answer's metadata the status and which headers there are: case does not count in their names.
function kinds(value) {
  const names = (headers) => Object.keys(headers ?? {}).map((name) => name.toLowerCase()).sort();
  return { ...value, AllHttpHeaders: names(value.AllHttpHeaders), HttpHeaders: names(value.HttpHeaders) };
}

// ---- before the start ----

// The recordings' helper for tables takes a name and a key; rules had been made by one that was not recorded.
function request({ op, params }) {
  if (op !== 'CreateTable' || !params.table_name)
    return params;
  return { TableName: params.table_name, BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: params.partition_key, KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: params.partition_key, AttributeType: 'S' }] };
}

async function setUp(server, steps) {
  for (const step of steps) {
    if (step.op === 'PutTargets')
      await server.ask('events', 'PutRule', { Name: step.params.Rule, EventPattern: '{"source": ["some.source"]}' });
    await server.ask(step.service, step.op, server.own(request(step)));
  }
}

// ---- after it: what threads of the recording did ----

const TOKEN = /^(\$\{call\d+\.Messages\[0\]\.Body\.TaskToken\}|message\.Message\.json\.TaskToken)$/;

function filled(params, body) {
  const notified = JSON.parse(body);
  const { TaskToken } = notified.Type === 'Notification' ? JSON.parse(notified.Message) : notified;
  return Object.fromEntries(Object.entries(params).map(([key, value]) =>
    [key, TOKEN.test(value) ? TaskToken : value.startsWith('${call') ? body : value]));
}

// What is done about one message: all until the next one is received.
function groups(steps) {
  return steps.reduce((found, step) => {
    if (step.op === 'ReceiveMessage' || found.length === 0)
      found.push([]);
    if (step.op !== 'ReceiveMessage')
      found.at(-1).push(step);
    return found;
  }, []);
}

async function answer(server, QueueUrl, steps) {
  const message = await until(async () => (await server.ask('sqs', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 1 })).Messages?.[0]);
  for (const { service, op, params } of steps)
    await server.ask(service, op, filled(params, message.Body));
}

// One execution for each message: those beyond the first are made just for it.
async function answerAll(server, steps, queue, start) {
  const all = groups(steps);
  for (let i = 1; i < all.length; i++)
    await server.ask('states', 'StartExecution', { ...start, name: `${start.name}-${i}` });
  await Promise.all(all.map((group) => answer(server, queue, group)));
}

// ---- services that are not here ----

const account = ({ client }) => client?.account;
const isElsewhere = ({ setup = [] }) => setup.some(account);

function mocked({ stateMachineName, mocks }) {
  const MockedResponses = {}, states = {};
  for (const mock of Object.values(mocks).flat()) {
    MockedResponses[mock.state] = { 0: mock.throw ? { Throw: { Error: mock.throw.error, Cause: mock.throw.cause } } : { Return: mock.return } };
    states[mock.state] = mock.state;
  }
  return JSON.stringify({ StateMachines: { [stateMachineName]: { TestCases: { Elsewhere: states } } }, MockedResponses });
}

function options(recorded) {
  if (isElsewhere(recorded))
    return { args: ['--mocks', 'mocks.json'], files: { 'mocks.json': mocked(recorded) } };
  const found = routes(recorded, (resource) => HERE.test(resource));
  return { args: ['--routes', 'routes.json'],
    files: { ...standIns(recorded), ...slow(recorded), ...routed(recorded, found), 'routes.json': JSON.stringify(found) } };
}

function slow({ lambdas = {} }) {
  const found = Object.values(lambdas).filter(({ behaviour }) => behaviour.startsWith('sleeps'));
  return Object.fromEntries(found.map(({ name }) => [`functions/${name}.lua`,
    'return function(event) require "mstep".sleep(60) return event end']));
}

// ---- cases ----

async function run(recorded) {
  const steps = (recorded.setup ?? []).filter((step) => OWN.test(step.service) && !account(step));
  const later = steps.filter(({ concurrent, service, op }) => concurrent || (service === 'states' && /^SendTask/.test(op)) || op === 'ReceiveMessage');
  return withServer(options(recorded), async (server) => {
    await setUp(server, steps.filter((step) => !later.includes(step)));
    const queue = steps.find(({ op }) => op === 'CreateQueue')?.params.QueueName;
    const meanwhile = later.length > 0 &&
      ((start) => answerAll(server, later, `${server.url}/000000000000/${queue}`, start));
    return play(server, recorded, { plain, testCase: isElsewhere(recorded) && 'Elsewhere', meanwhile: meanwhile || undefined });
  });
}

function isWanted(recorded) {
  return recorded.class === 'mock' && recorded.area !== 'local_mocking' && recorded.type === 'STANDARD' &&
    Object.keys(recorded.mocks ?? {}).length > 0 && !isPlayable(recorded);
}

function cases(corpus) {
  const folder = path.join(corpus, 'asl/cases');
  const all = fs.readdirSync(folder).sort().map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')))
    .filter(isWanted);
  const waits = ({ needs }) => needs.includes('time') ? 0 : 1;
  return all.sort((a, b) => waits(a) - waits(b)).map((recorded) => ({ name: recorded.name, run: () => run(recorded) }));
}

module.exports = { cases, isWanted, needsCorpus: true, atOnce: 16 };

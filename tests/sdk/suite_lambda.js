// Functions, event source mappings and destinations as AWS was recorded: the calls are made again, answers and
// errors are compared, and so is what functions and destinations received then.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { withServer, until } = require('./server.js');
const { Match, resolve, compareStep } = require('./scenario.js');
const { source } = require('./functions.js');
const more = require('./lambda_steps.js');

const SETTLE_MS = 15000;
const IGNORED = /\/attributes\/(SentTimestamp|SenderId)$|\/stackTrace$|\/ResponseMetadata$/;

// ---- what the recorded calls had done by helpers of their own ----

function functionParams({ FunctionName, handler_file, runtime, role, timeout, envvars, func_name, ...rest }) {
  return {
    FunctionName: FunctionName ?? func_name, Runtime: runtime ?? 'python3.12', Handler: 'handler.handler',
    Role: role ?? 'arn:aws:iam::000000000000:role/lambda-role', Timeout: timeout ?? 30,
    Environment: { Variables: envvars ?? {} }, Code: { ZipFile: Buffer.from(source(handler_file, envvars)) }, ...rest,
  };
}

function tableParams({ table_name, partition_key, stream_view_type }) {
  return {
    TableName: table_name, BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: partition_key, KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: partition_key, AttributeType: 'S' }],
    StreamSpecification: stream_view_type && { StreamEnabled: true, StreamViewType: stream_view_type },
  };
}

// Functions in Lua have no version of a runtime, tables no capacity to keep warm; a helper of the recorded tests put answers into one more object.
function shown({ expect }, { reply, error }) {
  const form = expect?.CreateFunctionResponse;
  const configuration = form ?? expect?.Configuration ?? expect;
  if (reply && configuration?.RuntimeVersionConfig)
    (reply.Configuration ?? reply).RuntimeVersionConfig ??= configuration.RuntimeVersionConfig;
  if (reply?.TableDescription && expect?.TableDescription?.WarmThroughput)
    reply.TableDescription.WarmThroughput ??= expect.TableDescription.WarmThroughput;
  return { error, reply: reply && form ? { CreateEventSourceMappingResponse: null,
    CreateFunctionResponse: { ...reply, ResponseMetadata: form.ResponseMetadata } } : reply };
}

class Play {
  constructor(server, recorded) {
    this.server = server;
    this.recorded = recorded;
    this.answers = new Map();
    this.match = new Match(recorded.wildcards, IGNORED);
    this.streams = new Map();
    this.queues = new Map();
    this.found = [];
  }

  // Events that functions were called with, in order.
  events() {
    return [...this.server.log.matchAll(/ EVENT (.*)\n/g)].map(([, text]) => JSON.parse(text));
  }

  params({ op, params }) {
    let given = this.server.own(params);
    if (given.handler_file !== undefined)
      given = functionParams(given);
    else if (given.table_name !== undefined && op === 'CreateTable')
      given = tableParams(given);
    const text = JSON.stringify(given).replace(/"esm-\d+"/g, JSON.stringify(this.mapping ?? 'none'))
      .replace(/arn:aws:dynamodb:[^"]*:table\/([^/"]+)\/stream\/[^"]*/g, (arn, table) => this.streams.get(table) ?? arn);
    const zip = given.Code?.ZipFile;
    given = resolve(JSON.parse(text), this.answers);
    return zip ? { ...given, Code: { ZipFile: zip } } : given;
  }

  // What later steps need of this one, and what recordings waited for.
  async after({ service, op }, params, { reply }) {
    if (reply === undefined)
      return;
    if (op === 'CreateQueue')
      this.queues.set(params.QueueName, reply.QueueUrl);
    if (service === 'dynamodb' && (op === 'CreateTable' || op === 'UpdateTable'))
      this.streams.set(params.TableName, reply.TableDescription?.LatestStreamArn);
    if (/^(Create|Update)EventSourceMapping$/.test(op)) {
      this.mapping = reply.UUID;
      await until(async () => {
        const { State } = await this.server.ask('lambda', 'GetEventSourceMapping', { UUID: reply.UUID });
        return /^(Enabled|Disabled)$/.test(State);
      }, SETTLE_MS, 50);
    }
  }

  // A message that was sent is in the function, and an event's record is out, before the next thing changes.
  async before({ op }, index) {
    const last = this.recorded.steps[index - 1];
    if (last?.op === 'Invoke' && op.startsWith('Update'))
      await until(async () => (await this.records()).length > 0, SETTLE_MS, 50);
    if (this.mapping === undefined || !/^(SendMessage|PutItem)/.test(last?.op ?? '') || last.op === op)
      return;
    const count = this.seen ?? 0;
    await until(() => this.events().length > count, 2500, 50);
    this.seen = this.events().length;
  }

  async step(step, index) {
    await this.before(step, index);
    const params = this.params(step);
    const answer = await this.server.call(step.service, step.op, params);
    this.answers.set(step.step ?? index, answer.reply);
    const why = step.via_fixture && answer.error && step.expect === undefined
      ? `${answer.error.code}: ${answer.error.message}`
      : compareStep(this.match, index, step, shown(step, answer));
    if (why)
      this.found.push({ step: index, why: `${step.op}: ${why}` });
    await this.after(step, params, answer);
  }

  // ---- what was received ----

  // Messages of all queues, as records: those of a topic and of a bus are unwrapped.
  async records() {
    this.kept ??= [];
    for (const QueueUrl of this.queues.values()) {
      const { reply } = await this.server.call('sqs', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
      for (const { Body } of reply?.Messages ?? []) {
        const body = parse(Body);
        this.kept.push(body?.Type === 'Notification' ? parse(body.Message) : body?.detail ?? body);
      }
    }
    return this.kept;
  }

  // The first of `list` that looks like `expected`, from which it is taken; else why not.
  take(list, expected, { wildcards }, pointer) {
    let why = `nothing was received that looks like ${JSON.stringify(expected)}`;
    for (const [i, actual] of list.entries()) {
      const match = new Match(wildcards, IGNORED);
      if (match.value(pointer, expected, actual)) {
        list.splice(i, 1);
        return '';
      }
      why = match.why;
    }
    return why;
  }

  async received(items, get, look) {
    let left = [];
    await until(async () => {
      const list = await get(), lists = new Map();
      left = items.map((item) => {
        // What was recorded under another name was looked up anew.
        const key = /^[^[]*/.exec(item.source.snapshot_path ?? '')[0];
        lists.set(key, lists.get(key) ?? [...list]);
        return { step: item.name, why: look(lists.get(key), item) };
      }).filter(({ why }) => why);
      return left.length === 0;
    }, SETTLE_MS, 100);
    this.found.push(...left);
  }

  lookForEvent(list, item) {
    const { event } = item;
    if (item.source.snapshot_path !== '$' && !/records$/.test(item.source.snapshot_path ?? ''))
      return this.take(list, event, item, '/event');
    // The recorded test had put the records of several events into one.
    const records = list.flatMap(({ Records = [] }) => Records);
    return event.Records.map((record, i) => this.take(records, record, item, `/event/Records/${i}`)).find((why) => why) ?? '';
  }

  async all() {
    for (const [index, step] of this.recorded.steps.entries())
      await this.step(step, index);
    const { events, destinations } = this.recorded;
    if (events.length > 0)
      await this.received(events, () => this.events(), (list, item) => this.lookForEvent(list, item));
    if (destinations.length > 0)
      await this.received(destinations, () => this.records(), (list, item) => this.take(list, item.record, item, '/record'));
    return this.found;
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// ---- which there are ----

function read(folder) {
  return fs.readdirSync(folder).sort().map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')));
}

// Where the recorded test could not be followed, its placeholders stand for anything.
function loosen(item, key) {
  const wildcards = {};
  const visit = (pointer, value) => {
    if (typeof value === 'string' && /<|^(date|datetime|timestamp)$/.test(value))
      wildcards[pointer] = /^[a-z]+$/.test(value) ? '*' : value.replace(/<[^<>]*>/g, '*').replace('111111111111', '000000000000');
    else if (value !== null && typeof value === 'object')
      for (const name of Object.keys(value))
        visit(`${pointer}/${name}`, value[name]);
  };
  visit(`/${key}`, item[key]);
  return { ...item, wildcards: { ...wildcards, ...item.wildcards } };
}

const KINESIS = /kinesis/i;

// Scenarios, events and destinations of one recorded test belong together.
function groups(corpus) {
  const found = new Map();
  const group = (item) => {
    const key = item.source.test;
    if (!found.has(key))
      found.set(key, { isKinesis: KINESIS.test(key + item.name), name: item.name.replace(/__\d+(-[0-9a-f]+)?$/, ''), wildcards: {}, steps: [], events: [], destinations: [] });
    return found.get(key);
  };
  const all = (folder) => read(path.join(corpus, 'lambda', folder));
  for (const item of all('api'))
    Object.assign(group(item), { steps: item.steps, wildcards: item.wildcards, name: item.name });
  for (const item of all('events'))
    group(item).events.push(loosen(item, 'event'));
  for (const item of all('destinations'))
    group(item).destinations.push(loosen(item, 'record'));
  for (const item of [...all('events'), ...all('destinations')])
    if (group(item).steps.length === 0)
      group(item).steps = item.calls ?? [];
  return [...found.values()];
}

function cases(corpus) {
  return groups(corpus).map((recorded) => recorded.isKinesis ? recorded : more(recorded)).map((recorded) => ({
    name: recorded.name,
    skip: recorded.isKinesis ? 'streams of Kinesis are no sources here' : undefined,
    run: () => {
      const foreign = recorded.steps.find(({ service }) => service === 's3');
      return foreign ? [{ step: 0, why: 'needs a bucket' }] : withServer({}, (server) => new Play(server, recorded).all());
    },
  }));
}

module.exports = { cases, needsCorpus: true, atOnce: 12 };

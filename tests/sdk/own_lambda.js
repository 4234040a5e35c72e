// Own cases: functions, what configures them, what calls them.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const zlib = require('node:zlib');
const { until } = require('./server.js');
const { ROLE, GREET, arn, makeFunction, makeQueue, receive, pages, waits, fails } = require('./own_kit.js');

async function lambda(server) {
  await server.ask('lambda', 'CreateFunction', { FunctionName: 'made', Role: ROLE, Runtime: 'provided.al2023', Handler: 'h',
    Code: { ZipFile: Buffer.from(GREET) } });
  const done = await server.ask('lambda', 'Invoke', { FunctionName: 'made', Payload: Buffer.from('{"name": "Ada"}') });
  assert.deepEqual([done.StatusCode, done.FunctionError, JSON.parse(done.Payload)], [200, undefined, { text: 'hello Ada', of: 'made' }]);
  const failed = await server.ask('lambda', 'Invoke', { FunctionName: 'made', Payload: Buffer.from('{"fail": true}') });
  assert.equal(failed.FunctionError, 'Unhandled');
  const later = await server.ask('lambda', 'Invoke', { FunctionName: 'made', InvocationType: 'Event', Payload: Buffer.from('{}') });
  assert.deepEqual([later.StatusCode, later.Payload ?? ''], [202, '']);
  const { error } = await server.call('lambda', 'Invoke', { FunctionName: 'none' });
  assert.deepEqual([error.code, error.status], ['ResourceNotFoundException', 404]);
}

// What functions reserve counts together: 100 of 1,000 are to be left for the others.
async function concurrency(server) {
  const reserve = (FunctionName, ReservedConcurrentExecutions) =>
    server.call('lambda', 'PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions });
  await server.ask('lambda', 'CreateFunction', { FunctionName: 'made', Role: ROLE, Runtime: 'provided.al2023', Handler: 'h',
    Code: { ZipFile: Buffer.from(GREET) } });
  assert.deepEqual((await reserve('greet', 600)).reply, { ReservedConcurrentExecutions: 600 });
  assert.match((await reserve('made', 301)).error.message, /below its minimum value of \[100\]/);
  assert.deepEqual((await reserve('made', 300)).reply, { ReservedConcurrentExecutions: 300 });
  assert.deepEqual((await reserve('greet', 500)).reply, { ReservedConcurrentExecutions: 500 });
  const { AccountLimit, AccountUsage } = await server.ask('lambda', 'GetAccountSettings');
  assert.deepEqual([AccountLimit.ConcurrentExecutions, AccountLimit.UnreservedConcurrentExecutions], [1000, 200]);
  assert.ok(AccountUsage.FunctionCount >= 1 && AccountUsage.TotalCodeSize >= GREET.length);
}

async function destinations(server) {
  const { QueueUrl } = await server.ask('sqs', 'CreateQueue', { QueueName: 'q' });
  await server.ask('lambda', 'PutFunctionEventInvokeConfig', { FunctionName: 'greet', MaximumRetryAttempts: 0, DestinationConfig: {
    OnSuccess: { Destination: 'arn:aws:sqs:us-east-1:000000000000:q' }, OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:q' } } });
  await server.ask('lambda', 'Invoke', { FunctionName: 'greet', InvocationType: 'Event', Payload: Buffer.from('{"name": "Ada"}') });
  await server.ask('lambda', 'Invoke', { FunctionName: 'greet', InvocationType: 'Event', Payload: Buffer.from('{"fail": true}') });
  const records = (await receive(server, QueueUrl, 2)).map(({ Body }) => JSON.parse(Body));
  const [won, lost] = ['Success', 'RetriesExhausted'].map((is) => records.find(({ requestContext }) => requestContext.condition === is));
  assert.deepEqual([won.version, won.requestPayload, won.responsePayload, won.responseContext, won.requestContext.approximateInvokeCount],
    ['1.0', { name: 'Ada' }, { text: 'hello Ada', of: 'greet' }, { statusCode: 200, executedVersion: '$LATEST' }, 1]);
  assert.deepEqual([lost.responseContext.functionError, lost.requestPayload], ['Unhandled', { fail: true }]);
}

// ---- packages ----

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

// {name: text} as a zip with deflated entries
function zip(files) {
  const parts = [], directory = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = zlib.deflateRawSync(text), head = Buffer.alloc(30), entry = Buffer.alloc(46);
    const common = Buffer.alloc(26); // version, flags, method, time, date, crc, sizes, length of the name, of more
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(Buffer.from(text)), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(Buffer.byteLength(text), 18);
    common.writeUInt16LE(name.length, 22);
    head.writeUInt32LE(0x04034b50, 0);
    common.copy(head, 4);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE(offset, 42);
    parts.push(head, Buffer.from(name), data);
    directory.push(entry, Buffer.from(name));
    offset += head.length + name.length + data.length;
  }
  const list = Buffer.concat(directory), end = Buffer.alloc(22), count = directory.length / 2;
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, end]);
}

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('base64');

async function invoke(server, FunctionName, event = {}, more = {}) {
  const { Payload, FunctionError, ...rest } = await server.ask('lambda', 'Invoke',
    { FunctionName, Payload: Buffer.from(JSON.stringify(event)), ...more });
  return { value: Payload ? JSON.parse(Payload) : undefined, FunctionError, ...rest };
}

async function packages(server) {
  const files = (mark) => ({ 'src/index.lua': 'local lib = require "lib.money"\nreturn { main = function() return lib.of(2) end }',
    'lib/money.lua': `return { of = function(n) return "${mark}" .. n end }` });
  const first = zip(files('a')), second = zip(files('b'));
  const made = await server.ask('lambda', 'CreateFunction', { FunctionName: 'p', Role: ROLE, Runtime: 'provided.al2023', Handler: 'src/index.main',
    Code: { ZipFile: first } });
  assert.deepEqual([made.CodeSha256, made.CodeSize], [sha256(first), first.length]);
  assert.equal(await waits(server, 'lambda', 'FunctionActiveV2', { FunctionName: 'p' }), 'SUCCESS');
  assert.equal((await invoke(server, 'p')).value, 'a2');
  const dry = await server.ask('lambda', 'UpdateFunctionCode', { FunctionName: 'p', ZipFile: second, DryRun: true });
  assert.equal(dry.CodeSha256, sha256(second));
  assert.equal((await invoke(server, 'p')).value, 'a2');
  const updated = await server.ask('lambda', 'UpdateFunctionCode', { FunctionName: 'p', ZipFile: second, Publish: true });
  assert.deepEqual([updated.CodeSha256, updated.Version], [sha256(second), '1']);
  assert.equal(await waits(server, 'lambda', 'FunctionUpdatedV2', { FunctionName: 'p' }), 'SUCCESS');
  assert.equal((await invoke(server, 'p')).value, 'b2');
  const stale = { FunctionName: 'p', ZipFile: first, RevisionId: made.RevisionId };
  await fails(server, 'lambda', 'UpdateFunctionCode', stale, 'PreconditionFailedException', 412);
  await fails(server, 'lambda', 'PublishVersion', { FunctionName: 'p', CodeSha256: sha256(first) }, 'InvalidParameterValueException');
  const broken = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(60)]);
  await fails(server, 'lambda', 'UpdateFunctionCode', { FunctionName: 'p', ZipFile: broken }, 'InvalidParameterValueException');
  assert.equal((await invoke(server, 'p')).value, 'b2');
}

async function functionVersions(server) {
  const source = (mark) => Buffer.from(`return function(event, context) return "${mark}" .. context.function_version end`);
  await makeFunction(server, 'f', source('a'), { Publish: true, Description: 'first' });
  const same = await server.ask('lambda', 'PublishVersion', { FunctionName: 'f' });
  assert.equal(same.Version, '1');
  await server.ask('lambda', 'UpdateFunctionCode', { FunctionName: 'f', ZipFile: source('b') });
  assert.equal((await server.ask('lambda', 'PublishVersion', { FunctionName: 'f', Description: 'second' })).Version, '2');
  const alias = await server.ask('lambda', 'CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' });
  assert.equal(alias.AliasArn, arn('lambda', 'function:f:live'));
  const one = await invoke(server, 'f', {}, { Qualifier: 'live' });
  assert.deepEqual([one.value, one.ExecutedVersion], ['a1', '1']);
  await server.ask('lambda', 'UpdateAlias', { FunctionName: 'f', Name: 'live', RoutingConfig: { AdditionalVersionWeights: { 2: 1 } } });
  const told = await server.ask('lambda', 'GetAlias', { FunctionName: 'f', Name: 'live' });
  assert.deepEqual([told.FunctionVersion, told.RoutingConfig.AdditionalVersionWeights], ['1', { 2: 1 }]);
  assert.deepEqual([(await invoke(server, 'f:live')).value, (await invoke(server, 'f:1')).value], ['b2', 'a1']);
  await server.ask('lambda', 'UpdateAlias', { FunctionName: 'f', Name: 'live', RoutingConfig: { AdditionalVersionWeights: { 2: 0.5 } } });
  const seen = new Set();
  for (let i = 0; i < 200 && seen.size < 2; i++) // that one side has all of them: 2 in 10^60
    seen.add((await invoke(server, arn('lambda', 'function:f:live'))).value);
  assert.deepEqual([...seen].sort(), ['a1', 'b2']);
  await fails(server, 'lambda', 'UpdateAlias', { FunctionName: 'f', Name: 'live', RoutingConfig: { AdditionalVersionWeights: { 9: 0.5 } } },
    'ResourceNotFoundException', 404);
  await fails(server, 'lambda', 'DeleteFunction', { FunctionName: 'f', Qualifier: '1' }, 'ResourceConflictException', 409);
  await fails(server, 'lambda', 'CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '2' }, 'ResourceConflictException', 409);
  await server.ask('lambda', 'DeleteAlias', { FunctionName: 'f', Name: 'live' });
  await server.ask('lambda', 'DeleteFunction', { FunctionName: 'f', Qualifier: '1' });
  await fails(server, 'lambda', 'Invoke', { FunctionName: 'f:1' }, 'ResourceNotFoundException', 404);
}

// ---- throttling ----

// The client tries as often as it may, and goes through once the function may run again.
async function throttling(server) {
  const reserve = (ReservedConcurrentExecutions) =>
    server.ask('lambda', 'PutFunctionConcurrency', { FunctionName: 'greet', ReservedConcurrentExecutions });
  await reserve(0);
  const [module, once] = server.client('lambda');
  const asked = () => new module.InvokeCommand({ FunctionName: 'greet', Payload: Buffer.from('{"name": "Ada"}') });
  const refused = await once.send(asked()).catch((error) => error);
  assert.deepEqual([refused.name, refused.$metadata.httpStatusCode, refused.Reason, refused.Type],
    ['TooManyRequestsException', 429, 'ReservedFunctionConcurrentInvocationLimitExceeded', 'User']);
  assert.match(String(refused.retryAfterSeconds), /^\d+$/);
  const [, twice] = server.newClient('lambda', { maxAttempts: 2 });
  const again = await twice.send(asked()).catch((error) => error);
  assert.deepEqual([again.name, again.$metadata.attempts], ['TooManyRequestsException', 2]);
  const [, patient] = server.newClient('lambda', { maxAttempts: 10 });
  let tries = 0;
  patient.middlewareStack.add((next) => async (args) => {
    if (++tries === 2)
      await reserve(1);
    return next(args);
  }, { step: 'finalizeRequest', priority: 'low' });
  const done = await patient.send(asked());
  assert.deepEqual([done.$metadata.attempts, JSON.parse(Buffer.from(done.Payload)).text], [2, 'hello Ada']);
  [twice, patient].forEach((client) => client.destroy());
}

// ---- what configures functions ----

async function eventInvokeConfig(server) {
  const FunctionName = 'greet';
  const put = await server.ask('lambda', 'PutFunctionEventInvokeConfig', { FunctionName, MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 });
  assert.ok(!Number.isNaN(Date.parse(put.LastModified)));
  await server.ask('lambda', 'UpdateFunctionEventInvokeConfig', { FunctionName, MaximumEventAgeInSeconds: 90 });
  const kept = await server.ask('lambda', 'GetFunctionEventInvokeConfig', { FunctionName });
  assert.deepEqual([kept.MaximumRetryAttempts, kept.MaximumEventAgeInSeconds, kept.FunctionArn], [1, 90, arn('lambda', 'function:greet:$LATEST')]);
  await server.ask('lambda', 'PutFunctionEventInvokeConfig', { FunctionName, MaximumEventAgeInSeconds: 120 });
  assert.equal((await server.ask('lambda', 'GetFunctionEventInvokeConfig', { FunctionName })).MaximumRetryAttempts, undefined);
  await server.ask('lambda', 'DeleteFunctionEventInvokeConfig', { FunctionName });
  await fails(server, 'lambda', 'GetFunctionEventInvokeConfig', { FunctionName }, 'ResourceNotFoundException', 404);
  const wrong = { FunctionName, MaximumRetryAttempts: 3 };
  assert.match((await server.call('lambda', 'PutFunctionEventInvokeConfig', wrong)).error.code, /^(ValidationException|InvalidParameterValueException)$/);
}

async function functionTags(server) {
  const { FunctionArn: Resource } = await makeFunction(server, 'f', GREET, { Tags: { a: '1', b: '' } });
  await server.ask('lambda', 'TagResource', { Resource, Tags: { a: '2', 'c d': '3/ä' } });
  await server.ask('lambda', 'UntagResource', { Resource, TagKeys: ['b', 'none'] });
  assert.deepEqual((await server.ask('lambda', 'ListTags', { Resource })).Tags, { a: '2', 'c d': '3/ä' });
  assert.deepEqual((await server.ask('lambda', 'GetFunction', { FunctionName: 'f' })).Tags, { a: '2', 'c d': '3/ä' });
  await fails(server, 'lambda', 'ListTags', { Resource: `${Resource}x` }, 'ResourceNotFoundException', 404);
}

async function configuration(server) {
  await makeFunction(server, 'f', 'return function() return os.getenv("GREETING") end', { Environment: { Variables: { GREETING: 'hej' } } });
  assert.equal((await invoke(server, 'f')).value, 'hej');
  const changed = await server.ask('lambda', 'UpdateFunctionConfiguration', { FunctionName: 'f', Timeout: 9, MemorySize: 256, Description: 'd',
    Environment: { Variables: { GREETING: 'moi' } } });
  assert.deepEqual([changed.Timeout, changed.MemorySize, changed.Description], [9, 256, 'd']);
  assert.equal(await waits(server, 'lambda', 'FunctionUpdatedV2', { FunctionName: 'f' }), 'SUCCESS');
  assert.equal((await invoke(server, 'f')).value, 'moi');
  assert.equal(await waits(server, 'lambda', 'FunctionExists', { FunctionName: 'f' }), 'SUCCESS');
  const tail = await invoke(server, 'f', {}, { LogType: 'Tail' });
  assert.match(Buffer.from(tail.LogResult, 'base64').toString(), /^REPORT RequestId: /m);
  assert.equal((await invoke(server, 'f', {}, { InvocationType: 'DryRun' })).StatusCode, 204);
  await server.ask('lambda', 'DeleteFunction', { FunctionName: 'f' });
  await fails(server, 'lambda', 'GetFunction', { FunctionName: 'f' }, 'ResourceNotFoundException', 404);
}

// ---- what calls functions ----

async function functionUrls(server) {
  await makeFunction(server, 'web', `local mstep = require "mstep"
return function(event)
  local http = event.requestContext.http
  return { statusCode = 201, headers = { ["content-type"] = "application/json", ["x-made"] = "yes" }, cookies = { "c=1" },
    body = mstep.json.encode({ http.method, event.rawPath, event.queryStringParameters.q, event.body, event.isBase64Encoded }) }
end`);
  const made = await server.ask('lambda', 'CreateFunctionUrlConfig', { FunctionName: 'web', AuthType: 'NONE', Cors: { AllowOrigins: ['*'] } });
  const answer = await fetch(new URL('a/b?q=%C3%A4', reached(server, made.FunctionUrl)), { method: 'POST', body: 'text', headers: { 'content-type': 'text/plain' } });
  assert.deepEqual([answer.status, answer.headers.get('x-made'), answer.headers.get('set-cookie')], [201, 'yes', 'c=1']);
  assert.deepEqual(await answer.json(), ['POST', '/a/b', 'ä', 'text', false]);
  const { Cors } = await server.ask('lambda', 'UpdateFunctionUrlConfig', { FunctionName: 'web', Cors: { AllowOrigins: ['http://a.example'] } });
  assert.deepEqual(Cors.AllowOrigins, ['http://a.example']);
  await server.ask('lambda', 'UpdateFunctionUrlConfig', { FunctionName: 'web', AuthType: 'AWS_IAM' });
  assert.equal((await fetch(reached(server, made.FunctionUrl))).status, 403);
  assert.equal((await server.ask('lambda', 'GetFunctionUrlConfig', { FunctionName: 'web' })).AuthType, 'AWS_IAM');
  await fails(server, 'lambda', 'CreateFunctionUrlConfig', { FunctionName: 'web', AuthType: 'NONE' }, 'ResourceConflictException', 409);
  await server.ask('lambda', 'DeleteFunctionUrlConfig', { FunctionName: 'web' });
  await fails(server, 'lambda', 'GetFunctionUrlConfig', { FunctionName: 'web' }, 'ResourceNotFoundException', 404);
}

// By the path below this server, for which nothing has to resolve names.
function reached(server, url) {
  const [, id] = /^https?:\/\/(\w+)\.lambda-url\./.exec(url) ?? /\/lambda-url\/(\w+)\//.exec(url);
  return `${server.url}/_aws/lambda-url/${id}/`;
}

// What a queue has goes to the function, one message of which fails and comes back to the queue.
async function mappings(server) {
  const from = await makeQueue(server, 'from', { VisibilityTimeout: '30' }), to = await makeQueue(server, 'to');
  await makeFunction(server, 'reads', `local mstep = require "mstep"
return function(event)
  local failures = mstep.array()
  for _, record in ipairs(event.Records) do
    if record.body == "bad" then failures[#failures + 1] = { itemIdentifier = record.messageId }
    else mstep.call("SendMessage", { QueueUrl = "${to.QueueUrl}", MessageBody = record.eventSourceARN .. record.body }) end
  end
  return { batchItemFailures = failures }
end`);
  const { UUID, State, EventSourceArn } = await server.ask('lambda', 'CreateEventSourceMapping', { FunctionName: 'reads',
    EventSourceArn: from.QueueArn, BatchSize: 5, FunctionResponseTypes: ['ReportBatchItemFailures'] });
  assert.deepEqual([State, EventSourceArn], ['Creating', from.QueueArn]);
  const is = (state) => until(async () => (await server.ask('lambda', 'GetEventSourceMapping', { UUID })).State === state);
  assert.ok(await is('Enabled'));
  for (const MessageBody of ['one', 'bad', 'two'])
    await server.ask('sqs', 'SendMessage', { QueueUrl: from.QueueUrl, MessageBody });
  const found = await receive(server, to.QueueUrl, 2);
  assert.deepEqual(found.map(({ Body }) => Body).sort(), [`${from.QueueArn}one`, `${from.QueueArn}two`]);
  const hidden = await until(async () => {
    const names = { QueueUrl: from.QueueUrl, AttributeNames: ['All'] };
    const { Attributes } = await server.ask('sqs', 'GetQueueAttributes', names);
    return Attributes.ApproximateNumberOfMessagesNotVisible === '1' && Attributes.ApproximateNumberOfMessages === '0';
  });
  assert.ok(hidden, 'the bad message is not back in the queue');
  await server.ask('lambda', 'UpdateEventSourceMapping', { UUID, Enabled: false, BatchSize: 1 });
  assert.ok(await is('Disabled'));
  await fails(server, 'lambda', 'CreateEventSourceMapping', { FunctionName: 'reads', EventSourceArn: from.QueueArn }, 'ResourceConflictException', 409);
  assert.equal((await server.ask('lambda', 'DeleteEventSourceMapping', { UUID })).State, 'Deleting');
  const gone = await until(async () => (await server.call('lambda', 'GetEventSourceMapping', { UUID })).error);
  assert.deepEqual([gone?.code, gone?.status], ['ResourceNotFoundException', 404]);
}

// ---- pages ----

async function lambdaPages(server) {
  const names = ['a', 'b', 'c'];
  for (const name of names)
    await makeFunction(server, name);
  const of = async (operation, member, params) => (await pages(server, 'lambda', operation, member, params));
  assert.deepEqual((await of('ListFunctions', 'Functions')).map(({ FunctionName }) => FunctionName).sort(), [...names, 'greet']);
  const FunctionName = 'a';
  for (const mark of ['1', '2'])
    await server.ask('lambda', 'UpdateFunctionCode', { FunctionName, ZipFile: Buffer.from(`return function() return ${mark} end`), Publish: true });
  assert.deepEqual((await of('ListVersionsByFunction', 'Versions', { FunctionName })).map(({ Version }) => Version), ['$LATEST', '1', '2']);
  for (const Name of names) {
    await server.ask('lambda', 'CreateAlias', { FunctionName, Name, FunctionVersion: '1' });
    await server.ask('lambda', 'PutFunctionEventInvokeConfig', { FunctionName, Qualifier: Name, MaximumRetryAttempts: 0 });
    await server.ask('lambda', 'CreateFunctionUrlConfig', { FunctionName, Qualifier: Name, AuthType: 'NONE' });
    await server.ask('lambda', 'PutProvisionedConcurrencyConfig', { FunctionName, Qualifier: Name, ProvisionedConcurrentExecutions: 1 });
    const { QueueArn } = await makeQueue(server, Name);
    await server.ask('lambda', 'CreateEventSourceMapping', { FunctionName, EventSourceArn: QueueArn });
  }
  assert.deepEqual((await of('ListAliases', 'Aliases', { FunctionName })).map(({ Name }) => Name).sort(), names);
  const qualified = names.map((name) => arn('lambda', `function:a:${name}`));
  const arns = async (...list) => (await of(...list, { FunctionName })).map(({ FunctionArn }) => FunctionArn).sort();
  assert.deepEqual(await arns('ListFunctionEventInvokeConfigs', 'FunctionEventInvokeConfigs'), qualified);
  assert.deepEqual(await arns('ListFunctionUrlConfigs', 'FunctionUrlConfigs'), qualified);
  assert.deepEqual(await arns('ListProvisionedConcurrencyConfigs', 'ProvisionedConcurrencyConfigs'), qualified);
  const mapped = await of('ListEventSourceMappings', 'EventSourceMappings', { FunctionName });
  assert.deepEqual(mapped.map(({ EventSourceArn }) => EventSourceArn).sort(), names.map((name) => arn('sqs', name)));
}

module.exports = { lambda, concurrency, destinations, packages, functionVersions, throttling, eventInvokeConfig, functionTags, configuration,
  functionUrls, mappings, lambdaPages };

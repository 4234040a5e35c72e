// Own cases: what goes over the wire byte by byte, errors as classes, checksums, prefixes of hosts, long polls.
'use strict';

const assert = require('node:assert');
const http = require('node:http');
const zlib = require('node:zlib');
const { until } = require('./server.js');
const { ROLE, arn, makeFunction, makeQueue, receive } = require('./own_kit.js');

const MOST = 256 * 1024; // bytes of an input, an output, a message
const ODD = 'é 漢字 😀👩‍👩‍👧 \u2028\u2029 \u0000\u0001\u001f\u007f \ud83d\udca9 \\ / " \' <&> \t\r\n end';

const thrown = (client, command) => client.send(command).then(() => assert.fail('no error'), (error) => error);

const machineOf = async (server, definition, more = {}) => (await server.ask('states', 'CreateStateMachine',
  { name: 'm', roleArn: ROLE, definition: JSON.stringify(definition), ...more })).stateMachineArn;

const PASS = { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } };

async function ended(server, stateMachineArn, input) {
  const { executionArn } = await server.ask('states', 'StartExecution', { stateMachineArn, input });
  return until(async () => {
    const found = await server.ask('states', 'DescribeExecution', { executionArn });
    return found.status !== 'RUNNING' && found;
  });
}

// Each error is of the class that the client has for it, and says which request it was.
async function errorClasses(server) {
  const cases = [
    ['states', 'DescribeExecution', { executionArn: arn('states', 'execution:m:e') }, 'ExecutionDoesNotExist', 400],
    ['states', 'CreateStateMachine', { name: 'm', roleArn: ROLE, definition: '{' }, 'InvalidDefinition', 400],
    ['states', 'SendTaskSuccess', { taskToken: 'x', output: '1' }, 'InvalidToken', 400],
    ['lambda', 'GetFunction', { FunctionName: 'none' }, 'ResourceNotFoundException', 404],
    ['sqs', 'GetQueueUrl', { QueueName: 'none' }, 'QueueDoesNotExist', 400],
    ['sns', 'Publish', { TopicArn: arn('sns', 'none'), Message: 'm' }, 'NotFoundException', 404],
    ['events', 'DescribeRule', { Name: 'none' }, 'ResourceNotFoundException', 400],
    ['scheduler', 'GetSchedule', { Name: 'none' }, 'ResourceNotFoundException', 404],
    ['dynamodb', 'DescribeTable', { TableName: 'none' }, 'ResourceNotFoundException', 400],
    ['dynamodbstreams', 'DescribeStream', { StreamArn: `${arn('dynamodb', 'table/t')}/stream/2020-01-01T00:00:00.000` },
      'ResourceNotFoundException', 400],
  ];
  for (const [service, operation, params, name, status] of cases) {
    const [module, client] = server.client(service);
    const error = await thrown(client, new module[`${operation}Command`](params));
    assert.ok(error instanceof module[name], `${service}: ${error.name} is no ${name}: ${error.message}`);
    assert.ok(error instanceof Error && error.message.length > 0);
    assert.deepEqual([error.$fault, error.$metadata.httpStatusCode, error.$metadata.attempts], ['client', status, 1]);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/, service);
  }
  const [{ ListQueuesCommand }, client] = server.client('sqs');
  const [one, two] = [await client.send(new ListQueuesCommand({})), await client.send(new ListQueuesCommand({}))];
  assert.equal(one.$metadata.httpStatusCode, 200);
  assert.notEqual(one.$metadata.requestId, two.$metadata.requestId);
}

// The client puts `sync-` before the host, unless it is told not to; behind a proxy both go the same way.
async function hostPrefix(server) {
  const stateMachineArn = await machineOf(server, PASS, { type: 'EXPRESS' });
  const hosts = [];
  const proxy = http.createServer((request, response) => {
    hosts.push(request.headers.host);
    const onward = http.request(new URL(request.url, server.url), { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const port = proxy.address().port;
  const agent = new http.Agent({ lookup: (name, options, done) =>
    options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4) });
  const settings = { endpoint: `http://localhost:${port}`, requestHandler: { httpAgent: agent } };
  for (const disableHostPrefix of [false, true]) {
    const [module, client] = server.newClient('states', { ...settings, disableHostPrefix });
    const told = await client.send(new module.StartSyncExecutionCommand({ stateMachineArn, input: '{"a": 1}' }));
    assert.deepEqual([told.status, told.output], ['SUCCEEDED', '{"a":1}']);
    await client.send(new module.ListStateMachinesCommand({}));
    client.destroy();
  }
  proxy.close();
  assert.deepEqual(hosts.map((host) => host.split(':')[0]), ['sync-localhost', 'localhost', 'localhost', 'localhost']);
}

// Texts come back as they went in, of any length that is allowed.
async function payloads(server) {
  const machine = await machineOf(server, PASS);
  const texts = [ODD, ODD.repeat(1000), 'x'.repeat(MOST - 2), '😀'.repeat((MOST - 2) / 4)].map((text) => JSON.stringify(text));
  for (const input of texts) {
    const { status, output, input: kept } = await ended(server, machine, input);
    assert.equal(status, 'SUCCEEDED');
    assert.ok(kept === input && JSON.parse(output) === JSON.parse(input), `${input.slice(0, 40)}... is another one`);
  }
  const numbers = '{"a": [1.0, -0.0, 1e2, 12345678901234567890, 0.1, 1E-7, 5e-324, 1.7976931348623157e308]}';
  const { input, output } = await ended(server, machine, numbers);
  assert.equal(input, numbers);
  assert.deepEqual(JSON.parse(output), JSON.parse(numbers));
  const deep = `${'['.repeat(400)}${']'.repeat(400)}`;
  assert.equal((await ended(server, machine, deep)).output, deep);
}

// What is too long, or no JSON, is refused and nothing is started.
async function refusedPayloads(server) {
  const machine = await machineOf(server, PASS);
  for (const input of ['', ' ', '{', '"\\ud83d"x', '[1,]', 'NaN', "{'a': 1}", '\u0000', '{"a": 1} {}', `"${'x'.repeat(MOST)}"`]) {
    const { error } = await server.call('states', 'StartExecution', { stateMachineArn: machine, input });
    assert.ok(error && /^(InvalidExecutionInput|ValidationException)$/.test(error.code), `${input.slice(0, 20)}: ${JSON.stringify(error)}`);
  }
  assert.deepEqual((await server.ask('states', 'ListExecutions', { stateMachineArn: machine })).executions, []);
}

// A server that was asked for it takes what is longer.
async function longPayloads(server) {
  const machine = await machineOf(server, PASS);
  const input = `"${'x'.repeat(2 * MOST)}"`;
  assert.ok((await ended(server, machine, input)).output === input);
}
longPayloads.args = ['--no-limits'];

// Output and error of a function are as long as they are, and odd characters pass both ways.
async function functionPayloads(server) {
  await makeFunction(server, 'echo', 'return function(event) return event end');
  const [module, client] = server.client('lambda');
  const send = (bytes) => client.send(new module.InvokeCommand({ FunctionName: 'echo', Payload: bytes }));
  for (const value of [ODD, { [ODD]: [ODD, null, true, {}, []] }, 'x'.repeat(1 << 20), '😀'.repeat(1 << 18), 0, '', [], {}]) {
    const { Payload, FunctionError } = await send(Buffer.from(JSON.stringify(value)));
    assert.equal(FunctionError, undefined);
    assert.deepEqual(JSON.parse(Buffer.from(Payload).toString('utf8')), value);
  }
  for (const bytes of [Buffer.from([0x22, 0xff, 0xfe, 0x22]), Buffer.from('{'), Buffer.from('"\ud800')]) {
    const error = await thrown(client, new module.InvokeCommand({ FunctionName: 'echo', Payload: bytes }));
    assert.deepEqual([error.name, error.$metadata.httpStatusCode], ['InvalidRequestContentException', 400]);
  }
}

// Bodies of messages as long as AWS takes them; the client compares their MD5 with what it was told.
async function messages(server) {
  const { QueueUrl } = await makeQueue(server, 'q');
  const odd = ODD.replace(/[\u0000\u0001\u001f]/g, ''); // these are no characters of messages
  const bodies = [odd, 'x'.repeat(MOST), '😀'.repeat(MOST / 4)];
  const bytes = Buffer.from([...Array(256).keys()]);
  for (const MessageBody of bodies) {
    const MessageAttributes = MessageBody === odd ? { bytes: { DataType: 'Binary.raw', BinaryValue: bytes },
      text: { DataType: 'String', StringValue: odd }, n: { DataType: 'Number.float', StringValue: '1e10' } } : undefined;
    await server.ask('sqs', 'SendMessage', { QueueUrl, MessageBody, MessageAttributes });
  }
  const [module, client] = server.client('sqs');
  const found = [];
  while (found.length < bodies.length) {
    const { Messages = [] } = await client.send(new module.ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 2, MessageAttributeNames: ['All'] }));
    assert.ok(Messages.length > 0);
    found.push(...Messages);
  }
  assert.ok(bodies.every((body) => found.some(({ Body }) => Body === body)));
  const { MessageAttributes } = found.find(({ Body }) => Body === odd);
  assert.deepEqual(Buffer.from(MessageAttributes.bytes.BinaryValue), bytes);
  assert.deepEqual([MessageAttributes.text.StringValue, MessageAttributes.n], [odd, { DataType: 'Number.float', StringValue: '1e10' }]);
  const { error } = await server.call('sqs', 'SendMessage', { QueueUrl, MessageBody: 'a\u0000b' });
  assert.match(error.code, /InvalidMessageContents/);
  // A client that is told another hash than the body's says so: the check is there.
  const [, wary] = server.newClient('sqs');
  wary.middlewareStack.add((next) => async (args) => {
    const done = await next(args);
    done.output.MD5OfMessageBody = '0'.repeat(32);
    return done;
  }, { step: 'deserialize', priority: 'high' });
  const refused = await thrown(wary, new module.SendMessageCommand({ QueueUrl, MessageBody: 'a' }));
  assert.match(refused.message, /Checksum/);
  wary.destroy();
}

// What DynamoDB's clients of other languages check.
async function checksums(server) {
  const raw = await fetch(server.url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.ListTables', authorization: 'AWS4-HMAC-SHA256 Credential=k/20200101/us-east-1/dynamodb/aws4_request' } });
  const body = Buffer.from(await raw.arrayBuffer());
  assert.equal(raw.status, 200);
  if (zlib.crc32) // since Node 22
    assert.equal(raw.headers.get('x-amz-crc32'), String(zlib.crc32(body)));
  assert.match(raw.headers.get('x-amz-crc32') ?? '', /^\d+$/);
  assert.match(raw.headers.get('x-amzn-requestid') ?? '', /^\S+$/);
}

// A poll that waits is answered when there is something, not before and not much later.
async function longPolls(server) {
  const { QueueUrl } = await makeQueue(server, 'q');
  const poll = server.ask('sqs', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 });
  const began = Date.now();
  const none = await server.ask('sqs', 'ReceiveMessage', { QueueUrl: (await makeQueue(server, 'other')).QueueUrl, WaitTimeSeconds: 1 });
  assert.ok((none.Messages ?? []).length === 0 && Date.now() - began >= 900);
  await server.ask('sqs', 'SendMessage', { QueueUrl, MessageBody: 'here' });
  assert.deepEqual((await poll).Messages.map(({ Body }) => Body), ['here']);
  assert.ok(Date.now() - began < 18000);
  const [module, client] = server.client('sqs');
  const leaving = new AbortController();
  const left = client.send(new module.ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), { abortSignal: leaving.signal }).catch((error) => error);
  await new Promise((resolve) => setTimeout(resolve, 200));
  leaving.abort();
  assert.equal((await left).name, 'AbortError');
  await server.ask('sqs', 'SendMessage', { QueueUrl, MessageBody: 'kept' }); // who has left gets none
  assert.deepEqual((await receive(server, QueueUrl, 1)).map(({ Body }) => Body), ['kept']);
}

module.exports = { errorClasses, hostPrefix, payloads, refusedPayloads, longPayloads, functionPayloads, messages, checksums, longPolls };

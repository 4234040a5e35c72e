// What our own cases share: names, a function that greets, waiting, pages of one item.
'use strict';

const assert = require('node:assert');
const { until } = require('./server.js');

const ACCOUNT = '000000000000';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/r`;
const arn = (service, name) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${name}`;
const GREET = 'return function(event, context) if event.fail then error { Error = "Shy", Cause = "not yet" } end '
  + 'return { text = "hello " .. tostring(event.name), of = context.function_name } end';

// A Lua function made over the API; `more` are further members of the request.
function makeFunction(server, FunctionName, source = GREET, more = {}) {
  return server.ask('lambda', 'CreateFunction', { FunctionName, Role: ROLE, Runtime: 'provided.al2023', Handler: 'h',
    Code: { ZipFile: Buffer.from(source) }, ...more });
}

async function receive(server, QueueUrl, count) {
  const found = [];
  await until(async () => {
    const { Messages = [] } = await server.ask('sqs', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] });
    found.push(...Messages);
    return found.length >= count;
  });
  return found;
}

// The queue's address and ARN.
async function makeQueue(server, QueueName, Attributes) {
  const { QueueUrl } = await server.ask('sqs', 'CreateQueue', { QueueName, Attributes });
  return { QueueUrl, QueueArn: arn('sqs', QueueName) };
}

// All that a List operation has, by the client's own paginator, which changes its parameters, one item a page;
// `member` names the list.
async function pages(server, service, operation, member, params = {}) {
  const [module, client] = server.client(service);
  const found = [];
  let count = 0;
  for await (const page of module[`paginate${operation}`]({ client, pageSize: 1 }, { ...params })) {
    assert.ok((page[member] ?? []).length <= 1, `${operation}: a page has ${page[member]?.length} items`);
    found.push(...page[member] ?? []);
    assert.ok(++count <= 50, `${operation}: pages without an end`);
  }
  return found;
}

// The same where the client has no paginator: [name of the token, name of the limit].
async function turned(server, service, operation, member, [token, limit], params = {}) {
  const found = [];
  let at;
  for (let count = 0; count === 0 || at !== undefined; count++) {
    const page = await server.ask(service, operation, { ...params, [limit]: 1, [token]: at });
    assert.ok((page[member] ?? []).length <= 1 && count <= 50, `${operation}: not one item a page`);
    found.push(...page[member] ?? []);
    at = page[token];
  }
  return found;
}

// A waiter of the client's; 'SUCCESS', or it throws.
async function waits(server, service, name, params) {
  const [module, client] = server.client(service);
  const { state } = await module[`waitUntil${name}`]({ client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 }, params);
  return state;
}

// A call that is to fail so.
async function fails(server, service, operation, params, code, status = 400) {
  const { reply, error } = await server.call(service, operation, params);
  assert.ok(error, `${operation}: ${JSON.stringify(reply)} in place of ${code}`);
  assert.deepEqual([error.code, error.status], [code, status]);
  return error.message;
}

module.exports = { ACCOUNT, ROLE, GREET, arn, makeFunction, makeQueue, receive, pages, turned, waits, fails };

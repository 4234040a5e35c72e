// Cases of our own, for which nothing recorded is needed: what AWS's clients for JavaScript make of what the
// server says, by service: types of values, hashes of messages, pages, errors as exceptions.
'use strict';

const assert = require('node:assert');
const { withServer, until } = require('./server.js');

const ARN = 'arn:aws:states:us-east-1:000000000000:';
const ROLE = 'arn:aws:iam::000000000000:role/r';
const GREET = 'return function(event, context) if event.fail then error { Error = "Shy", Cause = "not yet" } end '
  + 'return { text = "hello " .. tostring(event.name), of = context.function_name } end';

async function states(server) {
  const definition = JSON.stringify({ StartAt: 'G', States: {
    G: { Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:000000000000:function:greet', End: true } } });
  const made = await server.ask('states', 'CreateStateMachine', { name: 'm', definition, roleArn: ROLE });
  assert.equal(made.stateMachineArn, `${ARN}stateMachine:m`);
  assert.ok(!Number.isNaN(Date.parse(made.creationDate)));
  for (let i = 0; i < 5; i++)
    await server.ask('states', 'StartExecution', { stateMachineArn: made.stateMachineArn, name: `e${i}`, input: '{"name": "Ada"}' });
  const ended = await until(async () => {
    const found = await server.ask('states', 'DescribeExecution', { executionArn: `${ARN}execution:m:e4` });
    return found.status !== 'RUNNING' && found;
  });
  assert.equal(ended.status, 'SUCCEEDED');
  assert.deepEqual(JSON.parse(ended.output), { text: 'hello Ada', of: 'greet' });
  const first = await server.ask('states', 'ListExecutions', { stateMachineArn: made.stateMachineArn, maxResults: 3 });
  const rest = await server.ask('states', 'ListExecutions', { stateMachineArn: made.stateMachineArn, nextToken: first.nextToken });
  assert.deepEqual([...first.executions, ...rest.executions].map(({ name }) => name).sort(), ['e0', 'e1', 'e2', 'e3', 'e4']);
  const { events } = await server.ask('states', 'GetExecutionHistory', { executionArn: `${ARN}execution:m:e0`, reverseOrder: true, maxResults: 1 });
  assert.equal(events[0].type, 'ExecutionSucceeded');
  const { error } = await server.call('states', 'DescribeExecution', { executionArn: `${ARN}execution:m:none` });
  assert.deepEqual(error, { code: 'ExecutionDoesNotExist', status: 400, message: `Execution Does Not Exist: '${ARN}execution:m:none'` });
}

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

// The client checks the hashes of bodies itself, and throws when they are wrong.
async function sqs(server) {
  const { QueueUrl } = await server.ask('sqs', 'CreateQueue', { QueueName: 'q' });
  await server.ask('sqs', 'SendMessage', { QueueUrl, MessageBody: 'snö', MessageAttributes: {
    n: { DataType: 'Number', StringValue: '7' }, b: { DataType: 'Binary', BinaryValue: Buffer.from('x') } } });
  const batch = await server.ask('sqs', 'SendMessageBatch', { QueueUrl, Entries: [{ Id: 'a', MessageBody: '1' }, { Id: 'b', MessageBody: '2' }] });
  assert.equal(batch.Successful.length, 2);
  const messages = await receive(server, QueueUrl, 3);
  assert.deepEqual(messages.map(({ Body }) => Body).sort(), ['1', '2', 'snö']);
  const { MessageAttributes } = messages.find(({ Body }) => Body === 'snö');
  assert.deepEqual([MessageAttributes.n.StringValue, MessageAttributes.b.BinaryValue], ['7', 'x']);
  for (const { ReceiptHandle } of messages)
    await server.ask('sqs', 'DeleteMessage', { QueueUrl, ReceiptHandle });
  const { error } = await server.call('sqs', 'GetQueueUrl', { QueueName: 'none' });
  assert.equal(error.status, 400);
  assert.match(error.code, /QueueDoesNotExist|NonExistentQueue/);
}

async function sns(server) {
  const { TopicArn } = await server.ask('sns', 'CreateTopic', { Name: 't' });
  const { QueueUrl } = await server.ask('sqs', 'CreateQueue', { QueueName: 'q' });
  await server.ask('sns', 'Subscribe', { TopicArn, Protocol: 'sqs', Endpoint: 'arn:aws:sqs:us-east-1:000000000000:q' });
  const { MessageId } = await server.ask('sns', 'Publish', { TopicArn, Message: 'hello <&>', Subject: 's' });
  const [{ Body }] = await receive(server, QueueUrl, 1);
  const notified = JSON.parse(Body);
  assert.deepEqual([notified.Type, notified.MessageId, notified.Message, notified.Subject, notified.TopicArn],
    ['Notification', MessageId, 'hello <&>', 's', TopicArn]);
  const { error } = await server.call('sns', 'Publish', { TopicArn: `${TopicArn}x`, Message: 'm' });
  assert.deepEqual([error.code, error.status], ['NotFoundException', 404]);
}

async function events(server) {
  const { QueueUrl } = await server.ask('sqs', 'CreateQueue', { QueueName: 'q' });
  await server.ask('events', 'PutRule', { Name: 'r', EventPattern: '{"source": ["a"], "detail": {"n": [{"numeric": [">", 1]}]}}' });
  const put = await server.ask('events', 'PutTargets', { Rule: 'r', Targets: [{ Id: '1', Arn: 'arn:aws:sqs:us-east-1:000000000000:q' }] });
  assert.equal(put.FailedEntryCount, 0);
  const { Entries } = await server.ask('events', 'PutEvents', { Entries: [
    { Source: 'a', DetailType: 'd', Detail: '{"n": 1}' }, { Source: 'a', DetailType: 'd', Detail: '{"n": 2}', Time: new Date(1e12) }] });
  const [{ Body }] = await receive(server, QueueUrl, 1);
  const event = JSON.parse(Body);
  assert.deepEqual([event.id, event.detail, event.time, event['detail-type']], [Entries[1].EventId, { n: 2 }, '2001-09-09T01:46:40Z', 'd']);
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

async function scheduler(server) {
  const at = (Name) => ({ Name, ScheduleExpression: 'rate(1 day)', FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: 'arn:aws:lambda:us-east-1:000000000000:function:greet', RoleArn: ROLE } });
  for (const name of ['a', 'b', 'c'])
    await server.ask('scheduler', 'CreateSchedule', at(name));
  const first = await server.ask('scheduler', 'ListSchedules', { MaxResults: 2 });
  const rest = await server.ask('scheduler', 'ListSchedules', { NextToken: first.NextToken });
  assert.deepEqual([first.Schedules.length, [...first.Schedules, ...rest.Schedules].map(({ Name }) => Name)], [2, ['a', 'b', 'c']]);
  await server.ask('scheduler', 'UpdateSchedule', { ...at('a'), ScheduleExpression: 'rate(2 days)', State: 'DISABLED' });
  const found = await server.ask('scheduler', 'GetSchedule', { Name: 'a' });
  assert.deepEqual([found.ScheduleExpression, found.State], ['rate(2 days)', 'DISABLED']);
  await server.ask('scheduler', 'DeleteSchedule', { Name: 'a' });
  const { error } = await server.call('scheduler', 'GetSchedule', { Name: 'a' });
  assert.deepEqual([error.code, error.status], ['ResourceNotFoundException', 404]);
}

async function tables(server) {
  const TableName = 'tab', Key = { id: { S: '1' } };
  const Item = { ...Key, n: { N: '1.5' }, b: { B: Buffer.from('x') }, l: { L: [{ NULL: true }, { BOOL: false }] }, m: { M: { a: { S: '' } } },
    ss: { SS: ['a', 'b'] }, ns: { NS: ['1', '2'] } };
  const { TableDescription } = await server.ask('dynamodb', 'CreateTable', { TableName, BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } });
  await server.ask('dynamodb', 'PutItem', { TableName, Item });
  const { Item: found } = await server.ask('dynamodb', 'GetItem', { TableName, Key });
  assert.deepEqual(found, { ...Item, b: { B: 'x' } });
  const { Attributes } = await server.ask('dynamodb', 'UpdateItem', { TableName, Key, UpdateExpression: 'SET n = n + :o',
    ExpressionAttributeValues: { ':o': { N: '1' } }, ReturnValues: 'UPDATED_NEW' });
  assert.deepEqual(Attributes, { n: { N: '2.5' } });
  const { error } = await server.call('dynamodb', 'PutItem', { TableName, Item: Key, ConditionExpression: 'attribute_not_exists(id)' });
  assert.deepEqual([error.code, error.status], ['ConditionalCheckFailedException', 400]);
  await server.ask('dynamodb', 'DeleteItem', { TableName, Key });
  assert.equal((await server.ask('dynamodb', 'Scan', { TableName })).Count, 0);
  const StreamArn = TableDescription.LatestStreamArn;
  const { StreamDescription: { Shards: [{ ShardId }] } } = await server.ask('dynamodbstreams', 'DescribeStream', { StreamArn });
  const { ShardIterator } = await server.ask('dynamodbstreams', 'GetShardIterator', { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  const { Records } = await server.ask('dynamodbstreams', 'GetRecords', { ShardIterator });
  assert.deepEqual(Records.map(({ eventName }) => eventName), ['INSERT', 'MODIFY', 'REMOVE']);
}

function cases() {
  return Object.entries({ states, lambda, concurrency, sqs, sns, events, destinations, scheduler, tables }).map(([name, play]) =>
    ({ name, run: () => withServer({ files: { 'functions/greet.lua': GREET } }, async (server) => { await play(server); }) }));
}

module.exports = { cases, needsCorpus: false };

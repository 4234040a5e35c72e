// Own cases: queues, topics, events, schedules, tables.
'use strict';

const assert = require('node:assert');
const { until } = require('./server.js');
const { ROLE, arn, makeFunction, makeQueue, receive, pages, turned, waits, fails } = require('./own_kit.js');

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


module.exports = { sqs, sns, events, scheduler, tables };

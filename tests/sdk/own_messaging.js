// Own cases: queues, topics, events, schedules, tables.
'use strict';

const assert = require('node:assert');
const { until } = require('./server.js');
const { ROLE, arn, makeQueue, receive, pages, turned, waits, fails } = require('./own_kit.js');

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

async function messagingPages(server) {
  const names = ['a', 'b', 'c'];
  const of = async (key, ...list) => (await pages(server, ...list)).map((item) => (key ? item[key] : item).split(/[:/]/).pop()).sort();
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: (await makeQueue(server, 'dead')).QueueArn, maxReceiveCount: 2 });
  for (const name of names) {
    await makeQueue(server, name, { RedrivePolicy });
    await server.ask('scheduler', 'CreateScheduleGroup', { Name: name });
    await server.ask('dynamodb', 'CreateTable', { ...TABLE, TableName: `tab-${name}` });
  }
  const { QueueUrl } = await server.ask('sqs', 'GetQueueUrl', { QueueName: 'dead' });
  assert.deepEqual(await of(undefined, 'sqs', 'ListQueues', 'QueueUrls'), [...names, 'dead']);
  assert.deepEqual(await of(undefined, 'sqs', 'ListQueues', 'QueueUrls', { QueueNamePrefix: 'de' }), ['dead']);
  assert.deepEqual(await of(undefined, 'sqs', 'ListDeadLetterSourceQueues', 'queueUrls', { QueueUrl }), names);
  assert.deepEqual(await of('Name', 'scheduler', 'ListScheduleGroups', 'ScheduleGroups'), [...names, 'default']);
  assert.deepEqual(await of(undefined, 'dynamodb', 'ListTables', 'TableNames'), names.map((name) => `tab-${name}`));
}

// These have pages of 100, whatever is asked.
async function topicPages(server) {
  const [module, client] = server.client('sns');
  const all = async (operation, member, params = {}) => {
    const counts = [], found = new Set();
    for await (const page of module[`paginate${operation}`]({ client }, params)) {
      counts.push(page[member].length);
      page[member].forEach(({ TopicArn, SubscriptionArn }) => found.add(SubscriptionArn ?? TopicArn));
    }
    assert.deepEqual([counts, found.size], [[100, 5], 105], operation);
  };
  const { TopicArn } = await server.ask('sns', 'CreateTopic', { Name: 't0' });
  for (let i = 0; i < 105; i++) {
    if (i > 0)
      await server.ask('sns', 'CreateTopic', { Name: `t${i}` });
    await server.ask('sns', 'Subscribe', { TopicArn, Protocol: 'sqs', Endpoint: (await makeQueue(server, `q${i}`)).QueueArn });
  }
  await all('ListTopics', 'Topics');
  await all('ListSubscriptions', 'Subscriptions');
  await all('ListSubscriptionsByTopic', 'Subscriptions', { TopicArn });
}

async function eventsPages(server) {
  const names = ['a', 'b', 'c'];
  const { QueueArn } = await makeQueue(server, 'q');
  for (const Name of names) {
    await server.ask('events', 'CreateEventBus', { Name });
    await server.ask('events', 'PutRule', { Name, EventPattern: '{"source": ["s"]}' });
    await server.ask('events', 'PutTargets', { Rule: Name, Targets: [{ Id: '1', Arn: QueueArn }] });
    await server.ask('events', 'CreateArchive', { ArchiveName: Name, EventSourceArn: arn('events', 'event-bus/default') });
    await server.ask('events', 'CreateConnection', { Name, AuthorizationType: 'API_KEY',
      AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: 'k', ApiKeyValue: 'v' } } });
  }
  const of = async (operation, member, key, params) =>
    (await turned(server, 'events', operation, member, ['NextToken', 'Limit'], params)).map((item) => key ? item[key] : item).sort();
  assert.deepEqual(await of('ListEventBuses', 'EventBuses', 'Name'), [...names, 'default']);
  assert.deepEqual(await of('ListRules', 'Rules', 'Name'), names);
  assert.deepEqual(await of('ListRuleNamesByTarget', 'RuleNames', undefined, { TargetArn: QueueArn }), names);
  assert.deepEqual(await of('ListArchives', 'Archives', 'ArchiveName'), names);
  assert.deepEqual(await of('ListConnections', 'Connections', 'Name'), names);
  await server.ask('events', 'PutTargets', { Rule: 'a', Targets: ['2', '3'].map((Id) => ({ Id, Arn: QueueArn })) });
  assert.deepEqual(await of('ListTargetsByRule', 'Targets', 'Id', { Rule: 'a' }), ['1', '2', '3']);
  assert.deepEqual(await of('ListReplays', 'Replays', 'ReplayName'), []);
}

// What a bus has seen is kept, and goes to the rules again when it is replayed, marked as that.
async function archives(server) {
  const bus = arn('events', 'event-bus/default'), { QueueUrl, QueueArn } = await makeQueue(server, 'q');
  const { ArchiveArn, State } = await server.ask('events', 'CreateArchive', { ArchiveName: 'kept', EventSourceArn: bus,
    EventPattern: '{"source": ["shop"]}', RetentionDays: 7 });
  assert.deepEqual([ArchiveArn, State], [arn('events', 'archive/kept'), 'ENABLED']);
  await server.ask('events', 'PutEvents', { Entries: ['shop', 'other'].map((Source) => ({ Source, DetailType: 'd', Detail: '{"n": "ä"}' })) });
  const counted = await until(async () => {
    const { EventCount, SizeBytes } = await server.ask('events', 'DescribeArchive', { ArchiveName: 'kept' });
    return EventCount === 1 && SizeBytes > 0;
  });
  assert.ok(counted);
  await server.ask('events', 'PutRule', { Name: 'r', EventPattern: '{"source": [{"prefix": ""}]}' });
  await server.ask('events', 'PutTargets', { Rule: 'r', Targets: [{ Id: '1', Arn: QueueArn }] });
  const EventStartTime = new Date(Date.now() - 3600000), EventEndTime = new Date();
  const { ReplayArn } = await server.ask('events', 'StartReplay', { ReplayName: 'again', EventSourceArn: ArchiveArn, EventStartTime, EventEndTime,
    Destination: { Arn: bus, FilterArns: [arn('events', 'rule/r')] } });
  assert.equal(ReplayArn, arn('events', 'replay/again'));
  const [{ Body }] = await receive(server, QueueUrl, 1);
  const event = JSON.parse(Body);
  assert.deepEqual([event.source, event.detail, event['replay-name']], ['shop', { n: 'ä' }, 'again']);
  const done = await until(async () => {
    const found = await server.ask('events', 'DescribeReplay', { ReplayName: 'again' });
    return found.State === 'COMPLETED' && found;
  });
  assert.ok(done.ReplayEndTime >= done.ReplayStartTime && done.EventSourceArn === ArchiveArn);
  await fails(server, 'events', 'StartReplay', { ReplayName: 'again', EventSourceArn: ArchiveArn, EventStartTime, EventEndTime,
    Destination: { Arn: bus } }, 'ResourceAlreadyExistsException');
  await fails(server, 'events', 'CancelReplay', { ReplayName: 'again' }, 'IllegalStatusException');
  await fails(server, 'events', 'DescribeReplay', { ReplayName: 'none' }, 'ResourceNotFoundException');
  await server.ask('events', 'DeleteArchive', { ArchiveName: 'kept' });
  await fails(server, 'events', 'DescribeArchive', { ArchiveName: 'kept' }, 'ResourceNotFoundException');
}

// A machine is started by an event with what the target makes of it.
async function eventStartsMachine(server) {
  const definition = JSON.stringify({ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });
  const { stateMachineArn } = await server.ask('states', 'CreateStateMachine', { name: 'm', definition, roleArn: ROLE });
  await server.ask('events', 'PutRule', { Name: 'r', EventPattern: '{"detail-type": ["order"]}' });
  await server.ask('events', 'PutTargets', { Rule: 'r', Targets: [{ Id: '1', Arn: stateMachineArn, RoleArn: ROLE,
    InputTransformer: { InputPathsMap: { id: '$.detail.id' }, InputTemplate: '{"order": <id>}' } }] });
  const { FailedEntryCount, Entries } = await server.ask('events', 'PutEvents', { Entries: [
    { Source: 's', DetailType: 'order', Detail: '{"id": 7}' }, { Source: 's', DetailType: 'order', Detail: 'no JSON' }] });
  assert.deepEqual([FailedEntryCount, Entries[1].ErrorCode], [1, 'MalformedDetail']);
  const executionArn = await until(async () => (await server.ask('states', 'ListExecutions', { stateMachineArn })).executions[0]?.executionArn);
  const { input } = await server.ask('states', 'DescribeExecution', { executionArn });
  assert.deepEqual(JSON.parse(input), { order: 7 });
}

async function queueMoves(server) {
  const dead = await makeQueue(server, 'dead');
  const { QueueUrl } = await makeQueue(server, 'q', { VisibilityTimeout: '0',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.QueueArn, maxReceiveCount: 1 }) });
  await server.ask('sqs', 'SendMessage', { QueueUrl, MessageBody: 'm' });
  await receive(server, QueueUrl, 1);
  assert.deepEqual((await server.ask('sqs', 'ReceiveMessage', { QueueUrl })).Messages ?? [], []);
  const count = async (url) => (await server.ask('sqs', 'GetQueueAttributes', { QueueUrl: url, AttributeNames: ['All'] })).Attributes.ApproximateNumberOfMessages;
  assert.equal(await count(dead.QueueUrl), '1');
  const { TaskHandle } = await server.ask('sqs', 'StartMessageMoveTask', { SourceArn: dead.QueueArn });
  assert.ok(TaskHandle.length > 0);
  assert.ok(await until(async () => await count(QueueUrl) === '1' && await count(dead.QueueUrl) === '0'));
  const { Results: [{ Status }] } = await server.ask('sqs', 'ListMessageMoveTasks', { SourceArn: dead.QueueArn });
  assert.equal(Status, 'COMPLETED');
  await fails(server, 'sqs', 'ReceiveMessage', { QueueUrl: `${QueueUrl}x` }, 'QueueDoesNotExist');
  await fails(server, 'sqs', 'DeleteMessage', { QueueUrl, ReceiptHandle: 'no handle' }, 'ReceiptHandleIsInvalid');
}

async function fifoQueues(server) {
  const { QueueUrl } = await makeQueue(server, 'q.fifo', { FifoQueue: 'true' });
  const send = (MessageBody, MessageDeduplicationId, MessageGroupId) =>
    server.ask('sqs', 'SendMessage', { QueueUrl, MessageBody, MessageDeduplicationId, MessageGroupId });
  const [first, same] = [await send('1', 'x', 'a'), await send('2', 'x', 'a')];
  assert.deepEqual([same.MessageId, same.SequenceNumber], [first.MessageId, first.SequenceNumber]);
  assert.ok(BigInt((await send('3', 'y', 'a')).SequenceNumber) > BigInt(first.SequenceNumber));
  await send('4', 'z', 'b');
  const { Messages } = await server.ask('sqs', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] });
  const bodies = (group) => Messages.filter(({ Attributes }) => Attributes.MessageGroupId === group).map(({ Body }) => Body);
  assert.deepEqual([bodies('a'), bodies('b')], [['1', '3'], ['4']]);
}

const TABLE = { BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }] };

async function tablePages(server) {
  const TableName = 'tab';
  await server.ask('dynamodb', 'CreateTable', { TableName, BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }, { AttributeName: 'n', KeyType: 'RANGE' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }, { AttributeName: 'n', AttributeType: 'N' }] });
  assert.equal(await waits(server, 'dynamodb', 'TableExists', { TableName }), 'SUCCESS');
  for (const n of ['10', '9', '-1', '1e2'])
    await server.ask('dynamodb', 'PutItem', { TableName, Item: { id: { S: 'é😀' }, n: { N: n } } });
  const query = { TableName, KeyConditionExpression: 'id = :i', ExpressionAttributeValues: { ':i': { S: 'é😀' } } };
  assert.deepEqual((await pages(server, 'dynamodb', 'Query', 'Items', query)).map(({ n }) => n.N), ['-1', '9', '10', '100']);
  assert.deepEqual((await pages(server, 'dynamodb', 'Query', 'Items', { ...query, ScanIndexForward: false })).map(({ n }) => n.N), ['100', '10', '9', '-1']);
  assert.equal((await pages(server, 'dynamodb', 'Scan', 'Items', { TableName })).length, 4);
  await server.ask('dynamodb', 'DeleteTable', { TableName });
  assert.equal(await waits(server, 'dynamodb', 'TableNotExists', { TableName }), 'SUCCESS');
}

module.exports = { sqs, sns, events, scheduler, tables, messagingPages, topicPages, eventsPages, archives, eventStartsMachine, queueMoves,
  fifoQueues, tablePages };

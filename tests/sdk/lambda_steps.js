// Steps of recorded scenarios whose own set-up is not in the recording (it was a stack that another tool
// deployed), or whose test could not be followed: in words of ours.
'use strict';

const ACCOUNT = 'us-east-1:000000000000';
const QUEUE = `arn:aws:sqs:${ACCOUNT}:records`;

const make = (FunctionName, handler_file) => ({ service: 'lambda', op: 'CreateFunction', params: { FunctionName, handler_file }, via_fixture: true });
const queue = (QueueName) => ({ service: 'sqs', op: 'CreateQueue', params: { QueueName }, via_fixture: true });
const configure = (FunctionName, OnSuccess, OnFailure) => ({ service: 'lambda', op: 'PutFunctionEventInvokeConfig', via_fixture: true,
  params: { FunctionName, MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60,
    DestinationConfig: { OnSuccess: { Destination: OnSuccess }, OnFailure: { Destination: OnFailure } } } });
const invoke = (FunctionName, payload) => ({ service: 'lambda', op: 'Invoke',
  params: { FunctionName, Payload: JSON.stringify(payload), InvocationType: 'Event' } });

function toTopic() {
  const topic = `arn:aws:sns:${ACCOUNT}:records`;
  return [make('DestinationFunctionName', 'by_flag'), make('CollectFunctionName', 'lambda_echo'),
    { service: 'sns', op: 'CreateTopic', params: { Name: 'records' }, via_fixture: true },
    configure('DestinationFunctionName', topic, topic)];
}

function toBus() {
  const bus = `arn:aws:events:${ACCOUNT}:event-bus/records`;
  return [make('InputFunc', 'by_mode'), queue('records'),
    { service: 'events', op: 'CreateEventBus', params: { Name: 'records' }, via_fixture: true },
    { service: 'events', op: 'PutRule', params: { Name: 'all', EventBusName: 'records', EventPattern: '{"source":["lambda"]}' }, via_fixture: true },
    { service: 'events', op: 'PutTargets', params: { Rule: 'all', EventBusName: 'records', Targets: [{ Id: '1', Arn: QUEUE }] }, via_fixture: true },
    configure('InputFunc', bus, bus)];
}

function withoutConcurrency() {
  return [make('f', 'lambda_echo'), queue('records'), configure('f', QUEUE, QUEUE),
    { service: 'lambda', op: 'PutFunctionConcurrency', params: { FunctionName: 'f', ReservedConcurrentExecutions: 0 }, via_fixture: true },
    invoke('f', {})];
}

const table = (table_name) => ({ service: 'dynamodb', op: 'CreateTable', via_fixture: true,
  params: { table_name, partition_key: 'id', stream_view_type: 'NEW_IMAGE' } });

// Three retries of what a function says it could not do.
function lostInStream() {
  return [make('f', 'lambda_report_batch_item_failures_dynamodb'), table('items'), queue('records'),
    { service: 'lambda', op: 'CreateEventSourceMapping', via_fixture: true, params: { FunctionName: 'f', BatchSize: 1,
      EventSourceArn: `arn:aws:dynamodb:${ACCOUNT}:table/items/stream/any`, StartingPosition: 'TRIM_HORIZON', MaximumRetryAttempts: 3,
      FunctionResponseTypes: ['ReportBatchItemFailures'], DestinationConfig: { OnFailure: { Destination: QUEUE } } } },
    { service: 'dynamodb', op: 'PutItem', via_fixture: true,
      params: { TableName: 'items', Item: { id: { S: '1' }, should_fail: { BOOL: true } } } }];
}

// Messages as the event shows them, through a mapping without a filter.
function throughMapping({ events: [{ event }] }) {
  return [make('f', 'lambda_echo'), queue('q'),
    { service: 'lambda', op: 'CreateEventSourceMapping', via_fixture: true,
      params: { FunctionName: 'f', EventSourceArn: `arn:aws:sqs:${ACCOUNT}:q`, MaximumBatchingWindowInSeconds: 1 } },
    ...event.Records.map(({ body }) => ({ service: 'sqs', op: 'SendMessage', via_fixture: true,
      params: { QueueUrl: 'https://sqs.us-east-1.amazonaws.com/000000000000/q', MessageBody: typeof body === 'string' ? body : JSON.stringify(body) } }))];
}

const OUTPUT = /fixture-infrastructure_setup\(\)\.provisioner\(\)\.get_stack_outputs\(\)\./g;

function named(recorded) {
  const text = JSON.stringify(recorded.steps).replace(OUTPUT, '').replace('"DestinationTopicArn"', `"arn:aws:sns:${ACCOUNT}:records"`);
  return JSON.parse(text);
}

// The wildcards name steps by position: what goes before moves them.
function before(steps, recorded) {
  const wildcards = Object.fromEntries(Object.entries(recorded.wildcards).map(([pointer, glob]) =>
    [pointer.replace(/^\/steps\/(\d+)/, (all, index) => `/steps/${Number(index) + steps.length}`), glob]));
  return { ...recorded, wildcards, steps: [...steps, ...named(recorded)] };
}

// Parameters whose text the recording lost: it has only what they were made from. By the position of the step.
const FUNCTION = `arn:aws:lambda:${ACCOUNT}:function:fn-eventinvoke-c0de0001`;
const LOST = {
  lambda_api__lambda_eventinvokeconfig_exceptions: {
    12: { DestinationConfig: { OnSuccess: { Destination: FUNCTION.replace(':lambda:', ':iam:') } } },
    15: { DestinationConfig: { OnFailure: { Destination: FUNCTION.replace(':lambda:', ':_-/!lambda:') } } },
  },
  lambda_api__function_concurrency_exceptions: {
    4: { FunctionName: `arn:aws:lambda:${ACCOUNT}:function:lambda_func-c0de0001:$LATEST` },
  },
};

function found(recorded) {
  const lost = LOST[recorded.name];
  const alias = recorded.steps.find(({ op }) => op === 'CreateAlias')?.params.Name;
  const steps = JSON.parse(JSON.stringify(recorded.steps).replaceAll('auto-create_alias-Name', alias));
  return { ...recorded, steps: steps.map((step, i) => lost?.[i] ? { ...step, params: { ...step.params, ...lost[i] } } : step) };
}

module.exports = function more(recorded) {
  const { name, steps, events, destinations } = recorded;
  if (name.startsWith('lambda_destination_scenario'))
    return before(toTopic(), recorded);
  if (name.includes('invoke_lambda_eventbridge'))
    return before(toBus(), recorded);
  if (name === 'lambda__reserved_concurrency')
    return { ...recorded, steps: withoutConcurrency() };
  if (name.includes('esm_with_not_existing_dynamodb_stream'))
    return before([table('items')], recorded);
  if (steps.length > 0)
    return found(recorded);
  if (events[0]?.eventSource === 'aws:sqs')
    return { ...recorded, steps: throughMapping(recorded) };
  if (destinations[0]?.origin === 'async-invoke')
    return { ...recorded, steps: [make('f', 'lambda_integration'), queue('records'), configure('f', QUEUE, QUEUE), invoke('f', {})] };
  return { ...recorded, steps: lostInStream() };
};

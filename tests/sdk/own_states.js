// Own cases: state machines and their executions.
'use strict';

const assert = require('node:assert');
const { until } = require('./server.js');
const { ROLE, arn, makeFunction, makeQueue, receive, pages, turned, fails } = require('./own_kit.js');

const ARN = arn('states', '');

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

const pass = (more = {}) => JSON.stringify({ StartAt: 'P', States: { P: { Type: 'Pass', End: true, ...more } } });
const task = (Resource, more = {}) => ({ StartAt: 'T', States: { T: { Type: 'Task', Resource, End: true, ...more } } });

async function makeMachine(server, name, definition, more = {}) {
  const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
  const made = await server.ask('states', 'CreateStateMachine', { name, definition: text, roleArn: ROLE, ...more });
  return made.stateMachineArn;
}

async function start(server, stateMachineArn, input = '{}', name = undefined) {
  return (await server.ask('states', 'StartExecution', { stateMachineArn, input, name })).executionArn;
}

// The execution once its status is that one.
async function reaches(server, executionArn, status) {
  let last;
  const found = await until(async () => {
    last = await server.ask('states', 'DescribeExecution', { executionArn });
    return last.status === status && last;
  });
  assert.ok(found, `${executionArn} is ${last.status}, not ${status}`);
  return found;
}

async function machineVersions(server) {
  const machine = await makeMachine(server, 'm', pass({ Result: 1 }), { publish: true, versionDescription: 'one' });
  await server.ask('states', 'UpdateStateMachine', { stateMachineArn: machine, definition: pass({ Result: 2 }) });
  const { stateMachineVersionArn: second } = await server.ask('states', 'PublishStateMachineVersion', { stateMachineArn: machine, description: 'two' });
  assert.equal(second, `${machine}:2`);
  const { stateMachineVersions: all } = await server.ask('states', 'ListStateMachineVersions', { stateMachineArn: machine });
  assert.deepEqual(all.map(({ stateMachineVersionArn }) => stateMachineVersionArn), [`${machine}:2`, `${machine}:1`]);
  const old = await server.ask('states', 'DescribeStateMachine', { stateMachineArn: `${machine}:1` });
  assert.deepEqual([old.description, JSON.parse(old.definition).States.P.Result], ['one', 1]);
  const ran = await reaches(server, await start(server, `${machine}:1`), 'SUCCEEDED');
  assert.deepEqual([ran.output, ran.stateMachineVersionArn, ran.stateMachineArn], ['1', `${machine}:1`, machine]);
  await fails(server, 'states', 'DescribeStateMachine', { stateMachineArn: `${machine}:7` }, 'StateMachineDoesNotExist');
}

// All to one side, then to the other one; weights that do not add up are refused.
async function machineAliases(server) {
  const machine = await makeMachine(server, 'm', pass({ Result: 1 }), { publish: true });
  await server.ask('states', 'UpdateStateMachine', { stateMachineArn: machine, definition: pass({ Result: 2 }), publish: true });
  const weights = (one, two) => [[1, one], [2, two]].map(([version, weight]) => ({ stateMachineVersionArn: `${machine}:${version}`, weight }));
  const { stateMachineAliasArn: alias } = await server.ask('states', 'CreateStateMachineAlias', { name: 'live', routingConfiguration: weights(100, 0) });
  assert.equal(alias, `${machine}:live`);
  const first = await reaches(server, await start(server, alias), 'SUCCEEDED');
  assert.deepEqual([first.output, first.stateMachineAliasArn, first.stateMachineVersionArn], ['1', alias, `${machine}:1`]);
  await server.ask('states', 'UpdateStateMachineAlias', { stateMachineAliasArn: alias, routingConfiguration: weights(0, 100), description: 'moved' });
  assert.equal((await reaches(server, await start(server, alias), 'SUCCEEDED')).output, '2');
  const told = await server.ask('states', 'DescribeStateMachineAlias', { stateMachineAliasArn: alias });
  assert.deepEqual([told.name, told.description, told.routingConfiguration], ['live', 'moved', weights(0, 100)]);
  await fails(server, 'states', 'CreateStateMachineAlias', { name: 'bad', routingConfiguration: weights(60, 60) }, 'ValidationException');
  await fails(server, 'states', 'DeleteStateMachineVersion', { stateMachineVersionArn: `${machine}:2` }, 'ConflictException', 409);
  await server.ask('states', 'DeleteStateMachineAlias', { stateMachineAliasArn: alias });
  await server.ask('states', 'DeleteStateMachineVersion', { stateMachineVersionArn: `${machine}:2` });
  const { stateMachineVersions: left } = await server.ask('states', 'ListStateMachineVersions', { stateMachineArn: machine });
  assert.deepEqual(left.map(({ stateMachineVersionArn }) => stateMachineVersionArn), [`${machine}:1`]);
}

// Workers wait before there is anything to do: each gets one task, none gets another one's.
async function activities(server) {
  const { activityArn } = await server.ask('states', 'CreateActivity', { name: 'work' });
  const machine = await makeMachine(server, 'm', task(activityArn, { HeartbeatSeconds: 60 }));
  const polls = ['ann', 'bob'].map((workerName) => server.ask('states', 'GetActivityTask', { activityArn, workerName }));
  const executions = [await start(server, machine, '{"n": 1}'), await start(server, machine, '{"n": 2}')];
  const tasks = await Promise.all(polls);
  assert.deepEqual(tasks.map(({ input }) => JSON.parse(input).n).sort(), [1, 2]);
  assert.notEqual(tasks[0].taskToken, tasks[1].taskToken);
  const [one, two] = [1, 2].map((n) => tasks.find(({ input }) => JSON.parse(input).n === n).taskToken);
  await server.ask('states', 'SendTaskHeartbeat', { taskToken: one });
  await server.ask('states', 'SendTaskSuccess', { taskToken: one, output: '"done"' });
  await server.ask('states', 'SendTaskFailure', { taskToken: two, error: 'Lazy', cause: 'no wish' });
  assert.equal((await reaches(server, executions[0], 'SUCCEEDED')).output, '"done"');
  const lost = await reaches(server, executions[1], 'FAILED');
  assert.deepEqual([lost.error, lost.cause], ['Lazy', 'no wish']);
  await fails(server, 'states', 'SendTaskHeartbeat', { taskToken: one }, 'TaskTimedOut');
  await fails(server, 'states', 'SendTaskSuccess', { taskToken: 'no token', output: '1' }, 'InvalidToken');
  const { events } = await server.ask('states', 'GetExecutionHistory', { executionArn: executions[0] });
  const started = events.find(({ type }) => type === 'ActivityStarted').activityStartedEventDetails.workerName;
  assert.equal(started, tasks[0].taskToken === one ? 'ann' : 'bob');
}

async function silentWorker(server) {
  const { activityArn } = await server.ask('states', 'CreateActivity', { name: 'work' });
  const execution = await start(server, await makeMachine(server, 'm', task(activityArn, { HeartbeatSeconds: 1 })));
  const { taskToken } = await server.ask('states', 'GetActivityTask', { activityArn });
  const { error } = await reaches(server, execution, 'FAILED');
  assert.equal(error, 'States.Timeout');
  await fails(server, 'states', 'SendTaskSuccess', { taskToken, output: '1' }, 'TaskTimedOut');
  await server.ask('states', 'DeleteActivity', { activityArn });
  await fails(server, 'states', 'DescribeActivity', { activityArn }, 'ActivityDoesNotExist');
}

const distributed = (more) => ({ StartAt: 'M', States: { M: { Type: 'Map', End: true, ...more,
  ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...task(arn('lambda', 'function:greet')) } } } });

async function mapRuns(server) {
  const machine = await makeMachine(server, 'm', distributed({ ToleratedFailureCount: 1, MaxConcurrency: 2, Label: 'each' }));
  const executionArn = await start(server, machine, JSON.stringify([{ name: 'a' }, { fail: true }, { name: 'c' }]));
  await reaches(server, executionArn, 'SUCCEEDED');
  const [run, ...others] = await pages(server, 'states', 'ListMapRuns', 'mapRuns', { executionArn });
  assert.deepEqual([others, run.executionArn, run.stateMachineArn], [[], executionArn, `${machine}/each`]);
  const { mapRunArn } = run;
  const told = await server.ask('states', 'DescribeMapRun', { mapRunArn });
  assert.deepEqual([told.status, told.maxConcurrency, told.toleratedFailureCount, told.executionArn], ['SUCCEEDED', 2, 1, executionArn]);
  for (const counts of [told.itemCounts, told.executionCounts])
    assert.deepEqual([counts.total, counts.succeeded, counts.failed, counts.running, counts.pending], [3, 2, 1, 0, 0]);
  const children = await pages(server, 'states', 'ListExecutions', 'executions', { mapRunArn });
  assert.deepEqual(children.map(({ status }) => status).sort(), ['FAILED', 'SUCCEEDED', 'SUCCEEDED']);
  assert.ok(children.every((child) => child.mapRunArn === mapRunArn && child.executionArn.includes(':execution:m/each:')));
  const failed = await pages(server, 'states', 'ListExecutions', 'executions', { mapRunArn, statusFilter: 'FAILED' });
  assert.equal(failed.length, 1);
  await fails(server, 'states', 'DescribeMapRun', { mapRunArn: `${mapRunArn}0` }, 'ResourceNotFound');
}

async function batches(server) {
  const machine = await makeMachine(server, 'm', distributed({ ItemBatcher: { MaxItemsPerBatch: 2 } }));
  const executionArn = await start(server, machine, '[1, 2, 3]');
  await reaches(server, executionArn, 'SUCCEEDED');
  const { mapRuns: [{ mapRunArn }] } = await server.ask('states', 'ListMapRuns', { executionArn });
  const { executions } = await server.ask('states', 'ListExecutions', { mapRunArn });
  assert.deepEqual(executions.map(({ itemCount }) => itemCount).sort(), [1, 2]);
  const { itemCounts, executionCounts } = await server.ask('states', 'DescribeMapRun', { mapRunArn });
  assert.deepEqual([itemCounts.succeeded, executionCounts.succeeded], [3, 2]);
}

// While its children wait for their tokens, the run is changed; then they are stopped with their parent.
async function mapRunUpdated(server) {
  const { activityArn } = await server.ask('states', 'CreateActivity', { name: 'work' });
  const machine = await makeMachine(server, 'm', { StartAt: 'M', States: { M: { Type: 'Map', End: true, MaxConcurrency: 1,
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...task(activityArn) } } } });
  const executionArn = await start(server, machine, '[1, 2, 3]');
  await server.ask('states', 'GetActivityTask', { activityArn });
  const { mapRuns: [{ mapRunArn }] } = await server.ask('states', 'ListMapRuns', { executionArn });
  const before = await server.ask('states', 'DescribeMapRun', { mapRunArn });
  assert.deepEqual([before.status, before.maxConcurrency, before.itemCounts.running, before.itemCounts.pending], ['RUNNING', 1, 1, 2]);
  await server.ask('states', 'UpdateMapRun', { mapRunArn, maxConcurrency: 3, toleratedFailurePercentage: 50 });
  await Promise.all([1, 2].map(() => server.ask('states', 'GetActivityTask', { activityArn })));
  const after = await server.ask('states', 'DescribeMapRun', { mapRunArn });
  assert.deepEqual([after.maxConcurrency, after.toleratedFailurePercentage, after.itemCounts.running], [3, 50, 3]);
  await server.ask('states', 'StopExecution', { executionArn, error: 'Enough', cause: 'of it' });
  await reaches(server, executionArn, 'ABORTED');
  assert.ok(await until(async () => (await server.ask('states', 'DescribeMapRun', { mapRunArn })).status === 'ABORTED'));
}

// What failed goes on where it did, once its function is mended.
async function redrive(server) {
  await makeFunction(server, 'late', 'return function() error { Error = "Early" } end');
  const machine = await makeMachine(server, 'm', { StartAt: 'P', States: { P: { Type: 'Pass', Result: { a: 1 }, Next: 'T' },
    T: { Type: 'Task', Resource: arn('lambda', 'function:late'), End: true } } });
  const executionArn = await start(server, machine);
  const failed = await reaches(server, executionArn, 'FAILED');
  assert.deepEqual([failed.redriveStatus, failed.redriveCount], ['REDRIVABLE', 0]);
  await server.ask('lambda', 'UpdateFunctionCode', { FunctionName: 'late', ZipFile: Buffer.from('return function(event) return event.a + 1 end') });
  const { redriveDate } = await server.ask('states', 'RedriveExecution', { executionArn });
  assert.ok(Date.parse(redriveDate) >= Date.parse(failed.stopDate));
  const ended = await reaches(server, executionArn, 'SUCCEEDED');
  assert.deepEqual([ended.output, ended.redriveCount, ended.redriveStatus], ['2', 1, 'NOT_REDRIVABLE']);
  const events = await pages(server, 'states', 'GetExecutionHistory', 'events', { executionArn });
  assert.deepEqual(events.map(({ id }) => id), events.map((_, i) => i + 1));
  assert.equal(events.filter(({ type }) => type === 'PassStateEntered').length, 1);
  assert.equal(events.filter(({ type }) => type === 'ExecutionRedriven').length, 1);
  await fails(server, 'states', 'RedriveExecution', { executionArn }, 'ExecutionNotRedrivable');
}

// A message in a queue has the token; who answers it goes on with the execution, once.
async function taskTokens(server) {
  const { QueueUrl } = await makeQueue(server, 'q');
  const machine = await makeMachine(server, 'm', task('arn:aws:states:::sqs:sendMessage.waitForTaskToken', {
    Parameters: { QueueUrl, MessageBody: { 'token.$': '$$.Task.Token', 'n.$': '$.n' } } }));
  const executions = [await start(server, machine, '{"n": 0}'), await start(server, machine, '{"n": 1}')];
  const asked = (await receive(server, QueueUrl, 2)).map(({ Body }) => JSON.parse(Body)).sort((a, b) => a.n - b.n);
  const answer = { taskToken: asked[0].token, output: '{"é": "\u2028"}' };
  await server.ask('states', 'SendTaskHeartbeat', { taskToken: asked[0].token });
  await server.ask('states', 'SendTaskSuccess', answer);
  assert.deepEqual(JSON.parse((await reaches(server, executions[0], 'SUCCEEDED')).output), { é: '\u2028' });
  await fails(server, 'states', 'SendTaskSuccess', answer, 'TaskTimedOut');
  await fails(server, 'states', 'SendTaskSuccess', { taskToken: asked[1].token, output: 'x' }, 'InvalidOutput');
  await server.ask('states', 'SendTaskFailure', { taskToken: asked[1].token });
  const lost = await reaches(server, executions[1], 'FAILED');
  assert.deepEqual([lost.error, lost.cause], [undefined, undefined]);
}

// A worker as AWS shows it: it asks, works, answers, and asks again until there is nothing left to do.
async function workerLoop(server) {
  const { activityArn } = await server.ask('states', 'CreateActivity', { name: 'work' });
  const machine = await makeMachine(server, 'm', { StartAt: 'M', States: { M: { Type: 'Map', End: true, MaxConcurrency: 3,
    ItemProcessor: task(activityArn) } } });
  const executionArn = await start(server, machine, JSON.stringify([...Array(12).keys()]));
  let isOver = false;
  const work = async (workerName) => {
    let count = 0;
    while (!isOver) {
      const { taskToken, input } = await server.ask('states', 'GetActivityTask', { activityArn, workerName });
      if (!taskToken)
        continue;
      await server.ask('states', 'SendTaskSuccess', { taskToken, output: JSON.stringify(JSON.parse(input) ** 2) });
      count++;
      isOver = ++done >= 12;
    }
    return count;
  };
  let done = 0;
  const workers = [work('ann'), work('bob')];
  const { output } = await reaches(server, executionArn, 'SUCCEEDED');
  assert.deepEqual(JSON.parse(output), [...Array(12).keys()].map((n) => n ** 2));
  await server.ask('states', 'StartExecution', { stateMachineArn: machine, input: '[0, 0]' }); // for who still asks
  assert.ok((await Promise.all(workers)).reduce((a, b) => a + b) >= 12);
}

// A redriven run does again what failed, and keeps what it had.
async function mapRunRedriven(server) {
  await makeFunction(server, 'late', 'return function(n) if n == 2 then error { Error = "Early" } end return n * 10 end');
  const child = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...task(arn('lambda', 'function:late')) };
  const machine = await makeMachine(server, 'm', { StartAt: 'M', States: { M: { Type: 'Map', End: true, ItemProcessor: child,
    ToleratedFailurePercentage: 0, MaxConcurrency: 1 } } });
  const executionArn = await start(server, machine, '[1, 2, 3]');
  await reaches(server, executionArn, 'FAILED');
  const { mapRuns: [{ mapRunArn }] } = await server.ask('states', 'ListMapRuns', { executionArn });
  const broken = await server.ask('states', 'DescribeMapRun', { mapRunArn });
  assert.deepEqual([broken.status, broken.redriveCount, broken.itemCounts.failed], ['FAILED', 0, 1]);
  await server.ask('lambda', 'UpdateFunctionCode', { FunctionName: 'late', ZipFile: Buffer.from('return function(n) return n * 100 end') });
  await server.ask('states', 'RedriveExecution', { executionArn });
  const { output } = await reaches(server, executionArn, 'SUCCEEDED');
  assert.deepEqual(JSON.parse(output), [10, 200, 300]);
  const { mapRuns } = await server.ask('states', 'ListMapRuns', { executionArn });
  const mended = await server.ask('states', 'DescribeMapRun', { mapRunArn });
  assert.deepEqual([mapRuns.length, mended.status, mended.redriveCount, mended.itemCounts.succeeded, mended.itemCounts.failed],
    [1, 'SUCCEEDED', 1, 3, 0]);
}

async function synchronous(server) {
  const express = await makeMachine(server, 'fast', task(arn('lambda', 'function:greet')), { type: 'EXPRESS' });
  const sync = (stateMachineArn, input) => server.ask('states', 'StartSyncExecution', { stateMachineArn, input, name: 'named' });
  const won = await sync(express, '{"name": "Ada"}');
  assert.deepEqual([won.status, JSON.parse(won.output).text, won.name, won.stateMachineArn], ['SUCCEEDED', 'hello Ada', 'named', express]);
  assert.ok(won.billingDetails.billedDurationInMilliseconds >= 0 && won.executionArn.includes(':express:fast:named:'));
  const lost = await sync(express, '{"fail": true}');
  assert.deepEqual([lost.status, lost.error, lost.output], ['FAILED', 'Shy', undefined]);
  const standard = await makeMachine(server, 'slow', pass());
  const params = { stateMachineArn: standard };
  await fails(server, 'states', 'StartSyncExecution', params, 'StateMachineTypeNotSupported');
  await fails(server, 'states', 'StartSyncExecution', { stateMachineArn: `${express}x` }, 'StateMachineDoesNotExist');
  await fails(server, 'states', 'StartSyncExecution', { stateMachineArn: express, input: '{' }, 'InvalidExecutionInput');
  await fails(server, 'states', 'StartSyncExecution', { stateMachineArn: 'no arn' }, 'InvalidArn');
  await fails(server, 'states', 'DescribeExecution', { executionArn: won.executionArn }, 'InvalidArn');
}

async function startErrors(server) {
  const machine = await makeMachine(server, 'm', task(arn('lambda', 'function:greet')));
  const first = await start(server, machine, '{"a": 1}', 'same');
  await fails(server, 'states', 'StartExecution', { stateMachineArn: machine, name: 'same', input: '{"a": 2}' }, 'ExecutionAlreadyExists');
  await fails(server, 'states', 'StartExecution', { stateMachineArn: machine, name: 'a b' }, 'InvalidName');
  await fails(server, 'states', 'StartExecution', { stateMachineArn: machine, input: 'x' }, 'InvalidExecutionInput');
  await fails(server, 'states', 'StopExecution', { executionArn: `${first}x` }, 'ExecutionDoesNotExist');
  await fails(server, 'states', 'CreateStateMachine', { name: 'bad', definition: '{"StartAt": "A"}', roleArn: ROLE }, 'InvalidDefinition');
  await fails(server, 'states', 'CreateStateMachine', { name: 'm', definition: pass(), roleArn: ROLE }, 'StateMachineAlreadyExists');
}

async function statesTags(server) {
  const tags = [{ key: 'a', value: '1' }, { key: 'b', value: '' }];
  const machine = await makeMachine(server, 'm', pass(), { tags });
  const { activityArn } = await server.ask('states', 'CreateActivity', { name: 'work', tags });
  for (const resourceArn of [machine, activityArn]) {
    await server.ask('states', 'TagResource', { resourceArn, tags: [{ key: 'a', value: '2' }, { key: 'c', value: '3' }] });
    await server.ask('states', 'UntagResource', { resourceArn, tagKeys: ['b', 'none'] });
    const { tags: left } = await server.ask('states', 'ListTagsForResource', { resourceArn });
    assert.deepEqual(left.sort((x, y) => x.key.localeCompare(y.key)), [{ key: 'a', value: '2' }, { key: 'c', value: '3' }]);
  }
  await fails(server, 'states', 'ListTagsForResource', { resourceArn: `${machine}x` }, 'ResourceNotFound');
}

async function statesPages(server) {
  const names = ['a', 'b', 'c'];
  for (const name of names) {
    await makeMachine(server, name, pass());
    await server.ask('states', 'CreateActivity', { name });
  }
  for (const name of names)
    await reaches(server, await start(server, `${ARN}stateMachine:a`, '{}', name), 'SUCCEEDED');
  const sorted = async (...list) => (await pages(server, 'states', ...list)).map(({ name }) => name).sort();
  assert.deepEqual(await sorted('ListStateMachines', 'stateMachines'), names);
  assert.deepEqual(await sorted('ListActivities', 'activities'), names);
  assert.deepEqual(await sorted('ListExecutions', 'executions', { stateMachineArn: `${ARN}stateMachine:a` }), names);
  const some = { stateMachineArn: `${ARN}stateMachine:a`, statusFilter: 'FAILED' };
  assert.deepEqual(await sorted('ListExecutions', 'executions', some), []);
  for (let i = 0; i < 3; i++)
    await server.ask('states', 'UpdateStateMachine', { stateMachineArn: `${ARN}stateMachine:b`, definition: pass({ Result: i }), publish: true });
  const paged = { stateMachineArn: `${ARN}stateMachine:b` };
  const versions = await turned(server, 'states', 'ListStateMachineVersions', 'stateMachineVersions', ['nextToken', 'maxResults'], paged);
  assert.deepEqual(versions.map(({ stateMachineVersionArn }) => stateMachineVersionArn.split(':').pop()), ['3', '2', '1']);
  for (const name of names)
    await server.ask('states', 'CreateStateMachineAlias', { name, routingConfiguration: [{ stateMachineVersionArn: `${ARN}stateMachine:b:1`, weight: 100 }] });
  const aliases = await turned(server, 'states', 'ListStateMachineAliases', 'stateMachineAliases', ['nextToken', 'maxResults'], paged);
  assert.deepEqual(aliases.map(({ stateMachineAliasArn }) => stateMachineAliasArn.split(':').pop()).sort(), names);
  await fails(server, 'states', 'ListActivities', { nextToken: 'not a token' }, 'InvalidToken');
}

module.exports = { taskTokens, workerLoop, mapRunRedriven, states, machineVersions, machineAliases, activities, silentWorker, mapRuns, batches, mapRunUpdated, redrive, synchronous,
  startErrors, statesTags, statesPages };

// Executions recorded on AWS, answered from a mock file of Step Functions Local: the server has it by --mocks, and the
// execution is started with the name of the test case behind the machine's ARN. The recorded files of mocks answer
// something else than AWS did, so what is answered is taken from the execution, attempt by attempt.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { withServer } = require('./server.js');
const { play } = require('./execution.js');

const thrown = ({ throw: { error, cause, cause_text } }) => ({ Throw: { Error: error, Cause: cause_text ?? cause } });

function responses({ mocks }) {
  const found = {};
  for (const mock of Object.values(mocks ?? {}).flat()) {
    found[mock.state] ??= {};
    found[mock.state][Object.keys(found[mock.state]).length] = mock.throw ? thrown(mock) : { Return: mock.return };
  }
  return found;
}

function run(recorded) {
  const { testCase: [testCase] } = recorded.sfn_local_mock_config;
  const MockedResponses = responses(recorded);
  const states = Object.fromEntries(Object.keys(MockedResponses).map((state) => [state, state]));
  const mocks = JSON.stringify({ StateMachines: { [recorded.stateMachineName]: { TestCases: { [testCase]: states } } }, MockedResponses });
  return withServer({ args: ['--mocks', 'mocks.json'], files: { 'mocks.json': mocks } },
    (server) => play(server, recorded, { testCase }));
}

const isWanted = (recorded) => recorded.class === 'mock' && Boolean(recorded.sfn_local_mock_config);

function cases(corpus) {
  const folder = path.join(corpus, 'asl/cases');
  return fs.readdirSync(folder).sort().map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')))
    .filter(isWanted).map((recorded) => ({ name: recorded.name, run: () => run(recorded) }));
}

module.exports = { cases, isWanted, needsCorpus: true };

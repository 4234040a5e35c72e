// Calls of the Step Functions API recorded on AWS, over HTTP; tests/conformance/api.c plays the same in one process.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { withServer, knows, until } = require('./server.js');
const { Match, resolve, compareStep } = require('./scenario.js');

async function ended(server, executionArn) {
  const { reply } = await server.call('states', 'DescribeExecution', { executionArn });
  return reply === undefined || reply.status !== 'RUNNING';
}

async function settle(server, step, answers) {
  const arn = resolve(step.execution_arn ?? '', answers);
  if (arn && /terminated|success|aborted|list_execution_status/.test(step.await))
    await until(() => ended(server, arn));
}

// Recordings from before AWS had them do not show them.
function forget(reply, expected) {
  if (reply && expected && expected.encryptionConfiguration === undefined)
    delete reply.encryptionConfiguration;
}

async function play(server, recorded) {
  const match = new Match(recorded.wildcards), answers = new Map(), found = [];
  for (const [index, step] of recorded.steps.entries()) {
    if (!step.op) {
      await settle(server, step, answers);
      continue;
    }
    const answer = await server.call(step.service, step.op, resolve(server.own(step.params), answers));
    answers.set(step.step, answer.reply);
    forget(answer.reply, step.expect);
    const why = compareStep(match, index, step, answer);
    if (why)
      found.push({ step: index, why: `${step.op}: ${why}` });
  }
  return found;
}

const run = (recorded) => withServer({}, (server) => play(server, recorded));

const OTHERS = /^(logs|s3)$/;

function unplayable(recorded) {
  const other = recorded.steps.find(({ service, op }) => op && (OTHERS.test(service) || !knows(service, op)));
  return other && `calls ${other.service}, which is not here`;
}

function cases(corpus) {
  const folder = path.join(corpus, 'asl/api');
  return fs.readdirSync(folder).sort().map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')))
    .map((recorded) => ({ name: recorded.name, skip: unplayable(recorded), run: () => run(recorded) }));
}

module.exports = { cases, needsCorpus: true };

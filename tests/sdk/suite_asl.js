// Executions recorded on AWS, over HTTP. tests/conformance/asl.c runs the same on the pure core. What the
// recorded functions answered, a Lua function answers that is made of the recording.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { withServer } = require('./server.js');
const { play } = require('./execution.js');
const { standIns, work, isPlayable } = require('./standin.js');

async function run(recorded) {
  return withServer({ args: ['--aws-compat'], files: standIns(recorded) }, async (server) => {
    const worker = await work(server, recorded);
    const found = await play(server, recorded);
    await worker.done;
    return found;
  });
}

const callsNobody = ({ mocks = {} }) => Object.keys(mocks).length === 0;

// Calls of services are suite_services.js's, files of mocks suite_mocks.js's.
function isWanted(recorded) {
  const { class: of, area } = recorded;
  return (area !== 'local_mocking' || of === 'lambda-behaviour') && (of === 'pure' || (of === 'mock' && (callsNobody(recorded) || isPlayable(recorded))) ||
    (of === 'lambda-behaviour' && isPlayable(recorded)));
}

function cases(corpus) {
  const folder = path.join(corpus, 'asl/cases');
  const all = fs.readdirSync(folder).sort().map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')))
    .filter(isWanted);
  const waits = ({ needs }) => needs.includes('time') ? 0 : 1;
  return all.sort((a, b) => waits(a) - waits(b)).map((recorded) => ({ name: recorded.name, run: () => run(recorded) }));
}

module.exports = { cases, needsCorpus: true, atOnce: 16 };

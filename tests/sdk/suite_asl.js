// Executions recorded on AWS, over HTTP. tests/conformance/asl.c runs the same on the pure core. What the
// recorded functions answered, a Lua function answers that is made of the recording.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { withServer } = require('./server.js');
const { play } = require('./execution.js');
const services = require('./suite_services.js');
const mocks = require('./suite_mocks.js');
const { standIns, work } = require('./standin.js');

// Buckets are folders beside the one of functions; objects were put there before the start.
function buckets({ setup = [] }) {
  return Object.fromEntries(setup.filter(({ service }) => service === 's3').map(({ params: { Bucket, Key, Body } }) =>
    [`buckets/${Bucket}/${Key ?? ''}`, Body]));
}

async function run(recorded) {
  return withServer({ files: { 'functions/': '', ...standIns(recorded), ...buckets(recorded) } }, async (server) => {
    const worker = await work(server, recorded);
    const found = await play(server, recorded);
    await worker.done;
    return found;
  });
}

// Whose another suite's it is; whatever is nobody's is played here.
function elsewhere(recorded) {
  if (services.isWanted(recorded))
    return 'calls services: suite_services.js plays it';
  return mocks.isWanted(recorded) ? 'has a file of mocks: suite_mocks.js plays it' : undefined;
}

function cases(corpus) {
  const folder = path.join(corpus, 'asl/cases');
  const all = fs.readdirSync(folder).sort().map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')));
  const waits = ({ needs }) => needs.includes('time') ? 0 : 1;
  return all.sort((a, b) => waits(a) - waits(b)).map((recorded) => ({ name: recorded.name, skip: elsewhere(recorded), run: () => run(recorded) }));
}

module.exports = { cases, needsCorpus: true, atOnce: 16 };

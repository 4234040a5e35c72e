// TestState as recorded on AWS, over HTTP; tests/conformance/teststate.c plays the same in one process. The recorded
// answers of services that were really called come from Lua functions made of what the call came to.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { withServer } = require('./server.js');
const { Match } = require('./match.js');

// The functions that were called answer what the state's output was made of.
function files({ lambdas = {}, expect: { response } }) {
  return Object.fromEntries(Object.values(lambdas).map(({ name }) => {
    const output = typeof response.output === 'string' ? JSON.parse(response.output) : response.output;
    const text = JSON.stringify(output?.Payload ?? output);
    return [`functions/${name}.lua`, `return function() return require "mstep".json.decode([==[${text}]==]) end`];
  }));
}

function compare({ expect, wildcards }, { reply, error }) {
  const match = new Match(wildcards);
  if (expect.error === undefined || expect.error === null) {
    if (error)
      return [{ step: 0, why: `unexpected ${error.code}: ${error.message}` }];
    return match.value('/response', expect.response, reply) ? [] : [{ step: 0, why: match.why }];
  }
  if (!error)
    return [{ step: 0, why: `expected ${JSON.stringify(expect.error)} but was answered ${JSON.stringify(reply)}` }];
  const { code, message } = expect.error; // without a code it was the client that refused
  if (code === undefined || (code === error.code && match.value('/error/message', message, error.message)))
    return [];
  return [{ step: 0, why: match.why || `expected ${code} but was ${error.code}: ${error.message}` }];
}

function cases(corpus) {
  const folder = path.join(corpus, 'asl/teststate');
  return fs.readdirSync(folder).sort().map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')))
    .map((recorded) => ({ name: recorded.name, run: async () =>
      withServer({ files: files(recorded) }, async (server) =>
        compare(recorded, await server.call('states', 'TestState', recorded.request))) }));
}

module.exports = { cases, needsCorpus: true };

// Cases of our own, for which nothing recorded is needed: what AWS's clients for JavaScript make of what the
// server says: types of values, hashes of messages, pages, waiters, errors as exceptions. The cases stand by
// service in own_*.js.
'use strict';

const { withServer } = require('./server.js');
const { GREET } = require('./own_kit.js');

const FILES = { 'functions/greet.lua': GREET };
const PARTS = ['states', 'lambda', 'messaging', 'wire'];

function cases() {
  const found = Object.assign({}, ...PARTS.map((part) => require(`./own_${part}.js`)));
  return Object.entries(found).map(([name, play]) =>
    ({ name, run: () => withServer({ files: FILES, args: play.args }, async (server) => { await play(server); }) }));
}

module.exports = { cases, needsCorpus: false };

// A running `mstep serve` of a case's own, and AWS's clients for it. A server starts in some milliseconds, so
// that no case sees what another one has made.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createRequire } = require('node:module');

const sdk = createRequire(path.resolve(process.env.MSTEP_SDK ?? '.', 'x.js'));
const SERVICES = {
  states: 'sfn', lambda: 'lambda', sqs: 'sqs', sns: 'sns', events: 'eventbridge', scheduler: 'scheduler',
  dynamodb: 'dynamodb', dynamodbstreams: 'dynamodb-streams',
};
const START_MS = 20000;
const running = new Set();

process.on('exit', () => running.forEach((server) => {
  server.child.kill('SIGKILL');
  fs.rmSync(server.dir, { recursive: true, force: true });
}));

// files: {"functions/a.lua": text, "a folder/": ''}; args: more arguments of `mstep serve`
class Server {
  static async start({ files = {}, args = [] } = {}) {
    const server = new Server();
    server.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'mstep-sdk-'));
    for (const [name, text] of Object.entries(files)) {
      const at = path.join(server.dir, name);
      fs.mkdirSync(name.endsWith('/') ? at : path.dirname(at), { recursive: true });
      if (!name.endsWith('/'))
        fs.writeFileSync(at, text);
    }
    server.child = spawn(process.env.MSTEP_BIN, ['serve', '--listen', '127.0.0.1:0', '--workers', '1', ...args],
      { cwd: server.dir, stdio: ['ignore', 'ignore', 'pipe'] });
    server.log = '';
    server.clients = new Map();
    running.add(server);
    await server.listening();
    return server;
  }

  listening() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server did not start: ${this.log}`)), START_MS);
      this.ended = new Promise((over) => this.child.once('exit', (code, signal) => {
        running.delete(this);
        over(code ?? signal);
        reject(new Error(`the server ended: ${this.log}`));
      }));
      this.child.stderr.on('data', (text) => {
        this.log += text;
        const found = /listening on (\S+),/.exec(this.log);
        if (found && !this.url) {
          this.url = found[1];
          clearTimeout(timer);
          resolve();
        }
      });
    });
  }

  client(service) {
    if (!this.clients.has(service))
      this.clients.set(service, this.newClient(service));
    return this.clients.get(service);
  }

  // [the client's module, a client], with settings of its own
  newClient(service, settings = {}) {
    const module = sdk(`@aws-sdk/client-${SERVICES[service]}`);
    const Client = Object.entries(module).find(([name, type]) => /^[A-Z]\w*Client$/.test(name) && !name.startsWith('__') &&
      type.prototype?.send)[1];
    return [module, new Client({
      endpoint: this.url, region: 'us-east-1', maxAttempts: 1, disableHostPrefix: true,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' }, ...settings,
    })];
  }

  // The answer as plain data: {reply} or {error: {code, message, status}}
  async call(service, operation, params = {}) {
    const [module, client] = this.client(service);
    try {
      return { reply: plain(await client.send(new module[`${operation}Command`](params))) };
    } catch (error) {
      if (error.name === 'UnknownOperationException')
        throw new Error(`there is no operation ${service}:${operation}`);
      return { error: { code: error.name, message: error.message ?? '', status: error.$metadata?.httpStatusCode } };
    }
  }

  // Recorded values with this server's addresses of queues in place of AWS's.
  own(value) {
    return JSON.parse(JSON.stringify(value ?? {}).replaceAll('https://sqs.us-east-1.amazonaws.com', this.url)
      .replaceAll('client.meta.region_name', 'us-east-1'));
  }

  // The same, for calls that are to succeed.
  async ask(service, operation, params) {
    const { reply, error } = await this.call(service, operation, params);
    if (error)
      throw new Error(`${service}:${operation}: ${error.code}: ${error.message}`);
    return reply;
  }

  async stop() {
    this.clients.forEach(([, client]) => client.destroy());
    this.child.kill('SIGTERM');
    const code = await this.ended;
    fs.rmSync(this.dir, { recursive: true, force: true });
    if (code !== 0)
      throw new Error(`the server ended with ${code}: ${this.log}`);
  }
}

// Runs `use(server)` with a server that is there just for that.
async function withServer(options, use) {
  const server = await Server.start(options);
  try {
    const result = await use(server);
    await server.stop();
    return result;
  } finally {
    server.child.kill('SIGKILL');
    fs.rmSync(server.dir, { recursive: true, force: true });
  }
}

const isBytes = (value) => value instanceof Uint8Array;

function plain(value) {
  if (isBytes(value))
    return Buffer.from(value).toString('utf8');
  if (value instanceof Date)
    return value.toISOString();
  if (Array.isArray(value))
    return value.map(plain);
  if (value === null || typeof value !== 'object')
    return value;
  return Object.fromEntries(Object.entries(value).filter(([key, item]) => key !== '$metadata' && item !== undefined)
    .map(([key, item]) => [key, plain(item)]));
}

function knows(service, operation) {
  return SERVICES[service] !== undefined && `${operation}Command` in sdk(`@aws-sdk/client-${SERVICES[service]}`);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Asks again until `look` gives something; undefined when it never does.
async function until(look, limit = 10000, step = 20) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false)
      return found;
    if (Date.now() > end)
      return undefined;
    await sleep(step);
  }
}

module.exports = { withServer, knows, until, sleep };

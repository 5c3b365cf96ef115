// Starts an echo server and checks it with the `ws` client and raw sockets. Usage: node smoke-ws.mjs COMMAND [ARGUMENT...]
// Prints a line per check; exits with 0 if all passed. scripts/smoke-ws installs `ws` and runs this.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const START_LIMIT = 300_000; // the first start builds the server
const CHECKS_LIMIT = 60_000;
const CHECK_LIMIT = 20_000;
const STOP_LIMIT = 5_000;
const MESSAGE_LIMIT = 1024 * 1024; // the server's default

// ---- the server

/** Rejects after the limit, so that what never comes is a failure with a name. */
async function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function startServer([command, ...args]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const url = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`the server ended before it listened: ${code ?? signal}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = line.match(/ws:\/\/[^\s,"')]+/);
      if (found) resolve(new URL(found[0]));
    });
  });
  process.once('exit', () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  return { child, exited, url };
}

// ---- a client

/** A `ws` client whose messages are awaited one by one. */
class Client {
  #received = [];
  #waiting = [];

  constructor(url, options) {
    this.ws = new WebSocket(url, options);
    this.closed = new Promise((resolve) => {
      this.ws.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        for (const { reject } of this.#waiting) reject(new Error(`closed with ${code} while a message was awaited`));
      });
    });
    this.ws.on('message', (data, binary) => {
      const waiting = this.#waiting.shift();
      if (waiting) waiting.resolve({ data, binary });
      else this.#received.push({ data, binary });
    });
  }

  static async open(url, options) {
    const client = new Client(url, options);
    await new Promise((resolve, reject) => client.ws.once('open', resolve).once('error', reject));
    client.ws.on('error', () => {}); // 'close' follows, and says 1006
    return client;
  }

  next() {
    if (this.#received.length > 0) return Promise.resolve(this.#received.shift());
    if (this.ws.readyState === WebSocket.CLOSED) return Promise.reject(new Error('closed: no message will come'));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async expect(sent) {
    const { data, binary } = await this.next();
    const expected = Buffer.from(sent);
    assert.equal(binary, typeof sent !== 'string', 'text or binary as sent');
    assert.equal(data.length, expected.length, 'length of the echo');
    assert.ok(data.equals(expected), `the echo of ${expected.length} bytes differs`);
  }

  async echo(message) {
    this.ws.send(message);
    await this.expect(message);
  }

  async close() {
    this.ws.close(1000);
    assert.equal((await this.closed).code, 1000, 'close code');
  }
}

// ---- raw HTTP

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', // of RFC 6455 §1.3
};

const httpUrl = (url) => new URL(url.href.replace(/^ws/, 'http'));

/** Answers with status and headers, of a 101 too. */
function get(url, headers = {}) {
  return new Promise((resolve, reject) => {
    http
      .get(url, { headers, agent: false })
      .once('error', reject)
      .once('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => (body += text));
        response.once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      })
      .once('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode, headers: response.headers, body: '' });
      });
  });
}

/** Shakes hands, sends the bytes, and answers with all that came after the response's head until the end of the stream. */
function sendRaw(url, bytes) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(url.port || 80), url.hostname.replace(/^\[|\]$/g, ''));
    let received = Buffer.alloc(0);
    let open = false;
    socket.once('error', reject);
    socket.once('connect', () => {
      const fields = Object.entries(UPGRADE).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n${fields.join('')}\r\n`);
    });
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      const end = received.indexOf('\r\n\r\n');
      if (open || end < 0) return;
      const head = received.toString('latin1', 0, end);
      if (!/^HTTP\/1\.1 101 /.test(head) || !/^sec-websocket-accept: *s3pPLMBiTxaQ9kYGzzhZRbK\+xOo= *$/im.test(head)) {
        socket.destroy();
        reject(new Error(`handshake refused: ${head}`));
        return;
      }
      open = true;
      received = received.subarray(end + 4);
      socket.write(bytes);
    });
    socket.once('end', () => (open ? resolve(received) : reject(new Error('end of stream within the handshake'))));
  });
}

// ---- the checks

const TEXTS = ['', 'Hello', 'Grüße, 世界, привет', '🧵🕸️ 👩‍🚀', 'x'.repeat(70_000)];
const LENGTHS = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];

const checks = {
  async 'text echo, no compression offered'(url) {
    const client = await Client.open(url, { perMessageDeflate: false });
    for (const text of TEXTS) await client.echo(text);
    await client.close();
  },

  async 'text echo, compression offered'(url) {
    const client = await Client.open(url); // the server may decline: no expectation
    for (const text of TEXTS) await client.echo(text);
    await client.close();
  },

  async 'binary echo, no compression offered'(url) {
    const client = await Client.open(url, { perMessageDeflate: false });
    for (const length of LENGTHS) await client.echo(randomBytes(length));
    await client.close();
  },

  async 'binary echo, compression offered'(url) {
    const client = await Client.open(url);
    for (const length of LENGTHS) await client.echo(randomBytes(length));
    await client.close();
  },

  async '1,000 pipelined messages come back in order'(url) {
    const client = await Client.open(url, { perMessageDeflate: false });
    const messages = Array.from({ length: 1000 }, (_, i) => `message ${i} ${'.'.repeat(i % 300)}`);
    for (const message of messages) client.ws.send(message);
    for (const message of messages) await client.expect(message);
    await client.close();
  },

  async 'fragments are one message'(url) {
    const client = await Client.open(url, { perMessageDeflate: false });
    const { ws } = client;
    ws.send('one, ', { fin: false });
    ws.send('two, ', { fin: false });
    ws.send('', { fin: false });
    ws.send('three', { fin: true });
    await client.expect('one, two, three');

    const emoji = Buffer.from('🧵'); // cut within the character, a ping between
    ws.send(emoji.subarray(0, 1), { fin: false, binary: false });
    ws.ping();
    ws.send(emoji.subarray(1), { fin: true, binary: false });
    await client.expect('🧵');

    const bytes = randomBytes(100_000);
    for (let at = 0; at < bytes.length; at += 1000) {
      ws.send(bytes.subarray(at, at + 1000), { fin: at + 1000 === bytes.length });
    }
    await client.expect(bytes);
    await client.close();
  },

  async 'ping is answered with a pong of the same payload'(url) {
    const client = await Client.open(url);
    for (const length of [0, 4, 125]) {
      const payload = randomBytes(length);
      const pong = new Promise((resolve) => client.ws.once('pong', resolve));
      client.ws.ping(payload);
      assert.deepEqual(await within(CHECK_LIMIT / 2, 'pong', pong), payload);
    }
    await client.close();
  },

  async 'close code 4001 is echoed'(url) {
    const client = await Client.open(url);
    client.ws.close(4001, 'mended');
    const { code, reason } = await client.closed;
    assert.equal(code, 4001);
    assert.ok(reason === 'mended' || reason === '', `reason: ${reason}`);
  },

  async 'a message of 1 MiB is echoed, one byte more closes with 1009'(url) {
    const client = await Client.open(url, { perMessageDeflate: false });
    await client.echo(randomBytes(MESSAGE_LIMIT));
    client.ws.send(randomBytes(MESSAGE_LIMIT + 1));
    assert.equal((await client.closed).code, 1009);
  },

  async 'fragments that add up to more than 1 MiB close with 1009'(url) {
    const client = await Client.open(url, { perMessageDeflate: false });
    client.ws.send(randomBytes(MESSAGE_LIMIT), { fin: false });
    client.ws.send(randomBytes(1), { fin: true });
    assert.equal((await client.closed).code, 1009);
  },

  async 'an unmasked frame closes with 1002, then the stream ends'(url) {
    const received = await sendRaw(url, Buffer.from('810548656c6c6f', 'hex')); // RFC 6455 §5.7: unmasked "Hello"
    assert.ok(received.length >= 4, `too short for a Close frame: ${received.toString('hex')}`);
    assert.equal(received[0], 0x88, 'FIN and Close');
    assert.equal(received[1], received.length - 2, 'unmasked, of one frame, and nothing after it');
    assert.equal(received.readUInt16BE(2), 1002);
  },

  async 'GET / is answered with a page'(url) {
    const { status, headers, body } = await get(new URL('/', httpUrl(url)));
    assert.equal(status, 200);
    assert.match(headers['content-type'] ?? '', /^text\/html\b/);
    assert.notEqual(body, '');
  },

  async 'a foreign Origin is refused with 403, its own accepted'(url) {
    const foreign = await get(httpUrl(url), { ...UPGRADE, Origin: 'https://foreign.example' });
    assert.equal(foreign.status, 403);
    const own = await get(httpUrl(url), { ...UPGRADE, Origin: httpUrl(url).origin });
    assert.equal(own.status, 101);
  },

  async '200 clients at once, 20 messages each'(url) {
    const run = async (_, number) => {
      const client = await Client.open(url);
      for (let i = 0; i < 20; i++) await client.echo(`client ${number}, message ${i}`);
      return client;
    };
    const clients = await Promise.all(Array.from({ length: 200 }, run)); // all stay open until the last is served
    await Promise.all(clients.map((client) => client.close()));
  },

  async 'SIGTERM closes clients with 1001 and ends the server'(url, server) {
    const clients = await Promise.all(Array.from({ length: 10 }, () => Client.open(url)));
    await Promise.all(clients.map((client) => client.echo('still here')));
    server.child.kill('SIGTERM');
    const { code, signal } = await within(STOP_LIMIT, 'end of the server', server.exited);
    // A JVM that SIGTERM ends exits with 143; a shell says 143 of a process that the signal killed.
    assert.ok(code === 0 || code === 143 || signal === 'SIGTERM', `exit code ${code}, signal ${signal}`);
    for (const client of clients) assert.equal((await client.closed).code, 1001);
  },
};

// ---- the run

if (process.argv.length < 3) {
  console.error('usage: node smoke-ws.mjs COMMAND [ARGUMENT...]');
  process.exit(2);
}

let passed = 0;
let failed = 0;

function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed === Object.keys(checks).length ? 0 : 1);
}

const server = startServer(process.argv.slice(2));
let url;
try {
  url = await within(START_LIMIT, 'a line with a ws:// address', server.url);
} catch (error) {
  console.log(`FAIL  start: ${error.message}`);
  failed++;
  finish();
}

setTimeout(() => {
  console.log(`FAIL  not done within ${CHECKS_LIMIT} ms`);
  failed++;
  finish();
}, CHECKS_LIMIT);

for (const [name, check] of Object.entries(checks)) {
  const start = performance.now();
  try {
    await within(CHECK_LIMIT, 'check', check(url, server));
    passed++;
    console.log(`ok    ${name} (${Math.round(performance.now() - start)} ms)`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error.message.replace(/\s+/g, ' ')}`);
  }
}
finish();

// Checks servers with rates by the `ws` client. Usage: node smoke-rates.mjs ECHO_URL SHARED_URL, which scripts/smoke-rates starts.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

const [echo, shared] = process.argv.slice(2);
const RATE = 200_000; // of a connection, per second
const TOTAL = 1_000_000;
const MESSAGES = 40;
const SIZE = 25_000;
const FILES = 3;
const WARM_UP = 3_000;
const SECONDS = 10;

async function opened(url, options) {
  const ws = new WebSocket(url, options);
  await once(ws, 'open');
  return ws;
}

async function closed(ws) {
  const end = once(ws, 'close');
  ws.close(1000);
  const [code] = await end;
  return code;
}

/** Three clients send a megabyte each, far more than a second's: all of it comes back, and no sooner than the rate allows. */
async function checkThrottling() {
  const begin = performance.now();
  await Promise.all([1, 2, 3].map(async () => {
    const ws = await opened(`${echo}/`, { perMessageDeflate: false });
    const sent = Array.from({ length: MESSAGES }, () => randomBytes(SIZE));
    const received = [];
    const done = new Promise((resolve, reject) => {
      ws.on('message', (data) => {
        received.push(data);
        if (received.length === MESSAGES) resolve();
      });
      ws.on('close', (code) => reject(new Error(`closed with ${code} after ${received.length} messages`)));
    });
    sent.forEach((message) => ws.send(message));
    await done;
    assert.ok(Buffer.concat(sent).equals(Buffer.concat(received)), 'what came back is what was sent');
    ws.removeAllListeners('close');
    assert.equal(await closed(ws), 1000);
  }));
  const seconds = (performance.now() - begin) / 1000;
  const least = (MESSAGES * SIZE) / RATE - 1; // as much as one second allows passes at once
  assert.ok(seconds >= least && seconds < 3 * least, `${seconds} s instead of ${least} s or somewhat more`);
  console.log(`ok ws: 3 connections, ${MESSAGES * SIZE} bytes each in both directions in ${seconds.toFixed(1)} s`);
}

async function counted(path, counts) {
  const ws = new WebSocket(`${shared}${path}`);
  let next = 0;
  // Before the first one can arrive.
  ws.on('message', (data) => {
    assert.equal(data.readUInt32BE(0), next++, 'no message is missing');
    counts[path] += data.length + 4;
  });
  await once(ws, 'open');
  return ws;
}

async function checkShares() {
  const counts = { '/live': 0, '/files': 0 };
  const clients = [await counted('/live', counts)];
  for (let i = 0; i < FILES; i++) clients.push(await counted('/files', counts));
  await sleep(WARM_UP);
  const before = { ...counts };
  await sleep(SECONDS * 1000);
  const live = (counts['/live'] - before['/live']) / SECONDS;
  const files = (counts['/files'] - before['/files']) / SECONDS;
  assert.ok(clients.every((ws) => ws.readyState === WebSocket.OPEN), 'nobody is disconnected');
  assert.ok(Math.abs(live + files - TOTAL) < TOTAL / 8, `${live + files} bytes per second in all`);
  assert.ok(live > 0.65 * TOTAL && live < 0.8 * TOTAL, `/live gets ${live} bytes per second`);
  console.log(`ok ws: 1 connection of /live gets ${Math.round(live)} bytes per second, ${FILES} of /files get ${Math.round(files)}`);

  await closed(clients[0]);
  await sleep(WARM_UP);
  const alone = counts['/files'];
  await sleep((SECONDS / 2) * 1000);
  const rest = (counts['/files'] - alone) / (SECONDS / 2);
  assert.ok(Math.abs(rest - TOTAL) < TOTAL / 8, `/files gets ${rest} bytes per second`);
  console.log(`ok ws: without /live, /files gets ${Math.round(rest)} bytes per second`);
  await Promise.all(clients.slice(1).map(closed));
}

await checkThrottling();
await checkShares();

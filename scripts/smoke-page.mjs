// Starts an echo server and checks its page in Chromium. Usage: node smoke-page.mjs COMMAND [ARGUMENT...]
// Prints a line per check; exits with 0 if all passed. scripts/smoke-page installs playwright-core and runs this.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const START_LIMIT = 300_000; // the first start builds the server
const CHECK_LIMIT = 15_000;
const CHECKS_LIMIT = 120_000;

// ---- the server

function startServer([command, ...args]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('no ws:// address in time')), START_LIMIT);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`the server ended before it listened: ${code ?? signal}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = line.match(/ws:\/\/[^\s,"')]+/);
      if (!found) return;
      clearTimeout(late);
      resolve(new URL(found[0]));
    });
  });
  process.once('exit', () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  return { child, exited, url };
}

// ---- the page

const entries = (page, kind) => page.locator(`#log li.${kind}`);
const lastEntry = (page, kind) => entries(page, kind).last();

/** Waits until this number of messages has come back, and returns the facts and the content of the last. */
async function received(page, count) {
  await page.waitForFunction((wanted) => document.querySelectorAll('#log li.received').length >= wanted, count);
  const entry = lastEntry(page, 'received');
  return { facts: await entry.locator('.facts').innerText(), content: await entry.locator('.content').innerText() };
}

async function status(page, words) {
  await page.waitForFunction((wanted) => document.getElementById('status').textContent === wanted, words);
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

let count = 0; // of messages that came back
const next = (page) => received(page, ++count);

const checks = {
  async 'the page connects by itself, to its own address'(page, { url }) {
    assert.equal(await page.getByLabel('Address').inputValue(), url.href);
    assert.equal(await page.title(), 'Weft echo');
    await status(page, 'Connected');
    assert.match(await lastEntry(page, 'event').innerText(), /Connected to ws:/);
  },

  async 'Enter sends text, and it comes back with size and time'(page) {
    await page.getByLabel('Text', { exact: true }).fill('Grüße 🧵');
    await page.keyboard.press('Enter');
    const { facts, content } = await next(page);
    assert.equal(content, 'Grüße 🧵');
    assert.match(facts, /received\s*text\s*12 bytes\s*\d+(\.\d+)? ms/);
    assert.match(facts, /^\d\d:\d\d:\d\d\.\d\d\d/);
    assert.match(await page.locator('#median').innerText(), / ms$/);
  },

  async 'Shift+Enter begins a line'(page) {
    await page.getByLabel('Text', { exact: true }).fill('one');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('two');
    await press(page, 'Send text');
    assert.equal((await next(page)).content, 'one\ntwo');
  },

  async 'markup is shown, not obeyed'(page) {
    const markup = '<img src=x onerror="document.title=1"><b>bold</b>';
    await page.getByLabel('Text', { exact: true }).fill(markup);
    await page.keyboard.press('Enter');
    assert.equal((await next(page)).content, markup);
    assert.equal(await page.locator('#log img').count(), 0);
  },

  async 'empty text comes back'(page) {
    await page.getByLabel('Text', { exact: true }).fill('');
    await page.keyboard.press('Enter');
    const { facts, content } = await next(page);
    assert.match(facts, /text\s*0 bytes/);
    assert.equal(content, 'empty');
  },

  async 'long text is shortened in the log'(page) {
    await page.getByLabel('Text', { exact: true }).fill('x'.repeat(5000));
    await page.keyboard.press('Enter');
    const { facts, content } = await next(page);
    assert.match(facts, /5,000 bytes/);
    assert.match(content, /^x{500} … \(shortened\)$/);
  },

  async 'hex is sent as bytes'(page) {
    await page.getByLabel('Bytes in hex').fill('00 ff:80,0x7F');
    await page.keyboard.press('Enter');
    const { facts, content } = await next(page);
    assert.match(facts, /binary\s*4 bytes/);
    assert.equal(content, '00 ff 80 7f');
  },

  async 'what is no hex is refused'(page) {
    await page.getByLabel('Bytes in hex').fill('0g');
    await page.keyboard.press('Enter');
    assert.ok(await page.locator('#hex').evaluate((field) => field.validationMessage.includes('hex digits')));
    assert.equal(await entries(page, 'received').count(), count);
    await page.getByLabel('Bytes in hex').fill('00 ff 80 7f');
  },

  async 'random bytes come back, shortened in the log'(page) {
    await page.getByLabel('Random bytes, how many').fill('200000');
    await press(page, 'Send random bytes');
    const { facts, content } = await next(page);
    assert.match(facts, /binary\s*200,000 bytes/);
    assert.match(content, /^([0-9a-f]{2} ){128}… \(shortened\)$/);
    assert.equal(content, await lastEntry(page, 'sent').locator('.content').innerText(), 'the same bytes');
  },

  async 'a file is sent as bytes'(page) {
    await page.getByLabel('File', { exact: true }).first().setInputFiles({ name: 'f', mimeType: 'text/plain', buffer: Buffer.from('file') });
    await press(page, 'Send file');
    assert.equal((await next(page)).content, '66 69 6c 65');
  },

  async 'looks well'(page, { shots }) {
    await page.getByLabel('Text', { exact: true }).fill('Hello, echo');
    await page.keyboard.press('Enter');
    await next(page);
    for (const [name, width, height, colorScheme] of [
      ['light', 1280, 900, 'light'],
      ['dark', 1280, 900, 'dark'],
      ['phone', 375, 812, 'light'],
      ['phone-dark', 320, 640, 'dark'],
    ]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, `${name}: wider than the window`);
      if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: width < 1000 });
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  },

  async 'Disconnect closes with 1000'(page) {
    await press(page, 'Disconnect');
    await status(page, 'Not connected');
    assert.match(await lastEntry(page, 'event').innerText(), /Closed with 1000 \(normal closure\)/);
    assert.ok(await page.getByRole('button', { name: 'Send text' }).isDisabled());
  },

  async 'Clear empties the log'(page) {
    await press(page, 'Clear');
    assert.equal(await page.locator('#log li').count(), 0);
    count = 0;
  },

  async 'a message that is too large closes with 1009'(page) {
    await press(page, 'Connect');
    await status(page, 'Connected');
    await page.getByLabel('Random bytes, how many').fill('1048577');
    await press(page, 'Send random bytes');
    await status(page, 'Not connected');
    assert.match(await page.locator('#log').innerText(), /Closed with 1009 \(message too big\)/);
  },

  async 'an address or a subprotocol that is none is told'(page) {
    await page.getByLabel('Subprotocols').fill('a b');
    await press(page, 'Connect');
    assert.match(await lastEntry(page, 'error').innerText(), /a b/);
    await page.getByLabel('Subprotocols').fill('');
    await status(page, 'Not connected');
  },

  async 'nothing was blocked and nothing failed in the page'(page, { complaints }) {
    assert.deepEqual(complaints, []);
  },

  async 'a stopped server closes with 1001'(page, { server }) {
    await press(page, 'Connect');
    await status(page, 'Connected');
    server.child.kill('SIGTERM');
    await status(page, 'Not connected');
    assert.match(await page.locator('#log').innerText(), /Closed with 1001 \(going away\)/);
    await server.exited;
  },
};

// ---- the run

if (process.argv.length < 3) {
  console.error('usage: node smoke-page.mjs COMMAND [ARGUMENT...]');
  process.exit(2);
}

let passed = 0;
let failed = 0;
let browser;

async function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  await browser?.close();
  process.exit(failed === 0 && passed === Object.keys(checks).length ? 0 : 1);
}

async function fail(what, error) {
  failed++;
  console.log(`FAIL  ${what}: ${error.message.replace(/\s+/g, ' ')}`);
}

const shots = process.env.SHOTS && path.resolve(process.env.SHOTS);
if (shots) mkdirSync(shots, { recursive: true });
const server = startServer(process.argv.slice(2));
const complaints = [];
let url;
let page;
try {
  url = await server.url;
  browser = await chromium.launchPersistentContext(process.env.PROFILE, {
    executablePath: process.env.CHROMIUM,
    headless: true,
    chromiumSandbox: false, // does not work for root, as in containers; only our own page is opened
    args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  page = browser.pages()[0] ?? (await browser.newPage());
  page.setDefaultTimeout(CHECK_LIMIT);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url.href.replace(/^ws/, 'http'));
} catch (error) {
  await fail('start', error);
  await finish();
}

setTimeout(async () => {
  await fail('run', new Error(`not done within ${CHECKS_LIMIT} ms`));
  await finish();
}, CHECKS_LIMIT);

for (const [name, check] of Object.entries(checks)) {
  const start = performance.now();
  try {
    await check(page, { url, server, shots, complaints });
    passed++;
    console.log(`ok    ${name} (${Math.round(performance.now() - start)} ms)`);
  } catch (error) {
    await fail(name, error);
  }
}
await finish();

// Checks of weft-topics.mjs against a real server, for browsers and Node.js. ScriptServer.java serves them and obeys `control`.

const LIMIT = 15_000;

class Failure extends Error {}

function assertEqual(actual, expected, what = '') {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Failure(`${what} expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, condition) {
  for (const end = Date.now() + LIMIT; !condition(); await pause(2)) {
    if (Date.now() > end) throw new Failure(`never: ${what}`);
  }
}

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Failure('it did not fail');
}

/** Handlers that keep what they are told, in order. */
function recorder(more = {}) {
  const events = [];
  return {
    events,
    message: (data) => events.push(data),
    gap: () => events.push('gap'),
    subscribed: (count) => events.push(`subscribed ${count}`),
    refused: (error) => events.push(`refused ${error.code}`),
    async expect(...expected) {
      await until(`${JSON.stringify(expected)} in ${JSON.stringify(events)}`, () => events.length >= expected.length);
      assertEqual(events.splice(0, expected.length), expected);
    },
    ...more,
  };
}

/** A socket of a network that takes everything and answers nothing. */
function silentSocket(opened) {
  return class {
    readyState = 0;
    constructor() {
      opened.push(this);
      setTimeout(() => { this.readyState = 1; this.onopen({}); });
    }
    send() {}
    close() { this.readyState = 3; }
  };
}

/** A socket of a server that is not there. */
function deadSocket(attempts) {
  return class {
    readyState = 0;
    constructor() {
      attempts.push(Date.now());
      setTimeout(() => { this.readyState = 3; this.onerror({}); this.onclose({ code: 1006, reason: '' }); });
    }
    close() {}
  };
}

/** A socket of which the check is the server: it is called with each request, a function that answers, and one that ends it. */
function servedSocket(serve) {
  return class {
    readyState = 0;
    constructor() {
      setTimeout(() => { this.readyState = 1; this.onopen({}); });
    }
    send(text) {
      const later = (action) => setTimeout(() => this.readyState === 1 && action());
      serve(JSON.parse(text), (message) => later(() => this.onmessage({ data: JSON.stringify(message) })), () => later(() => this.close()));
    }
    close() {
      this.readyState = 3;
      this.onclose({ code: 1006, reason: '' });
    }
  };
}

export async function run({ WeftTopics, address, control, WebSocket }) {
  const quick = { minDelay: 30, maxDelay: 30, WebSocket };
  const open = [];
  const connectTo = (url, settings = {}) => {
    const topics = new WeftTopics(url, { ...quick, ...settings });
    open.push(topics);
    return topics;
  };
  const connect = (settings = {}, query = '?user=ann') => connectTo(address + query, settings);

  /** A client of topics with a broker that `control` takes away, and the states of its connection. */
  const connectBrokered = async () => {
    const states = [];
    const topics = connectTo(address.replace('/topics', '/brokered'), { onstate: (state) => states.push(state.connected) });
    await until('connected', () => states.length === 1);
    return { topics, states };
  };

  const checks = {
    async 'messages arrive with their positions'() {
      const topics = connect();
      const metas = [];
      const room = recorder({ message: (data, meta) => { room.events.push(data); metas.push(meta); } });
      const subscription = topics.subscribe('a/1', room);
      await room.expect('subscribed 0');
      const sent = [{ text: 'Grüße 🧵', deep: [[1, null]] }, null, 'text', 1.5, true, [], '\\ud83e'];
      const positions = [];
      for (const each of sent) positions.push(await topics.publish('a/1', each));
      await room.expect(...sent);
      assertEqual(metas.map((each) => each.position), positions);
      assertEqual(metas[0].topic, 'a/1');
      assertEqual(subscription.position, positions.at(-1));
      assertEqual(subscription.active, true);
    },

    async 'a function is the handler of messages'() {
      const topics = connect();
      const events = [];
      const subscription = topics.subscribe('a/2', (data) => events.push(data));
      await until('subscribed', () => subscription.active);
      await topics.publish('a/2', 1);
      await until('received', () => events.length === 1);
      assertEqual((await failure((async () => topics.subscribe('a/2', () => {}))())).message, 'subscribed to a/2 already');
    },

    async 'what was missed is recovered exactly'() {
      const room = recorder();
      connect().subscribe('b', room);
      await room.expect('subscribed 0');
      await control('publish', 'b', 1, 3);
      await room.expect(1, 2, 3);
      await control('stop');
      await control('publish', 'b', 4, 103);
      await control('start');
      await room.expect('subscribed 100', ...numbers(4, 103));
      await control('publish', 'b', 104, 105);
      await room.expect(104, 105);
    },

    async 'the position can be kept and used later'() {
      const first = recorder();
      const topics = connect();
      const subscription = topics.subscribe('b/kept', first);
      await control('publish', 'b/kept', 1, 2);
      await until('both', () => first.events.includes(2) || first.events.includes('subscribed 0'));
      await until('active', () => subscription.active);
      await topics.publish('b/kept', 3);
      await until('the third', () => first.events.includes(3));
      topics.close();
      await control('publish', 'b/kept', 4, 5);
      const second = recorder({ since: subscription.position });
      connect().subscribe('b/kept', second);
      await second.expect('subscribed 2', 4, 5);
      const third = recorder({ last: 3 });
      connect().subscribe('b/kept', third);
      await third.expect('subscribed 3', 3, 4, 5);
    },

    async 'what cannot be recovered is told'() {
      const room = recorder();
      connect().subscribe('c', room);
      await room.expect('subscribed 0');
      await control('publish', 'c', 1, 1);
      await room.expect(1);
      await control('stop');
      await control('publish', 'c', 2, 102); // one more than the history holds
      await control('start');
      await room.expect('subscribed 0', 'gap');
      await control('publish', 'c', 200, 201);
      await room.expect(200, 201);
    },

    async 'a server that has forgotten everything is noticed'() {
      const room = recorder();
      connect().subscribe('d', room);
      await room.expect('subscribed 0');
      await control('publish', 'd', 1, 5);
      await room.expect(1, 2, 3, 4, 5);
      await control('stop');
      await control('forget');
      await control('start');
      await room.expect('subscribed 0', 'gap');
      await control('publish', 'd', 1, 2);
      await room.expect(1, 2);
    },

    async 'presence shows who comes and goes'() {
      const seen = [];
      connect().subscribe('e', { presence: (members, change) => seen.push([members, change]) });
      await until('herself', () => seen.length === 1);
      const bob = connect({}, '?user=bob');
      bob.subscribe('e', () => {});
      await until('bob', () => seen.length === 2);
      assertEqual((await bob.presence('e')), { members: ['ann', 'bob'], count: 2 });
      bob.close();
      await until('without bob', () => seen.length === 3);
      assertEqual(seen, [[['ann'], { count: 1 }], [['ann', 'bob'], { count: 2, joined: 'bob' }], [['ann'], { count: 1, left: 'bob' }]]);
    },

    async 'members that are not listed are counted'() {
      const seen = [];
      const serve = ({ id }, answer) => {
        answer({ type: 'subscribed', id, topic: 'n', position: 'a:0', messages: 0 });
        answer({ type: 'presence', topic: 'n', members: ['ann', 'bob'], count: 4 });
        answer({ type: 'left', topic: 'n', member: 'dora' });
        answer({ type: 'joined', topic: 'n', member: 'ann' }); // is known
        answer({ type: 'joined', topic: 'n', member: 'eve' });
        answer({ type: 'left', topic: 'n', member: 'bob' });
      };
      connect({ WebSocket: servedSocket(serve) }).subscribe('n', { presence: (members, { count }) => seen.push([members.join(), count]) });
      await until('all changes', () => seen.length >= 4);
      assertEqual(seen, [['ann,bob', 4], ['ann,bob', 3], ['ann,bob,eve', 4], ['ann,eve', 3]]);
    },

    async 'each further connection is a gap for wildcards'() {
      const topics = connect();
      const all = recorder();
      const one = recorder();
      topics.subscribe('o/*', all);
      topics.subscribe('o/1', one);
      await all.expect('subscribed 0');
      await one.expect('subscribed 0');
      for (const each of [1, 2]) {
        await control('stop');
        await control('start');
        await all.expect('subscribed 0', 'gap');
        await one.expect('subscribed 0');
        await control('publish', 'o/1', each, each);
        await all.expect(each);
        await one.expect(each);
      }
    },

    async 'a subscription begins when the broker is back'() {
      const { topics, states } = await connectBrokered();
      await control('leave');
      const room = recorder();
      const subscription = topics.subscribe('p', room);
      // Answers come in the order of requests, so the subscription is refused before.
      assertEqual((await failure(topics.publish('p', 1))).code, 'backplane_away');
      assertEqual(subscription.active, false);
      const ended = recorder();
      topics.subscribe('p/ended', ended).unsubscribe();
      await control('comeBack');
      await room.expect('subscribed 0');
      await topics.publish('p', 2);
      await room.expect(2);
      await pause(100); // longer than any delay
      assertEqual([room.events, ended.events, states], [[], [], [true]]);
    },

    async 'only temporary refusals are followed by another request'() {
      const requests = [];
      const serve = ({ type, id, topic }, answer) => {
        requests.push(`${type} ${topic}`);
        answer({ type: 'error', id, code: topic, message: '' });
      };
      const topics = connect({ WebSocket: servedSocket(serve), minDelay: 4, maxDelay: 4 });
      const room = recorder();
      for (const code of ['not_authorized', 'too_many_subscriptions']) topics.subscribe(code, room);
      await room.expect('refused not_authorized', 'refused too_many_subscriptions');
      const temporary = ['backplane_away', 'backplane_uncertain', 'too_many_topics'].map((code) => topics.subscribe(code, room));
      await until('more requests', () => temporary.every(({ topic }) => requests.filter((each) => each.endsWith(topic)).length > 3));
      temporary.forEach((each) => each.unsubscribe());
      const sent = [...requests];
      await pause(50); // longer than any delay
      assertEqual(requests, sent);
      assertEqual(sent.filter((each) => /not_authorized|too_many_subscriptions/.test(each)).length, 2);
      assertEqual(room.events, []);
    },

    async 'lost data is a gap on the same connection'() {
      const { topics, states } = await connectBrokered();
      const room = recorder();
      const all = recorder();
      const subscription = topics.subscribe('q/1', room);
      topics.subscribe('q/*', all);
      await room.expect('subscribed 0');
      await all.expect('subscribed 0');
      const first = await topics.publish('q/1', 1);
      await room.expect(1);
      await all.expect(1);
      await control('leave');
      await control('loseData');
      await control('comeBack');
      await room.expect('gap');
      assertEqual(subscription.position.split(':')[0] !== first.split(':')[0], true, 'another epoch');
      await all.expect('gap', 'gap'); // of all topics, of which nothing is known, and of this one
      const second = await topics.publish('q/1', 2);
      await room.expect(2);
      await all.expect(2);
      assertEqual([subscription.position, states], [second, [true]]);
    },

    async 'the position of a latest value is not kept'() {
      // To a slow subscriber, A1, B1 and A2 were published, and A2 has taken the place of A1: it has to go on before B1.
      const sinces = [];
      const serve = ({ id, since }, answer, end) => {
        sinces.push(since);
        answer({ type: 'subscribed', id, topic: 'r', position: 'a:5', messages: 0, recovered: true });
        answer({ type: 'message', topic: 'r', position: 'a:6', data: 0 });
        answer({ type: 'message', topic: 'r', position: 'a:9', latest: true, data: 'A2' });
        end();
      };
      const metas = [];
      const room = recorder({ message: (data, { position, latest }) => metas.push([data, position, latest]) });
      connect({ WebSocket: servedSocket(serve) }).subscribe('r', room);
      await until('a second connection', () => sinces.length > 1);
      assertEqual([sinces[1], metas.slice(0, 2)], ['a:6', [[0, 'a:6', false], ['A2', 'a:9', true]]]);
    },

    async 'a latest value is published with its key'() {
      const topics = connect();
      const metas = [];
      const room = recorder({ message: (data, { position, latest }) => metas.push([data, position, latest]) });
      const subscription = topics.subscribe('s', room);
      await room.expect('subscribed 0');
      const start = subscription.position;
      const first = await topics.publishLatest('s', 'EUR 🧵', { rate: 1.09 });
      await until('received', () => metas.length === 1);
      assertEqual([metas[0], subscription.position], [[{ rate: 1.09 }, first, true], start]);
      assertEqual((await failure(topics.publishLatest('s', '', 1))).code, 'invalid');
      assertEqual((await failure(topics.publishLatest('secret/1', 'A', 1))).code, 'not_authorized');
      for (const [key, data] of [[undefined, 1], [7, 1], [null, 1], ['A', undefined], ['\ud83e', 1]]) {
        assertEqual((await failure(topics.publishLatest('s', key, data))) instanceof TypeError, true, `${key}`);
      }
      const second = await topics.publish('s', 2);
      await until('received', () => metas.length === 2);
      assertEqual([metas[1], subscription.position], [[2, second, false], second]);
    },

    async 'publications are not repeated'() {
      const sent = [];
      let connections = 0;
      const serve = ({ type, id, topic, key, data }, answer, end) => {
        if (type === 'subscribe') {
          connections++;
          return answer({ type: 'subscribed', id, topic, position: 'a:0', messages: 0, recovered: true });
        }
        sent.push([key, data]);
        if (data === 1) end();
        else if (data === 2) answer({ type: 'error', id, code: 'backplane_away', message: '' });
        else answer({ type: 'published', id, position: 'a:1' });
      };
      const topics = connect({ WebSocket: servedSocket(serve), minDelay: 4, maxDelay: 4 });
      topics.subscribe('t', () => {});
      await until('a connection', () => connections === 1);
      assertEqual((await failure(topics.publishLatest('t', 'A', 1))).message, 'the connection has ended before the answer');
      await until('another connection', () => connections === 2);
      assertEqual((await failure(topics.publishLatest('t', 'A', 2))).code, 'backplane_away');
      await pause(50); // longer than any delay
      assertEqual(await topics.publishLatest('t', 'A', 3), 'a:1');
      assertEqual(sent, [['A', 1], ['A', 2], ['A', 3]]);
    },

    async 'nothing arrives after unsubscribe'() {
      const topics = connect();
      const room = recorder();
      const subscription = topics.subscribe('f', room);
      await room.expect('subscribed 0');
      subscription.unsubscribe();
      subscription.unsubscribe();
      await topics.publish('f', 1);
      assertEqual(room.events, []);
      const again = recorder({ last: 1 });
      topics.subscribe('f', again);
      await again.expect('subscribed 1', 1);
    },

    async 'the history of an ended subscription is not for a filter'() {
      const topics = connect();
      const all = recorder();
      topics.subscribe('u/*', all);
      await all.expect('subscribed 0');
      await control('publish', 'u/1', 1, 3);
      await all.expect(1, 2, 3);
      const one = recorder({ last: 3, message: (data) => { one.events.push(data); subscription.unsubscribe(); } });
      const subscription = topics.subscribe('u/1', one);
      await one.expect('subscribed 3', 1);
      topics.subscribe('u/1', one).unsubscribe(); // before the answer, in which the server says what follows
      const again = recorder({ last: 2 });
      topics.subscribe('u/1', again);
      await again.expect('subscribed 2', 2, 3);
      await control('publish', 'u/1', 4, 4);
      await again.expect(4);
      await all.expect(4);
      assertEqual([all.events, one.events, again.events], [[], [], []]);
    },

    async 'a message of the history arrives once if it also comes for a filter'() {
      // A server that reads the history for the first subscription by name sends what arrives meanwhile to filters, afterwards.
      const serve = ({ id, topic }, answer) => {
        if (topic === 'v/*') return answer({ type: 'subscribed', id, topic });
        answer({ type: 'subscribed', id, topic, position: 'e:9', messages: 2 });
        for (const each of [10, 11, 10, 11, 12]) answer({ type: 'message', topic, position: `e:${each}`, data: each });
        answer({ type: 'message', topic, position: 'f:1', data: 13 });
      };
      const topics = connect({ WebSocket: servedSocket(serve) });
      const [all, one] = [recorder(), recorder({ last: 2 })];
      topics.subscribe('v/*', all);
      await all.expect('subscribed 0');
      topics.subscribe('v/1', one);
      await one.expect('subscribed 2', ...numbers(10, 13));
      await all.expect(...numbers(10, 13));
      assertEqual([all.events, one.events], [[], []]);
    },

    async 'a handler can end another subscription'() {
      const topics = connect();
      const [first, second] = [recorder({ message: (data) => { first.events.push(data); ended.unsubscribe(); } }), recorder()];
      topics.subscribe('w/*', first);
      const ended = topics.subscribe('w/1', second);
      await first.expect('subscribed 0');
      await second.expect('subscribed 0');
      await topics.publish('w/1', 1);
      await first.expect(1);
      assertEqual(second.events, []);
    },

    async 'refusals have a code'() {
      const topics = connect();
      const room = recorder();
      const subscription = topics.subscribe('secret/1', room);
      await room.expect('refused not_authorized');
      assertEqual(subscription.active, false);
      assertEqual((await failure(topics.publish('secret/1', 1))).code, 'not_authorized');
      assertEqual((await failure(topics.presence('f'))).code, 'not_subscribed');
    },

    async 'what JSON cannot hold is refused here'() {
      const topics = connect();
      const room = recorder();
      topics.subscribe('g', room);
      await room.expect('subscribed 0');
      for (const each of ['half \ud83e', { '\udc00': 1 }, ['\\\ud83e'], undefined]) {
        assertEqual((await failure(topics.publish('g', each))) instanceof TypeError, true);
      }
      assertEqual((await failure((async () => topics.subscribe('\ud83e', () => {}))())) instanceof TypeError, true);
      await topics.publish('g', 'still connected');
      await room.expect('still connected');
    },

    async 'a handler that fails does not stop the others'() {
      const topics = connect();
      const room = recorder();
      let failures = 0;
      topics.subscribe('h/1', () => { failures++; throw new Error('this handler fails, as the check wants'); });
      topics.subscribe('h/*', room);
      await room.expect('subscribed 0');
      await topics.publish('h/1', 1);
      await topics.publish('h/2', 2);
      await room.expect(1, 2);
      assertEqual(failures, 1);
    },

    async 'filters match whole levels'() {
      const topics = connect();
      const filters = ['i/*', 'i/#', 'i/*/z', '*/1', 'i/1/*'];
      const rooms = filters.map(() => recorder());
      filters.forEach((filter, i) => topics.subscribe(filter, rooms[i]));
      for (const room of rooms) await room.expect('subscribed 0');
      for (const topic of ['i/1', 'i/1/z', 'i', 'i/2']) await topics.publish(topic, topic);
      await rooms[1].expect('i/1', 'i/1/z', 'i/2');
      assertEqual(rooms.map((room) => room.events), [['i/1', 'i/2'], [], ['i/1/z'], ['i/1'], ['i/1/z']]);
    },

    async 'requests without a connection fail'() {
      const states = [];
      const topics = connect({ onstate: (state) => states.push(state) });
      await until('connected', () => states.length === 1);
      await control('stop');
      await until('disconnected', () => states.length >= 2);
      assertEqual(states[1].code, 1001);
      assertEqual((await failure(topics.publish('j', 1))).message, 'not connected');
      const room = recorder();
      topics.subscribe('j', room);
      await control('start');
      await room.expect('subscribed 0');
      assertEqual(states.at(-1).connected, true);
    },

    async 'a dead network is noticed'() {
      const sockets = [];
      const states = [];
      const topics = connect({ WebSocket: silentSocket(sockets), pingInterval: 20, onstate: (state) => states.push(state) });
      topics.subscribe('k', () => {});
      const unanswered = failure(until('connected', () => states.length === 1).then(() => topics.publish('k', 1)));
      await until('another attempt', () => sockets.length === 2);
      assertEqual((await unanswered).message, 'the connection has ended before the answer');
      assertEqual(states[1].reason, 'no answer');
    },

    async 'attempts are spread, and become rarer'() {
      const delays = [];
      const attempts = [];
      connect({ WebSocket: deadSocket(attempts), minDelay: 8, maxDelay: 64, onstate: ({ delay }) => delays.push(delay) });
      await until('many attempts', () => delays.length >= 40);
      delays.forEach((delay, i) => assertEqual(delay >= 0 && delay <= Math.min(64, 8 * 2 ** i), true, `delay ${i}: ${delay}`));
      const later = delays.slice(4);
      assertEqual(later.some((delay) => delay > 40) && later.some((delay) => delay < 24), true, `${later}`);
    },

    async 'the address may be a promise'() {
      let asked = 0;
      const topics = new WeftTopics(async () => `${address}?user=${asked++}`, quick);
      open.push(topics);
      const room = recorder();
      topics.subscribe('l', room);
      await room.expect('subscribed 0');
      await control('stop');
      await control('start');
      await room.expect('subscribed 0');
      assertEqual(asked >= 2, true);
    },

    async 'close ends everything'() {
      const states = [];
      const topics = connect({ onstate: (state) => states.push(state) });
      const room = recorder();
      topics.subscribe('m', room);
      await room.expect('subscribed 0');
      topics.close();
      topics.close();
      assertEqual(states.map((each) => each.code), [undefined, 1000]);
      await pause(100); // longer than any delay
      assertEqual(states.length, 2);
    },
  };

  const lines = [];
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    const begin = Date.now();
    try {
      await check();
      lines.push(`ok    ${name} (${Date.now() - begin} ms)`);
    } catch (error) {
      failed++;
      lines.push(`FAIL  ${name}: ${error instanceof Failure ? error.message : error.stack}`);
    }
    open.splice(0).forEach((topics) => topics.close());
  }
  lines.push(`${lines.length - failed} passed, ${failed} failed`);
  return lines.join('\n');
}

/** Tells the server what to do. */
export const controlAt = (base) => async (action, topic = '', from = 0, to = 0) => {
  const response = await fetch(`${base}control?${new URLSearchParams({ action, topic, from, to })}`, { method: 'POST' });
  if (!response.ok) throw new Failure(`control: ${response.status} ${await response.text()}`);
};

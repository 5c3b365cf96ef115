// A client for Weft's topics, for browsers and Node.js. It keeps a connection, subscribes again after each gap, and recovers what
// was missed, or says that this is not possible. The messages are described in docs/guides/topics-json.md.
//
//   const topics = new WeftTopics('/topics');
//   topics.subscribe('room/42', { last: 50, message: (data) => show(data), gap: () => reload() });
//   await topics.publish('room/42', { text: 'Hello' });

const SUBPROTOCOL = 'v1.topics.weft.dev';
const TEMPORARY = ['backplane_away', 'backplane_uncertain', 'too_many_topics']; // refusals after which the client asks again

/** JSON has no way to write half of a surrogate pair, and the server ends a connection that tries. */
function encode(message) {
  const text = JSON.stringify(message);
  if (/(^|[^\\])(\\\\)*\\ud[89a-f]/.test(text)) throw new TypeError('a string has an unpaired surrogate');
  return text;
}

/** Whether a filter matches a topic: '*' stands for one level, '#' at the end for one or more. */
function matches(filter, topic) {
  const [wanted, levels] = [filter, topic].map((name) => name.split('/'));
  const open = wanted.at(-1) === '#' && levels.length >= wanted.length;
  return (open || levels.length === wanted.length) && wanted.every((level, i) => [levels[i], '*', open && '#'].includes(level));
}

/** A handler that fails must not stop the others. */
function call(handlers, name, ...args) {
  try { handlers[name]?.(...args); } catch (error) { (globalThis.reportError ?? console.error)(error); }
}

/** A subscription, over any number of connections, until `unsubscribe()`. */
class Subscription {
  topic;
  position; // where to go on: at the last message that was not `latest`; undefined before the beginning, and for wildcards
  active = false; // whether the server sends messages now
  unsubscribe;
  retry; // the timer of the next request, after a temporary refusal
  #handlers;
  #begun = false; // whether it was ever active
  #members = new Set();
  #unlisted = 0; // the number of members that are missing in the server's list

  constructor(topic, handlers, unsubscribe) {
    Object.assign(this, { topic, position: handlers.since, unsubscribe });
    this.#handlers = typeof handlers === 'function' ? { message: handlers } : handlers;
  }

  /** The request that begins it; the client sets its id. */
  request() {
    const { last, presence } = this.#handlers; // JSON leaves out what is undefined
    const from = this.position === undefined ? { last } : { since: this.position };
    return { type: 'subscribe', topic: this.topic, ...from, presence: presence ? true : undefined };
  }

  /** Except for the first time, messages are missing unless the server says that they follow. */
  subscribed({ position, messages = 0, recovered = !this.#begun }) {
    this.position = position;
    this.active = this.#begun = true;
    call(this.#handlers, 'subscribed', messages);
    if (!recovered) call(this.#handlers, 'gap');
  }

  gap({ position }) {
    if (this.position !== undefined) this.position = position;
    call(this.#handlers, 'gap');
  }

  message({ topic, position, latest = false, data, encoding }) {
    const [[epoch, offset], [ownEpoch, reached]] = [position, this.position ?? ''].map((each) => each.split(':'));
    if (!latest && epoch === ownEpoch && +offset <= +reached) return; // it was in the history, and has come again for a filter
    call(this.#handlers, 'message', data, { topic, position, latest, encoding });
    if (this.position !== undefined && !latest) this.position = position;
  }

  members({ members, count = members.length }) {
    this.#members = new Set(members);
    this.#unlisted = count - members.length;
    this.#tellMembers({});
  }

  /** A change that is in the list already may be told again. */
  changed(member, present) {
    if (this.#members.has(member) !== present) this.#members[present ? 'add' : 'delete'](member);
    else if (!present && this.#unlisted > 0) this.#unlisted--;
    else return;
    this.#tellMembers({ [present ? 'joined' : 'left']: member });
  }

  #tellMembers(change) {
    call(this.#handlers, 'presence', [...this.#members].sort(), { count: this.#members.size + this.#unlisted, ...change });
  }

  stop() { this.active = false; clearTimeout(this.retry); }
  refused(error) { call(this.#handlers, 'refused', error); }
}

export class WeftTopics {
  #address;
  #settings;
  #socket; // the connection that is open or being opened
  #alive; // whether something has arrived since the last check
  #openedAt;
  #timers = {};
  #failures = 0;
  #subscriptions = new Map(); // by topic or filter
  #replaying = new Map(); // by topic: the number of messages from the history that still come, wanted or not
  #pending = new Map(); // requests that wait for their answer, by id
  #lastId = 0;
  #closed = false;

  /**
   * Starts to connect.
   * @param url a URL, which may be relative to the page; or a function that returns one, or a promise of one, for each attempt
   * @param settings minDelay and maxDelay: the longest wait before the first and before any further attempt, in ms; pingInterval:
   *   a connection on which nothing arrives for one to two intervals is given up; WebSocket: the class, where there is no global
   *   one; onstate: called with { connected, code, reason, delay } when a connection has begun or ended
   */
  constructor(url, { minDelay = 1000, maxDelay = 30_000, pingInterval = 25_000, onstate, WebSocket = globalThis.WebSocket } = {}) {
    if (!WebSocket) throw new TypeError('there is no global WebSocket: give one in the settings');
    this.#settings = { minDelay, maxDelay, pingInterval, onstate, WebSocket };
    const absolute = (text) => new URL(text, globalThis.location?.href).href.replace(/^http/, 'ws');
    const known = typeof url === 'function' ? undefined : absolute(url);
    this.#address = async () => known ?? absolute(await url());
    this.#connect();
  }

  /**
   * Subscribes, now or as soon as there is a connection, and again on each further one.
   * @param handlers message(data, { topic, position, latest, encoding }), where a `latest` value may come before messages that were
   *   published earlier, and again on a new connection; gap(): messages were missed and cannot be recovered; subscribed(count of
   *   messages from the history that come next); presence(members, { count, joined, left }), where not all of the count may be
   *   listed; refused(error), except for temporary refusals. With them, since: a position, or last: how many messages of the
   *   history come first. A function is the handler of messages.
   */
  subscribe(topic, handlers) {
    if (this.#subscriptions.has(topic)) throw new Error(`subscribed to ${topic} already`);
    encode(topic);
    const added = new Subscription(topic, handlers, () => this.#unsubscribe(added));
    this.#subscriptions.set(topic, added);
    if (this.#isOpen) this.#begin(added);
    return added;
  }

  #unsubscribe(ended) {
    if (this.#subscriptions.get(ended.topic) !== ended) return; // the second time
    this.#subscriptions.delete(ended.topic);
    ended.stop();
    if (this.#isOpen) this.#ask({ type: 'unsubscribe', topic: ended.topic }).catch(() => {});
  }

  /** Publishes a value that JSON can hold. Returns a promise of its position; if it fails, it may have been published all the same. */
  async publish(topic, data) {
    if (data === undefined) throw new TypeError('JSON has no undefined');
    return (await this.#ask({ type: 'publish', topic, data })).position;
  }

  /** The same for the latest value of a key: to a slow subscriber, it is sent in the place of an older one that still waits. */
  async publishLatest(topic, key, data) {
    if (typeof key !== 'string' || data === undefined) throw new TypeError('a key is a string, and JSON has no undefined');
    return (await this.#ask({ type: 'publish', topic, key, data })).position;
  }

  /** Returns a promise of who is there, as { members, count }, for a topic to which this client is subscribed. */
  presence(topic) {
    return this.#ask({ type: 'presence', topic }).then(({ members, count }) => ({ members, count }));
  }

  /** Ends everything. */
  close() {
    this.#closed = true;
    clearTimeout(this.#timers.retry);
    const open = this.#socket;
    this.#ended(open, { code: 1000, reason: '' });
    open?.close(1000);
  }

  // ---- requests
  get #isOpen() { return this.#openedAt !== undefined && this.#socket.readyState === 1; }

  #begin(subscription, attempt = 1) {
    this.#ask(subscription.request(), subscription).catch((error) => {
      if (this.#subscriptions.get(subscription.topic) !== subscription || !error.code) return;
      if (!TEMPORARY.includes(error.code)) return subscription.refused(error);
      subscription.retry = setTimeout(() => this.#begin(subscription, attempt + 1), this.#delay(attempt));
    });
  }

  async #ask(request, subscription) {
    if (!this.#isOpen) throw new Error('not connected');
    const id = ++this.#lastId;
    const text = encode({ ...request, id });
    const answer = new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject, subscription }));
    this.#socket.send(text);
    return answer;
  }

  // ---- the connection
  async #connect() {
    let socket;
    try {
      const address = await this.#address();
      if (this.#closed) return;
      socket = this.#socket = new this.#settings.WebSocket(address, SUBPROTOCOL);
    } catch (error) {
      return this.#closed || this.#retryLater({ code: 1006, reason: error.message });
    }
    this.#alive = false;
    this.#timers.checks = setInterval(() => this.#check(socket), this.#settings.pingInterval);
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#alive = true;
      this.#openedAt = Date.now();
      for (const each of this.#subscriptions.values()) this.#begin(each);
      call(this.#settings, 'onstate', { connected: true });
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#alive = true;
      try {
        this.#received(JSON.parse(data));
      } catch (error) {
        console.error('weft-topics: an invalid message', error);
        socket.close(4000, 'invalid message');
      }
    };
    socket.onclose = ({ code, reason }) => this.#ended(socket, { code, reason });
    socket.onerror = () => this.#ended(socket, { code: 1006, reason: '' }); // Node 20 has no close event then
  }

  /** A dead network does not always end a connection by itself. */
  #check(socket) {
    if (!this.#alive) {
      this.#ended(socket, { code: 1006, reason: 'no answer' });
      return socket.close();
    }
    this.#alive = false;
    this.#ask({ type: 'ping' }).catch(() => {});
  }

  #ended(socket, status) {
    if (!socket || socket !== this.#socket) return;
    const lasted = Date.now() - this.#openedAt; // NaN if it was never open
    this.#socket = this.#openedAt = undefined;
    clearInterval(this.#timers.checks);
    for (const each of this.#subscriptions.values()) each.stop();
    for (const { reject } of this.#pending.values()) reject(new Error('the connection has ended before the answer'));
    for (const each of [this.#pending, this.#replaying]) each.clear();
    if (this.#closed) call(this.#settings, 'onstate', { connected: false, ...status });
    else this.#retryLater(status, lasted);
  }

  /** At random, and longer after each failure, so that the clients of a server that restarts do not all come at once. */
  #delay(failures) {
    return Math.random() * Math.min(this.#settings.maxDelay, this.#settings.minDelay * 2 ** Math.max(0, failures - 1));
  }

  #retryLater(status, lasted) {
    this.#failures = lasted >= this.#settings.maxDelay ? 0 : this.#failures + 1;
    let delay = this.#delay(this.#failures);
    if (status.code === 1012) delay = 5000 + Math.random() * 25_000; // as the registry of close codes asks
    if (status.code === 1013) delay = this.#settings.maxDelay * (1 + Math.random()) / 2; // try again later
    this.#timers.retry = setTimeout(() => this.#connect(), delay);
    call(this.#settings, 'onstate', { connected: false, ...status, delay });
  }

  // ---- what the server sends
  #received(message) {
    const asked = this.#pending.get(message.id);
    const subscription = this.#subscriptions.get(message.topic);
    this.#pending.delete(message.id);
    switch (message.type) {
      case 'message': {
        const left = this.#replaying.get(message.topic) ?? 0;
        this.#replaying[left > 1 ? 'set' : 'delete'](message.topic, left - 1);
        // What is replayed is for the subscription that asked for it, and no other, even if that one has ended.
        if (left > 0) return subscription?.active && subscription.message(message);
        return this.#matching(message.topic).forEach((each) => each.active && each.message(message)); // a handler may end another one
      }
      case 'gap':
        return this.#matching(message.topic).forEach((each) => each.gap(message));
      case 'joined': case 'left':
        return subscription?.changed(message.member, message.type === 'joined');
      case 'presence':
        if (!asked) subscription?.members(message);
        break;
      case 'subscribed':
        if (message.messages > 0) this.#replaying.set(message.topic, message.messages);
        if (asked && asked.subscription === subscription) subscription.subscribed(message);
        break;
      case 'error':
        if (!asked) return console.error('weft-topics: refused', message.code, message.message);
        return asked.reject(Object.assign(new Error(`${message.code}: ${message.message}`), { code: message.code }));
    }
    asked?.resolve(message);
  }

  #matching(topic) {
    return [...this.#subscriptions.values()].filter((each) => each.active && matches(each.topic, topic));
  }
}

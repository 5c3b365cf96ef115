// A client for Weft's topics, for browsers and Node.js. It keeps a connection, subscribes again after each gap, and recovers what
// was missed, or says that this is not possible. The messages are described in docs/guides/topics-json.md.
//
//   const topics = new WeftTopics('/topics');
//   topics.subscribe('room/42', { last: 50, message: (data) => show(data), gap: () => reload() });
//   await topics.publish('room/42', { text: 'Hello' });

const SUBPROTOCOL = 'v1.topics.weft.dev';

/** JSON has no way to write half of a surrogate pair, and the server ends a connection that tries. */
function encode(message) {
  const text = JSON.stringify(message);
  if (/(^|[^\\])(\\\\)*\\ud[89a-f]/.test(text)) throw new TypeError('a string has an unpaired surrogate');
  return text;
}

/** Whether a filter matches a topic: '*' stands for one level, '#' at the end for one or more. */
function matches(filter, topic) {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  const open = wanted.at(-1) === '#' && levels.length >= wanted.length;
  return (open || levels.length === wanted.length)
    && wanted.every((level, i) => level === '*' || (open && level === '#') || level === levels[i]);
}

/** A handler that fails must not stop the others. */
function call(handlers, name, ...args) {
  try {
    handlers[name]?.(...args);
  } catch (error) {
    (globalThis.reportError ?? console.error)(error);
  }
}

/** The error of a request that the server has refused; `code` says why. */
const refusal = ({ code, message }) => Object.assign(new Error(`${code}: ${message}`), { code });

/** A subscription, over any number of connections, until `unsubscribe()`. */
class Subscription {
  topic;
  position; // after which the next message is expected; undefined before the beginning, and for wildcards
  active = false; // whether the server sends messages now
  unsubscribe;
  #handlers;
  #members = new Set();
  #replaying = 0;

  constructor(topic, handlers, unsubscribe) {
    this.topic = topic;
    this.position = handlers.since;
    this.unsubscribe = unsubscribe;
    this.#handlers = handlers;
  }

  /** The request that begins it; the client sets its id. */
  request() {
    const request = { type: 'subscribe', topic: this.topic };
    if (this.position !== undefined) request.since = this.position;
    else if (this.#handlers.last !== undefined) request.last = this.#handlers.last;
    if (this.#handlers.presence) request.presence = true;
    return request;
  }

  get isReplaying() { return this.active && this.#replaying > 0; }

  subscribed({ position, messages = 0, recovered }) {
    this.position = position;
    this.#replaying = messages;
    this.active = true;
    call(this.#handlers, 'subscribed', messages);
    if (recovered === false) call(this.#handlers, 'gap');
  }

  message({ topic, position, data, encoding }) {
    call(this.#handlers, 'message', data, { topic, position, encoding });
    if (this.#replaying > 0) this.#replaying--;
    if (this.position !== undefined) this.position = position;
  }

  members(members) {
    this.#members = new Set(members);
    this.#tellMembers({});
  }

  /** A change that is in the list already may be told again. */
  changed(member, present) {
    if (this.#members.has(member) === present) return;
    this.#members[present ? 'add' : 'delete'](member);
    this.#tellMembers({ [present ? 'joined' : 'left']: member });
  }

  #tellMembers(change) {
    call(this.#handlers, 'presence', [...this.#members].sort(), change);
  }

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
   * @param handlers message(data, { topic, position, encoding }); gap(): messages were missed and cannot be recovered;
   *   subscribed(count of messages from the history that come next); presence(members, { joined, left }); refused(error). With them,
   *   since: a position, or last: how many messages of the history come first. A function is the handler of messages.
   */
  subscribe(topic, handlers) {
    if (this.#subscriptions.has(topic)) throw new Error(`subscribed to ${topic} already`);
    encode(topic);
    const all = typeof handlers === 'function' ? { message: handlers } : handlers;
    const added = new Subscription(topic, all, () => this.#unsubscribe(added));
    this.#subscriptions.set(topic, added);
    if (this.#isOpen) this.#begin(added);
    return added;
  }

  #unsubscribe(ended) {
    if (this.#subscriptions.get(ended.topic) !== ended) return; // the second time
    this.#subscriptions.delete(ended.topic);
    ended.active = false;
    if (this.#isOpen) this.#ask({ type: 'unsubscribe', topic: ended.topic }).catch(() => {});
  }

  /** Publishes a value that JSON can hold. Returns a promise of its position; if it fails, it may have been published all the same. */
  async publish(topic, data) {
    if (data === undefined) throw new TypeError('JSON has no undefined');
    return (await this.#ask({ type: 'publish', topic, data })).position;
  }

  /** Returns a promise of who is there, for a topic to which this client is subscribed. */
  async presence(topic) {
    return (await this.#ask({ type: 'presence', topic })).members;
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

  #begin(subscription) {
    this.#ask(subscription.request(), subscription).catch((error) => {
      const wanted = this.#subscriptions.get(subscription.topic) === subscription;
      if (wanted && error.code) subscription.refused(error);
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
    if (this.#alive) {
      this.#alive = false;
      this.#ask({ type: 'ping' }).catch(() => {});
    } else {
      this.#ended(socket, { code: 1006, reason: 'no answer' });
      socket.close();
    }
  }

  #ended(socket, status) {
    if (!socket || socket !== this.#socket) return;
    const lasted = Date.now() - this.#openedAt; // NaN if it was never open
    this.#socket = this.#openedAt = undefined;
    clearInterval(this.#timers.checks);
    for (const each of this.#subscriptions.values()) each.active = false;
    for (const { reject } of this.#pending.values()) reject(new Error('the connection has ended before the answer'));
    this.#pending.clear();
    if (this.#closed) call(this.#settings, 'onstate', { connected: false, ...status });
    else this.#retryLater(status, lasted);
  }

  /** Waits at random, and longer after each failure, so that the clients of a server that restarts do not all come at once. */
  #retryLater(status, lasted) {
    const { minDelay, maxDelay } = this.#settings;
    this.#failures = lasted >= maxDelay ? 0 : this.#failures + 1;
    let delay = Math.random() * Math.min(maxDelay, minDelay * 2 ** Math.max(0, this.#failures - 1));
    if (status.code === 1012) delay = 5000 + Math.random() * 25_000; // as the registry of close codes asks
    if (status.code === 1013) delay = maxDelay * (1 + Math.random()) / 2; // try again later
    this.#timers.retry = setTimeout(() => this.#connect(), delay);
    call(this.#settings, 'onstate', { connected: false, ...status, delay });
  }

  // ---- what the server sends

  #received(message) {
    const asked = this.#pending.get(message.id);
    const subscription = this.#subscriptions.get(message.topic);
    switch (message.type) {
      case 'message':
        // What is replayed is for the subscription that asked for it, and no other.
        if (subscription?.isReplaying) return subscription.message(message);
        return this.#matching(message.topic).forEach((each) => each.message(message));
      case 'joined':
      case 'left':
        return subscription?.changed(message.member, message.type === 'joined');
      case 'presence':
        if (!asked) subscription?.members(message.members);
        break;
      case 'subscribed':
        if (asked && asked.subscription === subscription) subscription.subscribed(message);
        break;
      case 'error':
        this.#pending.delete(message.id);
        if (asked) asked.reject(refusal(message));
        else console.error('weft-topics: refused', message.code, message.message);
        return;
    }
    this.#pending.delete(message.id);
    asked?.resolve(message);
  }

  #matching(topic) {
    return [...this.#subscriptions.values()].filter((each) => each.active && matches(each.topic, topic));
  }
}

// Made of lib/inspector/page/ by `npm run build:inspector`. Change it there.

/** Of all that follows: a page that is open can tell whether it is this one. */
export const VERSION = 'ZRboa8R4GAQmCkFN'

export const PAGE = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="robots" content="noindex">
  <title>Event streams</title>
  <link rel="icon" href="inspector.svg" type="image/svg+xml">
  <link rel="stylesheet" href="inspector.css">
  <script type="module" src="inspector.js"></script>
</head>
<body>
  <a class="skip" href="#streams-title">Skip to the streams</a>
  <header class="page-header">
    <div>
      <p class="brand"><img src="inspector.svg" alt="" width="20" height="20"> fastify-typed-sse</p>
      <h1>Event streams</h1>
      <p class="muted" id="server">Waiting for the server …</p>
    </div>
    <p class="status" id="status" role="status" data-status="connecting">Connecting …</p>
  </header>

  <main>
    <p class="note" id="notice" role="status" hidden></p>
    <p class="note" id="locked" hidden>These are numbers only. Registered with <code>authorize</code>, an onRequest hook that says who may see it,
      the inspector also shows clients, topics and the events of a channel as they come, publishes test events, and ends streams.</p>

    <section class="plots" id="plots" aria-label="The last five minutes"></section>

    <section class="card" aria-labelledby="channels-title">
      <div class="card-header">
        <h2 id="channels-title">Channels <span class="count" id="channels-count"></span></h2>
      </div>
      <div class="table" id="channels"></div>
    </section>

    <section class="card" id="channel" aria-labelledby="channel-title" hidden>
      <div class="card-header">
        <h2 id="channel-title" tabindex="-1">Channel <span class="mono" id="channel-name"></span></h2>
        <div class="buttons">
          <span class="muted small" id="tail-state" role="status"></span>
          <button type="button" class="plain small" id="tail-pause" aria-pressed="false">Pause</button>
          <button type="button" class="plain small" id="tail-close">Close</button>
        </div>
      </div>
      <p class="topics" id="topics" hidden></p>
      <div class="columns">
        <div>
          <h3 id="tail-title">Events as they come</h3>
          <ol class="tail" id="tail" tabindex="0" aria-labelledby="tail-title" data-empty="None yet. They are shown from the moment you look."></ol>
        </div>
        <div>
          <h3>Publish a test event</h3>
          <form id="publish">
            <label><span>Event</span> <select id="publish-event" required></select></label>
            <label><span>Topic <small class="muted">if any</small></span> <input id="publish-topic" autocomplete="off" spellcheck="false"></label>
            <label class="wide"><span>Data, as JSON</span> <textarea id="publish-data" rows="6" autocomplete="off" spellcheck="false" aria-describedby="publish-outcome"></textarea></label>
            <div class="wide actions">
              <button type="submit">Publish</button>
              <p class="outcome" id="publish-outcome" role="status"></p>
            </div>
          </form>
          <h3>Declared events</h3>
          <div id="schemas"></div>
        </div>
      </div>
    </section>

    <section class="card" aria-labelledby="streams-title">
      <div class="card-header">
        <h2 id="streams-title" tabindex="-1">Streams <span class="count" id="streams-count"></span></h2>
        <label class="inline">First
          <select id="order">
            <option value="oldest">the oldest</option>
            <option value="newest">the newest</option>
            <option value="rate">the busiest</option>
            <option value="queue">the longest queue</option>
          </select>
        </label>
      </div>
      <div class="table" id="streams"></div>
    </section>
  </main>

  <dialog id="ask" aria-labelledby="ask-title">
    <form method="dialog">
      <h2 id="ask-title">End this stream?</h2>
      <p id="ask-stream" class="mono"></p>
      <p class="muted">It ends after what was written. Its client is told to come back, and whether it gets in again is for the hooks of the route to say.</p>
      <div class="actions">
        <button type="submit" value="end" class="danger">End the stream</button>
        <button type="submit" value="keep" class="plain" autofocus>Keep it</button>
      </div>
    </form>
  </dialog>

  <footer class="muted small">One look a second, while a page is open. Rows do not move while you point at them, or are among them with the keyboard. The streams of this page are not among those shown.</footer>
</body>
</html>
`

export const STYLE = `:root {
  --page: #f5f6f9;
  --card: #ffffff;
  --sunken: #f7f8fb;
  --line: #e2e5ec;
  --grid: #eceef3;
  --text: #1b2130;
  --muted: #586174;
  --accent: #4450c9;
  --on-accent: #ffffff;
  --good: #147a4b;
  --warn: #9a5b00;
  --bad: #b42333;
  --series-1: #4b57d6;
  --series-2: #0e9384;
  --series-3: #b96a00;
  --series-4: #c8326b;
  color-scheme: light dark;
}

@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1117;
    --card: #161a23;
    --sunken: #11151d;
    --line: #272d3a;
    --grid: #222835;
    --text: #e7eaf1;
    --muted: #9aa3b5;
    --accent: #97a1ff;
    --on-accent: #10142b;
    --good: #4cc38a;
    --warn: #f0b04f;
    --bad: #ff8a94;
    --series-1: #8d98ff;
    --series-2: #34c7b5;
    --series-3: #f2a541;
    --series-4: #f472a3;
  }
}

* { box-sizing: border-box; }

body {
  max-width: 1280px;
  margin: 0 auto;
  padding: 28px 24px 40px;
  background: var(--page);
  color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}

h1, h2, h3, p, ol { margin: 0; }
h1 { font-size: 26px; line-height: 1.25; letter-spacing: -0.015em; }
h2 { font-size: 15px; font-weight: 600; }
h3 { margin-bottom: 8px; color: var(--muted); font-size: 13px; font-weight: 600; }
h2:focus { outline: none; }
code, pre, .mono, textarea { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code, .mono { font-size: 0.93em; }
small, .small { font-size: 13px; }
[hidden] { display: none !important; }
.muted { color: var(--muted); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; top: -60px; left: 24px; }
.skip:focus { top: 8px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

/* The head of the page */

.page-header {
  display: flex;
  flex-wrap: wrap;
  gap: 12px 24px;
  align-items: end;
  justify-content: space-between;
  margin-bottom: 22px;
}

.brand {
  display: flex;
  gap: 8px;
  align-items: center;
  margin-bottom: 10px;
  color: var(--muted);
  font-size: 13px;
  font-weight: 600;
}

.status {
  display: inline-flex;
  gap: 9px;
  align-items: center;
  padding: 5px 14px 5px 12px;
  border: 1px solid var(--line);
  border-radius: 999px;
  background: var(--card);
  color: var(--muted);
  font-size: 14px;
  font-weight: 600;
}

.status::before { width: 8px; height: 8px; border-radius: 50%; background: currentColor; content: ""; }
.status[data-status="live"] { color: var(--good); }
.status[data-status="waiting"] { color: var(--warn); }
.status[data-status="closed"] { color: var(--bad); }

/* Wherever the reader is on the page. */
.status[data-status="waiting"], .status[data-status="closed"] {
  position: fixed;
  z-index: 1;
  top: 14px;
  right: 14px;
  box-shadow: 0 4px 18px rgb(0 0 0 / 18%);
}

@media (prefers-reduced-motion: no-preference) {
  .status[data-status="connecting"]::before, .status[data-status="waiting"]::before { animation: pulse 1.2s ease-in-out infinite; }
}

@keyframes pulse { 50% { opacity: 0.25; } }

.note {
  margin-bottom: 16px;
  padding: 12px 18px;
  border: 1px solid var(--line);
  border-left: 3px solid var(--accent);
  border-radius: 8px;
  background: var(--card);
  overflow-wrap: anywhere;
}

/* Cards */

.card {
  padding: 16px 18px;
  border: 1px solid var(--line);
  border-radius: 14px;
  background: var(--card);
}

main > .card { margin-top: 16px; }

.card-header {
  display: flex;
  flex-wrap: wrap;
  gap: 8px 16px;
  align-items: center;
  justify-content: space-between;
  min-height: 34px;
  margin-bottom: 6px;
}

.card-header h2 { min-width: 0; overflow-wrap: anywhere; scroll-margin-top: 20px; }
.count { margin-left: 6px; color: var(--muted); font-variant-numeric: tabular-nums; font-weight: 500; }
#channel { scroll-margin-top: 12px; }

/* Plots */

.plots { display: grid; gap: 16px; grid-template-columns: repeat(2, minmax(0, 1fr)); }
.plot h2 { display: flex; gap: 12px; align-items: baseline; justify-content: space-between; margin-bottom: 6px; }
.figure { font-size: 20px; font-variant-numeric: tabular-nums; font-weight: 700; line-height: 1.5; }
.plot svg { display: block; width: 100%; overflow: visible; }
.line { fill: none; stroke: var(--color); stroke-linecap: round; stroke-linejoin: round; stroke-width: 1.75; }
.area { fill: var(--color); opacity: 0.12; }
.grid { stroke: var(--grid); }
.label { fill: var(--muted); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.series-1 { --color: var(--series-1); }
.series-2 { --color: var(--series-2); }
.series-3 { --color: var(--series-3); }
.series-4 { --color: var(--series-4); }

/* Tables */

.table { min-height: 46px; }
.empty { padding: 10px 0; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 13.5px; }

th {
  padding: 6px 8px;
  border-bottom: 1px solid var(--line);
  color: var(--muted);
  font-size: 12.5px;
  font-weight: 500;
  text-align: left;
  white-space: nowrap;
}

td { height: 47px; padding: 5px 8px; border-bottom: 1px solid var(--grid); vertical-align: middle; }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
th.name { width: 24%; }
th.text { width: 15%; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.action, td.action { width: 66px; text-align: right; }
td.text, td.name { overflow: hidden; }
td .text, td .detail { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
td .text { line-height: 1.35; }
td .detail { color: var(--muted); font-size: 12px; line-height: 1.35; }
td.name .text { font-weight: 500; }
td .detail:empty { display: none; }
td.warn .text { color: var(--warn); font-weight: 600; }
tr.gone { opacity: 0.4; text-decoration: line-through; }
@media (hover: hover) and (min-width: 761px) { tbody tr:hover td { background: var(--sunken); } }
.held { border-radius: 4px; outline: 2px solid var(--grid); outline-offset: 6px; }

/* What can be filled in, and pressed */

button, select, input, textarea { font: inherit; }

button {
  padding: 7px 16px;
  border: 1px solid transparent;
  border-radius: 9px;
  background: var(--accent);
  color: var(--on-accent);
  cursor: pointer;
  font-weight: 600;
}

button.plain { border-color: var(--line); background: var(--card); color: var(--text); font-weight: 500; }
button.plain:hover { background: var(--sunken); }
button.small { padding: 3px 11px; font-size: 13px; }
button.danger { background: var(--bad); color: var(--card); }

select, input, textarea {
  padding: 7px 10px;
  border: 1px solid var(--line);
  border-radius: 9px;
  background: var(--card);
  color: var(--text);
}

.inline { display: flex; gap: 8px; align-items: center; color: var(--muted); font-size: 13.5px; }
.buttons, .actions { display: flex; flex-wrap: wrap; gap: 8px 10px; align-items: center; }
.inline select { padding: 4px 8px; }

/* A channel */

.topics { margin-bottom: 10px; color: var(--muted); font-size: 13.5px; overflow-wrap: anywhere; }
.columns { display: grid; gap: 20px; grid-template-columns: minmax(0, 1.1fr) minmax(0, 1fr); }
#publish { display: grid; gap: 10px 12px; grid-template-columns: repeat(2, minmax(0, 1fr)); margin-bottom: 18px; }
#publish label { display: grid; gap: 3px; color: var(--muted); font-size: 13px; }
#publish select, #publish input, #publish textarea { width: 100%; min-width: 0; }
#publish textarea { font-size: 13px; resize: vertical; }
#publish .wide { grid-column: 1 / -1; }
.outcome { flex: 1 1 200px; min-width: 0; font-size: 13.5px; overflow-wrap: anywhere; }
.outcome[data-tone="good"] { color: var(--good); }
.outcome[data-tone="bad"] { color: var(--bad); }

.tail {
  height: 520px;
  padding: 4px 14px;
  border: 1px solid var(--line);
  border-radius: 10px;
  background: var(--sunken);
  list-style: none;
  overflow-y: auto;
  overscroll-behavior: contain;
}

.tail:empty::before { color: var(--muted); content: attr(data-empty); font-size: 13.5px; line-height: 40px; }
.tail li { padding: 7px 0; border-bottom: 1px solid var(--grid); font-size: 13px; }
.tail li:last-child { border-bottom: 0; }
.tail code { display: block; overflow-wrap: anywhere; white-space: pre-wrap; }
.event-head { display: flex; flex-wrap: wrap; gap: 0 8px; font-variant-numeric: tabular-nums; }
.event-head strong { overflow-wrap: anywhere; }
.id { overflow-wrap: anywhere; font-size: 12px; }

#tail-state:empty { margin-right: -10px; }

details { border-bottom: 1px solid var(--grid); }
details:last-child { border-bottom: 0; }
summary { padding: 6px 0; cursor: pointer; }

pre {
  max-height: 200px;
  margin: 0 0 10px;
  padding: 10px 12px;
  border-radius: 8px;
  background: var(--sunken);
  font-size: 12.5px;
  line-height: 1.45;
  overflow: auto;
}

dialog {
  max-width: min(440px, calc(100vw - 32px));
  padding: 20px 22px;
  border: 1px solid var(--line);
  border-radius: 14px;
  background: var(--card);
  color: var(--text);
  box-shadow: 0 18px 60px rgb(0 0 0 / 30%);
}

dialog::backdrop { background: rgb(10 12 20 / 45%); }
dialog form { display: grid; gap: 12px; }
dialog .mono { overflow-wrap: anywhere; white-space: pre-line; }
footer { margin-top: 22px; }

/* A phone: a row of a table is a card of its own. */

@media (max-width: 760px) {
  body { padding: 18px 14px 28px; }
  h1 { font-size: 23px; }
  .plots { gap: 12px; grid-template-columns: minmax(0, 1fr); }
  main > .card { margin-top: 12px; }
  .card { padding: 14px; }
  .columns { grid-template-columns: minmax(0, 1fr); }
  .tail { height: 360px; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody { display: block; }

  tr {
    display: grid;
    position: relative;
    gap: 8px;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    padding: 12px 0;
    border-bottom: 1px solid var(--line);
  }

  tr:last-child { border-bottom: 0; padding-bottom: 4px; }
  td { display: block; height: auto; padding: 0; border: 0; text-align: left; }
  td::before { display: block; overflow: hidden; color: var(--muted); content: attr(data-label); font-size: 11.5px; line-height: 1.4; }
  td.number { text-align: left; }
  td.name { grid-column: 1 / -1; padding-right: 70px; }
  td.name::before { display: none; }
  td.text:nth-child(2) { grid-column: 1 / -1; }
  td.name .text, td.name .detail { white-space: normal; overflow-wrap: anywhere; }
  td.name .text { font-size: 14.5px; }
  td.action { position: absolute; top: 12px; right: 0; }
  td.action::before { display: none; }
  button.small { min-height: 34px; }
}
`

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <rect width="32" height="32" rx="8" fill="#4b57d6"/>
  <path d="M5 17h5l3-8 5 15 3.5-9 1.5 2h4" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/>
</svg>
`

export const SCRIPT = `/*
eventsource-parser, which is part of this file:

MIT License

Copyright (c) 2026 Espen Hovlandsdal <espen@hovlandsdal.com>

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
*/
// lib/client/event-stream-error.ts
var EventStreamError = class extends Error {
  name = "EventStreamError";
  code;
  /** Where the server has answered with something else than a stream. */
  answer;
  /** @param problem the code without its prefix, which is said once for the sake of what a page loads */
  constructor(problem, message, cause, answer) {
    super(message, { cause });
    this.code = \`FST_ERR_SSE_CLIENT_\${problem}\`;
    this.answer = answer;
  }
};

// lib/client/check-options.ts
var DEFAULTS = {
  text: [],
  final: [],
  maxRetries: Infinity,
  retryMs: 2e3,
  maxRetryMs: 3e4,
  staleAfterMs: 45e3,
  maxEventLength: 16 * 1024 * 1024
};
function checkOptions(url, options) {
  const checked = { ...options };
  for (const [name, fallback] of Object.entries(DEFAULTS)) {
    const value = checked[name] ??= fallback;
    if (typeof value !== typeof fallback || Number.isNaN(value) || value < 0) throw new EventStreamError("OPTION", \`\${name} can't be '\${String(value)}'\`);
  }
  const { url: resolved, method } = makeRequest(url, options);
  return { ...checked, url: resolved, method, reconnect: options.reconnect ?? method === "GET" };
}
function makeRequest(url, { method, credentials, headers, body }) {
  try {
    return new Request(url, { method, credentials, headers: typeof headers === "function" ? {} : headers, body: body && " " });
  } catch (cause) {
    throw new EventStreamError("OPTION", String(cause), cause);
  }
}

// lib/client/client.ts
var Client = class {
  state = "connecting";
  /** Of the last event that was handed out; the source may be one ahead. */
  lastEventId;
  lastError;
  #port;
  #events;
  #stop = new AbortController();
  #listeners = /* @__PURE__ */ new Set();
  #watchers = /* @__PURE__ */ new Set();
  /** The first event, which is asked for before anybody reads, so that the connection is made at once. */
  #first;
  #isRead = false;
  #closed;
  /** Whether somebody has asked for \`closed\`, and so gets the error by that. */
  #isHeeded = false;
  #settle;
  constructor(source, { signal, lastEventId }) {
    this.lastEventId = lastEventId;
    this.#port = { signal: this.#stop.signal, lastEventId, setState: (...changed) => {
      this.#setState(...changed);
    } };
    this.#closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#closed.catch(() => {
    });
    this.#events = source(this.#port);
    signal?.addEventListener("abort", this.close, { signal: this.#stop.signal });
    if (signal?.aborted) this.close();
    this.#first = this.#ask();
    this.#first.catch(() => {
    });
  }
  get closed() {
    this.#isHeeded = true;
    return this.#closed;
  }
  on(name, listener) {
    queueMicrotask(() => {
      if (!this.#isRead) void this.#flow();
    });
    return add(this.#listeners, [name, listener]);
  }
  onState(watcher) {
    return add(this.#watchers, [watcher]);
  }
  [Symbol.asyncIterator]() {
    if (this.#isRead) throw new EventStreamError("ITERATED", "a stream can be read once");
    this.#isRead = true;
    return {
      next: async () => await this.#next(),
      return: async () => {
        this.close();
        return { done: true, value: void 0 };
      }
    };
  }
  close = () => {
    this.#end("closed");
    void this.#events.return("closed");
  };
  /** Reads for the listeners alone. */
  async #flow() {
    this.#isRead = true;
    try {
      while (!(await this.#next()).done) ;
    } catch (error) {
      if (!this.#isHeeded) throw error;
    }
  }
  async #next() {
    while (true) {
      const next = this.#first ?? this.#ask();
      this.#first = void 0;
      const result = await next;
      if (result.done) return result;
      if (this.#stop.signal.aborted) return { done: true, value: void 0 };
      const { value: event } = result;
      this.lastEventId = this.#port.lastEventId;
      if (event.event.startsWith("stream-") && event.event !== "stream-gap") continue;
      for (const [name, listener] of [...this.#listeners]) if (name === event.event) attempt(() => {
        listener(event.data, event);
      });
      return result;
    }
  }
  async #ask() {
    try {
      const result = await this.#events.next();
      if (result.done) this.#end(result.value);
      return result;
    } catch (error) {
      this.#end("closed", error);
      throw error;
    }
  }
  #end(end2, error) {
    if (this.state === "closed") return;
    this.#settle(error === void 0 ? end2 : Promise.reject(error));
    this.#setState("closed", error);
    this.#stop.abort();
  }
  #setState(state, error) {
    if (this.state === "closed") return;
    this.lastError = error;
    this.state = state;
    for (const [watcher] of [...this.#watchers]) attempt(() => {
      watcher(state);
    });
  }
};
function add(set, item) {
  set.add(item);
  return () => {
    set.delete(item);
  };
}
function attempt(call) {
  try {
    call();
  } catch (error) {
    void Promise.reject(error);
  }
}

// node_modules/eventsource-parser/dist/index.js
var ParseError = class extends Error {
  constructor(message, options) {
    super(message), this.name = "ParseError", this.type = options.type, this.field = options.field, this.value = options.value, this.line = options.line;
  }
};
var LF = 10;
var CR = 13;
var SPACE = 32;
function noop(_arg) {
}
function createParser(config) {
  if (typeof config == "function")
    throw new TypeError(
      "\`config\` must be an object, got a function instead. Did you mean \`createParser({onEvent: fn})\`?"
    );
  const { onEvent = noop, onError = noop, onRetry = noop, onComment, maxBufferSize } = config, pendingFragments = [];
  let pendingFragmentsLength = 0, isFirstChunk = true, id, data = "", dataLines = 0, eventType, terminated = false;
  function feed(chunk) {
    if (terminated)
      throw new Error(
        "Cannot feed parser: it was terminated after exceeding the configured max buffer size. Call \`reset()\` to resume parsing."
      );
    if (isFirstChunk && (isFirstChunk = false, chunk.charCodeAt(0) === 239 && chunk.charCodeAt(1) === 187 && chunk.charCodeAt(2) === 191 && (chunk = chunk.slice(3))), pendingFragments.length === 0) {
      const trailing2 = processLines(chunk);
      trailing2 !== "" && (pendingFragments.push(trailing2), pendingFragmentsLength = trailing2.length), checkBufferSize();
      return;
    }
    if (chunk.indexOf(\`
\`) === -1 && chunk.indexOf("\\r") === -1) {
      pendingFragments.push(chunk), pendingFragmentsLength += chunk.length, checkBufferSize();
      return;
    }
    pendingFragments.push(chunk);
    const input = pendingFragments.join("");
    pendingFragments.length = 0, pendingFragmentsLength = 0;
    const trailing = processLines(input);
    trailing !== "" && (pendingFragments.push(trailing), pendingFragmentsLength = trailing.length), checkBufferSize();
  }
  function checkBufferSize() {
    maxBufferSize !== void 0 && (pendingFragmentsLength + data.length <= maxBufferSize || (terminated = true, pendingFragments.length = 0, pendingFragmentsLength = 0, id = void 0, data = "", dataLines = 0, eventType = void 0, onError(
      new ParseError(\`Buffered data exceeded max buffer size of \${maxBufferSize} characters\`, {
        type: "max-buffer-size-exceeded"
      })
    )));
  }
  function processLines(chunk) {
    let searchIndex = 0;
    if (chunk.indexOf("\\r") === -1) {
      let lfIndex = chunk.indexOf(\`
\`, searchIndex);
      for (; lfIndex !== -1; ) {
        if (searchIndex === lfIndex) {
          dataLines > 0 && onEvent({ id, event: eventType, data }), id = void 0, data = "", dataLines = 0, eventType = void 0, searchIndex = lfIndex + 1, lfIndex = chunk.indexOf(\`
\`, searchIndex);
          continue;
        }
        const firstCharCode = chunk.charCodeAt(searchIndex);
        if (isDataPrefix(chunk, searchIndex, firstCharCode)) {
          const valueStart = chunk.charCodeAt(searchIndex + 5) === SPACE ? searchIndex + 6 : searchIndex + 5, value = chunk.slice(valueStart, lfIndex);
          if (dataLines === 0 && chunk.charCodeAt(lfIndex + 1) === LF) {
            onEvent({ id, event: eventType, data: value }), id = void 0, data = "", eventType = void 0, searchIndex = lfIndex + 2, lfIndex = chunk.indexOf(\`
\`, searchIndex);
            continue;
          }
          data = dataLines === 0 ? value : \`\${data}
\${value}\`, dataLines++;
        } else isEventPrefix(chunk, searchIndex, firstCharCode) ? eventType = chunk.slice(
          chunk.charCodeAt(searchIndex + 6) === SPACE ? searchIndex + 7 : searchIndex + 6,
          lfIndex
        ) || void 0 : parseLine(chunk, searchIndex, lfIndex);
        searchIndex = lfIndex + 1, lfIndex = chunk.indexOf(\`
\`, searchIndex);
      }
      return chunk.slice(searchIndex);
    }
    for (; searchIndex < chunk.length; ) {
      const crIndex = chunk.indexOf("\\r", searchIndex), lfIndex = chunk.indexOf(\`
\`, searchIndex);
      let lineEnd = -1;
      if (crIndex !== -1 && lfIndex !== -1 ? lineEnd = crIndex < lfIndex ? crIndex : lfIndex : crIndex !== -1 ? crIndex === chunk.length - 1 ? lineEnd = -1 : lineEnd = crIndex : lfIndex !== -1 && (lineEnd = lfIndex), lineEnd === -1)
        break;
      parseLine(chunk, searchIndex, lineEnd), searchIndex = lineEnd + 1, chunk.charCodeAt(searchIndex - 1) === CR && chunk.charCodeAt(searchIndex) === LF && searchIndex++;
    }
    return chunk.slice(searchIndex);
  }
  function parseLine(chunk, start, end2) {
    if (start === end2) {
      dispatchEvent();
      return;
    }
    const firstCharCode = chunk.charCodeAt(start);
    if (isDataPrefix(chunk, start, firstCharCode)) {
      const valueStart = chunk.charCodeAt(start + 5) === SPACE ? start + 6 : start + 5, value2 = chunk.slice(valueStart, end2);
      data = dataLines === 0 ? value2 : \`\${data}
\${value2}\`, dataLines++;
      return;
    }
    if (isEventPrefix(chunk, start, firstCharCode)) {
      eventType = chunk.slice(chunk.charCodeAt(start + 6) === SPACE ? start + 7 : start + 6, end2) || void 0;
      return;
    }
    if (firstCharCode === 105 && chunk.charCodeAt(start + 1) === 100 && chunk.charCodeAt(start + 2) === 58) {
      const value2 = chunk.slice(chunk.charCodeAt(start + 3) === SPACE ? start + 4 : start + 3, end2);
      value2.includes("\\0") || (id = value2);
      return;
    }
    if (firstCharCode === 58) {
      if (onComment) {
        const line2 = chunk.slice(start, end2);
        onComment(line2.slice(chunk.charCodeAt(start + 1) === SPACE ? 2 : 1));
      }
      return;
    }
    const line = chunk.slice(start, end2), fieldSeparatorIndex = line.indexOf(":");
    if (fieldSeparatorIndex === -1) {
      processField(line, "", line);
      return;
    }
    const field = line.slice(0, fieldSeparatorIndex), offset = line.charCodeAt(fieldSeparatorIndex + 1) === SPACE ? 2 : 1, value = line.slice(fieldSeparatorIndex + offset);
    processField(field, value, line);
  }
  function processField(field, value, line) {
    switch (field) {
      case "event":
        eventType = value || void 0;
        break;
      case "data":
        data = dataLines === 0 ? value : \`\${data}
\${value}\`, dataLines++;
        break;
      case "id":
        value.includes("\\0") || (id = value);
        break;
      case "retry":
        /^\\d+$/.test(value) ? onRetry(parseInt(value, 10)) : onError(
          new ParseError(\`Invalid \\\`retry\\\` value: "\${value}"\`, {
            type: "invalid-retry",
            value,
            line
          })
        );
        break;
      default:
        onError(
          new ParseError(
            \`Unknown field "\${field.length > 20 ? \`\${field.slice(0, 20)}…\` : field}"\`,
            { type: "unknown-field", field, value, line }
          )
        );
        break;
    }
  }
  function dispatchEvent() {
    dataLines > 0 && onEvent({
      id,
      event: eventType,
      data
    }), id = void 0, data = "", dataLines = 0, eventType = void 0;
  }
  function reset(options = {}) {
    if (options.consume && pendingFragments.length > 0) {
      const incompleteLine = pendingFragments.join("");
      parseLine(incompleteLine, 0, incompleteLine.length);
    }
    isFirstChunk = true, id = void 0, data = "", dataLines = 0, eventType = void 0, pendingFragments.length = 0, pendingFragmentsLength = 0, terminated = false;
  }
  return { feed, reset };
}
function isDataPrefix(chunk, i, firstCharCode) {
  return firstCharCode === 100 && chunk.charCodeAt(i + 1) === 97 && chunk.charCodeAt(i + 2) === 116 && chunk.charCodeAt(i + 3) === 97 && chunk.charCodeAt(i + 4) === 58;
}
function isEventPrefix(chunk, i, firstCharCode) {
  return firstCharCode === 101 && chunk.charCodeAt(i + 1) === 118 && chunk.charCodeAt(i + 2) === 101 && chunk.charCodeAt(i + 3) === 110 && chunk.charCodeAt(i + 4) === 116 && chunk.charCodeAt(i + 5) === 58;
}

// lib/wire/end-id.ts
var END_ID = "stream-end";

// lib/client/connection.ts
var EVENT_STREAM = "text/event-stream";
var MAX_ANSWER_LENGTH = 16 * 1024;
var Connection = class {
  /** The server has said that nothing more will come. */
  isComplete = false;
  /** What the server has said, or sent, would not be better the next time. */
  isHopeless = false;
  /** At least one event has come. */
  hasBrought = false;
  openedAtMs = Infinity;
  /** What the server has said by \`retry:\`. */
  retryMs;
  /** What the server has said by \`Retry-After\`; 0 where it said nothing. */
  retryAfterMs = 0;
  #options;
  #port;
  #patience;
  constructor(options, port, patience) {
    this.#options = options;
    this.#port = port;
    this.#patience = patience;
  }
  /** Yields its events as they are asked for. Nothing is read ahead of them but what came in one piece with them. */
  async *events() {
    const abort = new AbortController();
    try {
      const response = await this.#request(abort.signal);
      if (this.isComplete = response.status === 204) return;
      await this.#check(response);
      this.openedAtMs = Date.now();
      this.#port.setState("open");
      for await (const message of this.#messages(response)) {
        const { id, event = "message" } = message;
        this.hasBrought = true;
        const received = await this.#read(event, message);
        if (id !== void 0) this.#port.lastEventId = id;
        this.isComplete = id === END_ID || this.#options.final.includes(event);
        yield received;
        if (this.isComplete) return;
      }
    } finally {
      abort.abort();
    }
  }
  async #request(signal) {
    const { url, method, headers: given, body, credentials, fetch: fetch2 = globalThis.fetch } = this.#options;
    const { lastEventId } = this.#port;
    const headers = new Headers(await this.#wait(make(given)));
    if (!headers.has("accept")) headers.set("accept", EVENT_STREAM);
    if (lastEventId) headers.set("last-event-id", String.fromCharCode(...new TextEncoder().encode(lastEventId)));
    const init = { method, headers, body: await this.#wait(make(body)), credentials, signal, cache: "no-store" };
    return await this.#wait(fetch2(url, init));
  }
  async #check(response) {
    const { ok, status, headers } = response;
    const type = headers.get("content-type") ?? "";
    if (ok && /^text\\/event-stream\\s*(?:;|$)/i.test(type)) return;
    this.isHopeless = status < 500 && ![408, 425, 429].includes(status);
    this.retryAfterMs = retryAfterMs(headers.get("retry-after"));
    let body = "";
    try {
      for await (const text of this.#text(response)) {
        body += text;
        if (body.length > MAX_ANSWER_LENGTH) break;
      }
    } catch {
    }
    throw new EventStreamError(
      ok ? "CONTENT_TYPE" : "REFUSED",
      \`the answer is \${status} \${type}\`,
      void 0,
      { status, headers, body }
    );
  }
  async *#messages(response) {
    const arrived = [];
    let isTooLong = false;
    const parser = createParser({
      maxBufferSize: this.#options.maxEventLength,
      onEvent: (message) => {
        arrived.push(message);
      },
      onRetry: (ms) => {
        this.retryMs = ms;
      },
      onError: ({ type }) => {
        isTooLong ||= type.startsWith("max");
      }
    });
    for await (const text of this.#text(response)) {
      parser.feed(text);
      yield* arrived.splice(0);
      if (isTooLong) throw this.#unreadable("is longer than maxEventLength");
    }
  }
  async *#text({ body }) {
    if (!body) return;
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let result;
    while (!(result = await this.#wait(reader.read())).done) yield decoder.decode(result.value, { stream: true });
  }
  async #read(event, { id, data }) {
    const { text, validate } = this.#options;
    try {
      const read = text.includes(event) ? data : JSON.parse(data || "null");
      const received = id === void 0 ? { event, data: read } : { event, data: read, id };
      if (validate) await this.#wait(make(() => validate(received)));
      return received;
    } catch (cause) {
      throw this.#unreadable(\`'\${event}' is not valid, or no JSON (see the option text)\`, cause);
    }
  }
  #unreadable(problem, cause) {
    this.isHopeless = true;
    return new EventStreamError("EVENT", \`an event \${problem}\`, cause);
  }
  async #wait(coming) {
    return await this.#patience.wait(this.#options.staleAfterMs, coming);
  }
};
async function make(value) {
  return typeof value === "function" ? await value() : value;
}
function retryAfterMs(value) {
  return Math.max(0, Number(value) * 1e3 || Date.parse(value) - Date.now() || 0);
}

// lib/client/on-wake.ts
function onWake(listener, closed) {
  for (const target of [globalThis, globalThis.document]) {
    for (const type of ["online", "pageshow", "resume"]) target?.addEventListener?.(type, listener, { signal: closed });
  }
}

// lib/client/patience.ts
var MAX_TIMER_MS = 2 ** 31 - 1;
var Patience = class {
  #closed;
  #lose;
  constructor(closed) {
    this.#closed = closed;
    onWake(() => {
      this.#lose?.(true);
    }, closed);
    closed.addEventListener("abort", () => {
      this.#lose?.();
    });
  }
  /**
   * Waits for something that should come within a time, or for nothing but that time.
   *
   * When the page wakes, it waits for the rest of \`minMs\` alone, by the clock: a timer may stand still while the machine
   * sleeps.
   *
   * @throws Error if it has not come in time, or the stream is closed.
   */
  async wait(ms, coming, minMs = ms) {
    const sinceMs = Date.now();
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        const arm = (ms2) => {
          clearTimeout(timer);
          if (ms2 < MAX_TIMER_MS) timer = setTimeout(this.#lose, ms2);
        };
        this.#lose = (isWake) => {
          const leftMs = sinceMs + minMs - Date.now();
          if (isWake && leftMs >= 0) arm(leftMs);
          else if (coming) reject(new Error(\`nothing came for \${ms} ms\`));
          else resolve(void 0);
        };
        arm(ms);
        if (this.#closed.aborted) this.#lose();
        coming?.then(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
      this.#lose = void 0;
    }
  }
};

// lib/client/follow.ts
var MIN_BACKOFF_MS = 1e3;
var LASTING_MS = 3e4;
async function* follow(options, port) {
  const { reconnect, maxRetries, maxRetryMs } = options;
  const patience = new Patience(port.signal);
  let { retryMs } = options;
  let failures = 0;
  while (!port.signal.aborted) {
    const connection = new Connection(options, port, patience);
    let problem;
    try {
      port.setState("connecting");
      yield* connection.events();
    } catch (cause) {
      problem = cause instanceof EventStreamError ? cause : new EventStreamError("CUT", \`the connection broke: \${String(cause)}\`, cause);
    }
    if (port.signal.aborted) break;
    if (connection.isComplete || !(problem ?? (reconnect || options.final[0]))) return "complete";
    const wasOfUse = connection.hasBrought || Date.now() - connection.openedAtMs > LASTING_MS;
    if (wasOfUse) failures = 0;
    if (problem || !wasOfUse) failures++;
    problem ??= new EventStreamError("CUT", "the stream ended too early");
    if (connection.isHopeless || !reconnect || failures > maxRetries) throw problem;
    retryMs = connection.retryMs ?? retryMs;
    const jitterMs = failures && Math.random() * Math.min(maxRetryMs, Math.max(retryMs, MIN_BACKOFF_MS) * 2 ** (failures - 1));
    port.setState("waiting", problem);
    const minMs = Math.max(retryMs, connection.retryAfterMs);
    await patience.wait(minMs + jitterMs, void 0, minMs);
  }
  return "closed";
}

// lib/client/connect.ts
function connect(url, options = {}) {
  const checked = checkOptions(url, options);
  return new Client((port) => follow(checked, port), checked);
}

// lib/inspector/page/dom.ts
function byId(id) {
  return document.getElementById(id);
}
function element(name, className = "", ...children) {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}
function svg(name, attributes = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  return made;
}
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// lib/inspector/page/example.ts
var MAX_DEPTH = 6;
function exampleOf(schema, depth = 0) {
  if (typeof schema !== "object" || schema === null || depth > MAX_DEPTH) return null;
  const { default: preset, const: only, examples, enum: values, anyOf, oneOf, allOf, type } = schema;
  const given = [preset, only, first(examples), first(values)].find((value) => value !== void 0);
  if (given !== void 0) return given;
  const alternative = first(anyOf) ?? first(oneOf);
  if (alternative !== void 0) return exampleOf(alternative, depth + 1);
  if (Array.isArray(allOf)) return Object.assign({}, ...allOf.map((part) => exampleOf(part, depth + 1)));
  return ofType(first(type) ?? type, schema, depth);
}
function ofType(type, schema, depth) {
  switch (type) {
    case "object":
      return ofProperties(schema["properties"], depth);
    case "array":
      return schema["items"] === void 0 ? [] : [exampleOf(schema["items"], depth + 1)];
    case "string":
      return schema["format"] === "date-time" ? "2026-01-01T00:00:00Z" : "";
    case "number":
    case "integer":
      return typeof schema["minimum"] === "number" ? schema["minimum"] : 0;
    case "boolean":
      return false;
    default:
      return null;
  }
}
function ofProperties(properties, depth) {
  if (typeof properties !== "object" || properties === null) return {};
  return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, exampleOf(property, depth + 1)]));
}
function first(list) {
  return Array.isArray(list) ? list[0] : void 0;
}

// lib/inspector/page/formats.ts
var UNKNOWN = "–";
var whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
var tenths = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
var SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];
function count(value) {
  return whole.format(value);
}
function rate(value) {
  if (value === null) return UNKNOWN;
  return value > 0 && value < 9.95 ? tenths.format(value) : whole.format(value);
}
function bytes(value) {
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), SIZES.length - 1);
  const scaled = value / 1024 ** power;
  return \`\${power === 0 || scaled >= 99.95 ? whole.format(scaled) : tenths.format(scaled)} \${SIZES[power]}\`;
}
function age(valueMs) {
  const seconds = Math.max(0, Math.floor(valueMs / 1e3));
  if (seconds < 60) return \`\${seconds} s\`;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const two = (number) => String(number).padStart(2, "0");
  if (hours < 1) return \`\${minutes}:\${two(seconds % 60)}\`;
  if (hours < 48) return \`\${hours}:\${two(minutes % 60)}:\${two(seconds % 60)}\`;
  return \`\${Math.floor(hours / 24)} d \${hours % 24} h\`;
}
function milliseconds(value) {
  if (value === void 0) return UNKNOWN;
  if (value < 0) return "very long";
  return value < 1e3 ? \`≤ \${Number(value.toPrecision(3))} ms\` : \`≤ \${Number((value / 1e3).toPrecision(3))} s\`;
}
function time(at) {
  const date = new Date(at);
  const part = (number, length = 2) => String(number).padStart(length, "0");
  return \`\${part(date.getHours())}:\${part(date.getMinutes())}:\${part(date.getSeconds())}.\${part(date.getMilliseconds(), 3)}\`;
}

// lib/inspector/page/post.ts
async function post(path, body) {
  try {
    const response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const text = await response.text();
    return { isOk: response.ok, body: text === "" ? {} : JSON.parse(text) };
  } catch (error) {
    return { isOk: false, body: { message: error.message } };
  }
}

// lib/inspector/page/channel.ts
var MAX_LINES = 200;
var ChannelPanel = class {
  #stream;
  #name = "";
  #isPaused = false;
  #declared = [];
  #missed = 0;
  constructor() {
    byId("tail-close").addEventListener("click", () => {
      this.close();
    });
    byId("tail-pause").addEventListener("click", () => {
      this.#pause(!this.#isPaused);
    });
    byId("publish-event").addEventListener("change", () => {
      this.#prefill();
    });
    byId("publish").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#publish();
    });
  }
  open(name) {
    this.#stream?.close();
    this.#name = name;
    this.#declared = [];
    this.#pause(false);
    setText(byId("channel-name"), name);
    byId("tail").replaceChildren();
    byId("schemas").replaceChildren();
    byId("topics").hidden = true;
    tell("");
    byId("channel").hidden = false;
    byId("channel-title").focus({ preventScroll: true });
    byId("channel").scrollIntoView({ block: "start" });
    const stream2 = this.#stream = connect(\`tail?channel=\${encodeURIComponent(name)}\`);
    stream2.on("channel", ({ events }) => {
      this.#declare(events);
    });
    stream2.on("events", ({ skipped, events }) => {
      this.#add(skipped, events);
    });
    stream2.onState((state) => {
      setText(byId("tail-state"), state === "open" ? "" : "Connecting …");
    });
    stream2.closed.catch((error) => {
      if (this.#stream === stream2) setText(byId("tail-state"), \`Not open: \${error.message}\`);
    });
  }
  close() {
    this.#stream?.close();
    this.#stream = void 0;
    byId("channel").hidden = true;
    byId("channels-title").scrollIntoView({ block: "nearest" });
  }
  /** What there is to tell of its topics. */
  show(channels2) {
    const { topics = [], topicCount = 0 } = channels2.find(({ channel }) => channel === this.#name) ?? {};
    const place = byId("topics");
    place.hidden = topics.length === 0;
    const text = topics.map(({ topic, isPrefix, subscribers }) => \`\${topic}\${isPrefix ? "…" : ""} (\${count(subscribers)})\`).join(", ");
    setText(place, \`\${count(topicCount)} \${topicCount === 1 ? "topic has" : "topics have"} subscribers here: \${text}\${topicCount > topics.length ? " and others" : ""}\`);
  }
  #pause(isPaused) {
    this.#isPaused = isPaused;
    const button = byId("tail-pause");
    button.setAttribute("aria-pressed", String(isPaused));
    setText(button, isPaused ? "Go on" : "Pause");
  }
  #declare(events) {
    if (JSON.stringify(events) === JSON.stringify(this.#declared)) return;
    this.#declared = events;
    byId("publish-event").replaceChildren(...events.map(({ name }) => new Option(name)));
    byId("schemas").replaceChildren(...events.map(({ name, isFinal, schema }) => element(
      "details",
      "",
      element("summary", "", element("code", "", name), element("small", "muted", isFinal ? "  completes the stream" : "")),
      element("pre", "", schema)
    )));
    byId("schemas").querySelector("details")?.setAttribute("open", "");
    this.#prefill();
  }
  #prefill() {
    const wanted = byId("publish-event").value;
    const { schema = "{}" } = this.#declared.find(({ name }) => name === wanted) ?? {};
    byId("publish-data").value = JSON.stringify(exampleOf(parse(schema)), null, 2);
  }
  #add(skipped, events) {
    if (this.#isPaused) {
      this.#missed += skipped + events.length;
      return;
    }
    const passed = skipped + this.#missed;
    this.#missed = 0;
    const lines = events.map(lineOf).reverse();
    if (passed > 0) lines.push(element("li", "skipped muted", \`\${count(passed)} more, not shown\`));
    const list = byId("tail");
    list.prepend(...lines);
    while (list.children.length > MAX_LINES) list.lastElementChild?.remove();
  }
  async #publish() {
    const text = byId("publish-data").value;
    const topic = byId("publish-topic").value;
    let data;
    try {
      if (text.trim() !== "") data = JSON.parse(text);
    } catch (error) {
      tell(\`This is no JSON: \${error.message}\`, "bad");
      return;
    }
    const { isOk, body } = await post("publish", {
      channel: this.#name,
      event: byId("publish-event").value,
      ...data !== void 0 && { data },
      ...topic !== "" && { topic }
    });
    if (isOk) tell(\`Published: \${body.id}\`, "good");
    else tell([body.code, body.message].filter(Boolean).join(": "), "bad");
  }
};
function lineOf({ at, event, id, data, length }) {
  return element(
    "li",
    "",
    element("span", "event-head", element("time", "muted", time(at)), " ", element("strong", "", event), " ", element("span", "muted id", id ?? "")),
    element("code", "", data, ...data.length < length ? [\` \${count(length)} characters in all\`] : [])
  );
}
function tell(text, tone = "") {
  const place = byId("publish-outcome");
  place.dataset["tone"] = tone;
  setText(place, text);
}
function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}

// lib/inspector/page/table.ts
var canHover = matchMedia("(hover: hover)");
var Table = class {
  #options;
  #body = element("tbody");
  #empty;
  #table;
  #place;
  #shown = /* @__PURE__ */ new Map();
  constructor(place, options) {
    this.#options = options;
    this.#place = place;
    const { columns, action, caption, empty } = options;
    const titles = columns.map(({ title, kind }) => header(title, kind));
    if (action !== void 0) titles.push(header(action.text, "action"));
    this.#table = element("table", "", element("caption", "hidden", caption), element("thead", "", element("tr", "", ...titles)), this.#body);
    this.#table.setAttribute("role", "table");
    this.#body.setAttribute("role", "rowgroup");
    this.#empty = element("p", "muted empty", empty);
    place.replaceChildren(this.#table, this.#empty);
  }
  show(rows) {
    const isHeld = canHover.matches && this.#body.matches(":hover") || this.#body.querySelector(":focus-visible") !== null;
    this.#place.classList.toggle("held", isHeld);
    const keyed = new Map(rows.map((row, n) => [this.#options.keyOf(row) ?? \`at \${n}\`, row]));
    if (isHeld) this.#hold(keyed);
    else this.#arrange(keyed);
    this.#empty.hidden = this.#shown.size > 0;
    this.#table.hidden = this.#shown.size === 0;
  }
  #hold(rows) {
    for (const [key, shown] of this.#shown) {
      const row = rows.get(key);
      shown.line.classList.toggle("gone", row === void 0);
      if (row !== void 0) this.#fill(shown, row);
    }
  }
  #arrange(rows) {
    const before = this.#shown;
    this.#shown = new Map(Array.from(rows, ([key, row]) => [key, before.get(key) ?? this.#make(row)]));
    for (const [key, { line }] of before) if (!this.#shown.has(key)) line.remove();
    let n = 0;
    for (const [key, shown] of this.#shown) {
      shown.line.classList.remove("gone");
      this.#fill(shown, rows.get(key));
      const place = this.#body.children[n++];
      if (place !== shown.line) this.#body.insertBefore(shown.line, place ?? null);
    }
  }
  #make(row) {
    const { columns, action } = this.#options;
    const cells = columns.map(({ title, kind }) => {
      const cell = element("td", kind, element("span", "text"), element("span", "detail"));
      cell.setAttribute("role", "cell");
      cell.dataset["label"] = title;
      return cell;
    });
    const line = element("tr", "", ...cells);
    line.setAttribute("role", "row");
    const button = action && element("button", "plain small", action.text);
    const shown = { row, line, cells, button };
    if (button !== void 0) {
      button.type = "button";
      button.addEventListener("click", () => {
        action?.run(shown.row);
      });
      const cell = element("td", "action", button);
      cell.setAttribute("role", "cell");
      line.append(cell);
    }
    return shown;
  }
  #fill(shown, row) {
    shown.row = row;
    const { columns, action } = this.#options;
    columns.forEach((column, n) => {
      const given = column.cell(row);
      const { text, detail = "", tone } = typeof given === "string" ? { text: given } : given;
      const cell = shown.cells[n];
      setText(cell.children[0], text);
      setText(cell.children[1], detail);
      if (column.kind !== "number" && cell.title !== detail) cell.title = detail;
      cell.classList.toggle("warn", tone === "warn");
    });
    if (action !== void 0 && shown.button !== void 0) shown.button.setAttribute("aria-label", action.label(row));
  }
};
function header(title, kind) {
  const made = element("th", kind, kind === "action" ? element("span", "hidden", title) : title);
  made.scope = "col";
  made.setAttribute("role", "columnheader");
  return made;
}

// lib/inspector/page/channels.ts
var Channels = class {
  #table;
  /** @param look Shows what comes on a channel; undefined where that may not be seen. */
  constructor(look) {
    this.#table = new Table(byId("channels"), {
      caption: "Open channels",
      empty: "No channel is open.",
      keyOf: ({ channel }) => channel,
      columns: [
        { title: "Channel", kind: "name", cell: ({ channel, keeps }) => ({ text: channel, detail: \`keeps \${keeps}\` }) },
        { title: "Subscribers", kind: "number", cell: ({ subscribers }) => count(subscribers) },
        { title: "Published/s", kind: "number", cell: ({ publishedPerSecond }) => rate(publishedPerSecond) },
        { title: "Published", kind: "number", cell: ({ published }) => count(published) },
        { title: "Topics", kind: "number", cell: ({ topicCount }) => count(topicCount) },
        { title: "Queue", kind: "number", cell: ({ queuedBytes }) => bytes(queuedBytes) },
        { title: "Gaps", kind: "number", cell: ({ gaps }) => ({ text: count(gaps), ...gaps > 0 && { tone: "warn" } }) },
        { title: "Lag", kind: "number", cell: ({ lag }) => ({ text: count(lag), ...lag > 0 && { tone: "warn" } }) },
        { title: "Write p95", kind: "number", cell: ({ publishToWriteMs }) => milliseconds(publishToWriteMs) }
      ],
      action: look && { text: "Look", label: ({ channel }) => \`Look at the events of \${channel}\`, run: ({ channel }) => {
        look(channel);
      } }
    });
  }
  show({ total, rows }) {
    this.#table.show(rows);
    setText(byId("channels-count"), rows.length < total ? \`\${count(rows.length)} of \${count(total)}\` : count(total));
  }
};

// lib/inspector/page/plot.ts
var GAP_MS = 3e3;
var STEPS = [1, 2, 2.5, 5, 10];
var BINARY_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
function niceMax(value, isBinary = false) {
  if (!(value > 0)) return isBinary ? 1024 : 2;
  const base = isBinary ? 1024 : 10;
  const power = base ** Math.floor(Math.log(value) / Math.log(base) + 1e-9);
  const step = (isBinary ? BINARY_STEPS : STEPS).find((step2) => step2 * power >= value);
  return Math.max(step * power, 2);
}
function linePath(points, area, scale) {
  return runs(points).map((run) => {
    const [first2, ...others] = run.map((point) => position(point, area, scale));
    return others.length === 0 ? \`M\${first2}h0\` : \`M\${first2}L\${others.join(" ")}\`;
  }).join("");
}
function areaPath(points, area, scale) {
  const bottom = area.top + area.height;
  return runs(points).filter((run) => run.length > 1).map((run) => {
    const [first2, last] = [run[0], run.at(-1)].map((point) => x(point.at, area, scale));
    return \`M\${first2},\${bottom}L\${run.map((point) => position(point, area, scale)).join(" ")} \${last},\${bottom}Z\`;
  }).join("");
}
function visible(points, { from, to }) {
  return points.filter(({ at }) => at >= from && at <= to);
}
function runs(points) {
  const runs2 = [];
  let last = -Infinity;
  for (const point of points) {
    const run = runs2.at(-1);
    if (run === void 0 || point.at - last > GAP_MS) runs2.push([point]);
    else run.push(point);
    last = point.at;
  }
  return runs2;
}
function position(point, area, scale) {
  return \`\${x(point.at, area, scale)},\${round(area.top + area.height * (1 - Math.min(1, point.value / scale.max)))}\`;
}
function x(at, { left, width }, { from, to }) {
  return round(left + width * (at - from) / (to - from));
}
function round(value) {
  return Math.round(value * 10) / 10;
}

// lib/inspector/page/chart.ts
var WINDOW_MS = 5 * 6e4;
var HEIGHT = 132;
var MARGIN = { left: 58, right: 10, top: 8, bottom: 20 };
var TICKS = ["5 min", "4", "3", "2", "1", "now"];
var Chart = class {
  #options;
  #figure = element("span", "figure", "–");
  #svg = svg("svg", { height: HEIGHT, role: "img" });
  #line = svg("path", { class: "line" });
  #area = svg("path", { class: "area" });
  #frame = svg("g");
  #points = [];
  #width = 0;
  #drawn = "";
  constructor(options) {
    this.#options = options;
    this.#svg.append(this.#frame, this.#area, this.#line);
    const card = element("article", \`card plot series-\${options.series}\`, element("h2", "", options.title, " ", this.#figure), this.#svg);
    byId("plots").append(card);
    new ResizeObserver(([entry]) => {
      this.#width = Math.floor(entry?.contentRect.width ?? 0);
      this.#draw();
    }).observe(this.#svg);
  }
  show(points) {
    this.#points = points;
    const last = points.at(-1);
    const text = last === void 0 ? "–" : this.#options.format(last.value);
    setText(this.#figure, text);
    this.#svg.setAttribute("aria-label", \`\${this.#options.title} in the last five minutes; now \${text}\`);
    this.#draw();
  }
  #draw() {
    if (this.#width === 0) return;
    const area = {
      left: MARGIN.left,
      top: MARGIN.top,
      width: Math.max(1, this.#width - MARGIN.left - MARGIN.right),
      height: HEIGHT - MARGIN.top - MARGIN.bottom
    };
    const to = this.#points.at(-1)?.at ?? Date.now();
    const from = to - WINDOW_MS;
    const points = visible(this.#points, { from, to });
    const max = niceMax(Math.max(0, ...points.map(({ value }) => value)), this.#options.isBinary);
    const scale = { from, to, max };
    this.#drawFrame(area, max);
    this.#line.setAttribute("d", linePath(points, area, scale));
    this.#area.setAttribute("d", areaPath(points, area, scale));
  }
  /** The axes, which seldom change. */
  #drawFrame(area, max) {
    const key = \`\${area.width} \${max}\`;
    if (this.#drawn === key) return;
    this.#drawn = key;
    const right = area.left + area.width;
    const bottom = area.top + area.height;
    const rows = [0, 0.5, 1].flatMap((part) => {
      const y = bottom - area.height * part;
      return [
        svg("line", { class: "grid", x1: area.left, x2: right, y1: y, y2: y }),
        label(this.#options.format(max * part).replace(/\\.0(?!\\d)/, ""), { x: area.left - 8, y: y + 4, "text-anchor": "end" })
      ];
    });
    const columns = TICKS.map((text, n) => label(text, {
      x: area.left + area.width * n / (TICKS.length - 1),
      y: HEIGHT - 4,
      "text-anchor": n === 0 ? "start" : n === TICKS.length - 1 ? "end" : "middle"
    }));
    this.#frame.replaceChildren(...rows, ...columns);
  }
};
function label(text, attributes) {
  const made = svg("text", { class: "label", ...attributes });
  made.textContent = text;
  return made;
}

// lib/inspector/page/streams.ts
var LONG_QUEUE_BYTES = 64 * 1024;
var Streams = class {
  #table;
  /** @param isOpen Whether there is more than numbers. */
  constructor(isOpen, tell2) {
    this.#table = new Table(byId("streams"), {
      caption: "Open streams",
      empty: "No stream is open.",
      keyOf: ({ client }) => client?.id,
      columns: [
        { title: "Route", kind: "name", cell: ({ route, client }) => ({ text: route, detail: client === void 0 || route.endsWith(\` \${client.path}\`) ? "" : client.path }) },
        ...isOpen ? [{ title: "Client", kind: "text", cell: ({ client }) => ({ text: client?.address ?? "", detail: client?.userAgent ?? "" }) }] : [],
        { title: "Age", kind: "number", cell: ({ ageMs }) => age(ageMs) },
        { title: "Events/s", kind: "number", cell: ({ eventsPerSecond }) => rate(eventsPerSecond) },
        { title: "Events", kind: "number", cell: ({ events }) => count(events) },
        { title: "Sent", kind: "number", cell: (row) => bytes(row.bytes) },
        { title: "Queue", kind: "number", cell: ({ queuedBytes }) => ({ text: bytes(queuedBytes), ...queuedBytes > LONG_QUEUE_BYTES && { tone: "warn" } }) },
        { title: "Resumed", kind: "text", cell: ({ isResumed, client }) => client?.resumedFrom === void 0 ? isResumed ? "yes" : "no" : { text: "from", detail: client.resumedFrom } },
        { title: "Gaps", kind: "number", cell: ({ gaps }) => ({ text: count(gaps), ...gaps > 0 && { tone: "warn" } }) }
      ],
      action: isOpen ? { text: "End", label: ({ route, client }) => \`End \${route} of \${client?.address}\`, run: (row) => {
        void end(row, tell2);
      } } : void 0
    });
  }
  /** @param at When they were seen, by the clock of the server. */
  show({ total, rows }, at) {
    this.#table.show(rows.map((row) => ({ ...row, ageMs: at - row.openedAt })));
    setText(byId("streams-count"), rows.length < total ? \`\${count(rows.length)} of \${count(total)}\` : count(total));
  }
};
async function end({ route, client }, tell2) {
  if (client === void 0 || !await ask(\`\${route}
\${client.address} \${client.userAgent}\`)) return;
  byId("streams-title").focus();
  const { isOk, body } = await post("close", { id: client.id });
  tell2(isOk ? \`\${route} of \${client.address} was ended.\` : \`\${route} was not ended: \${body.message}\`);
}
async function ask(stream2) {
  const dialog = byId("ask");
  setText(byId("ask-stream"), stream2);
  dialog.returnValue = "keep";
  dialog.showModal();
  await new Promise((resolve) => {
    dialog.addEventListener("close", resolve, { once: true });
  });
  return dialog.returnValue === "end";
}

// lib/inspector/page/main.ts
var MAX_SAMPLES = 300;
var STATUS = { live: "Live", connecting: "Connecting …", waiting: "Reconnecting …", closed: "Closed" };
var charts = [
  [new Chart({ title: "Open streams", series: 1, format: count }), ({ streams: streams2 }) => streams2],
  [new Chart({ title: "Events per second", series: 2, format: rate }), ({ eventsPerSecond }) => eventsPerSecond],
  [new Chart({ title: "Bytes per second", series: 3, isBinary: true, format: bytes }), ({ bytesPerSecond }) => bytesPerSecond],
  [new Chart({ title: "Waiting for clients", series: 4, isBinary: true, format: bytes }), ({ queuedBytes }) => queuedBytes]
];
var panel = new ChannelPanel();
var stream;
var samples = [];
var streams;
var channels;
var version;
byId("order").addEventListener("change", open);
open();
function open() {
  stream?.close();
  const opened = stream = connect(\`events?order=\${byId("order").value}\`, { staleAfterMs: 1e4, maxRetryMs: 5e3 });
  opened.on("server", introduce);
  opened.on("history", (history) => {
    samples = [...history];
    plot();
  });
  opened.on("now", (now) => {
    const at = now.sample?.at ?? Date.now();
    if (now.sample !== void 0) add2(now.sample);
    streams?.show(now.streams, at);
    channels?.show(now.channels);
    panel.show(now.channels.rows);
  });
  opened.onState((state) => {
    if (stream === opened && state !== "closed") showStatus(state === "open" ? "live" : state);
  });
  opened.closed.catch((error) => {
    if (stream !== opened) return;
    showStatus("closed");
    notify(\`The server lets this page look no more: \${error.message} Load it again to sign in.\`);
  });
}
function introduce({ pid, startedAt, node, page, isOpen }) {
  setText(byId("server"), \`Process \${pid} on \${location.host} · Node.js \${node.replace("v", "")} · since \${new Date(startedAt).toLocaleString()}\`);
  version ??= page;
  if (version !== page) notify("The server has another version of this page. Load it again.");
  byId("locked").hidden = isOpen;
  streams ??= new Streams(isOpen, notify);
  channels ??= new Channels(isOpen ? (channel) => {
    panel.open(channel);
  } : void 0);
}
function add2(sample) {
  if (samples.at(-1)?.at === sample.at) return;
  samples.push(sample);
  if (samples.length > MAX_SAMPLES) samples.shift();
  plot();
}
function plot() {
  for (const [chart, valueOf] of charts) chart.show(samples.map((sample) => ({ at: sample.at, value: valueOf(sample) })));
}
function showStatus(status) {
  byId("status").dataset["status"] = status;
  setText(byId("status"), STATUS[status]);
}
function notify(text) {
  byId("notice").hidden = false;
  setText(byId("notice"), text);
}
`

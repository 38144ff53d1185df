// What happens to this user's jobs and videos, as it happens. One stream for the whole page; where there is
// none, whoever listens is asked to look again every few seconds.

import { access, backoff, pause, reached, renew } from "./api.js";
import { current } from "./i18n.js";
import * as session from "./session.js";

const SILENCE = 40_000; // the server says something every 15 s
const POLL = 4_000;
const HIDDEN = 30_000; // browsers open six connections to a server, over all tabs

const listeners = new Set();
let running = null;
let lastId = "";
let whose = "";
let live = false;
let hiding = 0;

/** Calls `event(kind, document)` for each change, and `look()` where changes may have been missed: when the
 *  stream begins anew, and again and again while there is none. Returns how to stop. */
export function follow({ event, look }) {
  const listener = { event, look };
  listeners.add(listener);
  start();
  return () => {
    listeners.delete(listener);
  };
}

export function isLive() {
  return live;
}

function start() {
  if (running || document.hidden || !session.user() || !listeners.size) return;
  running = new AbortController();
  if (whose !== session.user().id) {
    whose = session.user().id;
    lastId = "";
  }
  const { signal } = running;
  run(signal).catch(() => {}).finally(() => {
    if (running?.signal === signal) running = null;
  });
  poll(signal).catch(() => {});
}

/** Ends the stream, to begin it again when it is wanted. */
export function stop() {
  running?.abort();
  running = null;
  live = false;
}

function look() {
  for (const listener of [...listeners]) Promise.resolve(listener.look?.()).catch(() => {});
}

async function poll(signal) {
  while (!signal.aborted) {
    await pause(POLL, signal);
    if (!live) look();
  }
}

async function run(signal) {
  for (let attempt = 0; !signal.aborted && session.user(); attempt += 1) {
    try {
      await read(signal, () => {
        attempt = 0;
      });
    } catch {
      // told by `reached`, or ended by us
    }
    live = false;
    if (!signal.aborted) await pause(backoff(Math.min(attempt, 4)), signal);
  }
}

async function read(signal, opened) {
  const token = await access();
  const headers = { Authorization: `Bearer ${token}`, Accept: "text/event-stream", "Accept-Language": current() };
  if (lastId) headers["Last-Event-ID"] = lastId;
  const quiet = new AbortController();
  const either = AbortSignal.any([signal, quiet.signal]);
  let alarm = setTimeout(() => quiet.abort(), SILENCE);
  try {
    let response;
    try {
      response = await fetch("/api/v1/events", { headers, signal: either, cache: "no-store" });
    } catch (error) {
      if (!signal.aborted) reached(false);
      throw error;
    }
    if (response.status === 401) await renew(token);
    if (!response.ok) throw new Error(String(response.status));
    reached(true);
    opened();
    live = true;
    if (!headers["Last-Event-ID"]) look();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(alarm);
      alarm = setTimeout(() => quiet.abort(), SILENCE);
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      blocks.forEach(tell);
    }
  } finally {
    clearTimeout(alarm);
  }
}

function tell(block) {
  const fields = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
  }
  if (fields.id) lastId = fields.id;
  if (!fields.data) return;
  const told = JSON.parse(fields.data);
  for (const listener of [...listeners]) listener.event?.(fields.event, told);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) {
    hiding = setTimeout(stop, HIDDEN);
  } else {
    start();
    if (!live) look();
  }
});

session.onUser(() => {
  stop();
  start();
});

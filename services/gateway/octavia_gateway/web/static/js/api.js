// Calls of the public API: tokens, languages, problems, and patience with networks and servers.

import { current } from "./i18n.js";
import * as session from "./session.js";

const BASE = "/api/v1";
const TRIES = 6;
const LONGEST_WAIT = 15_000;
const SOON = 30_000; // an access token that ends within this is renewed first
const AWAY = new Set([502, 503, 504]);

/** A problem document, or what stands for one where no server answered (`status` 0). */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? String(status));
    this.status = status;
    this.code = body.code ?? "";
    this.title = body.title ?? "";
    this.body = body;
  }
}

/** Event: `reach` (detail: true or false) when the server comes into and goes out of reach. */
export const signals = new EventTarget();

let ask = () => Promise.reject(new Problem(401, { code: "unauthenticated" }));
let asking = null;

/** What is done where a session is over: `handler()` resolves when somebody has signed in again, and whatever
 *  was under way goes on then. */
export function onEnded(handler) {
  ask = handler;
}

function signInAgain() {
  asking ??= ask().finally(() => {
    asking = null;
  });
  return asking;
}

let reachable = true;

/** Tells everybody whether the server can be reached. */
export function reached(now) {
  if (now === reachable) return;
  reachable = now;
  signals.dispatchEvent(new CustomEvent("reach", { detail: now }));
}

/** Waits, but no longer than until the network is back. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const stop = () => {
      done();
      reject(signal.reason);
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
    signal?.addEventListener("abort", stop);
  });
}

export function backoff(attempt) {
  return Math.min(LONGEST_WAIT, 500 * 2 ** attempt) * (0.75 + Math.random() / 2);
}

/** One call; its JSON, or null. Options: `json`, `body`, `headers`, `signal`, `once` (an Idempotency-Key: it
 *  may be sent again), `anonymous`, `patient` (goes on for as long as it takes), `raw` (the response itself).
 *  Raises Problem. */
export async function call(method, path, options = {}) {
  const again = method === "GET" || method === "DELETE" || options.once;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await attemptCall(method, path, options);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const away = error.status === 0 || AWAY.has(error.status) || error.code === "idempotency_in_flight";
      const waits = error.status === 429 && error.retryAfter <= 10;
      const patience = options.patient ? Infinity : TRIES;
      if (!(away || waits) || !again || attempt + 1 >= patience) throw error;
      await pause(error.retryAfter ? error.retryAfter * 1000 : backoff(attempt), options.signal);
    }
  }
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, json, options) => call("POST", path, { json, ...options });
export const remove = (path, options) => call("DELETE", path, options);

async function attemptCall(method, path, options, renewed = false) {
  const headers = { Accept: "application/json", "Accept-Language": current(), ...options.headers };
  if (options.once) headers["Idempotency-Key"] = options.once;
  if (!options.anonymous) headers.Authorization = `Bearer ${await access()}`;
  let body = options.body;
  if (options.json !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.json);
  }
  let response;
  try {
    response = await fetch(BASE + path, { method, headers, body, signal: options.signal, cache: "no-store" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    reached(false);
    throw new Problem(0, { code: "unreachable" });
  }
  reached(!AWAY.has(response.status));
  if (response.status === 401 && !options.anonymous && !renewed) {
    await renew(headers.Authorization.slice("Bearer ".length));
    return attemptCall(method, path, options, true);
  }
  if (!response.ok) throw await problemOf(response);
  if (options.raw) return response;
  return response.status === 204 ? null : response.json();
}

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // not one of ours: a proxy's page, or nothing
  }
  const problem = new Problem(response.status, body);
  problem.retryAfter = Number(response.headers.get("Retry-After")) || 0;
  return problem;
}

/** A token that will be valid for a while. */
export async function access() {
  const have = session.tokens();
  if (!have) throw new Problem(401, { code: "unauthenticated" });
  if (have.until - Date.now() < SOON) await renew(have.access);
  return session.tokens().access;
}

let renewing = null;

/** Puts other tokens in the place of `spent`, once for all tabs: a refresh token that is shown twice ends
 *  the session. */
export function renew(spent) {
  renewing ??= exclusively(() => refresh(spent))
    .catch((error) => {
      if (error instanceof Problem && error.status === 401) return signInAgain();
      throw error;
    })
    .finally(() => {
      renewing = null;
    });
  return renewing;
}

async function refresh(spent) {
  session.reread();
  const have = session.tokens();
  if (have && have.access !== spent) return; // another tab was quicker
  if (!have) throw new Problem(401, { code: "unauthenticated" });
  const json = { refresh_token: have.refresh };
  session.keep(await call("POST", "/auth/refresh", { json, anonymous: true }));
}

/** Where the browser has no locks (pages without TLS) two tabs may meet; then one has to sign in again. */
function exclusively(work) {
  return navigator.locks ? navigator.locks.request("octavia.refresh", work) : work();
}

const GRANT_LASTS = 6 * 3_600_000; // half of what the server says

let granted = null;
let grantedAt = 0;

/** Lets the browser's own players read this user's files; resolves when they may. */
export function cookie() {
  grantedAt = Date.now();
  granted = post("/auth/media-cookie", undefined, { once: onceKey(), patient: true }).catch(() => {
    granted = null;
  });
  return granted;
}

export function mayPlay() {
  return granted && Date.now() - grantedAt < GRANT_LASTS ? granted : cookie();
}

/** A key that makes sending a POST again harmless. */
export function onceKey() {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

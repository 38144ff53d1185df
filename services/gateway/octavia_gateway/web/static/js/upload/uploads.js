// The files on their way to a translation. They outlive the page that shows them, and a reload: what the
// browser forgets is the file itself, so its owner chooses it again, and it goes on where it was.

import { backoff, get, onceKey, pause, post, Problem, remove } from "../api.js";
import * as session from "../session.js";
import { begin, send, standing } from "./tus.js";

const AT_ONCE = 2;
const LOOK = 1_000;
const SUBTITLES = /\.(srt|vtt|ass|ssa)$/i;
const MEMORY = 8; // samples of speed, one for each half second or so

/** State of each: waiting, sending, paused, checking, fetching, done, failed, lost (its file must be chosen
 *  again). `info` is the server's document of the file, once it is done. */
let uploads = [];
let whose = null;
const watchers = new Set();

export function all() {
  recall();
  return uploads;
}

/** Calls `handler(uploads)` whenever anything about them changes. Returns how to stop. */
export function watch(handler) {
  watchers.add(handler);
  return () => watchers.delete(handler);
}

function changed() {
  for (const handler of watchers) handler(uploads);
}

/** Takes files that were chosen or dropped. One that is known and incomplete goes on. */
export function add(files) {
  recall();
  for (const file of files) {
    const known = uploads.find((one) => one.name === file.name && one.size === file.size && one.modified === file.lastModified && !one.info);
    if (known && (known.file || known.state === "sending")) continue;
    if (known) Object.assign(known, { file, state: "waiting", problem: null });
    else uploads.push({ key: onceKey(), name: file.name, size: file.size, modified: file.lastModified, file, state: "waiting", offset: 0 });
  }
  keepInMind();
  next();
}

/** Has a file fetched from an address. Raises Problem where it is refused at once. */
export async function addAddress(url) {
  recall();
  const fetched = await post("/upload/from-url", { url, file_type: "video" }, { once: onceKey() });
  const upload = { key: onceKey(), name: fetched.filename ?? fetched.url, size: fetched.length, fetchId: fetched.fetch_id, state: "fetching", offset: 0 };
  uploads.push(upload);
  keepInMind();
  changed();
  followFetch(upload);
}

export function pauseOne(upload) {
  upload.state = "paused";
  upload.stop?.abort();
  changed();
  next();
}

export function resumeOne(upload) {
  upload.state = "waiting";
  upload.problem = null;
  changed();
  next();
}

/** Forgets one; the server forgets what it has of it. */
export function drop(upload) {
  uploads = uploads.filter((one) => one !== upload);
  upload.stop?.abort();
  keepInMind();
  changed();
  next();
  const path = upload.info ? null : upload.fetchId ? `/upload/from-url/${upload.fetchId}` : upload.path;
  if (path) remove(path, { headers: { "Tus-Resumable": "1.0.0" } }).catch(() => {});
}

/** Forgets those that became jobs. */
export function used(keys) {
  uploads = uploads.filter((one) => !keys.has(one.key));
  keepInMind();
  changed();
}

function next() {
  const busy = uploads.filter((one) => one.state === "sending" || one.state === "checking").length;
  for (const upload of uploads.filter((one) => one.state === "waiting").slice(0, Math.max(0, AT_ONCE - busy))) run(upload);
  changed();
}

async function run(upload) {
  upload.state = "sending";
  upload.stop = new AbortController();
  const { signal } = upload.stop;
  try {
    await transfer(upload, signal);
    upload.state = "done";
    upload.file = null;
  } catch (error) {
    if (signal.aborted) return;
    upload.state = "failed";
    upload.problem = error;
    if (error instanceof Problem && error.status === 422) upload.path = null;
  } finally {
    upload.speed = null;
    keepInMind();
    next();
  }
}

/** What a file is uploaded as. */
function typeOf(file) {
  if (SUBTITLES.test(file.name)) return "subtitle";
  return file.type.startsWith("audio/") ? "audio" : "video";
}

async function transfer(upload, signal) {
  const { file } = upload;
  let fileId = null;
  for (let attempt = 0; !fileId; ) {
    try {
      if (!upload.path) {
        upload.path = await begin(file, typeOf(file), signal);
        upload.offset = 0;
        keepInMind();
      } else {
        const stands = await standing(upload.path, signal);
        upload.offset = stands.offset;
        fileId = stands.fileId;
        if (stands.checking) await pause(LOOK, signal);
      }
      while (!fileId && upload.offset < file.size) {
        const samples = [[performance.now(), upload.offset]];
        const sent = (offset) => progress(upload, samples, offset);
        ({ offset: upload.offset, fileId } = await send(upload.path, file, upload.offset, { signal, sent }));
        attempt = 0;
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof Problem)) throw error;
      const gone = upload.path && (error.status === 404 || error.status === 410);
      const passes = error.status === 0 || error.status === 429 || error.status === 409 || error.status >= 500;
      if (!gone && !passes) throw error;
      if (gone) upload.path = null;
      upload.speed = null;
      changed();
      await pause(error.retryAfter ? error.retryAfter * 1000 : backoff(attempt), signal);
      attempt += 1;
    }
  }
  upload.fileId = fileId;
  keepInMind();
  upload.info = await get(`/files/${fileId}`, { signal, patient: true });
}

function progress(upload, samples, offset) {
  upload.offset = offset;
  if (offset >= upload.size) upload.state = "checking";
  const now = performance.now();
  if (now - samples.at(-1)[0] < 400 && offset < upload.size) return;
  samples.push([now, offset]);
  if (samples.length > MEMORY) samples.shift();
  const [[from, had]] = samples;
  upload.speed = now > from ? ((offset - had) * 1000) / (now - from) : null;
  changed();
}

async function followFetch(upload) {
  upload.stop = new AbortController();
  const { signal } = upload.stop;
  try {
    for (;;) {
      const stands = await get(`/upload/from-url/${upload.fetchId}`, { signal, patient: true });
      upload.offset = stands.received_bytes;
      upload.size = stands.length ?? upload.size;
      upload.name = stands.filename ?? upload.name;
      if (stands.state === "rejected") throw new Problem(stands.problem.status, stands.problem);
      if (stands.state === "finished") {
        upload.fileId = stands.file_id;
        upload.info = await get(`/files/${stands.file_id}`, { signal, patient: true });
        upload.name = upload.info.filename;
        upload.state = "done";
        break;
      }
      changed();
      await pause(LOOK, signal);
    }
  } catch (error) {
    if (signal.aborted) return;
    upload.state = "failed";
    upload.problem = error;
  }
  keepInMind();
  changed();
}

function place() {
  return `octavia.uploads.${whose}`;
}

function keepInMind() {
  const kept = uploads.map(({ key, name, size, modified, path, fileId, fetchId }) => ({ key, name, size, modified, path, fileId, fetchId }));
  if (kept.length) localStorage.setItem(place(), JSON.stringify(kept));
  else localStorage.removeItem(place());
}

/** What was on its way when the page was left, or another user was here. */
function recall() {
  const user = session.user()?.id ?? null;
  if (user === whose) return;
  for (const upload of uploads) upload.stop?.abort();
  whose = user;
  uploads = [];
  if (!user) return;
  try {
    uploads = JSON.parse(localStorage.getItem(place())) ?? [];
  } catch {
    return;
  }
  for (const upload of uploads) Object.assign(upload, { offset: 0, state: upload.fileId ? "checking" : upload.fetchId ? "fetching" : "lost" });
  uploads.forEach(revive);
}

async function revive(upload) {
  if (upload.fetchId && !upload.fileId) return followFetch(upload);
  try {
    if (!upload.fileId && upload.path) {
      const stands = await standing(upload.path);
      Object.assign(upload, { offset: stands.offset, fileId: stands.fileId });
    }
    if (upload.fileId) Object.assign(upload, { info: await get(`/files/${upload.fileId}`), state: "done", offset: upload.size });
  } catch (error) {
    const gone = error.status === 404 || error.status === 410;
    if (gone && upload.fileId) uploads = uploads.filter((one) => one !== upload); // deleted meanwhile
    else if (gone || error.status === 422) upload.path = null; // it begins anew with its file
    if (upload.fileId && !gone) upload.state = "lost";
    keepInMind();
  }
  return changed();
}

addEventListener("beforeunload", (event) => {
  if (uploads.some((one) => one.state === "sending")) event.preventDefault();
});

// Sends a file by tus 1.0: in slices, from wherever the server stands, until it is there.

import { access, call, Problem, reached, renew } from "../api.js";
import { current } from "../i18n.js";

const SLICE = 64 * 1024 * 1024;
const TUS = { "Tus-Resumable": "1.0.0" };

/** Begins an upload; its path below /api/v1. Raises Problem. */
export async function begin(file, fileType, signal) {
  const headers = { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": `filename ${base64(file.name)}` };
  const response = await call("POST", `/uploads?file_type=${fileType}`, { headers, signal, raw: true });
  return response.headers.get("Location").replace(/^\/api\/v1/, "");
}

/** Where the server stands: {offset, fileId}. Raises Problem: 404 and 410 where it knows nothing of it. */
export async function standing(path, signal) {
  const response = await call("GET", path, { headers: TUS, signal });
  if (response.state === "rejected") throw new Problem(422, { detail: response.problem?.detail ?? response.problem?.message, ...response.problem });
  return { offset: response.offset, fileId: response.file_id, checking: response.state === "finishing" };
}

/** Sends one slice from `offset` on. Resolves with {offset, fileId}. Raises Problem, AbortError. */
export async function send(path, file, offset, { signal, sent }) {
  const end = Math.min(file.size, offset + SLICE);
  let token = await access();
  let answer = await patch(path, file.slice(offset, end), offset, token, { signal, sent });
  if (answer.status === 401) {
    await renew(token);
    token = await access();
    answer = await patch(path, file.slice(offset, end), offset, token, { signal, sent });
  }
  reached(answer.status < 502);
  if (answer.status !== 204) {
    const problem = new Problem(answer.status, parsed(answer.responseText));
    problem.retryAfter = Number(answer.getResponseHeader("Retry-After")) || 0;
    throw problem;
  }
  return { offset: Number(answer.getResponseHeader("Upload-Offset")), fileId: answer.getResponseHeader("Upload-File-Id") };
}

/** fetch cannot tell how much of a body is out, so this is the older way. */
function patch(path, body, offset, token, { signal, sent }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("PATCH", `/api/v1${path}`);
    const headers = { ...TUS, Authorization: `Bearer ${token}`, "Accept-Language": current(), "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => sent(offset + event.loaded));
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => {
      reached(false);
      reject(new Problem(0, { code: "unreachable" }));
    });
    request.addEventListener("abort", () => reject(new DOMException("paused", "AbortError")));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    else request.send(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text.slice(0, 500))));
}

// Who is signed in: tokens, shared by all tabs. Only this module knows where they are kept.

const KEPT_AS = "octavia.session";
const changes = new EventTarget();
let session = read();

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT_AS));
  } catch {
    return null;
  }
}

export function user() {
  return session?.user ?? null;
}

export function tokens() {
  return session;
}

/** Keeps the answer of a log-in, a registration or a refresh. */
export function keep(answer) {
  const before = session?.user.id;
  session = {
    user: answer.user,
    access: answer.access_token,
    refresh: answer.refresh_token,
    until: Date.now() + answer.expires_in * 1000,
  };
  localStorage.setItem(KEPT_AS, JSON.stringify(session));
  if (before !== session.user.id) changes.dispatchEvent(new Event("user"));
}

export function forget() {
  if (!session) return;
  session = null;
  localStorage.removeItem(KEPT_AS);
  changes.dispatchEvent(new Event("user"));
}

/** Takes over what another tab has written meanwhile. */
export function reread() {
  const before = session;
  session = read();
  if (session && before?.access !== session.access) changes.dispatchEvent(new Event("tokens"));
  if (before?.user.id !== session?.user.id) changes.dispatchEvent(new Event("user"));
}

/** Calls `handler` when another tab has got other tokens. */
export function onTokens(handler) {
  changes.addEventListener("tokens", handler);
  return () => changes.removeEventListener("tokens", handler);
}

/** Calls `handler` when somebody else is signed in, or nobody any more. */
export function onUser(handler) {
  changes.addEventListener("user", handler);
}

addEventListener("storage", (event) => {
  if (event.key === KEPT_AS || event.key === null) reread();
});

// What is being written on the page Create: it outlives the page, and a reload.

const KEPT_AS = "octavia.draft";

export function draft() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT_AS)) ?? {};
  } catch {
    return {};
  }
}

export function keepDraft(changes) {
  sessionStorage.setItem(KEPT_AS, JSON.stringify({ ...draft(), ...changes }));
}

// The user's credits, wherever they are shown.

import { get } from "./api.js";
import { h, icon, say } from "./dom.js";
import { number, t } from "./i18n.js";
import { follow } from "./live.js";
import * as session from "./session.js";

const watchers = new Set();
let known = null;
let asked = null;
let again = false;
let following = null;
let chipOff = null;
const timers = [];

export function now() {
  return known;
}

/** Calls `handler(balance)` now, if it is known, and whenever it changes. Returns how to stop. */
export function watch(handler) {
  watchers.add(handler);
  if (known) handler(known);
  else if (!asked) refresh();
  return () => watchers.delete(handler);
}

/** Asks for it. Many wishes at once are one call, and one more for those that came meanwhile. */
export async function refresh() {
  if (!session.user()) {
    known = null;
    return;
  }
  if (asked) {
    again = true;
    return;
  }
  asked = get("/credits").then((balance) => {
    known = balance;
    for (const handler of watchers) handler(balance);
  }, () => {});
  await asked;
  asked = null;
  if (again) {
    again = false;
    await refresh();
  }
}

/** The balance as it stands in the frame. */
export function chip() {
  const figure = h("strong", { class: "figures" }, "–");
  const held = h("span", { class: "held" });
  const update = (balance) => {
    say(figure, number(balance.available));
    say(held, balance.held ? t("balance.held", { count: balance.held }) : "");
  };
  chipOff?.();
  chipOff = watch(update);
  following ??= follow({ event: (kind) => {
    if (!kind.endsWith(".updated")) soon();
  } });
  return h("a", { class: "balance", href: "/credits" }, icon("credits"), h("span", {}, h("span", { class: "unseen" }, `${t("balance.title")}: `), figure, " ", h("span", { class: "word" }, t("balance.credits", { count: known?.available ?? 0 }))), held);
}

/** The end of a job tells of a change of the balance, which may be heard of a moment later. */
function soon() {
  timers.splice(0).forEach(clearTimeout);
  timers.push(setTimeout(refresh, 300), setTimeout(refresh, 2_000));
}

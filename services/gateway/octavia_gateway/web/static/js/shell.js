// The frame around every page: navigation, balance, connection, language.

import { cookie, onEnded, post, signals } from "./api.js";
import * as balance from "./balance.js";
import { fill, h, icon, logo } from "./dom.js";
import { LANGUAGES, choose, current, onLanguage, t } from "./i18n.js";
import { begin, open } from "./router.js";
import * as session from "./session.js";
import { dialogOpen } from "./ui/dialog.js";
import { toast, toasts } from "./ui/toast.js";

const NAV = ["translate", "create", "gallery", "credits"];

const main = h("main", { id: "main", tabindex: -1 });
const banner = h("div", { role: "status" });
let root;
let place = "";

/** Puts the application into the page. */
export async function mount(element) {
  root = element;
  signals.addEventListener("reach", (event) => connection(event.detail));
  addEventListener("offline", () => connection(false));
  addEventListener("online", () => connection(true));
  onLanguage(() => open({ again: true }));
  session.onUser(() => {
    if (session.user()) cookie();
    balance.refresh();
    open();
  });
  onEnded(async () => (await import("./pages/again.js")).signInAgain());
  // A file that misses its place would be opened by the browser, in place of the page.
  for (const event of ["dragover", "drop"]) addEventListener(event, (dragged) => dragged.preventDefault());
  if (session.user()) cookie();
  await begin(show);
}

function show(page, options) {
  document.title = page.title ? `${page.title} · Octavia` : "Octavia";
  place = options.nav ?? "";
  const first = !root.firstChild;
  fill(main, page.element);
  frame(Boolean(session.user()) && !options.open);
  scrollTo(0, 0);
  // A reader of screens is told of the new page by its heading; on the first page the browser does that.
  if (!first && !dialogOpen()) (main.querySelector("h1") ?? main).focus({ preventScroll: true });
}

function frame(signedIn) {
  const skip = h("a", { class: "skip", href: "#main", on: { click: (event) => {
    event.preventDefault();
    main.focus();
  } } }, t("nav.skip"));
  root.className = signedIn ? "app" : "door";
  if (signedIn) fill(root, skip, side(), h("div", { class: "page" }, banner, main), toasts());
  else fill(root, skip, h("header", { class: "door-top" }, languages()), banner, main, toasts());
}

function side() {
  const names = session.user().is_admin ? [...NAV, "admin"] : NAV;
  return h("header", { class: "side" },
    h("a", { class: "brand", href: "/", "aria-label": t("nav.home") }, logo(), h("span", {}, "Octavia")),
    h("nav", { "aria-label": t("nav.main") }, h("ul", {}, names.map((name) => h("li", {}, tab(name))))),
    h("div", { class: "side-foot" }, balance.chip(), h("a", {
      class: "who", href: "/account", "aria-current": place === "account" ? "page" : null,
    }, icon("account"), h("span", { class: "clip" }, h("span", { class: "unseen" }, `${t("nav.account")}: `), session.user().email))));
}

function tab(name) {
  const href = name === "translate" ? "/" : `/${name}`;
  return h("a", { href, class: "tab", "aria-current": name === place ? "page" : null }, icon(name), h("span", {}, t(`nav.${name}`)));
}

/** The choice of the language, wherever it stands. */
export function languages() {
  const select = h("select", { class: "input", "aria-label": t("account.language"), on: {
    change: async () => {
      await choose(select.value);
      document.querySelector(".language select")?.focus();
    },
  } }, Object.entries(LANGUAGES).map(([tag, name]) => h("option", { value: tag, lang: tag }, name)));
  select.value = current();
  return h("div", { class: "language" }, select);
}

function connection(reachable) {
  if (reachable && navigator.onLine) fill(banner);
  else fill(banner, h("p", { class: "banner" }, icon("offline"), h("span", {}, t(navigator.onLine ? "connection.unreachable" : "connection.offline"))));
}

/** Ends the session here and on the server. */
export async function signOut() {
  try {
    await post("/auth/logout");
  } catch {
    toast(t("account.signed_out_here"));
  }
  session.forget();
}

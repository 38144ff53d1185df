// Addresses and pages. A page is a module that is loaded when it is first asked for; its `page(context)`
// returns {title, element, leave?}.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import * as session from "./session.js";

const PAGES = [
  [/^\/sign-in$/, () => import("./pages/sign-in.js"), { open: true }],
  [/^\/register$/, () => import("./pages/sign-in.js"), { open: true }],
  [/^\/(?:translate)?$/, () => import("./pages/translate.js"), { nav: "translate" }],
  [/^\/jobs\/([0-9a-f-]{36})$/, () => import("./pages/job.js"), { nav: "translate" }],
  [/^\/jobs\/([0-9a-f-]{36})\/edit$/, () => import("./pages/editor.js"), { nav: "translate" }],
  [/^\/jobs\/([0-9a-f-]{36})\/report$/, () => import("./pages/report.js"), { nav: "translate" }],
  [/^\/batches\/([0-9a-f-]{36})$/, () => import("./pages/batch.js"), { nav: "translate" }],
  [/^\/lists$/, () => import("./pages/lists.js"), { nav: "translate" }],
  [/^\/lists\/(glossaries|pronunciations)\/(new|[0-9a-f-]{36})$/, () => import("./pages/list.js"), { nav: "translate" }],
  [/^\/create$/, () => import("./pages/create.js"), { nav: "create" }],
  [/^\/gallery$/, () => import("./pages/gallery.js"), { nav: "gallery" }],
  [/^\/credits$/, () => import("./pages/credits.js"), { nav: "credits" }],
  [/^\/account$/, () => import("./pages/account.js"), { nav: "account" }],
  [/^\/admin$/, () => import("./pages/admin.js"), { nav: "admin" }],
];

let show = () => {};
let leave = null;
let turn = 0;

/** Begins; `render(page, options)` puts a page into the shell. */
export function begin(render) {
  show = render;
  addEventListener("popstate", () => open());
  document.addEventListener("click", (event) => {
    const anchor = event.target.closest?.("a[href]");
    if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (anchor.target || anchor.hasAttribute("download") || anchor.origin !== location.origin) return;
    const known = PAGES.some(([pattern]) => pattern.test(anchor.pathname));
    if (!known || anchor.pathname.startsWith("/api/")) return;
    if (anchor.hash && anchor.pathname === location.pathname) return;
    event.preventDefault();
    go(anchor.pathname + anchor.search);
  });
  return open();
}

/** Begins to fetch what the present address will show, while the words still come. */
export function prepare() {
  const [, load, options] = match();
  if (options.open && session.user()) return; // it will lead elsewhere
  const [, signIn] = PAGES[0];
  (options.open || session.user() ? load : signIn)().catch(() => {}); // `open` says what is wrong
}

export function go(address, { replace = false } = {}) {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  return open();
}

/** Where to go after signing in: an address of this application, and nowhere else. */
export function afterSignIn() {
  const next = new URLSearchParams(location.search).get("next") ?? "";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}

/** Shows the page of the present address. */
export async function open({ again = false } = {}) {
  const mine = (turn += 1);
  const [found, load, options] = match();
  if (!options.open && !session.user()) {
    const next = location.pathname + location.search;
    return go(next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`, { replace: true });
  }
  if (options.open && session.user() && !again) return go(afterSignIn(), { replace: true });
  let made;
  try {
    const module = await load();
    if (mine !== turn) return undefined;
    leave?.();
    leave = null;
    made = await module.page({ parameters: found.slice(1), path: location.pathname, query: new URLSearchParams(location.search) });
  } catch (error) {
    if (mine !== turn) return undefined;
    console.error(error);
    made = broken();
  }
  if (mine !== turn) {
    made.leave?.();
    return undefined;
  }
  leave = made.leave ?? null;
  show(made, options);
  return undefined;
}

function match() {
  for (const [pattern, load, options] of PAGES) {
    const found = pattern.exec(location.pathname);
    if (found) return [found, load, options];
  }
  return [[], async () => ({ page: missing }), {}];
}

function missing() {
  const element = h("div", { class: "empty" }, h("h1", { tabindex: -1 }, t("missing.title")), h("p", {}, t("missing.text")),
    h("a", { class: "button main", href: "/" }, t("missing.home")));
  return { title: t("missing.title"), element };
}

function broken() {
  const again = h("button", { class: "button main", type: "button", on: { click: () => location.reload() } }, t("action.reload"));
  const element = h("div", { class: "empty" }, h("h1", { tabindex: -1 }, t("broken.title")), h("p", {}, t("broken.text")), again);
  return { title: t("broken.title"), element };
}

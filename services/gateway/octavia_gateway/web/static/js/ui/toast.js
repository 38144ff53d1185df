// Short messages that fade, and a list in which they can be read again.

import { fill, h, icon } from "../dom.js";
import { ago, t } from "../i18n.js";
import { modal } from "./dialog.js";

const STAYS = 7_000;
const KEPT = 30;

const region = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
const told = [];

/** Where they appear; the frame puts it into the page. */
export function toasts() {
  return region;
}

/** Says `text` for a while. `action`: {label, run}, something that can be done about it. It stays for as long as
 *  it is pointed at or holds the focus. */
export function toast(text, action) {
  told.unshift({ text, at: new Date().toISOString() });
  told.length = Math.min(told.length, KEPT);
  const close = () => {
    clearTimeout(timer);
    element.remove();
  };
  const element = h("div", { class: "toast" }, h("p", {}, text),
    action && h("button", { type: "button", class: "button act", on: { click: () => {
      close();
      action.run();
    } } }, action.label),
    h("button", { type: "button", class: "button icon", "aria-label": t("action.close"), on: { click: close } }, icon("close")));
  let timer = 0;
  const wait = () => {
    timer = setTimeout(() => {
      if (element.matches(":hover, :focus-within")) wait();
      else close();
    }, STAYS);
  };
  wait();
  region.append(element);
  while (region.childElementCount > 3) region.firstElementChild.remove();
  return close;
}

/** Everything that was said since the page was opened. */
export function readAgain() {
  const list = told.length
    ? h("ul", { class: "list" }, told.map((one) => h("li", {}, h("p", {}, one.text), h("p", { class: "hint" }, ago(one.at)))))
    : h("p", { class: "quiet" }, t("alerts.none"));
  return modal(t("alerts.title"), () => fill(h("div"), list));
}

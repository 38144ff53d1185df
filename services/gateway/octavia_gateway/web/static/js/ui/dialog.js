// Dialogs: the browser's own, so the focus stays in and comes back.

import { h, icon } from "../dom.js";
import { t } from "../i18n.js";

export function dialogOpen() {
  return Boolean(document.querySelector("dialog[open]"));
}

let count = 0;

/** Opens a dialog; `body(close)` makes what is in it. Resolves with what `close` was given. */
export function modal(title, body, { wide = false, fixed = false } = {}) {
  return new Promise((resolve) => {
    const back = document.activeElement;
    const id = `dialog-${(count += 1)}`;
    let result;
    const element = h("dialog", { class: wide ? "wide" : null, "aria-labelledby": id });
    const close = (value) => {
      result = value;
      element.close();
    };
    element.append(
      h("div", { class: "row apart dialog-head" }, h("h2", { id }, title),
        !fixed && h("button", { type: "button", class: "button plain icon small", "aria-label": t("action.close"), on: { click: () => close() } }, icon("close"))),
      body(close),
    );
    if (fixed) element.addEventListener("cancel", (event) => event.preventDefault());
    else element.addEventListener("click", (event) => {
      if (event.target === element) close();
    });
    element.addEventListener("close", () => {
      element.remove();
      if (back?.isConnected) back.focus();
      resolve(result);
    });
    document.body.append(element);
    element.showModal();
  });
}

/** Asks before something that cannot be taken back, or not easily; true where it is wanted. */
export async function confirm(title, text, action, { danger = true } = {}) {
  return Boolean(await modal(title, (close) => h("div", {},
    h("p", { class: "quiet" }, text),
    h("div", { class: "row end" },
      h("button", { type: "button", class: "button", autofocus: true, on: { click: () => close(false) } }, t("action.back")),
      h("button", { type: "button", class: danger ? "button danger" : "button main", on: { click: () => close(true) } }, action)))));
}

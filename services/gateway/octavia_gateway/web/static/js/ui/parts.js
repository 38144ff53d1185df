// Small parts that many pages use.

import { Problem } from "../api.js";
import { attribute, fill, h, icon, say } from "../dom.js";
import { t, tOr } from "../i18n.js";
import { toast } from "./toast.js";

const KINDS = { completed: "good", partially_completed: "warn", review: "info", failed: "bad", cancelled: "", expired: "warn", processing: "accent", making: "accent", queued: "info", pending: "info" };
const DRAWINGS = { completed: "check", partially_completed: "check", review: "clock", failed: "warn", cancelled: "close", expired: "clock", processing: "loader", making: "loader", queued: "clock", pending: "clock" };

/** How something stands, in a word; `prefix` names whose words. */
export function badge(status, prefix = "status") {
  return h("span", { class: `badge ${KINDS[status] ?? ""}` }, icon(DRAWINGS[status] ?? "info"), t(`${prefix}.${status}`));
}

/** A bar of progress: {element, set(share, kind)}; share from 0 to 1, null where it cannot be known. */
export function bar(label) {
  const inner = h("i");
  const element = h("div", { class: "bar", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 }, inner);
  return {
    element,
    set(share, kind = "") {
      element.className = `bar ${share === null ? "busy" : ""} ${kind}`;
      inner.style.setProperty("width", share === null ? "" : `${(share * 100).toFixed(1)}%`);
      attribute(element, "aria-valuenow", share === null ? null : Math.round(share * 100));
    },
  };
}

/** What went wrong, in words: the server's, or ours where no server answered. */
export function reasonOf(error) {
  if (!(error instanceof Problem)) {
    console.error(error);
    return t("problem.page");
  }
  if (error.status === 0) return t("problem.unreachable");
  const fields = error.body.errors?.map((one) => one.message);
  if (error.code === "invalid_request" && fields?.length) return fields.join(" ");
  return error.body.detail || error.title || t("problem.server");
}

export function complain(error) {
  if (error?.name !== "AbortError") toast(reasonOf(error));
}

export function note(kind, ...children) {
  const drawing = { bad: "warn", warn: "warn", good: "check", info: "info" }[kind];
  return h("div", { class: `note ${kind}` }, icon(drawing), h("div", { class: "grow" }, children));
}

/** A list that could not be had, with the way to try again. */
export function failed(error, again) {
  return h("div", { class: "empty", role: "alert" }, icon("warn"), h("h2", {}, t("problem.title")), h("p", {}, reasonOf(error)),
    h("button", { type: "button", class: "button", on: { click: again } }, icon("retry"), t("action.again")));
}

/** A place that loads what is in it, and can be loaded again: {body, look}. */
export function loaded(load) {
  const body = h("div", {}, bones(2));
  const look = async () => {
    try {
      fill(body, await load(look));
    } catch (error) {
      fill(body, failed(error, look));
    }
  };
  look();
  return { body, look };
}

export function nothing(drawing, title, text, ...actions) {
  return h("div", { class: "empty" }, icon(drawing), h("h2", {}, title), h("p", {}, text), actions);
}

/** Placeholders of what is on its way. */
export function bones(count, height = "3rem") {
  return h("div", { class: "stack", role: "status", "aria-label": t("loading") },
    Array.from({ length: count }, () => h("div", { class: "bone", style: { height } })));
}

export function button(label, { drawing, kind = "", type = "button", ...more } = {}) {
  return h("button", { type, class: `button ${kind}`, ...more }, drawing && icon(drawing), h("span", {}, label));
}

/** Runs `work` while the button says that it is busy; a second press does nothing. */
export async function during(element, work) {
  if (element.getAttribute("aria-busy") === "true") return;
  attribute(element, "aria-busy", "true");
  try {
    await work();
  } catch (error) {
    complain(error);
  } finally {
    attribute(element, "aria-busy", null);
  }
}

/** A table that folds where there is no room: each cell then stands behind the name of its column. `columns`:
 *  [name, class]; a cell of the class `full` is the row's own heading. */
export function table(columns, rows) {
  for (const row of rows) label(columns, row);
  return h("table", { class: "table folding" }, h("thead", {}, h("tr", {}, columns.map(([name, kind]) => h("th", { scope: "col", class: kind ?? null }, name)))), h("tbody", {}, rows));
}

/** Tells the cells of a row what their columns are called. */
export function label(columns, row) {
  [...row.cells].forEach((cell, place) => {
    if (!cell.classList.contains("full")) cell.dataset.label = columns[place][0];
  });
  return row;
}

let count = 0;

/** A labelled field: {element, input, fail(text)}. */
export function field(label, input, { hint, optional } = {}) {
  const id = `field-${(count += 1)}`;
  input.id ||= id;
  const error = h("p", { class: "error", id: `${id}-error`, hidden: true });
  const about = hint && h("p", { class: "hint", id: `${id}-hint` }, hint);
  attribute(input, "aria-describedby", [about?.id, error.id].filter(Boolean).join(" "));
  const inside = input.closest(".inside, .with-button") ?? input;
  return {
    element: h("div", { class: "field" }, h("label", { for: input.id }, label, optional && h("span", { class: "quiet" }, ` ${t("field.optional")}`)), about, inside, error),
    input,
    fail(text) {
      say(error, text ?? "");
      error.hidden = !text;
      attribute(input, "aria-invalid", text ? "true" : null);
    },
  };
}

/** A choice of one among few: {element, value}. `options`: [value, label, drawing]. */
export function segments(label, name, options, value, changed) {
  const element = h("fieldset", { class: "field" }, h("legend", { class: "label" }, label),
    h("div", { class: "segments" }, options.map(([key, text, drawing]) => h("label", { class: "chip" },
      h("input", { type: "radio", name, value: key, checked: key === value, on: { change: () => changed(key) } }),
      h("span", {}, drawing && icon(drawing), text)))));
  return element;
}

export async function copy(text, done = t("action.copied")) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(text);
  }
}

/** The name of a stage, a kind, a reason: told as the server names it where it is new to us. */
export function word(prefix, name) {
  return tOr(`${prefix}.${name}`, name);
}

// One line of a dub: what is said when and by whom, and the form that changes it.

import { attribute, fill, h, icon, say } from "../dom.js";
import { number, t } from "../i18n.js";
import { button, during, field, word } from "./parts.js";

/** A moment as it is typed: 1:02.35. */
export function moment(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - minutes * 60).toFixed(2).padStart(5, "0")}`;
}

/** The seconds of a moment that somebody typed, or null. */
export function secondsOf(text) {
  const found = /^(?:(\d+):)?(?:(\d{1,3}):)?(\d+(?:[.,]\d+)?)$/.exec(text.trim());
  if (!found) return null;
  const [, first, second, rest] = found;
  const parts = [first, second, rest.replace(",", ".")].filter((part) => part !== undefined).map(Number);
  return parts.reduce((sum, part) => sum * 60 + part, 0);
}

/** {element, form, update(item)}; an item is a line, its place, and whether its form is open, and
 *  whether it can be heard. */
export function lineRow(first, act) {
  let item = first;
  let shown = "";
  let form = null;
  const element = h("li", { class: "seg", data: { id: item.line.id } });

  function told() {
    const { line, place, language, source, heard, name } = item;
    const place1 = place === null ? "" : number(place + 1);
    return [
      h("div", { class: "row apart" },
        h("div", { class: "row" },
          heard && h("button", { type: "button", class: "button plain icon small", "aria-label": t("editor.play_of", { number: place1 }), on: { click: () => act.play(item.line) } }, icon("play")),
          h("span", { class: "hint figures" }, `${moment(line.start)} – ${moment(line.end)}`), h("span", { class: "badge" }, name),
          line.flags.map((flag) => h("span", { class: "badge warn" }, word("flag", flag)))),
        h("button", { type: "button", class: "button small line-edit", "aria-expanded": String(item.open), "aria-label": t("editor.edit_of", { number: place1 }), on: { click: () => act.edit(item.line.id) } }, t("editor.edit"))),
      h("p", { lang: language, class: line.text ? null : "quiet" }, line.text ?? t("editor.translating"), line.text === "" && t("editor.empty")),
      line.source_text && h("p", { class: "hint", lang: source }, line.source_text)];
  }

  function update(now) {
    item = now;
    const next = JSON.stringify([item.line, item.place, item.open, item.last, item.name, item.language]);
    if (next === shown) return;
    shown = next;
    if (!item.open) form = null;
    else form ??= lineForm(() => item, act);
    fill(element, told(), form);
    element.classList.toggle("open", item.open);
    if (item.open && item.place !== null && !element.contains(document.activeElement)) form.querySelector("textarea").focus();
  }

  update(first);
  return { element, update, get form() {
    return form;
  } };
}

function lineForm(now, act) {
  const { line, language, source, last, place } = now();
  const text = field(t("editor.text"), h("textarea", { class: "input", rows: 2, lang: language, maxlength: 2000, value: line.text ?? "" }));
  const original = place !== null && field(t("editor.source"), h("textarea", { class: "input", rows: 2, lang: source, maxlength: 2000, value: line.source_text }));
  const start = field(t("editor.start"), h("input", { class: "input figures", inputmode: "decimal", autocomplete: "off", value: moment(line.start) }));
  const end = field(t("editor.end"), h("input", { class: "input figures", inputmode: "decimal", autocomplete: "off", value: moment(line.end) }));
  const speaker = field(t("editor.speaker"), h("input", { class: "input", autocomplete: "off", maxlength: 64, value: line.speaker }));
  const save = button(t("editor.save"), { kind: "main", type: "submit" });

  function wanted() {
    const [from, to] = [start, end].map((one) => secondsOf(one.input.value));
    start.fail(from === null && t("editor.time_wrong"));
    end.fail(to === null ? t("editor.time_wrong") : from !== null && to <= from && t("editor.time_order"));
    speaker.fail(!speaker.input.value.trim() && t("field.missing"));
    if (from === null || to === null || to <= from || !speaker.input.value.trim()) return null;
    const said = text.input.value || (line.text === null ? null : ""); // while it is translated, nothing typed changes nothing
    return { text: said, ...(original && { source_text: original.input.value }), speaker: speaker.input.value.trim(), ...same(from, "start"), ...same(to, "end") };
  }

  /** A moment that was not touched is what it was, to the last digit. */
  function same(value, name) {
    return { [name]: moment(line[name]) === moment(value) ? line[name] : value };
  }

  async function submit(event) {
    event?.preventDefault();
    const fields = wanted();
    if (fields) await during(save, () => act.save(now().line, fields));
    else form.querySelector("[aria-invalid]")?.focus();
  }

  const tools = place !== null && h("div", { class: "row" },
    button(t("editor.split"), { kind: "small", on: { click: () => {
      const { value, selectionStart } = text.input;
      const here = selectionStart > 0 && selectionStart < value.length;
      text.fail(!here && t("editor.split_hint"));
      if (here) act.split(now().line, value, selectionStart);
      else text.input.focus();
    } } }),
    language !== source && button(t("editor.translate"), { kind: "small", drawing: "retry", on: { click: () => act.translate(now().line, original.input.value) } }),
    !last && button(t("editor.join"), { kind: "small", on: { click: () => act.join(now().line) } }),
    button(t("action.delete"), { kind: "small danger", drawing: "trash", on: { click: () => act.erase(now().line) } }));
  const form = h("form", { class: "stack line-form", on: { submit, keydown: (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      act.edit(now().line.id);
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  } } },
  text.element, original && original.element,
  h("div", { class: "line-times" }, start.element, end.element, speaker.element),
  h("div", { class: "row apart" }, h("div", { class: "row" }, save, button(t("action.cancel"), { on: { click: () => act.edit(now().line.id) } })), tools));
  attribute(text.input, "aria-keyshortcuts", "Control+Enter");
  say(save.lastElementChild, t("editor.save"));
  return form;
}

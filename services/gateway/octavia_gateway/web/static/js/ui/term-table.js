// Terms in a table that is typed into like a sheet: Tab goes from cell to cell, Enter and the arrows from row to
// row, Enter in the last row begins another, and cells that are pasted fill cells.

import { attribute, fill, h, icon } from "../dom.js";
import { byName, languageName, t } from "../i18n.js";
import { button, label, table } from "./parts.js";

const LONGEST_TERM = 200;
const MOST_TERMS = 1000;
const LANGUAGE = "language:"; // before the tag, in the name of a glossary's column

/** {element, value(), check()} for the terms of a kind ("glossaries" or "pronunciations"). `value()` gives them as
 *  the API wants them, `check()` the first fault as {text, input}, or null. */
export function termTable(kind, terms, can) {
  const possible = [...new Set([...can.sources, ...can.subtitles, ...can.subtitle_translations].flatMap((one) => one.targets))];
  const of = kind === "glossaries" ? glossary(terms, possible) : pronunciations(terms, possible, can);
  const place = h("div", { class: "terms" });
  const more = button(t("lists.row_add"), { drawing: "plus", on: { click: () => add() && cells(rows().at(-1))[0].focus() } });
  const element = h("div", { class: "stack", on: { keydown: move, paste } }, place, h("div", { class: "row end-line" }, more, of.columnChoice?.(widen)));

  const rows = () => [...place.querySelectorAll("tbody tr")];
  const cells = (row) => [...row.querySelectorAll(".input, input[type=checkbox]")];

  function columns() {
    return [...of.columns().map(({ name, words }) => [words, name === "keep" ? "keep" : null]), [t("lists.row_actions")]];
  }

  /** Changes the columns; what is typed stays in those that were there. */
  function widen(change) {
    const values = read();
    change();
    redraw(values);
  }

  function redraw(values) {
    fill(place, table(columns(), (values.length ? values : [{}]).map(row)));
    renumber();
  }

  function row(values) {
    return h("tr", {}, of.columns().map((column) => h("td", { class: column.name === "keep" ? "keep" : null }, of.cell(column, values[column.name]))),
      h("td", { class: "row-end" }, h("button", { type: "button", class: "button plain icon small", on: { click: (event) => erase(event.currentTarget.closest("tr")) } }, icon("trash"))));
  }

  function renumber() {
    rows().forEach((one, index) => {
      const number = index + 1;
      of.columns().forEach((column, at) => attribute(cells(one)[at], "aria-label", t("lists.cell", { column: column.words, number })));
      attribute(one.querySelector("button"), "aria-label", t("lists.row_delete", { number }));
    });
    attribute(more, "aria-disabled", rows().length < MOST_TERMS ? null : "true");
  }

  function add() {
    if (rows().length >= MOST_TERMS) return false;
    place.querySelector("tbody").append(label(columns(), row({})));
    renumber();
    return true;
  }

  function erase(one) {
    const near = one.nextElementSibling ?? one.previousElementSibling;
    one.remove();
    if (!near) add();
    renumber();
    place.dispatchEvent(new Event("input", { bubbles: true }));
    cells(near ?? rows()[0])[0].focus();
  }

  function move(event) {
    const one = event.target.closest("tbody tr");
    const at = one ? cells(one).indexOf(event.target) : -1;
    if (at < 0 || event.isComposing) return;
    const chooses = event.target.tagName === "SELECT"; // its arrows choose
    const step = { Enter: 1, ArrowDown: chooses ? 0 : 1, ArrowUp: chooses ? 0 : -1 }[event.key] ?? 0;
    if (!step || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (event.key === "Enter" && !one.nextElementSibling) add();
    const next = step > 0 ? one.nextElementSibling : one.previousElementSibling;
    if (next) cells(next)[at].focus();
  }

  /** What a sheet copies: a line a row, a tab between cells. */
  function paste(event) {
    const text = event.clipboardData?.getData("text/plain").replace(/\r?\n$/, "") ?? "";
    const start = event.target.closest("tbody tr");
    const from = start ? cells(start).indexOf(event.target) : -1;
    if (from < 0 || !/[\t\n]/.test(text)) return;
    event.preventDefault();
    let one = start;
    for (const line of text.split(/\r?\n/)) {
      if (!one && !add()) break;
      one ??= rows().at(-1);
      const into = cells(one).slice(from);
      line.split("\t").slice(0, into.length).forEach((value, at) => {
        if (into[at].matches("input.input")) into[at].value = value.trim().slice(0, LONGEST_TERM);
      });
      one = one.nextElementSibling;
    }
    place.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function read() {
    return rows().map((one) => Object.fromEntries(of.columns().map((column, at) => {
      const input = cells(one)[at];
      return [column.name, input.type === "checkbox" ? input.checked : input.value.trim()];
    })));
  }

  const blank = (values) => !of.columns().some(({ name, counts = true }) => counts && values[name]);

  function check() {
    let found = null;
    read().forEach((values, index) => {
      const inputs = cells(rows()[index]);
      const fault = blank(values) ? null : of.fault(values);
      inputs.forEach((input, at) => attribute(input, "aria-invalid", fault && fault.at === at ? "true" : null));
      if (fault) found ??= { text: t("lists.fault", { number: index + 1, what: fault.text }), input: inputs[fault.at] };
    });
    return found;
  }

  redraw(of.values);
  return { element, check, value: () => read().filter((values) => !blank(values)).map(of.term) };
}

function text(value = "", props = {}) {
  return h("input", { class: "input", maxlength: LONGEST_TERM, autocomplete: "off", value, ...props });
}

/** A term of the source and its translations, a column for each language. */
function glossary(terms, possible) {
  const languages = [...new Set(terms.flatMap((term) => Object.keys(term.targets)))];
  const columns = () => [{ name: "source", words: t("lists.term") }, ...languages.map((tag) => ({ name: LANGUAGE + tag, words: languageName(tag), tag })), { name: "keep", words: t("lists.keep") }];
  return {
    columns,
    values: terms.map((term) => ({ source: term.source, keep: term.keep, ...Object.fromEntries(Object.entries(term.targets).map(([tag, value]) => [LANGUAGE + tag, value])) })),
    cell: ({ name, tag }, value) => (name === "keep" ? h("input", { type: "checkbox", checked: Boolean(value) }) : text(value, { lang: tag })),
    term: (values) => ({ source: values.source, keep: values.keep, targets: Object.fromEntries(languages.filter((tag) => values[LANGUAGE + tag]).map((tag) => [tag, values[LANGUAGE + tag]])) }),
    fault: (values) => (!values.source ? { text: t("lists.fault_term"), at: 0 }
      : values.keep || languages.some((tag) => values[LANGUAGE + tag]) ? null : { text: t("lists.fault_translation"), at: 1 }),
    columnChoice(widen) {
      const select = h("select", { class: "input", "aria-label": t("lists.language_add"), on: { change: () => {
        widen(() => languages.push(select.value));
        offer();
        select.closest(".stack").querySelector(`tbody tr input[lang="${CSS.escape(languages.at(-1))}"]`)?.focus();
      } } });
      const offer = () => {
        const left = possible.filter((tag) => !languages.includes(tag)).map((tag) => [tag, languageName(tag)]).sort((a, b) => byName(a[1], b[1]));
        fill(select, h("option", { value: "" }, t("lists.language_add")), left.map(([tag, name]) => h("option", { value: tag }, name)));
        select.hidden = !left.length;
      };
      offer();
      return h("div", {}, select);
    },
  };
}

/** How a word is spoken, in one language or all. */
function pronunciations(terms, possible, can) {
  const tags = [...new Set([...possible, ...terms.map((term) => term.language)])].filter(Boolean);
  const options = [["", t("lists.language_any")], ...tags.map((tag) => [tag, languageName(tag)]).sort((a, b) => byName(a[1], b[1]))];
  const columns = [{ name: "term", words: t("lists.word") }, { name: "language", words: t("player.language"), counts: false }, { name: "spoken", words: t("lists.spoken") },
    ...(can.options.includes("ipa") || terms.some((term) => term.ipa) ? [{ name: "ipa", words: t("lists.ipa") }] : [])];
  return {
    columns: () => columns,
    values: terms.map((term) => ({ ...term, language: term.language ?? "", spoken: term.spoken ?? "", ipa: term.ipa ?? "" })),
    cell({ name }, value) {
      if (name !== "language") return text(value);
      const select = h("select", { class: "input" }, options.map(([tag, words]) => h("option", { value: tag }, words)));
      select.value = value ?? "";
      return select;
    },
    term: (values) => ({ term: values.term, language: values.language || null, spoken: values.spoken || null, ipa: values.ipa || null }),
    fault: (values) => (!values.term ? { text: t("lists.fault_term"), at: 0 } : values.spoken || values.ipa ? null : { text: t("lists.fault_sound"), at: 2 }),
  };
}

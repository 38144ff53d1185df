// People who speak again and again, and the voice that is remembered for each.

import { call, get, onceKey } from "../api.js";
import { h } from "../dom.js";
import { byName, t } from "../i18n.js";
import { confirm } from "./dialog.js";
import { button, complain, during, field } from "./parts.js";
import { toast } from "./toast.js";

const LONGEST_NAME = 60;

/** What stands in their section; `look()` shows it anew, `heading` takes the focus where a person is gone. */
export async function people(look, heading) {
  const [{ items }, { voices }] = await Promise.all([get("/speakers"), get("/capabilities")]);
  const rows = items.length
    ? h("ul", { class: "list" }, items.map((person) => row(person, voices, look, heading)))
    : h("p", { class: "quiet" }, t("lists.speakers_none"));
  return h("div", { class: "stack" }, rows, voices.length ? adding(voices, look) : h("p", { class: "hint" }, t("lists.no_voices")));
}

/** Changes what is kept, as it is by now: a job may have remembered somebody meanwhile. */
async function change(turn) {
  const { items } = await get("/speakers");
  await call("PUT", "/speakers", { json: { items: turn(items) }, once: onceKey() });
  toast(t("editor.saved"));
}

const without = (items, name) => items.filter((one) => one.name.toLowerCase() !== name.toLowerCase());

function voiceChoice(voices, chosen, props) {
  const all = voices.some((voice) => voice.id === chosen) || chosen === null ? voices : [{ id: chosen, title: t("lists.voice_gone", { name: chosen }) }, ...voices];
  const select = h("select", { class: "input", name: "voice", ...props }, [...all].sort((a, b) => byName(a.title, b.title)).map((voice) => h("option", { value: voice.id }, voice.title)));
  if (chosen !== null) select.value = chosen;
  return select;
}

function row(person, voices, look, heading) {
  const voice = voiceChoice(voices, person.voice, { "aria-label": t("lists.voice_of", { name: person.name }), on: { change: async () => {
    try {
      await change((items) => items.map((one) => (one.name === person.name ? { ...one, voice: voice.value } : one)));
    } catch (error) {
      complain(error);
    }
  } } });
  const drop = async () => {
    if (!await confirm(t("lists.speaker_delete_title", { name: person.name }), t("lists.speaker_delete_text"), t("action.delete"))) return;
    try {
      await change((items) => without(items, person.name));
      await look();
      heading.focus();
    } catch (error) {
      complain(error);
    }
  };
  return h("li", { class: "row apart person" }, h("h3", { class: "grow" }, person.name), h("div", { class: "person-voice" }, voice),
    button(t("action.delete"), { kind: "small danger", "aria-label": t("lists.speaker_delete_of", { name: person.name }), on: { click: drop } }));
}

function adding(voices, look) {
  const name = field(t("lists.speaker_name"), h("input", { class: "input", name: "speaker", maxlength: LONGEST_NAME, autocomplete: "off" }), { hint: t("lists.speaker_name_hint") });
  const voice = field(t("options.voice"), voiceChoice(voices, null, {}));
  const add = button(t("lists.speaker_add"), { type: "submit", drawing: "plus" });
  return h("form", { class: "stack", novalidate: true, on: { submit: (event) => {
    event.preventDefault();
    const typed = name.input.value.trim();
    name.fail(typed ? null : t("field.missing"));
    if (!typed) return name.input.focus();
    return during(add, async () => {
      await change((items) => [...without(items, typed), { name: typed, voice: voice.input.value }]);
      await look();
    });
  } } }, name.element, voice.element, h("div", {}, add));
}

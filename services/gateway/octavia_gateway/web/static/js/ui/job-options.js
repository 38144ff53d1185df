// What a translation may wish beside its languages: only what the engines here heed is offered.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { field } from "./parts.js";
import { LIST_OPTIONS, listChoices } from "./term-lists.js";

const MOST_SPEAKERS = 20;
const LONGEST_NAME = 60;
const OF_VOICES = new Set(["voices", "clone_voice", "pronunciation", "pronunciation_ids", "check_speech", "speaker_names"]);
const OURS = new Set(["review", "speaker_names"]); // no engine needs to heed them

const primary = (tag) => tag.split("-")[0];

/** Those of `wishes` that a job heeds which is only read. */
export function unspoken(wishes) {
  return Object.fromEntries(Object.entries(wishes).filter(([name]) => !OF_VOICES.has(name)));
}

/** {element, offer(capabilities, targets, spoken), value()}; `kept` is what was wished before, changed in place. */
export function jobOptions(kept, changed) {
  let can = null;
  let fetched = false;
  let heeds = () => false;
  const lists = h("div", { class: "stack" });
  const body = h("div", { class: "stack options-body" });
  const element = h("details", { class: "options", hidden: true, on: { toggle: () => element.open && !fetched && fetchLists() } },
    h("summary", {}, t("options.title")), body);

  function set(name, value) {
    if (value === "" || value === null || value === false || value?.length === 0) delete kept[name];
    else kept[name] = value;
    changed();
  }

  function offer(capabilities, targets, spoken) {
    can = capabilities;
    const heard = targets.every((tag) => can.sources.some((one) => primary(one.language) === primary(tag)));
    for (const name of Object.keys(kept)) if (!OURS.has(name) && !can.options.includes(LIST_OPTIONS[name] ?? name)) delete kept[name];
    if (!heard) delete kept.check_speech;
    heeds = (name) => can.options.includes(name) && (spoken || !OF_VOICES.has(name));
    const voices = can.voices.filter((voice) => voice.language === null || targets.every((tag) => primary(tag) === primary(voice.language)));
    if (kept.voices && !voices.some((voice) => voice.id === kept.voices["*"])) delete kept.voices;
    const parts = [
      choice("review", t("options.review"), [["", t("options.review_none")], ["transcript", t("options.review_transcript")], ["translation", t("options.review_translation")]], kept.review ?? "", (value) => set("review", value)),
      heeds("style") && text("style", t("options.style"), t("options.style_hint")),
      heeds("formality") && choice("formality", t("options.formality"), [["", t("options.formality_default")], ["formal", t("options.formal")], ["informal", t("options.informal")]], kept.formality ?? "", (value) => set("formality", value)),
      heeds("voices") && voices.length > 0 && choice("voice", t("options.voice"), [["", t("options.voice_any")], ...voices.map((voice) => [voice.id, voice.title])], kept.voices?.["*"] ?? "", (value) => set("voices", value ? { "*": value } : null)),
      heeds("speakers") && speakers(),
      heeds("voices") && names(),
      can.clones_voices && spoken && tick("clone_voice", t("options.clone")),
      heeds("check_speech") && heard && tick("check_speech", t("options.check_speech")),
      Object.values(LIST_OPTIONS).some(heeds) && lists,
      Object.values(LIST_OPTIONS).some(heeds) && h("p", { class: "hint" }, h("a", { href: "/lists" }, t("options.lists"))),
    ].filter(Boolean);
    element.hidden = !parts.length;
    fill(body, parts);
  }

  function text(name, label, hint) {
    return field(label, h("input", { class: "input", name, maxlength: 200, autocomplete: "off", value: kept[name] ?? "", on: { change: (event) => set(name, event.target.value.trim()) } }), { hint, optional: true }).element;
  }

  function choice(name, label, options, value, chosen) {
    const one = field(label, h("select", { class: "input", name, on: { change: (event) => chosen(event.target.value) } }, options.map(([key, words]) => h("option", { value: key }, words))));
    one.input.value = value;
    return one.element;
  }

  function speakers() {
    const one = field(t("options.speakers"), h("input", { class: "input", type: "number", name: "speakers", min: 1, max: MOST_SPEAKERS, value: kept.speakers ?? "", on: { change: (event) => {
      const count = Number(event.target.value);
      one.fail(event.target.value && !(Number.isInteger(count) && count >= 1 && count <= MOST_SPEAKERS) ? t("options.speakers_wrong", { most: MOST_SPEAKERS }) : null);
      set("speakers", count >= 1 && count <= MOST_SPEAKERS ? Math.round(count) : null);
    } } }), { hint: t("options.speakers_hint"), optional: true });
    return one.element;
  }

  /** Who speaks, in the order in which they first do: `S1`, `S2`… of the source. */
  function names() {
    const now = Object.values(kept.speaker_names ?? {}).join(", ");
    return field(t("options.names"), h("input", { class: "input", name: "speaker_names", maxlength: MOST_SPEAKERS * (LONGEST_NAME + 2), autocomplete: "off", value: now, on: { change: (event) => {
      const given = event.target.value.split(/[,;\n]/).map((name) => name.trim().slice(0, LONGEST_NAME)).filter(Boolean).slice(0, MOST_SPEAKERS);
      set("speaker_names", given.length ? Object.fromEntries(given.map((name, place) => [`S${place + 1}`, name])) : null);
    } } }), { hint: t("options.names_hint"), optional: true }).element;
  }

  function tick(name, label) {
    return h("label", { class: "tick" }, h("input", { type: "checkbox", name, checked: Boolean(kept[name]), on: { change: (event) => set(name, event.target.checked) } }), h("span", {}, label));
  }

  async function fetchLists() {
    fetched = true;
    try {
      fill(lists, await listChoices((name) => can.options.includes(name), kept, set));
    } catch {
      fetched = false; // asked again when it is opened again
    }
  }

  return { element, offer, value: () => ({ ...kept }) };
}

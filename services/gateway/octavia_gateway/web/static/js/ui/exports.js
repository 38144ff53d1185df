// Other files of a finished translation: asked for, made for nothing, and taken away.

import { get, onceKey, post } from "../api.js";
import { attribute, fill, h, icon, keyed, say } from "../dom.js";
import { bytes, languageName, listed, t } from "../i18n.js";
import { tOf } from "../job-words.js";
import { follow } from "../live.js";
import { badge, bones, button, during, failed, field } from "./parts.js";

const POLL = 3_000; // while one is made: an event may be missed
const WITH_SUBTITLES = "burnt";
const OF_ALL = "tracks";
const OF_PICTURE = new Set([OF_ALL, WITH_SUBTITLES]);
const OF_NONE = "background"; // the same in every language

/** {element, leave()} for a job that has results. */
export function exportsOf(job) {
  const list = h("ul", { class: "list", "aria-label": t("exports.made") });
  const show = keyed(list, row);
  const asking = h("div");
  const body = h("div", { class: "stack" }, bones(2));
  const element = h("section", { class: "card stack", "aria-labelledby": "exports" }, h("h2", { id: "exports" }, t("exports.title")), h("p", { class: "quiet" }, t("exports.text")), body);
  let polling = 0;
  let known = false;

  async function look() {
    clearTimeout(polling);
    try {
      const { containers, items } = await get(`/jobs/${job.id}/exports`);
      if (!known) {
        known = true;
        fill(asking, form(job, containers, ask));
        fill(body, asking, list);
      }
      list.hidden = !items.length;
      show(items, (one) => one.id);
      if (items.some((one) => one.status === "making")) polling = setTimeout(look, POLL);
    } catch (error) {
      if (known) polling = setTimeout(look, POLL);
      else fill(body, failed(error, look));
    }
  }

  async function ask(wanted) {
    await post(`/jobs/${job.id}/exports`, wanted, { once: onceKey() });
    await look();
  }

  const unfollow = follow({ look: () => known && look(), event: (kind, told) => {
    if (kind === "job.exported" && told.id === job.id) look();
  } });
  look();
  return { element, leave() {
    clearTimeout(polling);
    unfollow();
  } };
}

/** What can be made, as the server says it, and how. */
function form(job, containers, ask) {
  const kinds = Object.keys(containers).filter((kind) => containers[kind].length);
  if (!kinds.length) return h("p", { class: "quiet" }, t("exports.none"));
  const select = (label, options, changed) => field(label, h("select", { class: "input", on: changed ? { change: changed } : {} }, options.map(([value, words]) => h("option", { value }, words))));
  const kind = select(t("exports.kind"), kinds.map((one) => [one, t(`exports.${one}`)]), () => update());
  const container = select(t("exports.container"), []);
  const language = select(t("player.language"), job.outputs.map((one) => [one.language, languageName(one.language)]));
  const content = select(t("exports.content"), ["target", "source", "bilingual"].map((one) => [one, t(`exports.content_${one}`)]));
  const position = select(t("exports.position"), ["bottom", "top", "auto"].map((one) => [one, t(`exports.position_${one}`)]));
  const about = h("p", { class: "hint" });
  const make = button(t("exports.make"), { kind: "main", type: "submit" });

  function update() {
    const chosen = kind.input.value;
    fill(container.input, containers[chosen].map((one) => h("option", { value: one }, one.toUpperCase())));
    language.element.hidden = chosen === OF_ALL || chosen === OF_NONE || job.outputs.length < 2;
    content.element.hidden = position.element.hidden = chosen !== WITH_SUBTITLES;
    say(about, OF_PICTURE.has(chosen) ? tOf(job.kind, `exports.${chosen}_text`) : t(`exports.${chosen}_text`));
  }

  function wanted() {
    const chosen = kind.input.value;
    return {
      kind: chosen, container: container.input.value,
      ...(chosen !== OF_ALL && { languages: [language.input.value] }),
      ...(chosen === WITH_SUBTITLES && { subtitles: { content: content.input.value, position: position.input.value } }),
    };
  }

  update();
  return h("form", { class: "stack", on: { submit: (event) => {
    event.preventDefault();
    during(make, () => ask(wanted()));
  } } }, h("div", { class: "export-fields" }, kind.element, container.element, language.element, content.element, position.element), about, h("div", { class: "row" }, make));
}

function row(first) {
  const state = h("div", { class: "row", role: "status" });
  const about = h("p", { class: "hint" });
  const element = h("li", { class: "row apart" }, h("div", { class: "grow" }, h("h3", {}, t(`exports.${first.kind}`)), about), state);
  let drawn = "";

  function update(one) {
    const languages = one.kind === OF_NONE ? null : listed(one.languages.map(languageName));
    say(about, [one.container.toUpperCase(), languages, one.kind === WITH_SUBTITLES && one.subtitles && t(`exports.content_${one.subtitles.content}`),
      one.size_bytes !== null && bytes(one.size_bytes), one.stale && t("exports.stale"), one.error_message].filter(Boolean).join(" · "));
    if (drawn === one.status) return;
    drawn = one.status;
    const name = `${t(`exports.${one.kind}`)} (${one.container.toUpperCase()})`;
    fill(state, one.download
      ? h("a", { class: "button small", href: one.download, download: true, "aria-label": t("exports.download_of", { name }) }, icon("download"), h("span", {}, t("download.title")))
      : badge(one.status, "exports.status"));
    attribute(element, "aria-busy", one.status === "making" ? "true" : null);
  }

  update(first);
  return { element, update };
}

// The whole of what a preview showed the beginning of: the same job, its price told before it is held.

import { get, onceKey, post, remove } from "../api.js";
import * as balance from "../balance.js";
import { attribute, h } from "../dom.js";
import { number, t } from "../i18n.js";
import { PREVIEW_SECONDS } from "../offers.js";
import { go } from "../router.js";
import { modal } from "./dialog.js";
import { button, during } from "./parts.js";
import { listChoices } from "./term-lists.js";

/** The button that makes the whole; null where this is no preview, or there is no more of the file. */
export function makeWhole(job) {
  if (!job.preview || job.duration_seconds <= PREVIEW_SECONDS) return null;
  const control = button(t("whole.action"), { kind: "main", on: { click: () => during(control, () => make(job)) } });
  return control;
}

async function make(job) {
  const options = wishesOf(job.options);
  if ((job.options.glossary || job.options.pronunciation) && !await chosen(options)) return;
  const wanted = {
    file_id: job.file_id, ...(job.subtitle_file_id && { subtitle_file_id: job.subtitle_file_id }),
    source_language: job.source_language, target_languages: job.target_languages, ...(Object.keys(options).length && { options }),
  };
  const made = await post(`/jobs/${job.kind.replace("_", "-")}/create`, wanted, { once: onceKey() });
  if (!await agreed(job, made.quote)) {
    await remove(`/jobs/${made.id}`);
    return;
  }
  await post(`/jobs/${made.id}/process`, undefined, { once: onceKey() });
  balance.refresh();
  await go(`/jobs/${made.id}`);
}

const PLAIN = new Set(["", "default", "none"]);

/** What a job wished, as a new one asks for it; its lists of terms are told by no job. */
function wishesOf({ glossary, pronunciation, ...options }) {
  const asks = (value) => (value !== null && typeof value === "object" ? Object.keys(value).length > 0 : value !== null && value !== false && !PLAIN.has(value));
  return Object.fromEntries(Object.entries(options).filter(([, value]) => asks(value)));
}

/** Has the lists chosen again into `options`; true to go on. */
async function chosen(options) {
  const { options: heeded } = await get("/capabilities");
  const choices = await listChoices((name) => heeded.includes(name), options, (option, ids) => {
    options[option] = ids;
  });
  if (!choices.length) return true;
  return modal(t("whole.title"), (close) => h("div", { class: "stack" }, h("p", { class: "quiet" }, t("whole.lists")), choices,
    h("div", { class: "row end" }, button(t("action.back"), { on: { click: () => close(false) } }), button(t("whole.price"), { kind: "main", on: { click: () => close(true) } }))));
}

function agreed(job, quote) {
  const have = balance.now()?.available ?? null;
  const short = have === null ? 0 : quote.credits - have;
  const begin = button(t("job.begin", { count: quote.credits }), { kind: "main" });
  attribute(begin, "aria-disabled", short > 0 ? "true" : null);
  return modal(t("whole.title"), (close) => {
    begin.addEventListener("click", () => short > 0 || close(true));
    return h("div", { class: "stack" }, h("p", {}, t("whole.text", { name: job.filename })),
      h("p", {}, t("languages.price", { cost: t("credits.amount", { count: quote.credits }), have: have === null ? "–" : number(have) }), " ", quote.counted > 0 && t("whole.counted", { count: quote.counted })),
      h("p", { class: "hint" }, short > 0 ? t("translate.why_credits", { count: short }) : t("translate.held_note")),
      h("div", { class: "row end" }, button(t("action.back"), { on: { click: () => close(false) } }), begin));
  });
}

// The whole of what a preview showed the beginning of: the same job, its price told before it is held.

import { onceKey, post, remove } from "../api.js";
import * as balance from "../balance.js";
import { attribute, h } from "../dom.js";
import { number, t } from "../i18n.js";
import { PREVIEW_SECONDS } from "../offers.js";
import { go } from "../router.js";
import { modal } from "./dialog.js";
import { button, during } from "./parts.js";

/** The button that makes the whole; null where this is no preview, or there is no more of the file. */
export function makeWhole(job) {
  if (!job.preview || job.duration_seconds <= PREVIEW_SECONDS) return null;
  const control = button(t("whole.action"), { kind: "main", on: { click: () => during(control, () => make(job)) } });
  return control;
}

async function make(job) {
  const made = await post(`/jobs/${job.id}/whole`, undefined, { once: onceKey() });
  if (!await agreed(job, made.quote)) {
    await remove(`/jobs/${made.id}`);
    return;
  }
  await post(`/jobs/${made.id}/process`, undefined, { once: onceKey() });
  balance.refresh();
  await go(`/jobs/${made.id}`);
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

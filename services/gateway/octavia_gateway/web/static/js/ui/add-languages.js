// More languages for a finished translation: priced before, and nothing that is there is made again.

import { get, onceKey, post } from "../api.js";
import * as balance from "../balance.js";
import { attribute, fill, h, say } from "../dom.js";
import { byName, languageName, number, t } from "../i18n.js";
import { targetsOf, workedSeconds } from "../offers.js";
import { priceOf } from "../prices.js";
import { modal } from "./dialog.js";
import { bones, button, during, failed } from "./parts.js";
import { sourceOf } from "../job-words.js";

/** The button that opens the choice; `look()` shows the job anew once it goes on. */
export function addLanguages(job, look) {
  return button(t("languages.add"), { drawing: "plus", on: { click: () => choose(job, look) } });
}

function choose(job, look) {
  return modal(t("languages.title"), (close) => {
    const body = h("div", { class: "stack" }, bones(2));
    const load = async () => {
      try {
        const [can, prices] = await Promise.all([get("/capabilities"), get("/credits/prices")]);
        fill(body, choice(job, can, prices, async (chosen, most) => {
          await post(`/jobs/${job.id}/languages`, { target_languages: chosen, max_credits: most }, { once: onceKey() });
          close();
          balance.refresh();
          await look();
        }));
      } catch (error) {
        fill(body, failed(error, load));
      }
    };
    load();
    return body;
  });
}

function choice(job, can, prices, begin) {
  const there = new Set(job.outputs.map((one) => one.language));
  const possible = targetsOf(can, [job.kind], sourceOf(job)).filter((tag) => !there.has(tag));
  if (!possible.length) return h("p", { class: "quiet" }, t("languages.none"));
  let chosen = job.failed_languages.map((one) => one.language).filter((tag) => possible.includes(tag));
  const price = h("p", { class: "hint", role: "status" });
  const start = button(t("languages.begin"), { kind: "main", on: { click: () => chosen.length && during(start, () => begin(chosen, cost())) } });
  const cost = () => priceOf(prices, workedSeconds(job.duration_seconds, job.preview), chosen.length, job.kind);
  const update = () => {
    attribute(start, "aria-disabled", chosen.length ? null : "true");
    const have = balance.now();
    say(price, chosen.length ? t("languages.price", { cost: t("credits.amount", { count: cost() }), have: have ? number(have.available) : "–" }) : t("translate.why_no_target"));
  };
  const chips = possible.map((tag) => [tag, languageName(tag)]).sort((a, b) => byName(a[1], b[1])).map(([tag, name]) => h("label", { class: "chip" },
    h("input", { type: "checkbox", value: tag, checked: chosen.includes(tag), on: { change: (event) => {
      chosen = event.target.checked ? [...chosen, tag] : chosen.filter((one) => one !== tag);
      update();
    } } }), h("span", {}, name)));
  update();
  return [h("p", { class: "quiet" }, t("languages.text")), h("fieldset", { class: "field" }, h("legend", { class: "label" }, t("translate.targets")), h("div", { class: "chips" }, chips)), price, h("div", { class: "row end" }, start)];
}

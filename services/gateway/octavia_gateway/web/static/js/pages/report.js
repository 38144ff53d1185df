// How good a dub is, measured on what was put together: in total, and line by line.

import { get } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { clock, languageName, number, percent, t } from "../i18n.js";
import { go } from "../router.js";
import { bones, failed, nothing, segments, table, word } from "../ui/parts.js";

const FLAGGED = "flagged";

export function page({ parameters: [id], query }) {
  const only = query.get("lines") === FLAGGED;
  const about = h("p", { class: "quiet clip" });
  const picks = h("div", { class: "row picks" });
  const body = h("div", { class: "stack wide" }, bones(3, "6rem"));
  const element = h("div", { class: "stack wide" },
    h("div", {}, h("a", { href: `/jobs/${id}`, class: "hint" }, t("editor.back"))),
    h("div", { class: "stack tight" }, h("h1", { tabindex: -1 }, t("report.title")), about), picks, body);

  async function load() {
    try {
      const job = await get(`/jobs/${id}`);
      const language = query.get("language") ?? job.outputs[0]?.language ?? job.target_language;
      const address = (tag, lines) => `/jobs/${id}/report?language=${encodeURIComponent(tag)}${lines ? `&lines=${FLAGGED}` : ""}`;
      fill(about, `${job.filename} · ${languageName(language)}`);
      fill(picks,
        job.outputs.length > 1 && segments(t("player.language"), "language", job.outputs.map((one) => [one.language, languageName(one.language)]), language, (tag) => go(address(tag, only))),
        segments(t("report.lines"), "lines", [["all", t("report.all")], [FLAGGED, t("report.flagged_only")]], only ? FLAGGED : "all", (which) => go(address(language, which === FLAGGED))));
      fill(body, await measured(language));
    } catch (error) {
      fill(body, failed(error, load));
    }
  }

  async function measured(language) {
    let report;
    try {
      report = await get(`/jobs/${id}/report?language=${encodeURIComponent(language)}`);
    } catch (error) {
      if (error.status !== 404) throw error;
      return nothing("info", t("report.none"), t("report.none_text"));
    }
    const lines = only ? report.lines.filter((line) => line.flags.length) : report.lines;
    return [totals(report.totals),
      h("section", { class: "card" }, h("h2", {}, t("report.lines")), lines.length ? rows(lines) : nothing("check", t("report.no_flags"), t("report.no_flags_text"))),
      h("p", {}, h("a", { class: "button", href: `/jobs/${id}/edit?language=${encodeURIComponent(language)}` }, icon("captions"), t("editor.open")))];
  }

  load();
  return { title: t("report.title"), element };
}

const NONE = "–";
const milliseconds = (value) => (value === null ? NONE : number(value, { style: "unit", unit: "millisecond", maximumFractionDigits: 0 }));
const share = (value) => (value === null ? NONE : percent(value));
const level = (value, unit) => (value === null ? NONE : t(`report.${unit}`, { count: number(value, { maximumFractionDigits: 1 }) }));
const seconds = (value) => (value === null ? NONE : number(value, { style: "unit", unit: "second", maximumFractionDigits: 2 }));

function totals(sums) {
  const figure = (name, value, hint) => h("div", { class: "card figure" }, h("dt", { class: "hint" }, name), h("dd", { class: "lead figures" }, value), hint && h("dd", { class: "hint" }, hint));
  return h("dl", { class: "report-totals" },
    figure(t("report.count"), number(sums.lines)),
    figure(t("report.onset"), milliseconds(sums.onset_p50_ms), t("report.onset_p95", { value: milliseconds(sums.onset_p95_ms) })),
    figure(t("report.rate"), share(sums.rate_in_bounds), t("report.rate_hint")),
    figure(t("report.overlap"), seconds(sums.overlap_seconds)),
    figure(t("report.drift"), milliseconds(sums.drift_ms)),
    figure(t("report.loudness"), level(sums.output_lufs, "lufs"), t("report.loudness_hint", { source: level(sums.source_lufs, "lufs"), peak: level(sums.true_peak_dbtp, "dbtp") })),
    figure(t("report.subtitles"), share(sums.subtitle_rules_kept), t("report.subtitles_hint")),
    figure(t("report.flagged"), share(sums.flagged), t("report.repaired", { share: share(sums.repaired) })));
}

function rows(lines) {
  const cell = (text, kind = "number") => h("td", { class: kind }, text);
  return table([[t("report.at")], [t("editor.speaker")], [t("report.onset"), "number"], [t("report.pace"), "number"], [t("report.overflow"), "number"], [t("report.loudness"), "number"], [t("report.heard"), "number"], [t("report.flags")]],
    lines.map((line) => h("tr", {}, cell(clock(line.placed_start), "figures"), cell(line.speaker, null), cell(milliseconds(line.onset_error_ms)),
      cell(line.rate === null ? NONE : number(line.rate, { maximumFractionDigits: 2, minimumFractionDigits: 2 })), cell(seconds(line.overflow_seconds)), cell(level(line.lufs, "lufs")), cell(share(line.heard_error)),
      h("td", {}, line.flags.map((flag) => h("span", { class: "badge warn" }, word("flag", flag)))))));
}

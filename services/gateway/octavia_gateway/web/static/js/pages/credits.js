// Credits: what there is, what it went into, and what things cost.

import { get } from "../api.js";
import * as balance from "../balance.js";
import { fill, h, s } from "../dom.js";
import { date, languageName, listed, number, t } from "../i18n.js";
import { bones, button, during, failed, label, nothing, segments, table } from "../ui/parts.js";

const DAYS = 30;
const PAGE = 25;
const KINDS = ["reserve", "capture", "release", "grant", "expire"];
const MOST_LINES = 20_000;

export function page() {
  const figures = h("div", { class: "figures-row" });
  const chart = h("div", {}, bones(1, "9rem"));
  const prices = h("div", {}, bones(2));
  const unwatch = balance.watch((now) => fill(figures, figure(t("credits.available"), now.available, "main"), figure(t("credits.held"), now.held), figure(t("credits.total"), now.total)));
  const lines = history();
  const save = button(t("credits.csv"), { drawing: "download", kind: "small", on: { click: () => during(save, saveAll) } });
  load(chart, drawUse);
  load(prices, drawPrices);
  const element = h("div", { class: "stack wide" },
    h("h1", { tabindex: -1 }, t("credits.title")), figures,
    h("div", { class: "halves" },
      h("section", { class: "card", "aria-labelledby": "use" }, h("h2", { id: "use" }, t("credits.use", { count: DAYS })), chart),
      h("section", { class: "card", "aria-labelledby": "prices" }, h("h2", { id: "prices" }, t("credits.prices")), prices)),
    h("section", { class: "card", "aria-labelledby": "history" }, h("div", { class: "row apart" }, h("h2", { id: "history" }, t("credits.history")), save), lines.element));
  balance.refresh();
  return { title: t("credits.title"), element, leave: unwatch };
}

async function load(place, draw) {
  try {
    fill(place, await draw());
  } catch (error) {
    fill(place, failed(error, () => load(place, draw)));
  }
}

function figure(name, value, kind = "") {
  return h("div", { class: `card figure ${kind}` }, h("span", { class: "hint" }, name), h("strong", { class: "big figures" }, number(value)));
}

/** What was taken on each of the last days, as bars. */
async function drawUse() {
  const since = new Date();
  since.setHours(0, 0, 0, 0);
  since.setDate(since.getDate() - DAYS + 1);
  const taken = await linesOf("&kind=capture", (line) => new Date(line.created_at) < since);
  const days = Array.from({ length: DAYS }, (_, place) => {
    const day = new Date(since);
    day.setDate(day.getDate() + place);
    return { day, credits: 0 };
  });
  for (const line of taken) {
    const day = days.findLast((one) => one.day <= new Date(line.created_at));
    if (day) day.credits += line.credits;
  }
  const total = days.reduce((sum, one) => sum + one.credits, 0);
  if (!total) return h("p", { class: "quiet" }, t("credits.use_none"));
  const most = Math.max(...days.map((one) => one.credits));
  const label = (one) => `${date(one.day, { dateStyle: "medium" })}: ${t("credits.amount", { count: one.credits })}`;
  const bars = days.map((one, place) => s("rect", { x: place * 10 + 1.5, width: 7, rx: 1.5, y: one.credits ? 98 - (one.credits / most) * 92 : 97, height: one.credits ? (one.credits / most) * 92 + 2 : 3, class: one.credits ? "bar-used" : "bar-none" }, s("title", {}, label(one))));
  return h("figure", { class: "stack tight" },
    s("svg", { viewBox: `0 0 ${DAYS * 10} 100`, class: "chart", preserveAspectRatio: "none", role: "img", "aria-label": days.filter((one) => one.credits).map(label).join("; ") }, bars),
    h("figcaption", { class: "row apart hint figures" }, h("span", {}, date(days[0].day, { day: "numeric", month: "short" })), h("strong", {}, t("credits.use_total", { count: total })), h("span", {}, date(days.at(-1).day, { day: "numeric", month: "short" }))));
}

async function drawPrices() {
  const { kinds } = await get("/credits/prices");
  const rows = (name, { tiers, percent = 100 }) => tiers.map((tier, place) => {
    const credits = Math.ceil((tier.credits * percent) / 100);
    const range = tier.limit_seconds === null
      ? (place ? t("credits.over", { minutes: tiers[place - 1].limit_seconds / 60 }) : t("credits.any_length"))
      : t("credits.under", { minutes: tier.limit_seconds / 60 });
    return h("tr", {}, h("td", {}, place ? "" : h("strong", {}, t(`kind.${name}`))), h("td", { class: "quiet" }, range), h("td", { class: "number" }, number(credits)));
  });
  const shown = ["video_translate", "video_generate"].filter((name) => kinds[name]);
  return [h("table", { class: "table" }, h("thead", {}, h("tr", {}, ["what", "length", "credits"].map((one, place) => h("th", { scope: "col", class: place === 2 ? "number" : null }, t(`credits.column_${one}`))))),
    h("tbody", {}, shown.map((name) => rows(name, kinds[name])))), h("p", { class: "hint" }, t("credits.prices_note"))];
}

function history() {
  const body = h("div", {}, bones(3));
  const columns = ["when", "what", "kind", "amount", "after"].map((one, place) => [t(`credits.column_${one}`), place > 2 ? "number" : null]);
  const lines = table(columns, []);
  const rows = lines.tBodies[0];
  const more = button(t("action.more"), { on: { click: () => during(more, () => fetchPage()) } });
  let kind = "";
  let cursor = null;

  async function fetchPage() {
    const page = await get(`/credits/transactions?limit=${PAGE}${kind && `&kind=${kind}`}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    cursor = page.next_cursor;
    rows.append(...page.items.map((line) => label(columns, row(line))));
    more.hidden = !cursor;
    if (!rows.childElementCount) fill(body, nothing("credits", t("credits.none"), t("credits.none_text")));
    else if (lines.parentNode !== body) fill(body, lines, h("div", { class: "row more" }, more));
  }

  const look = () => {
    cursor = null;
    fill(rows);
    load(body, async () => {
      await fetchPage();
      return [...body.childNodes];
    });
  };
  const pick = segments(t("credits.filter"), "kind", [["", t("credits.filter_all")], ...KINDS.map((one) => [one, t(`entry.${one}`)])], kind, (one) => {
    kind = one;
    look();
  });
  look();
  return { element: h("div", { class: "stack" }, pick, body) };
}

function row(line) {
  const about = line.job_id && !line.reason.startsWith("Generated video") ? h("a", { href: `/jobs/${line.job_id}` }, reasonOf(line)) : reasonOf(line);
  const sign = line.amount > 0 ? "good" : line.amount < 0 ? "" : "quiet";
  return h("tr", {}, h("td", { class: "quiet nowrap" }, date(line.created_at)), h("td", { class: "full" }, about), h("td", {}, h("span", { class: "badge" }, t(`entry.${line.kind}`))),
    h("td", { class: `number ${sign}` }, line.amount ? number(line.amount, { signDisplay: "always" }) : t("credits.taken", { count: line.credits })), h("td", { class: "number quiet" }, number(line.balance_after)));
}

const WORKS = { "Video translation": "video_translate", "Audio translation": "audio_translate", Subtitles: "subtitles", "Subtitle translation": "subtitle_translate", "Generated video": "video_generate" };
const ENDS = new Set(["delivered", "failed", "cancelled"]);

/** What a line is for, in the reader's language; what a person wrote stays as it was written. */
export function reasonOf({ reason }) {
  const expired = /^(.*): expired$/s.exec(reason);
  if (expired) return t("reason.expired", { reason: reasonOf({ reason: expired[1] }) });
  const found = /^([A-Z][a-z ]+?)(?: \((\S+) to ([^)]+)\))?(?:: (.+))?$/.exec(reason);
  if (!found || !(found[1] in WORKS)) return reason === "Welcome credits" ? t("reason.welcome") : reason;
  const [, name, source, targets, end] = found;
  const named = (tags) => listed(tags.split(", ").map(languageName));
  const kind = t(`kind.${WORKS[name]}`);
  const work = source ? `${kind}, ${t("jobs.languages", { source: source === "auto" ? t("translate.detected") : languageName(source), targets: named(targets) })}` : kind;
  if (!end) return work;
  const missing = /^not delivered: (.+)$/.exec(end);
  if (missing) return t("reason.missing", { work, languages: named(missing[1]) });
  return ENDS.has(end) ? t(`reason.${end}`, { work }) : t("reason.other", { work, end });
}

/** All lines of the history that a query means, newest first, up to the one where `enough` says so. */
async function linesOf(query, enough = () => false) {
  const found = [];
  let cursor = null;
  do {
    const page = await get(`/credits/transactions?limit=100${query}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    for (const line of page.items) {
      if (enough(line)) return found;
      found.push(line);
    }
    cursor = page.next_cursor;
  } while (cursor && found.length < MOST_LINES);
  return found;
}

/** The whole history as a file for a spreadsheet. */
async function saveAll() {
  const lines = await linesOf("");
  const head = ["seq", "created_at", "kind", "amount", "credits", "balance_after", "held_after", "reason", "job_id"];
  const text = [head, ...lines.map((line) => head.map((name) => line[name] ?? ""))].map((cells) => cells.map(cell).join(",")).join("\r\n");
  const url = URL.createObjectURL(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv" }));
  const link = h("a", { href: url, download: "octavia-credits.csv" });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** One cell. A spreadsheet takes a text that begins like a formula for one, so it is told that it is none. */
export function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return `"${text.replaceAll('"', '""')}"`;
}

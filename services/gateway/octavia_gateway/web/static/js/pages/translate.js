// Translate: bring videos, choose languages, see the price, begin. Below: what was translated before.

import { get, Problem } from "../api.js";
import * as balance from "../balance.js";
import { attribute, fill, h, icon, keyed, say } from "../dom.js";
import { byName, languageName, number, t } from "../i18n.js";
import { sourcesOf, targetsOf, written } from "../offers.js";
import { begin, beginBatch, costOf, kindsOf, ordersOf, pairOf } from "../orders.js";
import { go } from "../router.js";
import { button, during, failed, field, reasonOf, segments } from "../ui/parts.js";
import { toast } from "../ui/toast.js";
import { jobOptions } from "../ui/job-options.js";
import { recentJobs } from "../ui/recent-jobs.js";
import { uploadCard } from "../ui/upload-card.js";
import * as uploads from "../upload/uploads.js";

const WISHES = "octavia.languages";
const FIRST = { source: "en", targets: [], make: "dub", preview: false, lines: true };

export function page() {
  const wishes = recalled();
  const offers = { capabilities: null, prices: null, problem: null };
  const list = h("ul", { class: "stack", "aria-label": t("translate.files") });
  const show = keyed(list, uploadCard);
  const panel = h("section", { class: "card stack panel", "aria-labelledby": "panel" });
  const side = languagesPanel(panel, offers, wishes, () => update());
  const alert = h("div", { role: "status", class: "unseen" });
  let starting = false;

  function ready() {
    return uploads.all().filter((one) => one.state === "done");
  }

  function update() {
    const every = uploads.all();
    show(every, (one) => one.key);
    element.classList.toggle("has-files", every.length > 0);
    side.update(every, starting);
    say(alert, every.length ? t("translate.state", { count: every.length, ready: ready().length }) : "");
  }

  async function start() {
    const orders = ordersOf(ready(), wishes);
    starting = true;
    update();
    if (orders.length > 1 && !kindsOf(orders, wishes).some(written)) return together(orders);
    const made = [];
    try {
      for (const order of orders) made.push([order, await begin(order, wishes, offers.prices)]);
    } catch (error) {
      toast(error instanceof Problem ? `${orders[made.length].upload.name}: ${reasonOf(error)}` : reasonOf(error));
    } finally {
      starting = false;
      forget(made.map(([order]) => order));
      balance.refresh();
    }
    if (made.length === 1 && orders.length === 1) return go(`/jobs/${made[0][1].id}`);
    if (made.length) toast(t("translate.begun", { count: made.length }));
    recent.look();
    return update();
  }

  function forget(orders) {
    uploads.used(new Set(orders.flatMap(({ upload, lines }) => [upload, lines]).filter(Boolean).map((upload) => upload.key)));
  }

  /** Several files are one batch: all are begun, or none. */
  async function together(orders) {
    try {
      const batch = await beginBatch(orders, wishes, offers.prices);
      forget(orders);
      return go(`/batches/${batch.id}`);
    } catch (error) {
      const item = error instanceof Problem ? orders[error.body.item]?.upload : null;
      toast(item ? `${item.name}: ${reasonOf(error)}` : reasonOf(error));
    } finally {
      starting = false;
      balance.refresh();
    }
    return update();
  }

  side.onStart(start);
  const recent = recentJobs();
  const element = h("div", { class: "stack wide translate" },
    h("h1", { tabindex: -1 }, t("translate.title")),
    h("div", { class: "split" }, h("div", { class: "stack grow" }, dropZone(), list), panel),
    alert, recent.element);
  const unwatch = [uploads.watch(update), balance.watch(update)];
  load();

  async function load() {
    try {
      [offers.capabilities, offers.prices] = await Promise.all([get("/capabilities", { patient: true }), get("/credits/prices", { patient: true })]);
      offers.problem = null;
    } catch (error) {
      offers.problem = error;
      offers.again = load;
    }
    side.offer();
    update();
  }

  update();
  return { title: t("translate.title"), element, leave() {
    unwatch.forEach((stop) => stop());
    recent.leave();
  } };
}

/** Where files are dropped, chosen, or named by an address. */
function dropZone() {
  const input = h("input", { type: "file", accept: "video/*,audio/*,.mkv,.srt,.vtt,.ass,.ssa", multiple: true, class: "unseen", id: "files", on: { change: () => {
    uploads.add(input.files);
    input.value = "";
  } } });
  const address = field(t("translate.address"), h("input", { class: "input", type: "url", inputmode: "url", placeholder: "https://", autocomplete: "off", maxlength: 2000 }));
  const fetch = button(t("translate.fetch"), { type: "submit" });
  const form = h("form", { class: "row address", novalidate: true, on: { submit: (event) => {
    event.preventDefault();
    const url = address.input.value.trim();
    if (!/^https?:\/\/\S+$/i.test(url)) {
      address.fail(t("translate.address_wrong"));
      return address.input.focus();
    }
    address.fail(null);
    return during(fetch, async () => {
      try {
        await uploads.addAddress(url);
        address.input.value = "";
      } catch (error) {
        address.fail(reasonOf(error));
        address.input.focus();
      }
    });
  } } }, h("div", { class: "grow" }, address.element), fetch);
  let depth = 0;
  const over = (event, step) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    depth = step === null ? 0 : depth + step;
    zone.classList.toggle("over", depth > 0);
  };
  const zone = h("div", { class: "card zone", on: {
    dragenter: (event) => over(event, 1),
    dragover: (event) => over(event, 0),
    dragleave: (event) => over(event, -1),
    drop: (event) => {
      over(event, null);
      uploads.add(event.dataTransfer.files);
    },
  } },
  h("div", { class: "zone-drop" }, icon("upload"), h("div", {}, h("p", { class: "zone-title" }, t("translate.drop")), h("p", { class: "hint" }, t("translate.drop_hint"))),
    input, h("label", { class: "button main", for: "files" }, t("translate.choose"))),
  form);
  return zone;
}

function languagesPanel(panel, offers, wishes, changed) {
  const source = field(t("translate.source"), h("select", { class: "input", name: "source", on: { change: () => {
    wishes.source = source.input.value;
    keepInMind(wishes);
    offer();
    changed();
  } } }));
  const targets = h("div", { class: "chips" });
  const intoLegend = h("legend", { class: "label" }, t("translate.targets"));
  const bill = h("dl", { class: "bill" });
  const reason = h("p", { class: "hint", id: "start-reason" });
  const start = button(t("translate.start"), { kind: "main block", "aria-describedby": "start-reason" });
  let begin = () => {};
  start.addEventListener("click", () => {
    if (start.getAttribute("aria-disabled") !== "true") begin();
  });
  const make = segments(t("translate.make"), "make", [["dub", t("translate.make_dub")], ["subtitles", t("translate.make_subtitles")]], wishes.make, (chosen) => {
    wishes.make = chosen;
    keepInMind(wishes);
    changed();
  });
  const preview = h("label", { class: "tick" }, h("input", { type: "checkbox", name: "preview", checked: wishes.preview, on: { change: (event) => {
    wishes.preview = event.target.checked;
    changed();
  } } }), h("span", {}, t("translate.preview")));
  const lines = h("input", { type: "checkbox", name: "lines", checked: wishes.lines, on: { change: () => {
    wishes.lines = lines.checked;
    changed();
  } } });
  const linesWords = h("span");
  const pairing = h("div", { class: "stack tight", hidden: true }, h("label", { class: "tick" }, lines, linesWords), h("p", { class: "hint" }, t("translate.lines_hint")));
  let kinds = kindsOf([], wishes);
  let told = false; // whether a subtitle file tells the lines: it is in a language that is known
  const more = jobOptions(wishes.options, () => keepInMind(wishes));
  const body = h("div", { class: "stack" }, make, pairing, source.element,
    h("fieldset", { class: "field" }, intoLegend, targets), preview, more.element, bill, h("div", { class: "stack tight" }, start, reason));
  fill(panel, h("h2", { id: "panel" }, t("translate.languages")), h("div", { class: "bone", style: { height: "12rem" } }));

  function offer() {
    if (offers.problem) return fill(panel, failed(offers.problem, offers.again));
    const can = offers.capabilities;
    const names = sourcesOf(can, kinds);
    const options = names.map((tag) => [tag, languageName(tag)]).sort((a, b) => byName(a[1], b[1]));
    if (can.detects_language && !kinds.includes("subtitle_translate") && !told) options.unshift(["auto", t("translate.detect")]);
    if (!options.some(([tag]) => tag === wishes.source)) wishes.source = options[0]?.[0] ?? "";
    fill(source.input, options.map(([tag, name]) => h("option", { value: tag }, name)));
    source.input.value = wishes.source;
    const possible = targetsOf(can, kinds, wishes.source);
    wishes.targets = wishes.targets.filter((tag) => possible.includes(tag));
    if (!wishes.targets.length && possible.length) wishes.targets = possible.slice(0, 1);
    fill(targets, possible.map((tag) => [tag, languageName(tag)]).sort((a, b) => byName(a[1], b[1])).map(([tag, name]) => h("label", { class: "chip" },
      h("input", { type: "checkbox", name: "target", value: tag, checked: wishes.targets.includes(tag), on: { change: (event) => {
        wishes.targets = event.target.checked ? [...wishes.targets, tag] : wishes.targets.filter((one) => one !== tag);
        more.offer(can, wishes.targets, !kinds.every(written));
        keepInMind(wishes);
        changed();
      } } }), h("span", {}, name))));
    more.offer(can, wishes.targets, !kinds.every(written));
    const read = kinds.every((kind) => kind === "subtitle_translate");
    say(source.element.querySelector("label"), t(read ? "translate.source_read" : "translate.source"));
    say(intoLegend, t(kinds.every((kind) => kind === "subtitles") ? "translate.targets_subtitles" : "translate.targets"));
    if (!panel.contains(body)) fill(panel, h("h2", { id: "panel" }, t("translate.languages")), body);
    return undefined;
  }

  function update(every, starting) {
    if (!offers.prices) return;
    const ready = every.filter((one) => one.state === "done");
    const pair = pairOf(ready);
    pairing.hidden = !pair;
    if (pair) say(linesWords, t("translate.lines", { subtitles: pair.lines.name, name: pair.upload.name }));
    const orders = ordersOf(ready, wishes);
    const now = kindsOf(orders, wishes);
    const tells = orders.some((order) => order.lines);
    if (String(now) !== String(kinds) || tells !== told) {
      kinds = now;
      told = tells;
      offer();
    }
    const cost = orders.reduce((sum, order) => sum + costOf(order, wishes, offers.prices), 0);
    const have = balance.now();
    fill(bill,
      line(t("translate.files_count", { count: orders.length }), t("translate.languages_count", { count: wishes.targets.length })),
      line(t("translate.cost"), t("credits.amount", { count: cost }), "total"),
      line(t("balance.title"), have ? number(have.available) : "–"),
      have && cost > 0 && cost <= have.available && line(t("translate.left"), number(have.available - cost)));
    const why = reasonAgainst({ every, ready, cost, have, wishes, starting });
    attribute(start, "aria-disabled", why ? "true" : null);
    attribute(start, "aria-busy", starting ? "true" : null);
    say(reason, why ?? t("translate.held_note"));
    say(start.lastElementChild, cost > 0 ? t(kinds.every(written) ? "translate.start_subtitles_for" : "translate.start_for", { count: cost }) : t("translate.start"));
  }

  return { offer, update, onStart: (handler) => {
    begin = handler;
  } };
}

function line(name, value, kind) {
  return h("div", { class: kind }, h("dt", {}, name), h("dd", { class: "figures" }, value));
}

/** Why the button cannot be pressed, or null. */
function reasonAgainst({ every, ready, cost, have, wishes, starting }) {
  if (starting) return t("translate.why_starting");
  if (!every.length) return t("translate.why_none");
  if (every.some((one) => ["sending", "waiting", "checking", "fetching"].includes(one.state))) return t("translate.why_uploading");
  if (!ready.length) return t("translate.why_incomplete");
  if (!wishes.targets.length) return t("translate.why_no_target");
  if (have && cost > have.available) return t("translate.why_credits", { count: cost - have.available });
  return null;
}

function recalled() {
  try {
    return { ...FIRST, options: {}, ...JSON.parse(localStorage.getItem(WISHES)), preview: false, lines: true };
  } catch {
    return { ...FIRST, options: {} };
  }
}

function keepInMind(wishes) {
  localStorage.setItem(WISHES, JSON.stringify(wishes));
}

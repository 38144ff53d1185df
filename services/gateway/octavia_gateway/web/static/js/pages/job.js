// One translation: how it goes, how it went, and what came of it.

import { get, onceKey, post, remove } from "../api.js";
import * as balance from "../balance.js";
import { attribute, fill, h, icon, say } from "../dom.js";
import { clock, date, duration, languageName, listed, number, percent, t } from "../i18n.js";
import { sourceName, sourceOf, stepOf, tOf } from "../job-words.js";
import { follow } from "../live.js";
import { written } from "../offers.js";
import { go } from "../router.js";
import { addLanguages } from "../ui/add-languages.js";
import { confirm } from "../ui/dialog.js";
import { badge, bar, bones, button, complain, during, failed, note } from "../ui/parts.js";
import { downloads, player } from "../ui/player.js";
import { subtitleFiles } from "../ui/subtitle-files.js";
import { exportsOf } from "../ui/exports.js";
import { timeline } from "../ui/timeline.js";
import { makeWhole } from "../ui/whole.js";
import { toast } from "../ui/toast.js";

const PHASES = ["TRANSCRIBING", "TRANSLATING", "SYNTHESIZING", "ASSEMBLING"];
const SPEAKING = "SYNTHESIZING";
const ENDED = new Set(["completed", "partially_completed", "failed", "cancelled"]);

export function page({ parameters: [id] }) {
  const title = h("h1", { tabindex: -1, class: "clip" }, t("job.title"));
  const languages = h("p", { class: "quiet" });
  const state = h("div", { class: "row" });
  const body = h("div", { class: "stack wide" }, bones(3, "5rem"));
  const spoken = h("p", { class: "unseen", role: "status" });
  const element = h("div", { class: "stack wide" },
    h("div", {}, h("a", { href: "/", class: "hint" }, t("job.back"))),
    h("div", { class: "row apart top page-head" }, h("div", { class: "grow stack tight" }, title, languages), state), spoken, body);
  let job = null;
  let view = null;
  let ticking = 0;

  async function look() {
    try {
      update(await get(`/jobs/${id}`));
    } catch (error) {
      if (!job || error.status === 404) fill(body, failed(error, look));
    }
  }

  function update(now) {
    const changed = !job || job.status !== now.status || job.attempt !== now.attempt;
    job = now;
    say(title, job.filename);
    attribute(title, "title", job.filename);
    say(languages, [t(`kind.${job.kind}`), t("jobs.languages", { source: sourceName(job), targets: listed(job.target_languages.map(languageName)) }), clock(job.duration_seconds),
      job.preview && t("job.preview"), job.subtitle_file_id && t("job.lines_given")].filter(Boolean).join(" · "));
    if (changed) {
      view?.leave?.();
      view = (ENDED.has(job.status) ? { completed: finished, partially_completed: finished, failed: ended, cancelled: ended }[job.status] : working)(job, look);
      fill(state, badge(job.status), view.actions);
      fill(body, view.element);
      if (job.status !== "pending") say(spoken, job.status === "processing" ? tOf(job.kind, "job.said_processing", { name: job.filename }) : t(`job.said_${job.status}`, { name: job.filename }));
    }
    view.update?.(job);
    document.title = `${ENDED.has(job.status) ? t(`status.${job.status}`) : percent(job.progress_percentage / 100)} · ${job.filename} · Octavia`;
  }

  const unfollow = follow({ look: () => job && look(), event: (kind, told) => {
    if (told.id !== id) return;
    if (kind === "job.deleted") return;
    if (kind === "job.updated" && job) update(told);
    else look(); // what an end says is told in the reader's language
  } });
  look();
  ticking = setInterval(() => view?.tick?.(), 1000);
  return { title: t("job.title"), element, leave() {
    clearInterval(ticking);
    unfollow();
    view?.leave?.();
  } };
}

function working(first) {
  let job = first;
  const figure = h("strong", { class: "big figures" });
  const step = h("p", { class: "lead" });
  const progress = bar(t("job.progress"));
  const phases = h("ol", { class: "phases" });
  const times = h("p", { class: "hint figures" });
  const picture = timeline(first.kind);
  const spoken = h("p", { class: "unseen", role: "status" });
  const cancel = button(t("action.cancel"), { on: { click: () => stop(job, cancel) } });
  const begin = button(t("job.begin", { count: first.quote.credits }), { kind: "main", on: { click: () => during(begin, () => process(job)) } });
  const release = button(t("job.release"), { kind: "main", on: { click: () => during(release, () => post(`/jobs/${job.id}/release`, undefined, { once: onceKey() })) } });
  const review = h("div", { hidden: true });
  let phase = "";

  function tick() {
    const started = Date.parse(job.started_at ?? "");
    if (!started) return say(times, "");
    const elapsed = (Date.now() - started) / 1000;
    const share = job.progress_percentage / 100;
    const left = share > 0.05 && share < 1 ? (elapsed / share) * (1 - share) : null;
    return say(times, left === null ? t("job.elapsed", { elapsed: clock(elapsed) }) : t("job.elapsed_left", { elapsed: clock(elapsed), left: duration(left) }));
  }

  function update(now) {
    job = now;
    say(figure, percent(job.progress_percentage / 100));
    say(step, stepOf(job));
    progress.set(job.progress_percentage / 100);
    cancel.hidden = job.cancel_requested;
    cancel.lastElementChild.textContent = t("action.cancel");
    begin.hidden = job.status !== "pending";
    const waits = job.status === "review" && !job.cancel_requested;
    release.hidden = !waits;
    if (waits && review.hidden) fill(review, waiting(job));
    review.hidden = !waits;
    picture.update(job);
    if (phase !== job.phase) {
      phase = job.phase;
      fill(phases, PHASES.filter((name) => name !== SPEAKING || !written(job.kind)).map((name) => h("li", { class: phaseClass(name, phase), "aria-current": name === phase ? "step" : null }, phaseSign(name, phase), t(`phase.${name}`))));
      say(spoken, stepOf(job)); // each phase once: a sentence a part would be too much to hear
    }
    tick();
  }

  const element = h("section", { class: "card stack", "aria-label": t("job.progress") }, review,
    h("div", { class: "row apart" }, h("div", { class: "grow" }, step, times), figure), progress.element, phases, spoken, picture.element,
    h("p", { class: "hint" }, t("job.held", { count: first.quote.credits })));
  return { element, update, tick, actions: [begin, release, cancel] };
}

/** What its owner can do while a job waits for them, and until when. */
function waiting(job) {
  const language = job.options.review === "transcript" ? sourceOf(job) : job.target_languages[0];
  return note("info", h("h2", {}, t("job.review_title")), h("p", {}, t("job.review_do", { until: date(job.deadline_at) })),
    h("a", { class: "button", href: `/jobs/${job.id}/edit?language=${encodeURIComponent(language)}` }, t("job.review_lines")));
}

function phaseClass(name, phase) {
  const [here, at] = [PHASES.indexOf(name), PHASES.indexOf(phase)];
  return here < at ? "done" : here === at ? "now" : "";
}

function phaseSign(name, phase) {
  return phaseClass(name, phase) === "done" ? icon("check") : h("i", {});
}

async function stop(job, control) {
  if (!await confirm(tOf(job.kind, "job.cancel_title"), t("job.cancel_text"), tOf(job.kind, "job.cancel_action"))) return;
  await during(control, async () => {
    await post(`/jobs/${job.id}/cancel`);
    toast(t("job.cancel_asked"));
    balance.refresh();
  });
}

async function process(job) {
  await post(`/jobs/${job.id}/process`, undefined, { once: onceKey() });
  balance.refresh();
}

function ended(job, look) {
  const again = button(t("action.try_again"), { kind: "main", drawing: "retry", on: { click: () => during(again, async () => {
    await process(job);
    await look();
  }) } });
  const refund = t("job.refunded", { count: job.quote.credits });
  const words = job.status === "failed"
    ? note("bad", h("h2", {}, tOf(job.kind, "job.failed_title")), h("p", {}, job.error_message), h("p", {}, refund))
    : note("info", h("h2", {}, tOf(job.kind, "job.cancelled_title")), h("p", {}, refund));
  const element = h("section", { class: "card stack" }, words,
    h("p", { class: "quiet" }, t(job.status === "failed" ? "job.failed_do" : "job.cancelled_do", { count: job.quote.credits })),
    h("p", { class: "hint" }, facts(job)));
  return { element, actions: [again, forget(job)] };
}

function finished(job, look) {
  const read = written(job.kind);
  const playing = read ? subtitleFiles(job) : player(job);
  const others = job.kind !== "subtitle_translate" && exportsOf(job);
  const element = h("div", { class: "stack wide" }, job.failed_languages.length > 0 && missing(job),
    h("section", { class: "card", "aria-label": t(read ? "download.subtitles" : "player.title") }, playing.element),
    others && others.element,
    h("p", { class: "hint" }, t("job.charged", { count: job.credits_charged }), " · ", facts(job)));
  const to = (part, drawing, text) => h("a", { class: "button", href: `/jobs/${job.id}/${part}` }, icon(drawing), h("span", {}, text));
  const leave = () => {
    playing.leave();
    others && others.leave();
  };
  return { element, leave, actions: [makeWhole(job), addLanguages(job, look), to("edit", "captions", t("editor.open")), !read && to("report", "info", t("report.open")), !read && downloads(job), forget(job)] };
}

/** Languages that could not be made, and why; their share of the credits is back. */
function missing(job) {
  return note("warn", h("h2", {}, t("job.missing_title", { languages: listed(job.failed_languages.map((each) => languageName(each.language))) })),
    job.failed_languages.map((each) => h("p", {}, `${languageName(each.language)}: ${each.error_message}`)), h("p", {}, t("job.missing_do")));
}

function facts(job) {
  const took = job.finished_at && job.started_at ? (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000 : null;
  return [job.finished_at && date(job.finished_at), took !== null && t("job.took", { took: duration(took) }), job.attempt > 1 && t("job.attempt", { number: number(job.attempt) })].filter(Boolean).join(" · ");
}

function forget(job) {
  const control = button(t("action.delete"), { kind: "danger", drawing: "trash", on: { click: async () => {
    if (!await confirm(tOf(job.kind, "job.delete_title"), t("job.delete_text", { name: job.filename }), t("action.delete"))) return;
    try {
      await remove(`/jobs/${job.id}`);
      toast(tOf(job.kind, "job.deleted"));
      go("/");
    } catch (error) {
      complain(error);
    }
  } } });
  return control;
}

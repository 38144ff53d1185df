// The lines of a dub, finished or waiting for review: heard, changed one by one, put together anew or let go on.

import { get, mayPlay, onceKey, post, Problem } from "../api.js";
import { attribute, fill, h, icon, keyed, say } from "../dom.js";
import { date, languageName, t } from "../i18n.js";
import { tOf } from "../job-words.js";
import { follow } from "../live.js";
import { written } from "../offers.js";
import { go } from "../router.js";
import { modal } from "../ui/dialog.js";
import { lineRow } from "../ui/line-row.js";
import { bones, button, complain, during, failed, note, nothing, segments } from "../ui/parts.js";
import { toast } from "../ui/toast.js";

const POLL = 2_000; // while a language is put together, or a line translated
const CHANGED = 409;

export function page({ parameters: [id], query }) {
  let job = null;
  let table = null;
  let standing = null;
  let revisions = [];
  let open = null; // the id of the line whose form is open, or "add"
  let until = Infinity;
  let spoken = -1; // the revision whose lines can be heard one by one, while the whole is put together
  let polling = 0;
  let typed = false;
  let language = query.get("language");

  const title = h("h1", { tabindex: -1, class: "clip" }, t("editor.title"));
  const about = h("p", { class: "quiet" });
  const picks = h("div", { class: "row picks" });
  const state = h("div", { role: "status" });
  const video = h("video", { controls: true, preload: "metadata", playsinline: true, class: "editor-video", controlslist: "nodownload" });
  const voice = h("audio", { preload: "none" }); // of one line that the video does not have yet
  const list = h("ol", { class: "lines", "aria-label": t("editor.lines") });
  const undo = button(t("action.undo"), { drawing: "restore", on: { click: () => during(undo, () => goBack()) } });
  const history = button(t("editor.revisions"), { drawing: "clock", on: { click: () => showRevisions() } });
  const add = button(t("editor.add"), { drawing: "plus", on: { click: () => edit("add") } });
  const render = button(t("editor.render"), { kind: "main", drawing: "play", on: { click: () => during(render, putTogether) } });
  const release = button(t("job.release"), { kind: "main", hidden: true, on: { click: () => during(release, letGoOn) } });
  const hint = h("p", { class: "hint" });
  const adding = h("div");
  const body = h("div", { class: "stack wide" }, bones(4, "4rem"));
  const element = h("div", { class: "stack wide" },
    h("div", {}, h("a", { href: `/jobs/${id}`, class: "hint" }, t("editor.back"))),
    h("div", { class: "row apart top page-head" }, h("div", { class: "grow stack tight" }, title, about), h("div", { class: "row" }, undo, history, add, render, release)),
    state, body);
  const content = h("div", { class: "editor" },
    h("div", { class: "editor-side stack" }, picks, video, hint),
    h("div", { class: "grow stack" }, adding, list));
  const show = keyed(list, (item) => lineRow(item, { edit, save, play, erase, join, split, translate }));

  async function load() {
    try {
      const [found, there] = await Promise.all([get(`/jobs/${id}`), get(`/jobs/${id}/languages`)]);
      const tags = there.items.map((one) => one.language);
      job = found;
      language ??= tags[0] ?? job.target_language;
      say(title, tOf(job.kind, "editor.title"));
      say(about, job.filename);
      attribute(about, "title", job.filename);
      fill(picks, tags.length > 1 && segments(t("player.language"), "language", tags.map((tag) => [tag, languageName(tag)]), language, (tag) => go(`/jobs/${id}/edit?language=${encodeURIComponent(tag)}`)));
      await look();
      await hear();
    } catch (error) {
      fill(body, failed(error, load));
    }
  }

  /** Reads lines, revisions and where the language stands; what is typed stays. */
  async function look() {
    const asked = `language=${encodeURIComponent(language)}`;
    const [lines, made, languages] = await Promise.all([
      get(`/jobs/${id}/segments?${asked}`), get(`/jobs/${id}/revisions?${asked}`), get(`/jobs/${id}/languages`)]);
    revisions = made.items;
    standing = languages.items.find((one) => one.language === language);
    put(lines);
    watch();
  }

  function put(now) {
    table = now;
    const count = table.segments.length;
    show(table.segments.map((line, place) => ({
      line, place, last: place === count - 1, open: open === line.id, language, source: table.source_language,
      heard: job.kind !== "subtitle_translate", name: job.options.speaker_names[line.speaker] ?? line.speaker,
    })), (item) => item.line.id);
    if (!content.isConnected) fill(body, count ? content : [content, nothing("captions", t("editor.none"), tOf(job.kind, "editor.none_text"))]);
    tell();
  }

  function tell() {
    const stale = table.output_revision < table.current_revision;
    const rendering = standing?.status === "rendering";
    const waits = standing?.status === "review";
    const unanswered = translating();
    render.hidden = waits;
    release.hidden = !waits;
    say(hint, t(ofSource() ? "editor.hear_source" : "editor.hear_hint"));
    attribute(release, "aria-disabled", unanswered ? "true" : null);
    attribute(undo, "aria-disabled", bottom(table.current_revision) > lowest() ? null : "true");
    attribute(render, "aria-disabled", stale && !rendering && !unanswered ? null : "true");
    attribute(render, "aria-busy", rendering ? "true" : null);
    if (rendering) fill(state, note("info", h("p", {}, t(spoken === table.current_revision ? "editor.spoken" : "editor.rendering"))));
    else if (unanswered) fill(state, note("info", h("p", {}, t("editor.translating_count", { count: unanswered }))));
    else if (waits) fill(state, note("info", h("p", {}, t("job.review_do", { until: date(job.deadline_at) }))));
    else if (standing?.status === "failed") fill(state, note("bad", h("p", {}, standing.error_message), h("p", {}, t("editor.render_failed"))));
    else if (stale) fill(state, note("warn", h("p", {}, tOf(job.kind, "editor.stale"))));
    else fill(state, h("p", { class: "hint icon-text" }, icon("check"), t("editor.fresh")));
  }

  /** How many lines wait for the translator. */
  function translating() {
    return table.segments.filter((line) => line.text === null).length;
  }

  /** Makes changes on what is shown; where somebody was quicker, their lines are shown and what was typed stays. */
  async function change(changes) {
    try {
      const now = await post(`/jobs/${id}/segments`, { language, revision: table.current_revision, changes }, { once: onceKey() });
      changed(now);
      return true;
    } catch (error) {
      return conflict(error);
    }
  }

  async function conflict(error) {
    if (!(error instanceof Problem) || error.status !== CHANGED || error.code !== "revision_conflict") {
      complain(error);
      return false;
    }
    await look();
    const there = open === null || open === "add" || table.segments.some((line) => line.id === open);
    toast(t(there ? "editor.conflict" : "editor.conflict_gone"));
    return false;
  }

  function changed(now) {
    revisions = [...revisions, { revision: now.current_revision, back_to: null, changes: [], created_at: new Date().toISOString() }];
    if (standing) standing = { ...standing, status: "stale" };
    put(now);
  }

  function edit(which) {
    const before = open;
    open = open === which ? null : which;
    typed = false;
    fill(adding, open === "add" && addForm());
    put(table);
    if (open === "add") adding.querySelector("textarea").focus();
    else if (open === null) (rowOf(before)?.querySelector(".line-edit") ?? add).focus();
  }

  function rowOf(which) {
    return list.querySelector(`[data-id="${CSS.escape(which ?? "")}"]`);
  }

  async function save(line, wanted) {
    const fields = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== line[name]));
    if (!Object.keys(fields).length) return edit(line.id);
    if (await change([{ op: "change", id: line.id, ...fields }])) {
      edit(line.id);
      toast(t("editor.saved"));
    }
    return undefined;
  }

  /** Has a line said anew by the translator, from its source as it is typed. */
  async function translate(line, source) {
    const before = source === line.source_text ? [] : [{ op: "change", id: line.id, source_text: source }];
    if (!await change([...before, { op: "translate", id: line.id }])) return;
    if (open === line.id) edit(line.id);
    watch();
  }

  async function erase(line) {
    const place = table.segments.indexOf(line);
    open = null;
    if (!await change([{ op: "delete", id: line.id }])) return;
    toast(t("editor.deleted"), { label: t("action.undo"), run: () => goBack() });
    (list.children[Math.min(place, list.children.length - 1)]?.querySelector(".line-edit") ?? add).focus();
  }

  async function join(line) {
    open = null;
    if (await change([{ op: "join", id: line.id }])) rowOf(line.id)?.querySelector(".line-edit").focus();
  }

  /** Two lines of one, where the cursor stands in its text; the moment and the source's text follow by share. */
  async function split(line, text, cursor) {
    const share = Math.min(0.9, Math.max(0.1, cursor / Math.max(1, text.length)));
    const at = Math.round((line.start + (line.end - line.start) * share) * 1000) / 1000;
    const source = line.source_text.lastIndexOf(" ", Math.round(line.source_text.length * share));
    const cut = source < 0 ? line.source_text.length : source;
    open = null;
    const pair = (whole, place) => [whole.slice(0, place).trim(), whole.slice(place).trim()];
    if (await change([{ op: "split", id: line.id, at, texts: pair(text, cursor), source_texts: pair(line.source_text, cut) }])) {
      (rowOf(line.id) ?? list).querySelector(".line-edit")?.focus();
    }
  }

  function addForm() {
    const last = table.segments.at(-1);
    const start = Math.min(video.currentTime || last?.end || 0, Math.max(0, job.duration_seconds - 1));
    const item = { line: { id: "add", speaker: last?.speaker ?? "S1", start: Math.round(start * 1000) / 1000, end: Math.round((start + 2) * 1000) / 1000, source_text: "", text: "", flags: [] },
      place: null, last: true, open: true, language, source: table.source_language, heard: false, name: "" };
    return h("div", { class: "card" }, h("h2", {}, t("editor.add")), lineRow(item, { edit, play, save: async (line, wanted) => {
      const { text, start: from, end, speaker } = wanted;
      if (await change([{ op: "add", text, start: from, end, speaker }])) edit("add");
    } }).form);
  }

  /** Which revision a revision shows: one that went back shows what it went back to. */
  function bottom(number) {
    const found = revisions.find((one) => one.revision === number);
    return found && found.back_to !== null ? bottom(found.back_to) : number;
  }

  /** The first revision that these lines had: what was mended in the transcript before is of other ones. */
  function lowest() {
    if (standing?.status === "review") return 0;
    return Math.max(0, ...revisions.filter((one) => one.reviewed === "transcript").map((one) => one.revision));
  }

  async function goBack(to = bottom(table.current_revision) - 1) {
    if (typeof to !== "number" || to < lowest()) return;
    open = null;
    fill(adding);
    try {
      await post(`/jobs/${id}/undo`, { language, revision: table.current_revision, to }, { once: onceKey() });
      await look();
      toast(t("editor.undone"));
    } catch (error) {
      await conflict(error);
    }
  }

  function showRevisions() {
    const rows = [...revisions].reverse();
    return modal(t("editor.revisions"), (close) => h("ol", { class: "list" }, rows.map((one) => h("li", { class: "row apart" },
      h("div", {}, h("p", {}, one.revision === 0 ? t("editor.revision_first") : one.back_to === null ? t("editor.revision", { number: one.revision }) : t("editor.revision_back", { number: one.revision, to: one.back_to })),
        h("p", { class: "hint" }, one.created_at && date(one.created_at), one.changes.length > 0 && ` · ${t("editor.changes", { count: one.changes.length })}`,
          one.revision === table.output_revision && ` · ${t("editor.revision_heard")}`)),
      one.revision !== table.current_revision && one.revision >= lowest() && button(t("editor.go_back"), { kind: "small", "aria-label": t("editor.go_back_to", { number: one.revision }), on: { click: () => {
        close();
        goBack(one.revision);
      } } })))));
  }

  async function putTogether() {
    if (render.getAttribute("aria-disabled") === "true") return;
    const started = await post(`/jobs/${id}/render`, { languages: [language] }, { once: onceKey() });
    standing = started.items.find((one) => one.language === language) ?? standing;
    tell();
    watch();
  }

  async function letGoOn() {
    if (release.getAttribute("aria-disabled") === "true") return;
    await post(`/jobs/${id}/release`, undefined, { once: onceKey() });
    typed = false;
    await go(`/jobs/${id}`);
  }

  /** Looks again while something is awaited: an event may be missed. */
  function watch() {
    clearTimeout(polling);
    if (translating()) polling = setTimeout(answered, POLL);
    else if (standing?.status === "rendering") polling = setTimeout(ended, POLL);
  }

  async function answered() {
    try {
      await look();
    } catch {
      watch();
    }
  }

  async function ended() {
    try {
      const languages = await get(`/jobs/${id}/languages`);
      const before = standing?.status;
      standing = languages.items.find((one) => one.language === language);
      if (before === "rendering" && standing.status !== "rendering") {
        table = { ...table, output_revision: standing.output_revision };
        if (standing.status === "failed") toast(standing.error_message);
        else {
          toast(t("editor.rendered"));
          await hear();
        }
      }
      tell();
    } catch {
      // looked at again
    }
    watch();
  }

  async function hear() {
    video.hidden = hint.hidden = job.kind === "subtitle_translate";
    if (video.hidden) return;
    const at = video.currentTime;
    attribute(video, "aria-label", ofSource() ? t("editor.hear_source") : t("player.dub_of", { language: languageName(language) }));
    await mayPlay();
    video.src = ofSource() ? `/api/v1/files/${job.file_id}/content` : `/api/v1/jobs/${id}/download?language=${encodeURIComponent(language)}&revision=${table.output_revision}`;
    if (at) video.currentTime = at;
  }

  /** Where nothing is spoken, or not yet, the original is heard. */
  function ofSource() {
    return standing?.status === "review" || written(job.kind);
  }

  async function play(line) {
    video.pause();
    voice.pause();
    if (line.rate === null && !ofSource()) return playVoice(line);
    until = line.end;
    video.currentTime = line.start;
    video.play().catch(() => {});
  }

  /** A line that was changed: its voice alone, as soon as it is spoken. */
  async function playVoice(line) {
    await mayPlay();
    voice.src = `/api/v1${voiceOf(line)}`;
    voice.onerror = () => get(voiceOf(line), { raw: true }).then(() => toast(t("player.dub_broken")), complain);
    voice.play().catch(() => {});
  }

  function voiceOf(line) {
    return `/jobs/${id}/segments/${encodeURIComponent(line.id)}/audio?language=${encodeURIComponent(language)}`;
  }

  video.addEventListener("timeupdate", () => {
    if (video.currentTime < until) return;
    until = Infinity;
    video.pause();
  });
  video.addEventListener("error", () => {
    if (video.getAttribute("src")) toast(t(ofSource() ? "player.source_broken" : "player.dub_broken"));
  });

  const unfollow = follow({ look: () => table && (translating() ? answered() : ended()), event: (kind, told) => {
    if (kind === "job.segments" && table && told.id === id && told.language === language) answered();
    if (kind === "job.spoken" && table && told.id === id && told.language === language && told.spoken_chunks >= told.chunks) {
      spoken = told.revision;
      tell();
    }
    if (kind === "job.rendered" && told.id === id && told.language === language) ended();
  } });
  const warn = (event) => {
    if (typed) event.preventDefault();
  };
  content.addEventListener("input", () => {
    typed = true;
  });
  addEventListener("beforeunload", warn);
  load();
  return { title: t("editor.title"), element, leave() {
    removeEventListener("beforeunload", warn);
    clearTimeout(polling);
    unfollow();
    voice.pause();
    video.pause();
    video.removeAttribute("src");
    video.load();
  } };
}

// Source and dub side by side, in step; captions; and a transcript that follows and seeks.

import { get, mayPlay } from "../api.js";
import { attribute, fill, h, icon, say } from "../dom.js";
import { clock, languageName, t } from "../i18n.js";
import { failed, segments } from "./parts.js";
import { sourceName, sourceOf } from "../job-words.js";

const DRIFT = 0.12; // seconds that the two may lie apart before one is moved

/** {element, leave()} for a completed job. */
export function player(job) {
  const source = video();
  const dub = video();
  source.muted = true;
  const transcript = h("ol", { class: "transcript", "aria-label": t("player.transcript") });
  const lines = [];
  let language = job.outputs[0].language;
  let sound = "dub";
  let shown = "target";
  let followed = -1;

  const languagePick = job.outputs.length > 1 && segments(t("player.language"), "dub-language", job.outputs.map((one) => [one.language, languageName(one.language)]), language, (tag) => {
    language = tag;
    load();
  });
  const soundPick = segments(t("player.sound"), "sound", [["dub", t("player.dub")], ["source", t("player.source")]], sound, (which) => {
    sound = which;
    hear();
  });
  const captionPick = segments(t("player.captions"), "captions", [["target", t("player.captions_target")], ["source", t("player.captions_source")], ["none", t("player.captions_none")]], shown, (which) => {
    shown = which;
    caption();
  });
  const sourceLabel = t("player.source_of", { language: sourceName(job) });
  const dubLabel = h("span");
  const element = h("div", { class: "stack" },
    h("div", { class: "row picks" }, languagePick, soundPick, captionPick),
    h("div", { class: "watch" },
      h("div", { class: "screens" },
        h("figure", {}, h("div", { class: "screen" }, dub), h("figcaption", { class: "hint" }, dubLabel)),
        h("figure", {}, h("div", { class: "screen" }, source), h("figcaption", { class: "hint" }, sourceLabel))),
      h("div", { class: "said" }, h("h2", {}, t("player.transcript")), transcript)));

  function hear() {
    source.muted = sound !== "source";
    dub.muted = sound === "source";
  }

  /** Captions are the browser's own: they are there in full screen, too, and look as their reader wants. */
  function caption() {
    for (const track of dub.textTracks) track.mode = track.id === shown ? "showing" : "disabled";
  }

  function tracks() {
    const of = (id, tag, label) => h("track", { id, kind: "captions", srclang: tag, label, src: `/api/v1/jobs/${job.id}/transcript?language=${encodeURIComponent(tag)}&format=vtt` });
    fill(dub, of("target", language, languageName(language)), of("source", sourceOf(job), sourceName(job)));
    caption();
  }

  async function load() {
    const at = dub.currentTime;
    const playing = !dub.paused;
    say(dubLabel, t("player.dub_of", { language: languageName(language) }));
    attribute(dub, "aria-label", t("player.dub_of", { language: languageName(language) }));
    await mayPlay();
    if (!source.src) source.src = `/api/v1/files/${job.file_id}/content`;
    dub.src = `/api/v1/jobs/${job.id}/download?language=${encodeURIComponent(language)}`;
    tracks();
    if (at) dub.currentTime = at;
    if (playing) dub.play().catch(() => {});
    try {
      draw(await get(`/jobs/${job.id}/transcript?language=${encodeURIComponent(language)}`));
    } catch (error) {
      fill(transcript, h("li", {}, failed(error, load)));
    }
  }

  function draw(said) {
    lines.length = 0;
    lines.push(...said.segments);
    followed = -1;
    fill(transcript, lines.length ? lines.map((line) => h("li", {}, h("button", { type: "button", class: "line", on: { click: () => seek(line) } },
      h("span", { class: "hint figures" }, clock(line.placed_start)),
      h("span", { class: "grow" }, h("span", { lang: language }, line.text), h("span", { class: "hint", lang: sourceOf(job) }, line.source_text),
        line.flags.length > 0 && h("span", { class: "badge warn" }, t(`flag.${line.flags[0]}`)))))) : h("li", { class: "quiet" }, said.notes[0] ?? t("player.no_speech")));
    follow();
  }

  function seek(line) {
    dub.currentTime = line.placed_start + 0.01;
    dub.play().catch(() => {});
  }

  /** Marks the line that is spoken just now, and keeps it in sight without moving the page. */
  function follow() {
    const at = dub.currentTime;
    const now = lines.findLastIndex((line) => line.placed_start <= at);
    if (now === followed) return;
    attribute(transcript.children[followed]?.firstElementChild ?? transcript, "aria-current", null);
    followed = now;
    const row = transcript.children[now];
    if (!row) return;
    attribute(row.firstElementChild, "aria-current", "true");
    transcript.scrollTo({ top: row.offsetTop - transcript.clientHeight / 2 + row.clientHeight / 2, behavior: "smooth" });
  }

  // The dub leads: it has the controls, and the source does what it does.
  dub.addEventListener("play", () => source.play().catch(() => {}));
  dub.addEventListener("pause", () => source.pause());
  dub.addEventListener("seeking", () => {
    source.currentTime = dub.currentTime;
  });
  dub.addEventListener("ratechange", () => {
    source.playbackRate = dub.playbackRate;
  });
  dub.addEventListener("timeupdate", () => {
    if (Math.abs(source.currentTime - dub.currentTime) > DRIFT && !source.seeking) source.currentTime = dub.currentTime;
    follow();
  });
  attribute(dub, "controls", true);
  attribute(dub, "controlslist", "nodownload");
  attribute(source, "tabindex", -1);
  attribute(source, "aria-label", sourceLabel);
  for (const [one, words] of [[source, "player.source_broken"], [dub, "player.dub_broken"]]) {
    one.addEventListener("error", () => {
      if (one.getAttribute("src")) one.closest("figure").lastElementChild.append(" — ", t(words));
    }, { once: true });
  }
  hear();
  load();
  return { element, leave() {
    for (const one of [source, dub]) {
      one.pause();
      one.removeAttribute("src");
      one.load();
    }
  } };
}

function video() {
  return h("video", { preload: "metadata", playsinline: true });
}

/** What can be taken away: the videos, their voices, their subtitles. */
export function downloads(job) {
  const path = `/api/v1/jobs/${job.id}`;
  const item = (href, text, drawing) => h("a", { class: "button plain", href, download: true }, icon(drawing), text);
  const files = job.outputs.flatMap((one) => {
    const name = languageName(one.language);
    const asked = encodeURIComponent(one.language);
    return [item(one.download, t("download.video", { language: name }), "film"),
      item(`${path}/audio?language=${asked}`, t("download.audio", { language: name }), "play"),
      item(`${path}/transcript?language=${asked}&format=srt`, t("download.srt", { language: name }), "captions"),
      item(`${path}/transcript?language=${asked}&format=vtt`, t("download.vtt", { language: name }), "captions")];
  });
  const source = item(`${path}/transcript?language=${encodeURIComponent(sourceOf(job))}&format=srt`, t("download.srt", { language: sourceName(job) }), "captions");
  return h("details", { class: "menu" }, h("summary", { class: "button main" }, icon("download"), t("download.title")), h("div", { class: "sheet" }, files, source));
}

// What came of a job that writes subtitles: its files, and the video with them.

import { mayPlay } from "../api.js";
import { h, icon } from "../dom.js";
import { languageName, t } from "../i18n.js";
import { sourceName, sourceOf } from "../job-words.js";

const FORMS = ["srt", "vtt", "ass"];

/** {element, leave()} for a job of subtitles that has results. */
export function subtitleFiles(job) {
  const transcript = (tag, form, more = "") => `/api/v1/jobs/${job.id}/transcript?language=${encodeURIComponent(tag)}&format=${form}${more}`;
  const file = (href, name, words) => h("a", { class: "button small", href, download: true, "aria-label": t("download.as", { form: words, language: name }) }, icon("download"), h("span", {}, words));
  const source = sourceOf(job);
  const own = job.outputs.map((one) => one.language);
  const rows = [...job.outputs, ...(own.includes(source) ? [] : [{ language: source }])].map((one) => {
    const name = one.language === source ? sourceName(job) : languageName(one.language);
    const both = one.language !== source && [file(transcript(one.language, "srt", "&bilingual=true"), name, t("download.bilingual"))];
    return h("li", { class: "row apart" }, h("h3", {}, name), h("div", { class: "row tight" },
      one.download && job.kind === "subtitle_translate" && file(one.download, name, t("download.own")),
      FORMS.map((form) => file(transcript(one.language, form), name, form.toUpperCase())), both));
  });
  const video = job.kind === "subtitles" && h("video", { class: "editor-video", controls: true, preload: "metadata", playsinline: true, "aria-label": t("player.source_of", { language: sourceName(job) }) },
    job.outputs.map((one, place) => h("track", { kind: "captions", srclang: one.language, label: languageName(one.language), default: place === 0, src: transcript(one.language, "vtt") })));
  if (video) mayPlay().then(() => {
    video.src = `/api/v1/files/${job.file_id}/content`;
  }, () => {});
  const element = h("div", { class: "subtitled" }, video && h("div", {}, video),
    h("div", { class: "stack" }, h("h2", {}, t("download.subtitles")), h("ul", { class: "list" }, rows)));
  return { element, leave() {
    if (!video) return;
    video.pause();
    video.removeAttribute("src");
    video.load();
  } };
}

// One file on its way, or there: what it is, how far, how fast, and what can be done.

import { mayPlay } from "../api.js";
import { fill, h, icon, say } from "../dom.js";
import { bytes, clock, duration, languageName, percent, t } from "../i18n.js";
import * as uploads from "../upload/uploads.js";
import { bar, button, reasonOf } from "./parts.js";

/** {element, update(upload)} */
export function uploadCard(first) {
  let upload = first;
  let drawn = "";
  const poster = h("div", { class: "poster" }, icon("film"));
  const name = h("h2", { class: "clip", title: first.name }, first.name);
  const facts = h("p", { class: "hint figures" });
  const progress = bar(t("upload.progress_of", { name: first.name }));
  const wrong = h("p", { class: "error" });
  const actions = h("div", { class: "row tight" });
  const element = h("li", { class: "card upload" }, poster, h("div", { class: "grow stack tight" }, name, facts, progress.element, wrong), actions);

  function update(now) {
    upload = now;
    say(name, upload.name);
    say(facts, factsOf(upload));
    progress.element.hidden = upload.state === "done" || upload.state === "failed";
    progress.set(["checking", "waiting"].includes(upload.state) || !upload.size ? null : upload.offset / upload.size, upload.state === "paused" || upload.state === "lost" ? "still" : "");
    if (upload.state === "waiting") progress.set(upload.offset / (upload.size || 1), "still");
    say(wrong, upload.state === "failed" ? reasonOf(upload.problem) : "");
    if (drawn !== upload.state) {
      drawn = upload.state;
      const held = actions.contains(document.activeElement);
      fill(actions, actionsOf(upload));
      if (held) actions.querySelector("button").focus();
      if (upload.state === "done") showPoster(poster, upload);
    }
  }

  update(first);
  return { element, update };
}

function factsOf(upload) {
  const size = upload.size ? bytes(upload.size) : "";
  if (upload.state === "done") {
    const { media } = upload.info;
    const spoken = [...new Set(media.audio.map((track) => track.language).filter((tag) => tag && tag !== "und"))].map(languageName);
    return [clock(media.duration_seconds), bytes(upload.info.size_bytes), media.video && `${media.video.width}×${media.video.height}`, media.video?.codec.toUpperCase(),
      media.audio.length ? spoken.join(", ") : t(upload.info.file_type === "subtitle" ? "upload.subtitles" : "upload.silent")].filter(Boolean).join(" · ");
  }
  if (upload.state === "sending" && upload.speed) {
    const left = (upload.size - upload.offset) / upload.speed;
    return t("upload.sending", { percent: percent(upload.offset / upload.size), size, speed: bytes(upload.speed), left: duration(left) });
  }
  if (upload.state === "fetching") return upload.size ? t("upload.fetching_of", { percent: percent(upload.offset / upload.size), size }) : t("upload.fetching", { size: bytes(upload.offset) });
  if (upload.state === "paused" || upload.state === "lost") return t(`upload.${upload.state}`, { percent: percent(upload.offset / (upload.size || 1)), size });
  return [t(upload.state === "sending" ? "upload.starting" : `upload.${upload.state}`), size].filter(Boolean).join(" · ");
}

function actionsOf(upload) {
  const about = { name: upload.name };
  const drop = button(t("action.remove"), { kind: "plain small", "aria-label": t("upload.remove_of", about), on: { click: () => uploads.drop(upload) } });
  if (upload.state === "sending" || upload.state === "waiting") {
    return [button(t("upload.pause"), { kind: "small", drawing: "pause", "aria-label": t("upload.pause_of", about), on: { click: () => uploads.pauseOne(upload) } }), drop];
  }
  if (upload.state === "paused" || (upload.state === "failed" && upload.file)) {
    return [button(t(upload.state === "paused" ? "upload.resume" : "action.again"), { kind: "small", drawing: upload.state === "paused" ? "play" : "retry", "aria-label": t("upload.resume_of", about), on: { click: () => uploads.resumeOne(upload) } }), drop];
  }
  if (upload.state === "lost") {
    return [button(t("upload.choose_again"), { kind: "small", drawing: "upload", on: { click: () => document.getElementById("files").click() } }), drop];
  }
  return [drop];
}

/** The film's own first second is its poster. */
async function showPoster(poster, upload) {
  if (!upload.info.media.video) return;
  await mayPlay();
  const video = h("video", { preload: "metadata", muted: true, playsinline: true, tabindex: -1, "aria-hidden": "true", src: `/api/v1/files/${upload.fileId}/content#t=0.5` });
  video.addEventListener("loadeddata", () => fill(poster, video), { once: true });
  video.addEventListener("error", () => video.remove(), { once: true });
  poster.append(video);
}

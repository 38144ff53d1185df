// One generated video: its poster, how it stands, and what can be done with it.

import { h, attribute, fill, icon, say } from "../dom.js";
import { ago, percent, t } from "../i18n.js";
import { actionsOf, openPlayer } from "./video-actions.js";
import { badge, bar } from "./parts.js";

const PREVIEW_AFTER = 250;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** {element, update(video), gone()}. `selection`: {has, toggle}, where cards can be chosen; `changed(video)` is
 *  told what an action made of it. */
export function videoCard(first, { selection, changed }) {
  let video = first;
  let drawn = "";
  const picture = h("div", { class: "card-picture" });
  const prompt = h("p", { class: "card-prompt" });
  const meta = h("p", { class: "hint figures" });
  const open = h("button", { type: "button", class: "card-open", on: { click: () => openPlayer(video, changed) } }, picture);
  const state = h("div", { class: "card-state" });
  const tick = selection && h("input", { type: "checkbox", class: "card-tick", on: { change: () => selection.toggle(video.id, tick.checked) } });
  const sheet = h("div", { class: "sheet" });
  const menu = h("details", { class: "menu", on: { toggle: () => {
    if (menu.open) fill(sheet, actionsOf(video, changed, () => closeMenu()));
  } } }, h("summary", { class: "button plain icon small" }, icon("more"), h("span", { class: "unseen" }, "")), sheet);
  const element = h("li", { class: "video-card", data: { id: first.id } }, h("div", { class: "card-frame" }, open, state, tick), h("div", { class: "card-foot" }, h("div", { class: "grow" }, prompt, meta), menu));

  function closeMenu() {
    menu.open = false;
    menu.firstElementChild.focus();
  }

  function update(now) {
    video = now;
    say(prompt, video.prompt);
    say(meta, metaOf(video));
    say(menu.querySelector(".unseen"), t("video.actions_of", { prompt: short(video.prompt) }));
    attribute(open, "aria-label", t(video.content ? "video.play_of" : "video.open_of", { prompt: short(video.prompt) }));
    if (tick) {
      tick.checked = selection.has(video.id);
      attribute(tick, "aria-label", t("video.select_of", { prompt: short(video.prompt) }));
    }
    const key = `${video.status} ${video.thumbnail} ${video.cancel_requested} ${Boolean(video.deleted_at)} ${video.sending}`;
    if (drawn !== key) {
      drawn = key;
      draw();
    }
    progress?.set(video.progress ? video.progress / 100 : null);
    if (percentage) say(percentage, video.progress ? percent(video.progress / 100) : "");
  }

  let progress = null;
  let percentage = null;

  function draw() {
    progress = null;
    percentage = null;
    const working = video.status === "pending" || video.status === "processing";
    fill(state, video.status !== "completed" && badge(video.status, "video_status"), video.shared && h("span", { class: "badge" }, icon("link"), t("video.shared")));
    if (video.thumbnail && !video.deleted_at) {
      const poster = h("img", { src: video.thumbnail, alt: "", loading: "lazy", decoding: "async" });
      fill(picture, poster);
      poster.addEventListener("error", () => fill(picture, icon("film")), { once: true });
    } else if (working) {
      progress = bar(t("video.progress_of", { prompt: short(video.prompt) }));
      percentage = h("span", { class: "figures" });
      fill(picture, h("div", { class: "card-work" }, percentage, progress.element));
    } else {
      fill(picture, h("div", { class: "card-why" }, icon({ failed: "warn", expired: "clock" }[video.status] ?? "film"), h("span", {}, video.deleted_at ? t("video.deleted") : whyOf(video))));
    }
  }

  let timer = 0;
  let preview = null;
  const stop = () => {
    clearTimeout(timer);
    preview?.remove();
    preview = null;
  };
  const begin = () => {
    stop();
    if (!video.content || calm.matches || video.clip.size_bytes === null) return;
    timer = setTimeout(() => {
      preview = h("video", { muted: true, loop: true, playsinline: true, autoplay: true, tabindex: -1, "aria-hidden": "true", src: video.content });
      preview.addEventListener("error", stop);
      picture.append(preview);
      preview.play().catch(stop);
    }, PREVIEW_AFTER);
  };
  open.addEventListener("pointerenter", begin);
  open.addEventListener("pointerleave", stop);
  open.addEventListener("focus", begin);
  open.addEventListener("blur", stop);
  update(first);
  return { element, update, gone: stop };
}

function whyOf(video) {
  if (video.status === "failed") return video.error_message ?? t("video_status.failed");
  if (video.status === "expired") return t("video.expired_why");
  return t(`video_status.${video.status}`);
}

function metaOf(video) {
  if (video.sending) return t("video.sending");
  return [t(`ratio.${video.aspect_ratio}`), t("video.seconds", { count: video.duration_seconds }), ago(video.created_at)].join(" · ");
}

export function short(prompt) {
  return prompt.length > 60 ? `${prompt.slice(0, 59)}…` : prompt;
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.activeElement?.closest?.("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.firstElementChild.focus();
  }
});

// What can be done with a generated video: looked at, taken away, shared, made again, deleted and had back.

import { get, mayPlay, onceKey, post, remove } from "../api.js";
import * as balance from "../balance.js";
import { fill, h, icon } from "../dom.js";
import { bytes, date, number, t } from "../i18n.js";
import { go } from "../router.js";
import { confirm, modal } from "./dialog.js";
import { badge, button, complain, copy, note } from "./parts.js";
import { toast } from "./toast.js";
import { keepDraft } from "./draft.js";

/** The actions that make sense just now, as buttons. */
export function actionsOf(video, changed, done = () => {}) {
  const item = (label, drawing, run, kind = "plain") => h("button", { type: "button", class: `button ${kind}`, on: { click: async () => {
    done();
    try {
      await run();
    } catch (error) {
      complain(error);
    }
  } } }, icon(drawing), label);
  if (video.sending) return [];
  if (video.deleted_at) return [item(t("video.restore"), "restore", () => restore(video, changed))];
  const working = video.status === "pending" || video.status === "processing";
  return [
    video.content && h("a", { class: "button plain", href: video.content, download: true, on: { click: () => done() } }, icon("download"), t("download.title")),
    video.content && item(t("video.share"), "share", () => share(video, changed)),
    (video.status === "failed" || video.status === "cancelled") && item(t("action.again"), "retry", async () => {
      changed(await post(`/videos/${video.id}/retry`, undefined, { once: onceKey() }));
      balance.refresh();
    }),
    item(t("video.again"), "create", () => {
      keepDraft({ prompt: video.prompt, style: video.style, ratio: video.aspect_ratio, seconds: video.duration_seconds });
      return go("/create");
    }),
    working && !video.cancel_requested && item(t("action.cancel"), "close", async () => {
      changed(await post(`/videos/${video.id}/cancel`));
      balance.refresh();
    }),
    !working && item(t("action.delete"), "trash", () => discard([video], changed), "plain danger"),
  ];
}

/** Deletes after asking, and gives back on wish. */
export async function discard(videos, changed) {
  const count = videos.length;
  if (!await confirm(t("video.delete_title", { count }), t("video.delete_text"), t("action.delete"))) return false;
  const gone = [];
  for (const video of videos) {
    try {
      await remove(`/videos/${video.id}`);
      gone.push(video);
      changed({ ...video, deleted_at: new Date().toISOString() });
    } catch (error) {
      complain(error);
    }
  }
  if (gone.length) {
    toast(t("video.deleted_count", { count: gone.length }), { label: t("action.undo"), run: async () => {
      for (const video of gone) await restore(video, changed).catch(complain);
    } });
  }
  return true;
}

async function restore(video, changed) {
  changed(await post(`/videos/${video.id}/restore`));
}

/** Saves several, one after another: browsers drop downloads that begin in the same moment. */
export async function download(videos) {
  for (const video of videos.filter((one) => one.content)) {
    const link = h("a", { href: video.content, download: true });
    document.body.append(link);
    link.click();
    link.remove();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** The public page: its address, how often it was seen, and the way to take it away. */
export async function share(video, changed) {
  const shared = await post(`/videos/${video.id}/share`, undefined, { once: onceKey() });
  changed({ ...video, shared: true });
  return modal(t("video.share"), (close) => h("div", { class: "stack" },
    h("p", { class: "quiet" }, t("video.share_text")),
    h("div", { class: "with-button" },
      h("input", { class: "input", readonly: true, value: shared.url, "aria-label": t("video.share_address"), on: { focus: (event) => event.target.select() } }),
      button(t("action.copy"), { drawing: "copy", kind: "main", on: { click: () => copy(shared.url) } })),
    h("p", { class: "hint figures" }, t("video.share_seen", { views: number(shared.views), downloads: number(shared.downloads) })),
    h("div", { class: "row apart" },
      h("a", { href: shared.path, target: "_blank", rel: "noopener" }, t("video.share_open")),
      button(t("video.share_revoke"), { kind: "danger", on: { click: async () => {
        try {
          await remove(`/videos/${video.id}/share`);
          changed({ ...video, shared: false });
          close();
          toast(t("video.share_revoked"));
        } catch (error) {
          complain(error);
        }
      } } }))));
}

/** The video large, with everything about it. */
export async function openPlayer(video, changed) {
  if (video.sending) return;
  await mayPlay();
  await modal(t("video.title"), (close) => {
    const act = h("div", { class: "row tight" });
    const update = (now) => {
      changed(now);
      if (now.deleted_at) close();
    };
    fill(act, actionsOf(video, update, () => close()));
    return h("div", { class: "stack" }, screenOf(video), h("p", { class: "lead-text" }, video.prompt),
      h("p", { class: "hint figures" }, factsOf(video)), act);
  }, { wide: true });
}

function screenOf(video) {
  if (video.content && !video.deleted_at) {
    if (video.clip.size_bytes === null) return note("info", t("video.elsewhere"), " ", h("a", { href: video.content, target: "_blank", rel: "noopener noreferrer" }, t("video.elsewhere_open")));
    return h("video", { class: "large", controls: true, playsinline: true, autoplay: true, loop: true, src: video.content, poster: video.thumbnail, "aria-label": video.prompt });
  }
  if (video.status === "failed") return note("bad", h("p", {}, video.error_message), h("p", {}, t("video.refunded", { count: video.credits })));
  if (video.status === "expired") return note("warn", h("p", {}, t("video.expired_why")), h("p", {}, t("video.expired_do")));
  return h("div", {}, badge(video.status, "video_status"));
}

function factsOf(video) {
  const { clip } = video;
  return [t(`ratio.${video.aspect_ratio}`), t("video.seconds", { count: clip ? Math.round(clip.duration_seconds) : video.duration_seconds }),
    clip && `${clip.width}×${clip.height}`, clip?.size_bytes && bytes(clip.size_bytes), video.credits_charged !== null && t("credits.amount", { count: video.credits_charged }), date(video.created_at)].filter(Boolean).join(" · ");
}

/** The video as it stands, where an event told less of it than a page shows. */
export function reread(id) {
  return get(`/videos/${id}`);
}

// Gallery: all generated videos, to be found, watched, shared and cleared away.

import { attribute, fill, h, icon, say } from "../dom.js";
import { t } from "../i18n.js";
import { button, segments } from "../ui/parts.js";
import { discard, download } from "../ui/video-actions.js";
import { videoList } from "../ui/video-list.js";

const PAGE = 40;
const SHOWN = {
  all: "",
  done: "&status=completed",
  working: "&status=pending&status=processing",
  ended: "&status=failed&status=cancelled&status=expired",
  deleted: "&deleted=true",
};
const STATUSES = { done: ["completed"], working: ["pending", "processing"], ended: ["failed", "cancelled", "expired"] };

export function page({ query }) {
  let shown = query.get("show") in SHOWN ? query.get("show") : "all";
  let text = query.get("q") ?? "";
  const chosen = new Set();
  const search = h("input", { class: "input", type: "search", name: "q", placeholder: t("gallery.search"), "aria-label": t("gallery.search"), value: text, maxlength: 200, on: { input: () => {
    clearTimeout(timer);
    timer = setTimeout(() => again({ text: search.value.trim() }), 300);
  } } });
  let timer = 0;

  const selection = { has: (id) => chosen.has(id), toggle: (id, on) => {
    if (on) chosen.add(id);
    else chosen.delete(id);
    bar();
  } };
  const list = videoList({
    limit: PAGE,
    endless: true,
    selection,
    query: () => SHOWN[shown] + (text ? `&q=${encodeURIComponent(text)}` : ""),
    keeps: (video) => Boolean(video.deleted_at) === (shown === "deleted") && (!STATUSES[shown] || STATUSES[shown].includes(video.status)),
    empty: () => (text ? ["search", t("gallery.none_found"), t("gallery.none_found_text")]
      : shown === "all" ? ["gallery", t("gallery.none"), t("gallery.none_text"), h("a", { class: "button main", href: "/create" }, t("gallery.create"))]
        : ["gallery", t("gallery.none_here"), t(`gallery.none_${shown}`)]),
    told: (videos) => {
      const there = new Set(videos.map((one) => one.id));
      for (const id of chosen) if (!there.has(id)) chosen.delete(id);
      bar();
    },
  });

  function again(changes) {
    if ("text" in changes) text = changes.text;
    if ("shown" in changes) shown = changes.shown;
    chosen.clear();
    const asked = new URLSearchParams({ ...(shown !== "all" && { show: shown }), ...(text && { q: text }) });
    history.replaceState(null, "", `/gallery${asked.size ? `?${asked}` : ""}`);
    list.look();
  }

  const words = h("strong", { role: "status" });
  const acts = h("div", { class: "row tight" });
  const selectBar = h("div", { class: "select-bar", hidden: true }, words, acts);
  const pick = () => list.all().filter((one) => chosen.has(one.id));
  fill(acts,
    button(t("gallery.select_all"), { kind: "small plain", on: { click: () => {
      for (const one of list.all()) chosen.add(one.id);
      for (const tick of element.querySelectorAll(".card-tick")) tick.checked = true;
      bar();
    } } }),
    button(t("download.title"), { kind: "small", drawing: "download", on: { click: () => download(pick()) } }),
    button(t("action.delete"), { kind: "small danger", drawing: "trash", on: { click: async () => {
      await discard(pick().filter((one) => !one.deleted_at && !STATUSES.working.includes(one.status)), list.changed);
      clear();
    } } }),
    button(t("gallery.select_none"), { kind: "small plain icon", "aria-label": t("gallery.select_none"), drawing: "close", on: { click: clear } }));
  acts.lastElementChild.lastElementChild.remove();

  function clear() {
    chosen.clear();
    for (const tick of element.querySelectorAll(".card-tick")) tick.checked = false;
    bar();
    search.focus();
  }

  function bar() {
    selectBar.hidden = chosen.size === 0;
    attribute(element, "data-selecting", chosen.size > 0);
    if (chosen.size) say(words, t("gallery.selected", { count: chosen.size }));
  }

  const element = h("div", { class: "stack wide gallery" },
    h("div", { class: "row apart" }, h("h1", { tabindex: -1 }, t("gallery.title")), h("a", { class: "button main", href: "/create" }, icon("create"), t("gallery.create"))),
    h("div", { class: "row filters" }, h("div", { class: "search" }, icon("search"), search),
      segments(t("gallery.show"), "show", Object.keys(SHOWN).map((one) => [one, t(`gallery.show_${one}`)]), shown, (one) => again({ shown: one }))),
    list.element, selectBar);
  bar();
  return { title: t("gallery.title"), element, leave() {
    clearTimeout(timer);
    list.leave();
  } };
}

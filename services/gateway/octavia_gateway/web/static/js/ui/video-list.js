// Generated videos as cards, live: page by page as they are scrolled to, or only the newest.

import { get, mayPlay } from "../api.js";
import { fill, h, keyed, say } from "../dom.js";
import { t } from "../i18n.js";
import { follow } from "../live.js";
import { reread } from "./video-actions.js";
import { bones, button, complain, failed, nothing } from "./parts.js";
import { videoCard } from "./video-card.js";

const AHEAD = "1200px";
const GROUP = 60; // cards in one list: whole rows, however many fit beside each other (up to 6)

/** `limit`: how many a page has; with `endless` more come by scrolling. `query()`: what to ask for, as parameters;
 *  `keeps(video)`: whether a video that changed still belongs here; `selection` as for cards; `told(videos)` hears
 *  of every change. */
export function videoList({ limit, endless = false, empty, query = () => "", keeps = (video) => !video.deleted_at, selection, told = () => {} }) {
  const list = h("div", { class: "card-groups" });
  const end = h("div", { class: "row more" });
  const body = h("div", {}, bones(2, "12rem"));
  const count = h("p", { class: "unseen", role: "status" });
  const element = h("div", {}, count, body, end);
  const groups = [];
  let videos = null;
  let cursor = null;
  let asked = 0;
  let loading = false;

  function draw() {
    told(videos);
    if (!videos.length) return fill(body, nothing(...(typeof empty === "function" ? empty() : empty)));
    show();
    if (list.parentNode !== body) fill(body, list);
    return undefined;
  }

  /** Cards in groups: a browser looks at each of a long list in every frame, unless it may pass by whole groups.
   *  It may once a group has been drawn, and so is as high as it will be: the last two never are passed by. */
  function show() {
    const count = Math.ceil(videos.length / GROUP);
    for (let place = 0; place < Math.max(groups.length, count); place += 1) {
      groups[place] ??= cardGroup();
      groups[place](videos.slice(place * GROUP, (place + 1) * GROUP), place < count - 2);
    }
  }

  function cardGroup() {
    const group = h("ul", { class: "cards" });
    const put = keyed(group, (video) => videoCard(video, { selection, changed }));
    return (some, settled) => {
      put(some, (video) => video.id);
      group.classList.toggle("settled", settled);
      if (!some.length) group.remove();
      else if (!group.parentNode) list.append(group);
    };
  }

  /** Begins anew. What is shown stays until the answer is there. */
  async function look() {
    const mine = (asked += 1);
    try {
      await mayPlay();
      const page = await get(`/videos?limit=${limit}${query()}`);
      if (mine !== asked) return;
      const waiting = (videos ?? []).filter((one) => one.sending);
      videos = [...waiting, ...page.items.map(Object.freeze)];
      cursor = page.next_cursor;
      say(count, t("gallery.shown", { count: videos.length }));
      draw();
      tail();
      watch();
    } catch (error) {
      if (mine === asked && !videos) fill(body, failed(error, look));
      else complain(error);
    }
  }

  async function more() {
    if (loading || !cursor) return;
    loading = true;
    const mine = asked;
    tail();
    try {
      const page = await get(`/videos?limit=${limit}${query()}&cursor=${encodeURIComponent(cursor)}`);
      if (mine === asked) {
        const known = new Set(videos.map((one) => one.id));
        videos = [...videos, ...page.items.filter((one) => !known.has(one.id)).map(Object.freeze)];
        cursor = page.next_cursor;
        draw();
      }
      watch();
    } catch (error) {
      complain(error);
    } finally {
      loading = false;
      tail();
    }
  }

  const next = button(t("action.more"), { on: { click: more } });
  function tail() {
    fill(end, endless && cursor && (loading ? h("span", { class: "hint" }, t("loading")) : next));
  }

  const watcher = endless ? new IntersectionObserver((entries) => {
    if (entries.some((one) => one.isIntersecting)) more();
  }, { rootMargin: AHEAD }) : null;

  /** Asks anew whether the end is near. An observer tells changes only: an end that was pushed away by a page and
   *  scrolled back to before the next frame (or that never left) would not be told, and nobody would ask again. */
  function watch() {
    watcher?.unobserve(end);
    watcher?.observe(end);
  }

  function changed(video) {
    if (!videos) return;
    const known = videos.some((one) => one.id === video.id);
    if (known) videos = keeps(video) ? videos.map((one) => (one.id === video.id ? Object.freeze({ ...one, ...video }) : one)) : videos.filter((one) => one.id !== video.id);
    else if (keeps(video) && !endless) videos = [video, ...videos];
    else if (keeps(video)) videos = [...videos, video].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
    draw();
  }

  /** What may have been missed: the newest, without taking away what was scrolled to. */
  async function lookAgain() {
    if (!videos) return;
    const { items } = await get(`/videos?limit=${limit}${query()}`);
    const fresh = new Map(items.map((one) => [one.id, Object.freeze(one)]));
    const kept = videos.map((one) => fresh.get(one.id) ?? one);
    const known = new Set(kept.map((one) => one.id));
    videos = [...items.filter((one) => !known.has(one.id)), ...kept];
    draw();
  }

  const unfollow = follow({ look: lookAgain, event: (kind, video) => {
    if (!kind.startsWith("video.") || !videos) return;
    if (kind === "video.deleted") {
      const known = videos.find((one) => one.id === video.id);
      if (known && !known.deleted_at) changed({ ...known, deleted_at: new Date().toISOString() });
    } else if (kind === "video.updated") {
      if (videos.some((one) => one.id === video.id)) changed(video);
    } else {
      reread(video.id).then(changed, () => {}); // what an end says is told in the reader's language
    }
  } });
  look();
  return {
    element,
    look,
    changed,
    all: () => videos ?? [],
    /** Shows cards of what is being asked for, before anybody has answered. */
    expect(wanted) {
      const now = new Date().toISOString();
      const cards = Array.from({ length: wanted.count }, (_, place) => ({ id: `sending-${now}-${place}`, sending: true, status: "pending", progress: 0, prompt: wanted.prompt,
        aspect_ratio: wanted.aspect_ratio, duration_seconds: wanted.duration_seconds, created_at: now, content: null, thumbnail: null, deleted_at: null, shared: false }));
      videos = [...cards, ...(videos ?? [])];
      draw();
      return cards.map((one) => one.id);
    },
    /** Puts what was made into the place of what was expected. */
    came(waiting, made) {
      const known = new Set([...waiting, ...made.map((one) => one.id)]);
      videos = [...made, ...videos.filter((one) => !known.has(one.id))];
      draw();
    },
    leave() {
      unfollow();
      watcher?.disconnect();
    },
  };
}

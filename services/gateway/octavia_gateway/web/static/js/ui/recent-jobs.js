// The user's translations, newest first, live.

import { get } from "../api.js";
import { fill, h, icon, keyed, say } from "../dom.js";
import { ago, languageName, listed, t } from "../i18n.js";
import { sourceName, stepOf } from "../job-words.js";
import { follow } from "../live.js";
import { written } from "../offers.js";
import { badge, bar, bones, button, complain, failed, nothing } from "./parts.js";

const PAGE = 12;
const WHOLE_BATCH = 100;
const OF_PARTS = new Set(["job.rendered", "job.segments", "job.exported"]); // events that tell no whole job

/** {element, look(), leave()}; of one `batch`, where that is named, else all of them. */
export function recentJobs({ batch = null, title = t("jobs.title") } = {}) {
  const list = h("ul", { class: "list jobs" });
  const show = keyed(list, row);
  const body = h("div", {}, bones(3));
  const more = button(t("action.more"), { on: { click: () => load(cursor).catch(complain) } });
  const element = h("section", { class: "card", "aria-labelledby": "recent" }, h("h2", { id: "recent" }, title), body);
  let jobs = null;
  let cursor = null;

  async function load(from) {
    const page = await get(`/jobs?limit=${batch ? WHOLE_BATCH : PAGE}${batch ? `&batch_id=${batch}` : ""}${from ? `&cursor=${encodeURIComponent(from)}` : ""}`);
    const known = new Map((from ? jobs : []).map((job) => [job.id, job]));
    for (const job of page.items) known.set(job.id, job);
    jobs = [...known.values()];
    cursor = page.next_cursor;
    draw();
  }

  function draw() {
    if (!jobs.length) return fill(body, nothing("translate", t("jobs.none"), t("jobs.none_text")));
    show(jobs, (job) => job.id);
    more.hidden = !cursor;
    if (!body.contains(list)) fill(body, list, h("div", { class: "row more" }, more));
    return undefined;
  }

  async function look() {
    try {
      await load(null);
    } catch (error) {
      if (!jobs) fill(body, failed(error, look));
    }
  }

  const unfollow = follow({ look: () => jobs && look(), event: (kind, told) => {
    if (!jobs || !kind.startsWith("job.") || OF_PARTS.has(kind)) return;
    if (kind === "job.deleted") jobs = jobs.filter((job) => job.id !== told.id);
    else if (jobs.some((job) => job.id === told.id)) jobs = jobs.map((job) => (job.id === told.id ? told : job));
    else if (!batch || told.batch_id === batch) jobs = [told, ...jobs];
    draw();
  } });
  look();
  return { element, look, leave: unfollow };
}

function row(first) {
  const state = h("div", { class: "job-state" });
  const progress = bar(t("job.progress_of", { name: first.filename }));
  const step = h("p", { class: "hint figures" });
  const element = h("li", {}, h("a", { class: "job-row", href: `/jobs/${first.id}` },
    icon(written(first.kind) ? "captions" : "film"), h("div", { class: "grow" }, h("h3", { class: "clip" }, first.filename),
      h("p", { class: "hint" }, t(`kind.${first.kind}`), " · ", t("jobs.languages", { source: sourceName(first), targets: listed(first.target_languages.map(languageName)) })), progress.element, step),
    state));
  let status = "";
  const update = (job) => {
    const working = ["queued", "processing", "review"].includes(job.status);
    progress.element.hidden = !working;
    progress.set(job.progress_percentage / 100);
    say(step, working ? stepOf(job) : ago(job.finished_at ?? job.created_at));
    if (status !== job.status) {
      status = job.status;
      fill(state, badge(job.status));
    }
  };
  update(first);
  return { element, update };
}

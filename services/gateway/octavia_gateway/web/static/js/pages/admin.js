// Administration: how the platform does, who uses it, what failed, and setting it right.

import { get, onceKey, post } from "../api.js";
import { fill, h } from "../dom.js";
import { ago, date, duration, number, percent, t } from "../i18n.js";
import * as session from "../session.js";
import { modal } from "../ui/dialog.js";
import { badge, button, during, field, loaded, nothing, note, reasonOf, segments, table as folding, word } from "../ui/parts.js";
import { stepOf } from "../job-words.js";
import { toast } from "../ui/toast.js";

const SECTIONS = { overview, users, jobs, videos, letters };
const PAGE = 25;
const JOB_STATES = ["queued", "processing", "review", "completed", "partially_completed", "failed", "cancelled"];
const VIDEO_STATES = ["pending", "processing", "completed", "failed", "cancelled", "expired"];

export function page({ query }) {
  if (!session.user().is_admin) {
    return { title: t("admin.title"), element: h("div", { class: "stack wide" }, h("h1", { tabindex: -1 }, t("admin.title")), note("warn", t("admin.only"))) };
  }
  let shown = query.get("show") in SECTIONS ? query.get("show") : "overview";
  const body = h("div");
  const open = (name) => {
    shown = name;
    history.replaceState(null, "", `/admin${name === "overview" ? "" : `?show=${name}`}`);
    fill(body, SECTIONS[name]());
  };
  const tabs = segments(t("admin.section"), "section", Object.keys(SECTIONS).map((name) => [name, t(`admin.${name}`)]), shown, open);
  const element = h("div", { class: "stack wide admin" }, h("h1", { tabindex: -1 }, t("admin.title")), tabs, body);
  open(shown);
  return { title: t("admin.title"), element };
}

/** A card that loads what is in it, and can be loaded again. */
function card(title, load, ...beside) {
  const { body, look } = loaded(load);
  const again = button(t("admin.refresh"), { kind: "small plain", drawing: "retry", on: { click: () => during(again, look) } });
  return { element: h("section", { class: "card stack", "aria-label": title }, h("div", { class: "row apart" }, h("h2", {}, title), h("div", { class: "row tight" }, beside, again)), body), look };
}

function table(title, columns, rows) {
  const named = columns.map(([key, kind]) => [t(`admin.column_${key}`), kind]);
  return h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": t("admin.table", { title }) }, folding(named, rows));
}

const cell = (content, kind) => h("td", { class: kind ?? null }, content);
const seconds = (value) => (value === null ? "–" : duration(value));

function overview() {
  const found = get("/admin/overview");
  const draw = (name, make) => {
    let first = true;
    return card(t(`admin.${name}`), async () => {
      const all = await (first ? found : get("/admin/overview"));
      first = false;
      return all[name].length ? make(all[name]) : h("p", { class: "quiet" }, t(`admin.${name}_none`));
    }).element;
  };
  return h("div", { class: "stack wide" },
    draw("queues", (queues) => table(t("admin.queues"), [["queue"], ["waiting", "number"], ["oldest", "number"], ["silent", "number"]], queues.map((one) => h("tr", {},
      cell(h("strong", {}, word("queue", one.name)), "full"), cell(number(one.waiting), "number"), cell(seconds(one.oldest_seconds), "number"), cell(seconds(one.silent_seconds), "number"))))),
    draw("providers", (providers) => table(t("admin.providers"), [["model"], ["success", "number"], ["made", "number"], ["failed", "number"], ["median", "number"], ["last"]], providers.map((one) => h("tr", {},
      cell([h("strong", {}, one.model), " ", h("span", { class: "quiet" }, one.provider)], "full"), cell(one.success_rate === null ? "–" : percent(one.success_rate), "number"), cell(number(one.succeeded), "number"), cell(number(one.failed), "number"),
      cell(seconds(one.median_seconds), "number"), cell([one.last_success_at ? ago(one.last_success_at) : t("admin.never"), one.last_error && h("p", { class: "hint" }, one.last_error)]))))),
    draw("engines", (engines) => table(t("admin.engines"), [["kind"], ["engine"], ["model"], ["licence"]], engines.map((one) => h("tr", {}, cell(h("strong", {}, word("engine", one.kind)), "full"), cell(`${one.engine} ${one.version}`), cell(one.model ?? "–"), cell(one.licence ?? "–"))))));
}

/** A list that comes page by page: `path()` asks for it, `row` draws one. */
function paged(title, path, columns, row, ...beside) {
  let rows = [];
  let cursor = null;
  const more = button(t("action.more"), { on: { click: () => during(more, async () => {
    await next();
    fill(more.closest("section").lastElementChild, draw());
  }) } });
  const next = async () => {
    const page = await get(`${path()}&limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    rows.push(...page.items);
    cursor = page.next_cursor;
  };
  const draw = () => {
    more.hidden = !cursor;
    if (!rows.length) return nothing("search", t("admin.none"), t("admin.none_text"));
    return [table(title, columns, rows.map((one) => row(one, made.look))), h("div", { class: "row more" }, more)];
  };
  const made = card(title, async () => {
    rows = [];
    cursor = null;
    await next();
    return draw();
  }, ...beside);
  return made;
}

function users() {
  let text = "";
  let timer = 0;
  const search = h("input", { class: "input", type: "search", placeholder: t("admin.users_search"), "aria-label": t("admin.users_search"), on: { input: () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      text = search.value.trim();
      made.look();
    }, 300);
  } } });
  const made = paged(t("admin.users"), () => `/admin/users?q=${encodeURIComponent(text)}`, [["email"], ["since"], ["jobs", "number"], ["videos", "number"], ["credits", "number"], ["act"]], (one, look) => h("tr", {},
    cell([h("strong", {}, one.email), " ", one.is_admin && h("span", { class: "badge accent" }, t("account.admin"))], "full"), cell(date(one.created_at, { dateStyle: "medium" }), "quiet nowrap"), cell(number(one.jobs), "number"), cell(number(one.videos), "number"),
    cell([number(one.available), one.held > 0 && h("p", { class: "hint" }, t("balance.held", { count: one.held }))], "number"),
    cell(button(t("admin.grant"), { kind: "small", "aria-label": t("admin.grant_to", { email: one.email }), on: { click: () => grant(one, look) } }))), search);
  return made.element;
}

async function grant(user, look) {
  const done = await modal(t("admin.grant_to", { email: user.email }), (close) => {
    const amount = field(t("admin.grant_amount"), h("input", { class: "input", type: "number", min: 1, max: 1_000_000, step: 1, required: true, inputmode: "numeric" }));
    const reason = field(t("admin.grant_reason"), h("input", { class: "input", maxlength: 500, required: true }), { hint: t("admin.grant_reason_hint") });
    const alert = h("p", { class: "error", role: "alert" });
    const submit = button(t("admin.grant"), { kind: "main", type: "submit" });
    const key = onceKey();
    return h("form", { class: "stack", on: { submit: (event) => {
      event.preventDefault();
      during(submit, async () => {
        try {
          await post("/admin/credits/grants", { user_id: user.id, amount: Number(amount.input.value), reason: reason.input.value.trim() }, { once: key });
          close(Number(amount.input.value));
        } catch (error) {
          fill(alert, reasonOf(error));
        }
      });
    } } }, amount.element, reason.element, alert, h("div", { class: "row end" }, button(t("action.back"), { on: { click: () => close() } }), submit));
  });
  if (done) {
    toast(t("admin.granted", { count: done, email: user.email }));
    look();
  }
}

/** A filter by state above a list. */
function states(names, prefix, changed) {
  const select = h("select", { class: "input", "aria-label": t("admin.state"), on: { change: () => changed(select.value) } }, h("option", { value: "" }, t("gallery.show_all")),
    names.map((one) => h("option", { value: one }, one === "stuck" ? t("admin.stuck") : t(`${prefix}.${one}`))));
  return select;
}

function retry(path, label, look) {
  const control = button(t("action.again"), { kind: "small", drawing: "retry", "aria-label": label, on: { click: () => during(control, async () => {
    await post(`${path}/retry`, undefined, { once: onceKey() });
    toast(t("admin.retried"));
    await look();
  }) } });
  return control;
}

const again = (status) => status === "failed" || status === "cancelled";

function jobs() {
  let state = "";
  const made = paged(t("admin.jobs"), () => `/admin/jobs?${state === "stuck" ? "stuck=true" : state && `status=${state}`}`, [["what"], ["email"], ["state"], ["heard"], ["act"]], (job, look) => h("tr", {},
    cell([h("strong", {}, job.filename), h("p", { class: "hint" }, stepOf(job))], "full"), cell(job.email), cell([badge(job.status), job.stuck && h("span", { class: "badge warn" }, t("admin.stuck"))]),
    cell(job.heard_at ? ago(job.heard_at) : "–", "quiet nowrap"), cell(again(job.status) && retry(`/admin/jobs/${job.id}`, t("admin.retry_of", { name: job.filename }), look))),
  states(["stuck", ...JOB_STATES], "status", (value) => {
    state = value;
    made.look();
  }));
  return made.element;
}

function videos() {
  let state = "";
  const made = paged(t("admin.videos"), () => `/admin/videos?${state && `status=${state}`}`, [["what"], ["model"], ["state"], ["when"], ["act"]], (video, look) => h("tr", {},
    cell([h("strong", {}, video.prompt), video.error_message && h("p", { class: "hint" }, video.error_message), video.late.length > 0 && h("span", { class: "badge warn" }, t("admin.late"))], "full"), cell(video.model), cell(badge(video.status, "video_status")),
    cell(ago(video.created_at), "quiet nowrap"), cell(again(video.status) && !video.deleted_at && retry(`/admin/videos/${video.id}`, t("admin.retry_of", { name: video.prompt.slice(0, 60) }), look))),
  states(VIDEO_STATES, "video_status", (value) => {
    state = value;
    made.look();
  }));
  return made.element;
}

function letters() {
  const made = card(t("admin.letters"), async (look) => {
    const { items } = await get("/admin/dead-letters?limit=50");
    if (!items.length) return nothing("check", t("admin.letters_none"), t("admin.letters_none_text"));
    return table(t("admin.letters"), [["letter"], ["consumer"], ["when"], ["tries", "number"], ["act"]], items.map((letter) => {
      const control = letter.replayable && button(t("admin.replay"), { kind: "small", "aria-label": t("admin.replay_of", { number: letter.offset }), on: { click: () => during(control, async () => {
        const { sent } = await post("/admin/dead-letters/replay", { offsets: [letter.offset] }, { once: onceKey() });
        toast(t("admin.replayed", { count: sent }));
        await look();
      }) } });
      return h("tr", {}, cell([h("strong", {}, letter.reason), h("p", { class: "hint" }, letter.place)], "full"), cell(letter.consumer), cell(ago(letter.at), "quiet nowrap"), cell(number(letter.attempts), "number"), cell(control));
    }));
  });
  return made.element;
}

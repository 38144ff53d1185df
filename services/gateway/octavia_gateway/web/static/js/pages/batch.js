// Several translations that were begun together: how all of them stand, and each.

import { get, onceKey, post } from "../api.js";
import * as balance from "../balance.js";
import { fill, h, say } from "../dom.js";
import { number, percent, t } from "../i18n.js";
import { follow } from "../live.js";
import { confirm } from "../ui/dialog.js";
import { badge, bar, bones, button, during, failed } from "../ui/parts.js";
import { recentJobs } from "../ui/recent-jobs.js";
import { toast } from "../ui/toast.js";

export function page({ parameters: [id] }) {
  const state = h("div", { class: "row" });
  const figure = h("strong", { class: "big figures" });
  const step = h("p", { class: "lead" });
  const money = h("p", { class: "hint" });
  const progress = bar(t("job.progress"));
  const body = h("div", {}, bones(2, "4rem"));
  const spoken = h("p", { class: "unseen", role: "status" });
  const jobs = recentJobs({ batch: id, title: t("batch.jobs") });
  const cancel = button(t("action.cancel"), { on: { click: () => stop() } });
  const begin = button(t("batch.begin"), { kind: "main", on: { click: () => during(begin, process) } });
  const element = h("div", { class: "stack wide" },
    h("div", {}, h("a", { href: "/", class: "hint" }, t("job.back"))),
    h("div", { class: "row apart top page-head" }, h("h1", { tabindex: -1, class: "grow" }, t("batch.title")), state), spoken, body, jobs.element);
  const card = h("section", { class: "card stack", "aria-label": t("job.progress") },
    h("div", { class: "row apart" }, h("div", { class: "grow" }, step, money), figure), progress.element);
  let status = "";

  async function look() {
    try {
      update(await get(`/batches/${id}`));
    } catch (error) {
      if (!status || error.status === 404) fill(body, failed(error, look));
    }
  }

  function update(now) {
    const of = (...names) => names.reduce((sum, name) => sum + (now.counts[name] ?? 0), 0);
    const [done, lost] = [of("completed", "partially_completed"), of("failed", "cancelled")];
    say(step, lost ? t("batch.done_lost", { done, total: now.total, lost }) : t("batch.done", { done, total: now.total }));
    say(money, now.credits_charged ? t("job.charged", { count: now.credits_charged }) : t("batch.quote", { count: now.quote }));
    say(figure, percent(now.progress_percentage / 100));
    progress.set(now.progress_percentage / 100);
    if (!card.isConnected) fill(body, card);
    if (status !== now.status || begin.dataset.lost !== String(lost)) {
      status = now.status;
      begin.dataset.lost = String(lost);
      const open = status === "pending" || status === "processing";
      const again = status === "pending" || of("failed") > 0;
      say(begin.lastElementChild, status === "pending" ? t("job.begin", { count: now.quote }) : t("batch.again", { count: number(of("failed")) }));
      fill(state, badge(status), open && cancel, again && begin);
      if (!open) say(spoken, step.textContent);
    }
    document.title = `${goesOn(now) ? percent(now.progress_percentage / 100) : t(`status.${now.status}`)} · ${t("batch.title")} · Octavia`;
  }

  async function process() {
    update(await post(`/batches/${id}/process`, undefined, { once: onceKey() }));
    balance.refresh();
  }

  async function stop() {
    if (!await confirm(t("batch.cancel_title"), t("job.cancel_text"), t("batch.cancel_action"))) return;
    await during(cancel, async () => {
      update(await post(`/batches/${id}/cancel`, undefined, { once: onceKey() }));
      toast(t("job.cancel_asked"));
      balance.refresh();
    });
  }

  const unfollow = follow({ look, event: (kind, told) => {
    if (kind.startsWith("batch.") && told.id === id) update(told);
  } });
  look();
  return { title: t("batch.title"), element, leave() {
    unfollow();
    jobs.leave();
  } };
}

function goesOn(batch) {
  return batch.status === "pending" || batch.status === "processing";
}

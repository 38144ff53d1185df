// What is asked of the server for the files that were brought: one order for each job, its price, its making.

import { onceKey, Problem, post } from "./api.js";
import { t } from "./i18n.js";
import { kindOf, workedSeconds, written } from "./offers.js";
import { priceOf } from "./prices.js";
import { confirm } from "./ui/dialog.js";
import { unspoken } from "./ui/job-options.js";

/** The film or sound and the subtitle file that may tell its lines: where there is one of each, and no more. */
export function pairOf(files) {
  const [cues, media] = [true, false].map((wanted) => files.filter((one) => (one.info.file_type === "subtitle") === wanted));
  return cues.length === 1 && media.length === 1 ? { upload: media[0], lines: cues[0] } : null;
}

/** {upload, lines} for each job: `lines` is the subtitle file that is used in place of recognition, or null. */
export function ordersOf(files, wishes) {
  const pair = wishes.lines && pairOf(files);
  return pair ? [pair] : files.map((upload) => ({ upload, lines: null }));
}

export function orderKind({ upload }, wishes) {
  return kindOf(upload.info.file_type, wishes.make);
}

/** What is made of these, each kind once; of none, what would be made of a video. */
export function kindsOf(orders, wishes) {
  const kinds = orders.length ? orders.map((order) => orderKind(order, wishes)) : [kindOf("video", wishes.make)];
  return [...new Set(kinds)].sort();
}

export function costOf(order, wishes, prices) {
  return priceOf(prices, workedSeconds(order.upload.info.media.duration_seconds, wishes.preview), wishes.targets.length, orderKind(order, wishes));
}

function asked(order, wishes) {
  const wished = written(orderKind(order, wishes)) ? unspoken(wishes.options) : wishes.options;
  return {
    file_id: order.upload.fileId, ...(order.lines && { subtitle_file_id: order.lines.fileId }),
    source_language: wishes.source, target_languages: wishes.targets, ...(wishes.preview && { preview: true }),
    ...(Object.keys(wished).length && { options: wished }),
  };
}

async function agreed(name, count) {
  const text = t("translate.price_changed_text", { name, count });
  if (!await confirm(t("translate.price_changed"), text, t("translate.start"), { danger: false })) throw new Problem(409, { detail: t("translate.not_begun") });
}

/** Makes the jobs and begins them all; where they cost other than was shown, asks first. */
export async function beginBatch(orders, wishes, prices) {
  const shown = orders.reduce((sum, order) => sum + costOf(order, wishes, prices), 0);
  const items = orders.map((order) => ({ kind: orderKind(order, wishes), ...asked(order, wishes) }));
  const batch = await post("/batches", { items }, { once: onceKey() });
  if (batch.quote !== shown) await agreed(t("batch.title"), batch.quote);
  await post(`/batches/${batch.id}/process`, undefined, { once: onceKey() });
  return batch;
}

/** Makes the job and begins it; where it costs more than was shown, asks first (less: a preview that was paid counts). */
export async function begin(order, wishes, prices) {
  const { upload } = order;
  const kind = orderKind(order, wishes);
  const wanted = asked(order, wishes);
  const sameAsked = JSON.stringify([kind, wanted]);
  if (upload.asked !== sameAsked) {
    upload.createKey = onceKey();
    upload.asked = sameAsked;
  }
  const job = await post(`/jobs/${kind.replace("_", "-")}/create`, wanted, { once: upload.createKey });
  if (job.quote.credits > costOf(order, wishes, prices)) await agreed(upload.name, job.quote.credits);
  await post(`/jobs/${job.id}/process`, undefined, { once: onceKey() });
  return job;
}

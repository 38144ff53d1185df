// What is said of a job: its languages, what is done just now, and the words for its kind.

import { languageName, t } from "./i18n.js";
import { written } from "./offers.js";

/** The text of a key for jobs of this kind: what is only read has words of its own, and is called no dub. */
export function tOf(kind, key, values) {
  return t(written(kind) ? `${key}_written` : key, values);
}

/** What is spoken in the video: as it was said to be, or as it was heard. */
export function sourceOf(job) {
  return job.detected_language ?? job.source_language;
}

export function sourceName(job) {
  const tag = sourceOf(job);
  return tag === "auto" ? t("translate.detected") : languageName(tag);
}

/** What is done just now, in the reader's language: a stream tells it as a code. */
export function stepOf(job) {
  if (job.status === "failed") return job.error_message ?? t("status.failed");
  const { code, number, total, language } = job.step;
  return t(`step.${code}`, { number, total, language: language && languageName(language) });
}

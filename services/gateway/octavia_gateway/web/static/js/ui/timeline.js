// A picture of a job: its parts from left to right, a row a language, coloured by how far each has come.

import { fill, h, s } from "../dom.js";
import { languageName, number, t } from "../i18n.js";
import { tOf } from "../job-words.js";
import { written } from "../offers.js";

const STAGES = [0, 1, 2, 3];
const TRANSLATED = 2; // the last stage of what is only read
const WIDTH = 1000;
const HEIGHT = 22;

/** {element, update(job)} for a job of this kind. */
export function timeline(kind) {
  const stages = STAGES.filter((stage) => stage <= TRANSLATED || !written(kind));
  const rows = h("div", { class: "stack tight" });
  const legend = h("ul", { class: "row legend", "aria-hidden": "true" }, stages.map((stage) => h("li", { class: "icon-text hint" }, h("i", { class: `swatch stage-${stage}` }), t(`stage.${stage}`))));
  const element = h("figure", { class: "stack tight timeline" }, rows, legend);
  const cells = new Map();
  return {
    element,
    update(job) {
      element.hidden = !job.parts || !Object.values(job.parts)[0]?.length;
      if (element.hidden) return;
      const languages = Object.keys(job.parts);
      if (languages.join() !== [...cells.keys()].join() || cells.get(languages[0]).rects.length !== job.parts[languages[0]].length) {
        cells.clear();
        fill(rows, languages.map((language) => row(language, job.parts[language].length, cells)));
      }
      for (const language of languages) paint(cells.get(language), job.parts[language], language, kind);
    },
  };
}

function row(language, count, cells) {
  const step = WIDTH / count;
  const gap = Math.min(4, step / 4);
  const rects = Array.from({ length: count }, (_, place) => s("rect", { x: (place * step).toFixed(2), y: 0, width: Math.max(0.5, step - gap).toFixed(2), height: HEIGHT, rx: Math.min(4, step / 4) }));
  const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", class: "parts" }, rects);
  cells.set(language, { rects, picture });
  return h("div", { class: "timeline-row" }, h("span", { class: "small" }, languageName(language)), picture);
}

function paint({ rects, picture }, digits, language, kind) {
  const most = written(kind) ? TRANSLATED : STAGES.length;
  rects.forEach((rect, place) => rect.setAttribute("class", `stage-${Math.min(digits[place], most)}`));
  const reached = (stage) => [...digits].filter((digit) => Number(digit) >= stage).length;
  picture.setAttribute("aria-label", tOf(kind, "job.timeline", { language: languageName(language), total: number(digits.length), transcribed: reached(1), translated: reached(2), spoken: reached(3) }));
}

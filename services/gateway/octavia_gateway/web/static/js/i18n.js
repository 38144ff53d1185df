// Every string, number, date and plural, in the language of whoever reads.

export const LANGUAGES = { en: "English", vi: "Tiếng Việt" };
const KEPT_AS = "octavia.language";
const LOADERS = { en: () => import("./lang/en.js"), vi: () => import("./lang/vi.js") };

let language = "en";
let texts = {};
let plurals;
const changed = new EventTarget();

/** The language in use: what was chosen, else the best of the browser's. */
export function wanted() {
  const chosen = localStorage.getItem(KEPT_AS);
  if (chosen in LANGUAGES) return chosen;
  const own = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
  return own.find((tag) => tag in LANGUAGES) ?? "en";
}

export async function load(tag = wanted()) {
  texts = (await LOADERS[tag]()).default;
  language = tag;
  plurals = new Intl.PluralRules(tag);
  document.documentElement.lang = tag;
}

export async function choose(tag) {
  localStorage.setItem(KEPT_AS, tag);
  await load(tag);
  changed.dispatchEvent(new Event("change"));
}

export function onLanguage(handler) {
  changed.addEventListener("change", handler);
}

export function current() {
  return language;
}

/** The text of a key. `{name}` stands for a value; a text with forms is chosen by the value `count`. */
export function t(key, values = {}) {
  let text = texts[key];
  if (text === undefined) throw new Error(`no text: ${key} (${language})`);
  if (typeof text === "object") text = text[plurals.select(values.count)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : String(value ?? whole);
  });
}

/** The text of a key, or what to say where there is none: for words that servers may add to. */
export function tOr(key, otherwise) {
  return key in texts ? t(key) : otherwise;
}

const formats = new Map();

/** Formats are costly to make, and a long list asks for the same again and again. */
function format(Kind, options) {
  const key = `${Kind.name} ${language} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Kind(language, options));
  return formats.get(key);
}

export function number(value, options) {
  return format(Intl.NumberFormat, options).format(value);
}

export function percent(share) {
  return number(share, { style: "percent", maximumFractionDigits: 0 });
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit < 2 || value >= 100 ? 0 : 1;
  return number(value, { style: "unit", unit: UNITS[unit], unitDisplay: "short", maximumFractionDigits: digits });
}

/** A length as players show it: 1:02:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : String(part))).join(":");
}

/** A length in words, roughly: 3 min. */
export function duration(seconds) {
  const [value, unit] = seconds < 60 ? [Math.max(1, Math.round(seconds)), "second"]
    : seconds < 5400 ? [Math.round(seconds / 60), "minute"] : [Math.round(seconds / 360) / 10, "hour"];
  return number(value, { style: "unit", unit, unitDisplay: "short" });
}

export function date(text, options = { dateStyle: "medium", timeStyle: "short" }) {
  return format(Intl.DateTimeFormat, options).format(new Date(text));
}

const STEPS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];

/** How long ago. */
export function ago(text) {
  const seconds = (Date.parse(text) - Date.now()) / 1000;
  const words = format(Intl.RelativeTimeFormat, { numeric: "auto" });
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
  return step ? words.format(Math.round(seconds / step[1]), step[0]) : words.format(0, "second");
}

/** What a language is called. */
export function languageName(tag) {
  try {
    const name = format(Intl.DisplayNames, { type: "language" }).of(tag) ?? tag;
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  } catch {
    return tag;
  }
}

export function listed(items) {
  return format(Intl.ListFormat, { type: "conjunction" }).format(items);
}

export function byName(first, second) {
  return first.localeCompare(second, language);
}

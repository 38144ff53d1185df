// Passwords: shown on wish, and their rules told before they are broken.

import { attribute, fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { field } from "./parts.js";

const MIN = 8;
const MAX = 256;

/** A field for a password that can be looked at. */
export function passwordField(label, autocomplete) {
  const input = h("input", { class: "input", type: "password", name: "password", autocomplete, required: true });
  const look = h("button", { type: "button", class: "button plain icon", "aria-pressed": "false", "aria-label": t("field.password_show"), on: { click: () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    attribute(look, "aria-pressed", String(!shown));
    input.focus();
  } } }, icon("eye"));
  h("div", { class: "inside" }, input, look);
  return field(label, input);
}

/** What a password must be, ticked off while it is typed: {element, met()}. The server also refuses the most
 *  common ones, which only it knows. */
export function rules(input, email) {
  const checks = [
    ["length", (secret) => [...secret].length >= MIN && [...secret].length <= MAX],
    ["variety", (secret) => new Set(secret.toLowerCase()).size >= 3],
    ["email", (secret) => secret !== "" && !(email.value.trim() && secret.toLowerCase().includes(email.value.trim().toLowerCase()))],
  ];
  const items = checks.map(([name]) => h("li", { class: "check" }));
  const update = () => checks.forEach(([name, test], place) => {
    const met = test(input.value);
    items[place].className = met ? "check met" : "check";
    fill(items[place], icon(met ? "check" : "minus"), h("span", {}, t(`password.${name}`, { min: MIN, max: MAX })),
      met && h("span", { class: "unseen" }, t("password.met")));
  });
  const id = "password-rules";
  attribute(input, "aria-describedby", `${input.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
  input.addEventListener("input", update);
  email.addEventListener("input", update);
  update();
  return {
    element: h("div", { class: "rules", id }, h("p", { class: "hint" }, t("password.title")), h("ul", { class: "stack tight" }, items,
      h("li", { class: "check" }, icon("info"), h("span", {}, t("password.common"))))),
    met: () => checks.every(([, test]) => test(input.value)),
  };
}

// Signing in and registering.

import { call } from "../api.js";
import { h, icon, logo, say } from "../dom.js";
import { t } from "../i18n.js";
import * as session from "../session.js";
import { button, during, field, reasonOf } from "../ui/parts.js";
import { passwordField, rules } from "../ui/password.js";

export function page({ path, query }) {
  const registering = path === "/register";
  const words = registering ? "register" : "sign_in";
  const alert = h("div", { role: "alert", class: "error" });
  const email = field(t("field.email"), h("input", { class: "input", type: "email", name: "email", autocomplete: "username", required: true, maxlength: 254 }));
  const password = passwordField(t("field.password"), registering ? "new-password" : "current-password");
  const asked = registering ? rules(password.input, email.input) : null;
  const submit = button(t(`${words}.action`), { kind: "main block", type: "submit" });
  const next = query.get("next");
  const other = (registering ? "/sign-in" : "/register") + (next ? `?next=${encodeURIComponent(next)}` : "");

  const form = h("form", { class: "stack", novalidate: true, "aria-label": t(`${words}.title`), on: { submit: (event) => {
    event.preventDefault();
    say(alert, "");
    if (!check()) return;
    during(submit, send);
  } } }, alert, email.element, password.element, asked?.element, submit);

  function check() {
    const address = email.input.value.trim();
    email.fail(/^\S+@\S+\.\S+$/.test(address) ? null : t("field.email_wrong"));
    const secret = password.input.value;
    password.fail(!secret ? t("field.password_missing") : asked && !asked.met() ? t("field.password_rules") : null);
    const wrong = [email.input, password.input].find((input) => input.getAttribute("aria-invalid"));
    wrong?.focus();
    return !wrong;
  }

  async function send() {
    const json = { email: email.input.value.trim(), password: password.input.value };
    try {
      session.keep(await call("POST", registering ? "/auth/register" : "/auth/login", { json, anonymous: true }));
    } catch (error) {
      say(alert, reasonOf(error));
      if (error.code === "email_taken") email.input.focus();
      else password.input.focus();
    }
  }

  const element = h("div", { class: "door-page" },
    h("section", { class: "pitch", "aria-labelledby": "pitch" },
      h("div", { class: "brand" }, logo(), h("span", {}, "Octavia")),
      h("p", { class: "slogan", id: "pitch" }, t("pitch.title")),
      h("ul", { class: "stack" }, ["dub", "make", "pay"].map((name) => h("li", { class: "row top" },
        icon({ dub: "translate", make: "create", pay: "check" }[name]), h("div", { class: "grow" }, h("strong", {}, t(`pitch.${name}`)), h("p", {}, t(`pitch.${name}_text`))))))),
    h("div", { class: "card door-card" },
      h("h1", { tabindex: -1 }, t(`${words}.title`)),
      form,
      h("p", { class: "quiet" }, t(`${words}.other`), " ", h("a", { href: other }, t(`${words}.other_action`)))));
  return { title: t(`${words}.title`), element };
}

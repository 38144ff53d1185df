// The session is over, in the middle of something: sign in again above the page, which keeps what it holds.

import { call, cookie } from "../api.js";
import { h, say } from "../dom.js";
import { t } from "../i18n.js";
import * as session from "../session.js";
import { modal } from "../ui/dialog.js";
import { button, during, reasonOf } from "../ui/parts.js";
import { passwordField } from "../ui/password.js";

/** Resolves when somebody has signed in again, here or in another tab; rejects when they leave instead. */
export async function signInAgain() {
  const email = session.user()?.email;
  if (!email) throw new Error("nobody was signed in");
  let stop = () => {};
  const done = await modal(t("again.title"), (close) => {
    stop = session.onTokens(() => close(true));
    const alert = h("p", { class: "error", role: "alert" });
    const password = passwordField(t("field.password"), "current-password");
    const submit = button(t("sign_in.action"), { kind: "main", type: "submit" });
    const send = async () => {
      try {
        const json = { email, password: password.input.value };
        session.keep(await call("POST", "/auth/login", { json, anonymous: true }));
        close(true);
      } catch (error) {
        say(alert, reasonOf(error));
        password.input.focus();
      }
    };
    return h("form", { class: "stack", on: { submit: (event) => {
      event.preventDefault();
      during(submit, send);
    } } },
    h("p", { class: "quiet" }, t("again.text")),
    h("input", { type: "email", class: "input", value: email, readonly: true, autocomplete: "username", "aria-label": t("field.email") }),
    password.element, alert,
    h("div", { class: "row end" }, button(t("again.leave"), { kind: "plain", on: { click: () => close(false) } }), submit));
  }, { fixed: true });
  stop();
  if (!done) {
    session.forget();
    throw new Error("signed out");
  }
  cookie(); // that of the old session opens nothing any more
}

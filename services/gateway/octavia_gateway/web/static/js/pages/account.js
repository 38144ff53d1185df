// The account: language, sessions, keys, leaving.

import { get, onceKey, post, remove } from "../api.js";
import { h, icon } from "../dom.js";
import { ago, date, t } from "../i18n.js";
import * as session from "../session.js";
import { languages, signOut } from "../shell.js";
import { confirm, modal } from "../ui/dialog.js";
import { button, complain, copy, during, field, loaded, note } from "../ui/parts.js";
import { readAgain, toast } from "../ui/toast.js";

export function page() {
  const user = session.user();
  const element = h("div", { class: "narrow stack wide" },
    h("h1", { tabindex: -1 }, t("account.title")),
    h("section", { class: "card stack" },
      h("div", { class: "row apart" },
        h("div", { class: "grow" }, h("h2", { class: "clip" }, user.email), h("p", { class: "hint" }, t("account.since", { date: date(user.created_at, { dateStyle: "long" }) }))),
        user.is_admin && h("span", { class: "badge accent" }, icon("admin"), t("account.admin"))),
      h("div", { class: "row apart" },
        h("div", { class: "grow" }, h("h3", {}, t("account.language")), h("p", { class: "hint" }, t("account.theme_hint"))), languages()),
      h("div", { class: "row" },
        button(t("alerts.title"), { drawing: "bell", on: { click: readAgain } }),
        button(t("account.sign_out"), { drawing: "signout", on: { click: signOut } }))),
    h("section", { class: "card row apart", "aria-labelledby": "kept" },
      h("div", { class: "grow" }, h("h2", { id: "kept" }, t("lists.title")), h("p", { class: "hint" }, t("account.lists_hint"))),
      h("a", { class: "button", href: "/lists" }, t("account.lists"))),
    section("sessions", listSessions),
    section("keys", listKeys),
    h("section", { class: "card stack", "aria-labelledby": "leave" },
      h("h2", { id: "leave" }, t("account.leave")), h("p", { class: "quiet" }, t("account.leave_text")),
      h("div", {}, button(t("account.leave_action"), { kind: "danger", drawing: "trash", on: { click: leave } }))));
  return { title: t("account.title"), element };
}

function section(name, load) {
  const { body } = loaded(load);
  return h("section", { class: "card", "aria-labelledby": name }, h("h2", { id: name }, t(`account.${name}`)), h("p", { class: "hint" }, t(`account.${name}_hint`)), body);
}

async function listSessions(look) {
  const { items } = await get("/sessions");
  return h("ul", { class: "list" }, items.map((one) => h("li", { class: "row apart" },
    h("div", { class: "grow" },
      h("h3", {}, deviceOf(one.user_agent), " ", one.current && h("span", { class: "badge good" }, t("account.this_session"))),
      h("p", { class: "hint" }, t("account.session_used", { ago: ago(one.last_used_at), date: date(one.created_at, { dateStyle: "medium" }) }))),
    !one.current && button(t("account.session_end"), { kind: "small", "aria-label": t("account.session_end_of", { device: deviceOf(one.user_agent) }), on: { click: (event) => during(event.currentTarget, async () => {
      await remove(`/sessions/${one.id}`);
      toast(t("account.session_ended"));
      await look();
    }) } }))));
}

const BROWSERS = [["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"], ["curl", "curl"], ["python", "Python"]];
const SYSTEMS = [["Windows", "Windows"], ["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Mac OS", "macOS"], ["Linux", "Linux"]];

/** What a program that calls itself `agent` is known as. */
export function deviceOf(agent) {
  const find = (list) => list.find(([mark]) => agent.includes(mark))?.[1];
  const [browser, system] = [find(BROWSERS), find(SYSTEMS)];
  if (browser && system) return t("account.device", { browser, system });
  return browser ?? system ?? t("account.device_unknown");
}

async function listKeys(look) {
  const { items } = await get("/api-keys");
  const name = field(t("account.key_name"), h("input", { class: "input", maxlength: 100, name: "key", autocomplete: "off" }));
  const make = button(t("account.key_make"), { type: "submit", drawing: "plus" });
  const form = h("form", { class: "row key-form", on: { submit: (event) => {
    event.preventDefault();
    name.fail(name.input.value.trim() ? null : t("field.missing"));
    if (!name.input.value.trim()) return name.input.focus();
    return during(make, async () => {
      const made = await post("/api-keys", { name: name.input.value.trim() }, { once: onceKey() });
      await showKey(made);
      await look();
    });
  } } }, h("div", { class: "grow" }, name.element), make);
  const list = items.length
    ? h("ul", { class: "list" }, items.map((key) => h("li", { class: "row apart" },
      h("div", { class: "grow" }, h("h3", {}, key.name), h("p", { class: "hint" }, h("code", {}, `${key.hint}…`), " · ",
        key.last_used_at ? t("account.key_used", { ago: ago(key.last_used_at) }) : t("account.key_unused"))),
      button(t("action.delete"), { kind: "small danger", "aria-label": t("account.key_delete_of", { name: key.name }), on: { click: () => drop(key, look) } }))))
    : h("p", { class: "quiet" }, t("account.keys_none"));
  return h("div", { class: "stack" }, list, form);
}

async function drop(key, look) {
  if (!await confirm(t("account.key_delete"), t("account.key_delete_text", { name: key.name }), t("action.delete"))) return;
  try {
    await remove(`/api-keys/${key.id}`);
    await look();
  } catch (error) {
    complain(error);
  }
}

function showKey(made) {
  return modal(t("account.key_new"), (close) => h("div", { class: "stack" },
    note("warn", t("account.key_once")),
    h("div", { class: "with-button" }, h("input", { class: "input", readonly: true, value: made.key, "aria-label": t("account.key_new") }),
      button(t("action.copy"), { drawing: "copy", on: { click: () => copy(made.key) } })),
    h("div", { class: "row end" }, button(t("action.done"), { kind: "main", on: { click: () => close() } }))));
}

async function leave() {
  const email = session.user().email;
  const sure = await modal(t("account.leave_action"), (close) => {
    const typed = field(t("account.leave_type", { email }), h("input", { class: "input", autocomplete: "off" }));
    return h("form", { class: "stack", on: { submit: (event) => {
      event.preventDefault();
      if (typed.input.value.trim() === email) return close(true);
      typed.fail(t("account.leave_differs"));
      return typed.input.focus();
    } } }, note("bad", t("account.leave_text")), typed.element,
    h("div", { class: "row end" }, button(t("action.back"), { on: { click: () => close(false) } }), button(t("account.leave_action"), { kind: "danger", type: "submit" })));
  });
  if (!sure) return;
  try {
    await remove("/me");
    session.forget();
    toast(t("account.left"));
  } catch (error) {
    complain(error);
  }
}

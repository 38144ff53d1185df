// One list of terms, a glossary or pronunciations: its name, whether it always applies, and its terms in a table.

import { call, get, onceKey, post } from "../api.js";
import { fill, h, say } from "../dom.js";
import { t } from "../i18n.js";
import { go } from "../router.js";
import { bones, button, during, failed, field, note } from "../ui/parts.js";
import { dropList } from "../ui/term-lists.js";
import { termTable } from "../ui/term-table.js";
import { toast } from "../ui/toast.js";

const NEW = "new";
const EMPTY = { name: "", always: false, heeded: true, terms: [] };

export function page({ parameters: [kind, id] }) {
  const heading = t(id === NEW ? `lists.${kind}_new` : `lists.${kind}_one`);
  const body = h("div", {}, bones(3, "4rem"));
  const element = h("div", { class: "stack wide" },
    h("div", {}, h("a", { href: "/lists", class: "hint" }, t("lists.back"))), h("h1", { tabindex: -1 }, heading), body);
  let typed = false;

  async function load() {
    try {
      const [list, can] = await Promise.all([id === NEW ? EMPTY : get(`/${kind}/${id}`), get("/capabilities")]);
      fill(body, form(list, can));
    } catch (error) {
      fill(body, failed(error, load));
    }
  }

  function form(list, can) {
    const name = field(t("lists.name"), h("input", { class: "input", name: "name", maxlength: 100, autocomplete: "off", value: list.name }));
    const always = h("input", { type: "checkbox", name: "always", checked: list.always });
    const terms = termTable(kind, list.terms, can);
    const wrong = h("p", { class: "error", role: "alert" });
    const save = button(t("editor.save"), { kind: "main", type: "submit" });

    async function keep() {
      const wanted = { name: name.input.value.trim(), always: always.checked, terms: terms.value() };
      if (id === NEW) {
        const made = await post(`/${kind}`, wanted, { once: onceKey() });
        typed = false;
        toast(t("editor.saved"));
        return go(`/lists/${kind}/${made.id}`, { replace: true });
      }
      await call("PUT", `/${kind}/${id}`, { json: wanted, once: onceKey() });
      typed = false;
      return toast(t("editor.saved"));
    }

    return h("form", { class: "stack wide", novalidate: true, on: {
      input: () => {
        typed = true;
      },
      submit: (event) => {
        event.preventDefault();
        const named = name.input.value.trim();
        name.fail(named ? null : t("field.missing"));
        const fault = terms.check();
        say(wrong, fault?.text ?? "");
        if (!named) return name.input.focus();
        if (fault) return fault.input.focus();
        return during(save, keep);
      },
    } },
    !list.heeded && note("warn", h("p", {}, t("lists.unheeded"))),
    h("section", { class: "card stack" }, name.element, h("label", { class: "tick" }, always, h("span", {}, t("lists.always")))),
    h("section", { class: "card stack", "aria-labelledby": "terms" }, h("div", {}, h("h2", { id: "terms" }, t("lists.terms_title")), h("p", { class: "hint" }, t(`lists.${kind}_how`))), terms.element),
    wrong,
    h("div", { class: "row" }, save, id !== NEW && button(t("action.delete"), { kind: "danger", drawing: "trash", on: { click: () => drop(list) } })));
  }

  const drop = (list) => dropList(kind, list, () => {
    typed = false;
    return go("/lists");
  });

  const warn = (event) => {
    if (typed) event.preventDefault();
  };
  addEventListener("beforeunload", warn);
  load();
  return { title: heading, element, leave: () => removeEventListener("beforeunload", warn) };
}

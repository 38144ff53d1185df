// What a user keeps for translations to come: glossaries, pronunciations, and the voices of people.

import { get } from "../api.js";
import { h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { button, loaded } from "../ui/parts.js";
import { people } from "../ui/people.js";
import { dropList } from "../ui/term-lists.js";

const KINDS = ["glossaries", "pronunciations"];

export function page() {
  const element = h("div", { class: "narrow stack wide" },
    h("div", {}, h("a", { href: "/", class: "hint" }, t("job.back"))),
    h("div", { class: "stack tight" }, h("h1", { tabindex: -1 }, t("lists.title")), h("p", { class: "quiet" }, t("lists.text"))),
    KINDS.map((kind) => section(kind, (look, heading) => listAll(kind, look, heading))),
    section("speakers", people));
  return { title: t("lists.title"), element };
}

function section(name, load) {
  const heading = h("h2", { id: name, tabindex: -1 }, t(`lists.${name}`));
  const { body } = loaded((look) => load(look, heading));
  return h("section", { class: "card", "aria-labelledby": name }, heading, h("p", { class: "hint" }, t(`lists.${name}_hint`)), body);
}

async function listAll(kind, look, heading) {
  const { items } = await get(`/${kind}`);
  const unheeded = items.some((one) => !one.heeded) && h("p", { class: "hint" }, t("lists.unheeded"));
  const rows = items.length
    ? h("ul", { class: "list" }, items.map((one) => h("li", { class: "row apart" },
      h("div", { class: "grow" }, h("h3", {}, h("a", { href: `/lists/${kind}/${one.id}` }, one.name), " ", one.always && h("span", { class: "badge accent" }, t("lists.always_short"))),
        h("p", { class: "hint" }, t("lists.terms", { count: one.count }))),
      button(t("action.delete"), { kind: "small danger", "aria-label": t("lists.delete_of", { name: one.name }), on: { click: () => drop(kind, one, look, heading) } }))))
    : h("p", { class: "quiet" }, t("lists.none"));
  return h("div", { class: "stack" }, unheeded, rows, h("div", {}, h("a", { class: "button", href: `/lists/${kind}/new` }, icon("plus"), h("span", {}, t(`lists.${kind}_new`)))));
}

const drop = (kind, one, look, heading) => dropList(kind, one, async () => {
  await look();
  heading.focus();
});

// The lists of terms that a user keeps, to be chosen for a job; those that always apply are shown as chosen.

import { get, remove } from "../api.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { confirm } from "./dialog.js";
import { complain } from "./parts.js";
import { toast } from "./toast.js";

const LISTS = [["glossary", "/glossaries", "glossary_ids"], ["pronunciation", "/pronunciations", "pronunciation_ids"]];

/** Options that name lists, by what engines call it to heed them. */
export const LIST_OPTIONS = Object.fromEntries(LISTS.map(([name, , option]) => [option, name]));

/** Elements to choose lists with, of the kinds that are heeded (`heeds(name)`); none where none are kept.
 *  `kept` has the ids by option; `set(option, ids)` is told of changes. */
export async function listChoices(heeds, kept, set) {
  const found = await Promise.all(LISTS.filter(([name]) => heeds(name)).map(async ([name, path, option]) => {
    const { items } = await get(path);
    const known = (kept[option] ?? []).filter((id) => items.some((one) => one.id === id));
    if (known.length !== (kept[option] ?? []).length) set(option, known);
    return items.length > 0 && h("fieldset", { class: "field" }, h("legend", { class: "label" }, t(`options.${name}`)), h("div", { class: "chips" }, items.map((one) => h("label", { class: "chip" },
      h("input", { type: "checkbox", checked: one.always || kept[option]?.includes(one.id), disabled: one.always, on: { change: (event) => {
        const others = (kept[option] ?? []).filter((id) => id !== one.id);
        set(option, event.target.checked ? [...others, one.id] : others);
      } } }), h("span", {}, one.always ? t("options.always", { name: one.name }) : one.name)))));
  }));
  return found.filter(Boolean);
}

/** Deletes a list once its user has agreed; `then` is what is done after it. */
export async function dropList(kind, { id, name }, then) {
  if (!await confirm(t("lists.delete_title", { name }), t("lists.delete_text"), t("action.delete"))) return;
  try {
    await remove(`/${kind}/${id}`);
    toast(t("lists.deleted"));
    await then();
  } catch (error) {
    complain(error);
  }
}

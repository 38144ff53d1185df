// Create: a prompt, perhaps a picture, and the clips that come of them.

import { call, get, onceKey, post } from "../api.js";
import * as balance from "../balance.js";
import { attribute, fill, h, icon, say } from "../dom.js";
import { number, t } from "../i18n.js";
import { draft, keepDraft } from "../ui/draft.js";
import { blobOf, chooseCut, drawPart, wholeOf } from "../ui/crop.js";
import { button, complain, failed, field, reasonOf, segments } from "../ui/parts.js";
import { videoList } from "../ui/video-list.js";

const LONGEST = 2000;
const COPIES = [1, 2, 3, 4, 6, 8, 10];
const RECENT = 12;

export function page() {
  const wish = { prompt: "", ratio: "landscape", seconds: 5, style: null, count: 1, model: null, ...draft() };
  const offers = { models: null, styles: [] };
  let picture = null; // {name, bitmap, cut, fileId}
  let sending = false;

  const prompt = h("textarea", { class: "input prompt", rows: 2, maxlength: LONGEST, name: "prompt", id: "prompt", placeholder: t("create.placeholder"), "aria-describedby": "prompt-hint", value: wish.prompt, on: {
    input: () => {
      grow();
      change({ prompt: prompt.value });
    },
    keydown: (event) => {
      // While a letter is being composed, Enter belongs to the input method.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      send();
    },
  } });
  const grow = () => {
    prompt.style.setProperty("height", "auto");
    prompt.style.setProperty("height", `${Math.min(prompt.scrollHeight + 2, 320)}px`);
  };
  const choices = h("div", { class: "row choices" }, h("div", { class: "bone", style: { width: "20rem", height: "2.5rem" } }));
  const shown = h("div", { class: "picture-slot" });
  const alert = h("div", { role: "alert", class: "error" });
  const cost = h("p", { class: "figures cost" });
  const reason = h("p", { class: "hint", id: "send-reason" });
  const submit = button(t("create.action"), { kind: "main", type: "submit", drawing: "send", "aria-describedby": "send-reason" });
  const list = videoList({ limit: RECENT, empty: ["create", t("create.none"), t("create.none_text")] });
  const form = h("form", { class: "card stack composer", "aria-label": t("create.title"), on: { submit: (event) => {
    event.preventDefault();
    send();
  }, dragover: (event) => event.preventDefault(), drop: (event) => {
    event.preventDefault();
    const file = [...event.dataTransfer.files].find((one) => one.type.startsWith("image/"));
    if (file) take(file);
  } } },
  h("label", { class: "label", for: "prompt" }, t("create.prompt")), prompt, h("p", { class: "hint", id: "prompt-hint" }, t("create.keys")), shown, choices, alert,
  h("div", { class: "row apart" }, h("div", { class: "grow" }, cost, reason), submit));
  const element = h("div", { class: "stack wide" }, h("h1", { tabindex: -1 }, t("create.title")), form,
    h("section", { class: "stack", "aria-labelledby": "made" }, h("div", { class: "row apart" }, h("h2", { id: "made" }, t("create.recent")), h("a", { href: "/gallery" }, t("create.all"))), list.element));

  function change(changes) {
    Object.assign(wish, changes);
    keepDraft(changes);
    update();
  }

  function model() {
    const able = offers.models?.filter((one) => one.tasks.includes(picture ? "image_to_video" : "text_to_video")) ?? [];
    return able.find((one) => one.id === wish.model) ?? able[0];
  }

  function price() {
    return (model()?.prices.find((one) => one.duration_seconds === wish.seconds)?.credits ?? 0) * wish.count;
  }

  function why() {
    const have = balance.now();
    if (sending) return t("create.why_sending");
    if (!offers.models) return t("loading");
    if (!model()) return t("create.why_no_model");
    if (!wish.prompt.trim()) return t("create.why_no_prompt");
    if (have && price() > have.available) return t("translate.why_credits", { count: price() - have.available });
    return null;
  }

  function update() {
    const against = why();
    const have = balance.now();
    attribute(submit, "aria-disabled", against ? "true" : null);
    say(reason, against ?? t("translate.held_note"));
    fill(cost, h("strong", {}, t("credits.amount", { count: price() })), have && h("span", { class: "quiet" }, ` · ${t("create.balance", { balance: number(have.available) })}`));
  }

  function drawChoices() {
    const chosen = model() ?? offers.models?.[0];
    if (!chosen) return;
    if (!chosen.aspect_ratios.includes(wish.ratio)) wish.ratio = chosen.aspect_ratios[0];
    if (!chosen.durations_seconds.includes(wish.seconds)) wish.seconds = chosen.durations_seconds[0];
    const pick = (label, name, options, value, key) => {
      const made = field(label, h("select", { class: "input", name, on: { change: () => change(key(made.input.value)) } }, options.map(([each, text]) => h("option", { value: each }, text))));
      made.input.value = value;
      return made.element;
    };
    fill(choices,
      segments(t("create.ratio"), "ratio", chosen.aspect_ratios.map((one) => [one, t(`ratio.${one}`), one]), wish.ratio, (ratio) => {
        change({ ratio });
        if (picture) {
          Object.assign(picture, { cut: wholeOf(), fileId: null });
          showPicture();
        }
      }),
      segments(t("create.length"), "length", chosen.durations_seconds.map((one) => [one, t("video.seconds", { count: one })]), wish.seconds, (seconds) => change({ seconds })),
      pick(t("create.style"), "style", [["", t("create.style_none")], ...offers.styles.map((one) => [one.id, one.name])], wish.style ?? "", (id) => ({ style: id || null })),
      pick(t("create.count"), "count", COPIES.map((one) => [one, number(one)]), wish.count, (count) => ({ count: Number(count) })),
      offers.models.length > 1 && pick(t("create.model"), "model", offers.models.map((one) => [one.id, one.title]), chosen.id, (id) => ({ model: id })));
  }

  function showPicture() {
    const input = h("input", { type: "file", id: "picture", class: "unseen", accept: "image/jpeg,image/png,image/webp", on: { change: () => input.files[0] && take(input.files[0]) } });
    if (!picture) return fill(shown, input, h("label", { class: "button small", for: "picture" }, icon("image"), t("create.picture")), h("span", { class: "hint" }, t("create.picture_hint")));
    const canvas = h("canvas", { class: "picture-small", role: "img", "aria-label": t("create.picture_of", { name: picture.name }) });
    drawPart(canvas, picture.bitmap, wish.ratio, picture.cut, 240);
    return fill(shown, canvas, h("div", { class: "stack tight" },
      button(t("crop.action"), { kind: "small", on: { click: async () => {
        const cut = await chooseCut(picture.bitmap, wish.ratio, picture.cut);
        if (cut !== picture.cut) Object.assign(picture, { cut, fileId: null });
        showPicture();
      } } }),
      button(t("action.remove"), { kind: "small plain", on: { click: () => {
        picture = null;
        showPicture();
        drawChoices();
        update();
        prompt.focus();
      } } })));
  }

  async function take(file) {
    try {
      const bitmap = await createImageBitmap(file);
      if (Math.min(bitmap.width, bitmap.height) < 64) throw new RangeError("small");
      picture = { name: file.name, bitmap, cut: wholeOf(), fileId: null };
      say(alert, "");
    } catch {
      say(alert, t("create.picture_wrong"));
      return;
    }
    showPicture();
    drawChoices();
    update();
  }

  async function send() {
    if (why()) {
      if (!wish.prompt.trim()) prompt.focus();
      return;
    }
    sending = true;
    say(alert, "");
    update();
    const asked = { prompt: wish.prompt.trim(), count: wish.count, aspect_ratio: wish.ratio, duration_seconds: wish.seconds, style: wish.style, model: model().id };
    const waiting = list.expect(asked);
    prompt.value = "";
    change({ prompt: "" });
    grow();
    try {
      if (picture) asked.image_file_id = await pictureId();
      const made = await post("/videos", asked, { once: onceKey() });
      list.came(waiting, made.videos);
    } catch (error) {
      list.came(waiting, []);
      say(alert, reasonOf(error));
      if (!prompt.value) {
        prompt.value = asked.prompt;
        change({ prompt: asked.prompt });
        grow();
      }
      prompt.focus();
    } finally {
      sending = false;
      update();
      balance.refresh();
    }
  }

  async function pictureId() {
    if (picture.fileId) return picture.fileId;
    const form = new FormData();
    form.append("file", await blobOf(picture.bitmap, wish.ratio, picture.cut), "picture.jpg");
    const file = await call("POST", "/upload?file_type=image", { body: form });
    picture.fileId = file.file_id;
    return file.file_id;
  }

  async function load() {
    try {
      const [models, styles] = await Promise.all([get("/videos/models", { patient: true }), get("/videos/styles")]);
      offers.models = models.models;
      offers.styles = styles.styles;
      drawChoices();
    } catch (error) {
      fill(choices, failed(error, load));
    }
    update();
  }

  const unwatch = balance.watch(update);
  showPicture();
  update();
  load().catch(complain);
  requestAnimationFrame(grow);
  return { title: t("create.title"), element, leave() {
    unwatch();
    list.leave();
    picture?.bitmap.close();
  } };
}

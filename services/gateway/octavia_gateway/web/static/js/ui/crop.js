// A picture cut to the shape of the video: moved and enlarged by pointer, wheel, or keys.

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { modal } from "./dialog.js";
import { button } from "./parts.js";

export const SHAPES = { landscape: [16, 9], portrait: [9, 16], square: [1, 1] };
const LONG_SIDE = 1280;
const MOST_ZOOM = 4;
const STEP = 0.05;

/** What is seen of the picture at first: as much as fits, its middle. `x` and `y` are the middle's place. */
export function wholeOf() {
  return { zoom: 1, x: 0.5, y: 0.5 };
}

/** The part of the picture that a cut means, in its pixels. */
export function partOf(bitmap, ratio, cut) {
  const [across, down] = SHAPES[ratio];
  const width = Math.min(bitmap.width, (bitmap.height * across) / down) / cut.zoom;
  const height = (width * down) / across;
  const within = (middle, size, whole) => Math.min(Math.max(middle * whole - size / 2, 0), whole - size);
  return { x: within(cut.x, width, bitmap.width), y: within(cut.y, height, bitmap.height), width, height };
}

/** Draws the part onto a canvas, which takes the shape. */
export function drawPart(canvas, bitmap, ratio, cut, longSide = LONG_SIDE) {
  const [across, down] = SHAPES[ratio];
  const unit = longSide / Math.max(across, down);
  canvas.width = Math.round((across * unit) / 2) * 2;
  canvas.height = Math.round((down * unit) / 2) * 2;
  const part = partOf(bitmap, ratio, cut);
  canvas.getContext("2d").drawImage(bitmap, part.x, part.y, part.width, part.height, 0, 0, canvas.width, canvas.height);
}

/** The part as a file. */
export function blobOf(bitmap, ratio, cut) {
  const canvas = document.createElement("canvas");
  drawPart(canvas, bitmap, ratio, cut);
  return new Promise((resolve) => {
    canvas.toBlob(resolve, "image/jpeg", 0.92);
  });
}

/** Lets the part be chosen; the new cut, or the old one where it was dismissed. */
export async function chooseCut(bitmap, ratio, before) {
  const cut = { ...before };
  const chosen = await modal(t("crop.title"), (close) => {
    const canvas = h("canvas", { class: "crop", tabindex: 0, role: "img", "aria-label": t("crop.picture") });
    const slider = h("input", { type: "range", class: "slider", min: 1, max: MOST_ZOOM, step: "any", value: cut.zoom, "aria-label": t("crop.zoom") });
    const draw = () => {
      const part = partOf(bitmap, ratio, cut);
      cut.x = (part.x + part.width / 2) / bitmap.width; // where it went as far as it can
      cut.y = (part.y + part.height / 2) / bitmap.height;
      drawPart(canvas, bitmap, ratio, cut, 720);
    };
    const move = (across, down) => {
      const part = partOf(bitmap, ratio, cut);
      cut.x += (across * part.width) / bitmap.width;
      cut.y += (down * part.height) / bitmap.height;
      draw();
    };
    const zoom = (value) => {
      cut.zoom = Math.min(MOST_ZOOM, Math.max(1, value));
      slider.value = cut.zoom;
      draw();
    };
    slider.addEventListener("input", () => zoom(Number(slider.value)));
    canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) move(-event.movementX / canvas.clientWidth, -event.movementY / canvas.clientHeight);
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(cut.zoom * (event.deltaY < 0 ? 1.08 : 0.92));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
      if (step) move(...step);
      else if (event.key === "+" || event.key === "-") zoom(cut.zoom * (event.key === "+" ? 1.1 : 0.9));
      else return;
      event.preventDefault();
    });
    draw();
    return h("div", { class: "stack" }, canvas, h("label", { class: "field" }, h("span", { class: "label" }, t("crop.zoom")), slider), h("p", { class: "hint" }, t("crop.hint")),
      h("div", { class: "row end" }, button(t("action.back"), { on: { click: () => close(false) } }), button(t("crop.use"), { kind: "main", on: { click: () => close(true) } })));
  }, { wide: true });
  return chosen ? cut : before;
}

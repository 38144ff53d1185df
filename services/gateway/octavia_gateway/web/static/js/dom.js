// Elements without a framework. Text goes in as text nodes only: nothing here reads markup.

const SVG = "http://www.w3.org/2000/svg";

/** A new element. Props: `class`, `on: {event: handler}`, `data`, `style` (custom properties), attributes;
 *  a value of true is an empty attribute, false, null and undefined are none. Children: nodes, texts, lists. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  set(element, props);
  add(element, children);
  return element;
}

/** The same in the SVG namespace. */
export function s(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  set(element, props);
  add(element, children);
  return element;
}

function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else if (name === "style") {
      for (const [key, entry] of Object.entries(value)) element.style.setProperty(key, entry);
    } else if (name === "value" || name === "checked" || name === "muted" || name === "indeterminate") {
      element[name] = value;
    } else {
      attribute(element, name, value);
    }
  }
}

/** Sets an attribute, or takes it away. */
export function attribute(element, name, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/** Replaces what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

/** Changes a text only where it differs, so that live regions speak once. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Keeps the children of `list` in step with `items`, by key: what stays is not moved more than it must.
 *  `make(item)` gives {element, update}; focus inside an element that stays is not lost. An item that is frozen
 *  is looked at once: long lists are made of such. */
export function keyed(list, make) {
  const shown = new Map();
  return (items, keyOf) => {
    const keys = new Set(items.map(keyOf));
    for (const [key, view] of shown) {
      if (!keys.has(key)) {
        view.element.remove();
        view.gone?.();
        shown.delete(key);
      }
    }
    let place = list.firstElementChild;
    for (const item of items) {
      const key = keyOf(item);
      let view = shown.get(key);
      if (!view) {
        view = make(item);
        shown.set(key, view);
      } else if (view.item !== item || !Object.isFrozen(item)) {
        view.update(item);
      }
      view.item = item;
      if (view.element === place) place = place.nextElementSibling;
      else list.insertBefore(view.element, place);
    }
    return shown;
  };
}

const PATHS = {
  translate: "M4 5h8M8 3v2M10.5 5c-.8 3.2-3 5.6-6 7M5.5 8c1 2 2.7 3.3 4.7 4.2M11.5 20l4.2-9.5L20 20M13 16.8h5.5",
  create: "M12 3.5l1.9 4.9 4.9 1.9-4.9 1.9L12 17.1l-1.9-4.9-4.9-1.9 4.9-1.9zM18.5 15.5v5M16 18h5",
  gallery: "M4 5.5h16v13H4zM10 9.3v5.4l4.6-2.7z",
  credits: "M12 4c4.4 0 8 1.3 8 3s-3.6 3-8 3-8-1.3-8-3 3.6-3 8-3zM4 7v5c0 1.7 3.6 3 8 3s8-1.3 8-3V7M4 12v5c0 1.7 3.6 3 8 3s8-1.3 8-3v-5",
  admin: "M12 3.5l7 2.5v5.5c0 4.3-2.8 7.3-7 9-4.2-1.7-7-4.7-7-9V6zM9 11.8l2.2 2.2 4-4.2",
  account: "M12 4.5a3.7 3.7 0 1 1 0 7.4 3.7 3.7 0 0 1 0-7.4zM4.8 20c.7-3.7 3.5-5.5 7.2-5.5s6.5 1.8 7.2 5.5",
  upload: "M12 15.5V4.5M7.5 9L12 4.5 16.5 9M4.5 15.5v4h15v-4",
  download: "M12 4.5v11M7.5 11l4.5 4.5 4.5-4.5M4.5 15.5v4h15v-4",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warn: "M12 4l9 15.5H3zM12 10v4M12 16.8v.2",
  info: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 11v5M12 8v.2",
  clock: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 7.5V12l3 2",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.4-5.5M19.5 4v4.5H15",
  trash: "M5 7h14M10 7V4.5h4V7M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5",
  restore: "M4.5 12a7.5 7.5 0 1 0 2.4-5.5M4.5 4v4.5H9",
  share: "M12 14V4M8 7.5L12 3.5l4 4M6 11.5H5v9h14v-9h-1",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  eye: "M2.8 12S6 5.8 12 5.8 21.2 12 21.2 12 18 18.2 12 18.2 2.8 12 2.8 12zM12 9.3a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4z",
  more: "M6 12v.1M12 12v.1M18 12v.1",
  search: "M10.5 4.5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15 15l5 5",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 9.7h4M4 14.3h4M16 9.7h4M16 14.3h4",
  image: "M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15.5 8.8v.1",
  key: "M8 11.5a4 4 0 1 1 0 .1zM12 11.5h9M18 11.5v3.5",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  loader: "M12 3.5v4M12 16.5v4M3.5 12h4M16.5 12h4M6 6l2.8 2.8M15.2 15.2L18 18M6 18l2.8-2.8M15.2 8.8L18 6",
  landscape: "M3 7h18v10H3z",
  portrait: "M7 3h10v18H7z",
  square: "M5 5h14v14H5z",
  send: "M5 12h14M13 6l6 6-6 6",
  offline: "M4 4l16 16M8.5 15.5a5 5 0 0 1 5.5-1M5 12a10 10 0 0 1 4-2.4M13 9.2a10 10 0 0 1 6 2.8M2.5 8.7A15 15 0 0 1 6 6.5M10.5 5.2a15 15 0 0 1 11 3.5M12 19v.1",
  captions: "M4 6h16v12H4zM7.5 14h4M13.5 14h3M7.5 11h2M11.5 11h5",
  signout: "M14 4.5h5v15h-5M10 8l-4 4 4 4M6 12h9",
};

/** A drawing beside words, which says nothing by itself. */
export function icon(name) {
  return s(
    "svg",
    { viewBox: "0 0 24 24", width: 20, height: 20, fill: "none", stroke: "currentColor", "stroke-width": 1.7,
      "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false" },
    s("path", { d: PATHS[name] }),
  );
}

/** The product's own sign. */
export function logo() {
  return s(
    "svg",
    { viewBox: "0 0 32 32", width: 28, height: 28, "aria-hidden": "true", class: "logo" },
    s("rect", { width: 32, height: 32, rx: 9, fill: "#5b4be0" }),
    s("g", { fill: "none", stroke: "#fff", "stroke-width": 2.6, "stroke-linecap": "round" },
      s("circle", { cx: 16, cy: 16, r: 8.2, "stroke-opacity": 0.45 }),
      s("path", { d: "M11.4 14.2v3.6M16 10.8v10.4M20.6 14.2v3.6" })),
  );
}

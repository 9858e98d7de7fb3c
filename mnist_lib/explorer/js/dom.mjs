// DOM elements, and tables, labels and captions made of them.

/** An element with attributes, listeners (on…) and children. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes))
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** A button that `allow` turns on and off. */
export function buttonOf(text, act) {
  const onclick = () => node.getAttribute("aria-disabled") !== "true" && act();
  const node = h("button", { type: "button", onclick }, text);
  return node;
}

/** Off, a button is only said to be disabled: if it were, it would lose the focus, and a reader the place. */
export function allow(button, on) {
  if (on) button.removeAttribute("aria-disabled");
  else button.setAttribute("aria-disabled", "true");
}

/** A whole number as text, in groups of three digits: toLocaleString takes 25 ms to start. */
export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

let ids = 0;
export const freshId = () => `explorer-${(ids += 1)}`;

export const row = (texts, kind = "") =>
  h("tr", { class: kind }, ...texts.map((text) => h("td", {}, text)));

export const rowOf = (text, span, value, kind = "") =>
  h("tr", { class: kind }, h("td", { colspan: span }, text), h("td", {}, value));

export function checkbox(text, change) {
  const input = h("input", { type: "checkbox", onchange: (event) => change(event.target.checked) });
  return { input, node: h("label", {}, input, ` ${text}`) };
}

/** A choice of one of several. options: pairs of a text and a value. */
export function radios(legend, options, change) {
  const name = freshId();
  const inputs = options.map(([, value]) =>
    h("input", { type: "radio", name, value, onchange: () => change(value) }),
  );
  const labels = options.map(([text], i) => h("label", {}, inputs[i], ` ${text}`));
  const node = h("fieldset", {}, h("legend", {}, legend), ...labels);
  const check = (chosen) =>
    options.forEach(([, value], i) => (inputs[i].checked = value === chosen));
  return { node, inputs, check };
}

/** A field for a whole number below count. Anything else is ignored, and mended when it is left. */
export function numberField(name, count, read, change) {
  const oninput = ({ target }) => {
    const value = Math.trunc(Number(target.value));
    if (target.value !== "" && value >= 0 && value < count) change(value);
  };
  const onblur = ({ target }) => (target.value = read() ?? ""); // it may be blurred by its removal
  const limits = { type: "number", name, min: 0, max: count - 1, step: 1 };
  return h("input", { ...limits, oninput, onblur });
}

/**
 * The terms of a sum, one a line, and what they add up to. lines: their cells as text; first, if
 * there is one, and total: a text and a number for the last column.
 */
export function sumTable(label, { caption, heads, first, lines, total }) {
  const span = heads.length - 1;
  const table = h(
    "table",
    {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h(
      "tbody",
      {},
      ...(first ? [rowOf(first[0], span, first[1])] : []),
      ...lines,
      rowOf(total[0], span, total[1], "total"),
    ),
  );
  return scrolling(label, table);
}

export const captioned = (picture, text) =>
  h("div", { class: "explorer-figure" }, picture.node, h("p", {}, text));

// Content that is too large for its place scrolls, with the keyboard too.
export function scrolling(label, content) {
  return h(
    "div",
    { class: "explorer-scroll", tabindex: 0, role: "region", "aria-label": label },
    content,
  );
}

/** Run a classic script: the only kind of file that a page opened from file:// can load later. */
export function loadScript(src) {
  const script = h("script", { src });
  return new Promise((resolve, reject) => {
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  }).finally(() => script.remove());
}

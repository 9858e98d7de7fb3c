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

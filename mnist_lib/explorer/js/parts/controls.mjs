// Undo, clear, normalise, and the test digits to pick.

import { checkbox, h } from "../dom.mjs";
import { paintTiles, plane } from "../paint.mjs";

export function controlsPart(state, actions) {
  const button = (text, act) => h("button", { type: "button", onclick: act }, text);
  const undo = button("Undo", () => actions.undo());
  const clear = button("Clear", () => actions.clear());
  const normalise = checkbox("Normalise", (on) => actions.normalise(on));
  const digits = state.goldenDigits.map((golden) => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    paintTiles(canvas, plane(golden.digit, 28, 28), { limit: 1, grey: true });
    const label = `Test digit ${golden.label ?? golden.index}`;
    return h(
      "button",
      { type: "button", "aria-label": label, title: label, onclick: () => actions.pick(golden) },
      canvas,
    );
  });
  const node = h("div", {}, h("div", { class: "explorer-controls" }, undo, clear, normalise.node));
  if (digits.length)
    node.append(
      h("div", { class: "explorer-digits", role: "group", "aria-label": "Test digits" }, ...digits),
    );
  return {
    node,
    paint() {
      undo.disabled = !state.history.length;
      clear.disabled = !state.digit;
      normalise.input.checked = state.normalise;
      digits.forEach((digit, i) =>
        digit.setAttribute("aria-pressed", state.picked === state.goldenDigits[i]),
      );
    },
  };
}

// Undo, clear, normalise, and the golden digits to pick.

import { allow, buttonOf, checkbox, h } from "../dom.mjs";
import { paintTiles, plane } from "../paint.mjs";

export function controlsPart(store) {
  const button = (text, type) => buttonOf(text, () => store.dispatch({ type }));
  const [undo, clear] = [button("Undo", "undo"), button("Clear", "clear")];
  const normalise = checkbox("Normalise", (on) => store.dispatch({ type: "set", normalise: on }));
  const digits = store.state.goldenDigits.map((golden, i) =>
    digitButton(golden, () => store.dispatch({ type: "pick", picked: i })),
  );
  const node = h("div", {}, h("div", { class: "explorer-controls" }, undo, clear, normalise.node));
  if (digits.length)
    node.append(
      h("div", { class: "explorer-digits", role: "group", "aria-label": "Digits" }, ...digits),
    );
  return {
    node,
    paint({ history, digit, normalise: on, picked }) {
      allow(undo, history.length > 0);
      allow(clear, digit);
      normalise.input.checked = on;
      digits.forEach((one, i) => one.setAttribute("aria-pressed", picked === i));
    },
  };
}

function digitButton({ digit, label, index, split }, onclick) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  paintTiles(canvas, plane(digit, 28, 28), { limit: 1, grey: true });
  const text = `${split === "train" ? "Training" : "Test"} digit ${label ?? index}`;
  return h("button", { type: "button", "aria-label": text, title: text, onclick }, canvas);
}

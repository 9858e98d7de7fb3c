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
  const buttons = h("div", { class: "explorer-controls" }, undo, clear, normalise.node);
  const node = h("div", { class: "explorer-beside" }, buttons);
  if (digits.length)
    node.append(
      h("div", { class: "explorer-digits", role: "group", "aria-label": "Digits" }, ...digits),
    );
  node.append(legend());
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

/** What the marks on the pictures mean, where they stand. */
function legend() {
  const lines = [
    ["Normalise", "does to a drawing what was done to MNIST's digits: cut out, 20 × 20, centred."],
    ["Dashed box", "what is cut out of the drawing, and where it is put."],
    ["Grey veil", "pixels and positions that no answer depends on."],
  ].flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]);
  return h("details", {}, h("summary", {}, "What the marks mean"), h("dl", {}, ...lines));
}

function digitButton({ digit, label, index, split }, onclick) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  paintTiles(canvas, plane(digit, 28, 28), { limit: 1, grey: true });
  const text = `${split === "train" ? "Training" : "Test"} digit ${label ?? index}`;
  return h("button", { type: "button", "aria-label": text, title: text, onclick }, canvas);
}

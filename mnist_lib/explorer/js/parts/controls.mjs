// Undo, clear, normalise; the golden digits to pick, and the reader's own last drawing.

import { allow, buttonOf, checkbox, h } from "../dom.mjs";
import { paintTiles, plane } from "../paint.mjs";
import { PAD_SIDE, prepareDigit, rasterise } from "../picture.mjs";

export function controlsPart(store, others = []) {
  const button = (text, type) => buttonOf(text, () => store.dispatch({ type }));
  const [undo, clear] = [button("Undo", "undo"), button("Clear", "clear")];
  const normalise = checkbox("Normalise", (on) => store.dispatch({ type: "set", normalise: on }));
  const digits = store.state.goldenDigits.map((golden, i) =>
    digitButton(golden, () => store.dispatch({ type: "pick", picked: i })),
  );
  const own = keptButton(store);
  const buttons = h("div", { class: "explorer-controls" }, undo, clear, normalise.node, ...others);
  const node = h("div", { class: "explorer-beside" }, buttons);
  if (digits.length) {
    const group = { class: "explorer-digits", role: "group", "aria-label": "Digits" };
    node.append(h("div", group, ...digits, own.node));
  }
  node.append(legend());
  return {
    node,
    paint({ history, digit, normalise: on, picked, kept, strokes }) {
      own.paint(kept, strokes);
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

/** Back to what was drawn last, here or on another page. */
function keptButton(store) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const onclick = () => store.dispatch({ type: "draw", strokes: store.state.kept });
  const name = { "aria-label": "Your drawing", title: "Your drawing" };
  const node = h("button", { type: "button", hidden: "", ...name, onclick }, canvas);
  let painted = null;
  const paint = (kept, strokes) => {
    const steps = kept && kept !== painted && prepareDigit(rasterise(kept), PAD_SIDE, PAD_SIDE);
    if (steps) paintTiles(canvas, plane(steps.digit, 28, 28), { limit: 1, grey: true });
    if (kept && kept !== painted) node.hidden = !steps;
    painted = kept;
    node.setAttribute("aria-pressed", kept !== null && strokes === kept);
  };
  return { node, paint };
}

function digitButton({ digit, label, index, split }, onclick) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  paintTiles(canvas, plane(digit, 28, 28), { limit: 1, grey: true });
  const text = `${split === "train" ? "Training" : "Test"} digit ${label ?? index}`;
  return h("button", { type: "button", "aria-label": text, title: text, onclick }, canvas);
}

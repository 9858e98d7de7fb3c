// The drawing on its way to 28×28 pixels.

import { SEEN } from "../explain.mjs";
import { INK_SIDE, PAD_SIDE, squareCorner } from "../picture.mjs";
import { h } from "../dom.mjs";
import { fieldMark, paintTiles, pictureOf, plane, unseen } from "../paint.mjs";

/** From the drawing to 28×28, step by step. */
export function stepsPart(state) {
  const [box, small, digit] = ["explorer-step", "explorer-step", "explorer-step"].map(pictureOf);
  const captions = [box, small, digit].map(() => h("p"));
  const figures = [box, small, digit].map((picture, i) =>
    h("div", { class: "explorer-figure" }, picture.node, captions[i]),
  );
  const follow = () => {
    const { steps, normalise } = state;
    const stepwise = Boolean(steps && normalise);
    [figures[0].hidden, figures[1].hidden] = [!stepwise, !stepwise];
    if (stepwise) paintSteps(state, box, small);
    const seen = SEEN.image;
    const frame = stepwise
      ? [["rect", { x: steps.left, y: steps.top, width: 20, height: 20, class: "box" }]]
      : [];
    if (stepwise) frame.push(["path", { d: "M14 12.5v3M12.5 14h3", class: "centre" }]);
    paintTiles(digit.canvas, plane(state.digit ?? new Float32Array(784), 28, 28), {
      limit: 1,
      grey: true,
    });
    digit.mark(28, 28, [...frame, ...unseen(28, 28, seen), ...fieldMark(state)]);
    captions[2].textContent = finalCaption(state);
  };
  captions[0].textContent = "its box, made square";
  captions[1].textContent = "20 × 20, with its centre of mass";
  digit.describe("What the network gets: 28 by 28 pixels");
  box.describe("The drawing, cut out with its box and made square");
  small.describe("The drawing, averaged to 20 by 20 pixels, with a cross at its centre of mass");
  return { node: h("div", { class: "explorer-steps" }, ...figures), follow, paint: follow };
}

function finalCaption({ digit, picked, normalise }) {
  if (!digit) return "28 × 28, empty";
  if (picked) return "28 × 28, a test digit, as MNIST has it";
  return normalise ? "28 × 28, centre of mass in the middle" : "28 × 28, shrunk and nothing else";
}

function paintSteps({ ink, steps }, box, small) {
  const side = Math.max(steps.box.width, steps.box.height);
  const { x, y } = squareCorner(steps);
  const cut = (row, column) => {
    const [r, c] = [row + y, column + x];
    return r >= 0 && c >= 0 && r < PAD_SIDE && c < PAD_SIDE ? ink[r * PAD_SIDE + c] : 0;
  };
  paintTiles(
    box.canvas,
    { height: side, width: side, count: 1, at: (_, r, c) => cut(r, c) },
    { limit: 1, grey: true },
  );
  paintTiles(small.canvas, plane(steps.small, INK_SIDE, INK_SIDE), { limit: 1, grey: true });
  const [cy, cx] = steps.centre;
  small.mark(INK_SIDE, INK_SIDE, [
    ["path", { d: `M${cx} ${cy - 1.5}v3M${cx - 1.5} ${cy}h3`, class: "centre" }],
  ]);
}

// The drawing on its way to 28×28 pixels, step by step.

import { h } from "../dom.mjs";
import { SEEN } from "../explain.mjs";
import { fieldMark, pictureOf, plane, unseen } from "../paint.mjs";
import { INK_SIDE, PAD_SIDE, squareCorner } from "../picture.mjs";

const GREY = { limit: 1, grey: true };
const cross = (x, y) => ["path", { d: `M${x} ${y - 1.5}v3M${x - 1.5} ${y}h3`, class: "centre" }];

export function stepsPart() {
  const pictures = ["explorer-step", "explorer-step", "explorer-step"].map(pictureOf);
  const captions = pictures.map(() => h("p"));
  const figures = pictures.map((picture, i) =>
    h("div", { class: "explorer-figure" }, picture.node, captions[i]),
  );
  const [box, small, digit] = pictures;
  const nothing = plane(new Float32Array(INK_SIDE ** 2), INK_SIDE, INK_SIDE);
  for (const picture of [box, small]) picture.paint(nothing, GREY); // as tall as they will be
  captions[0].textContent = "its box, made square";
  captions[1].textContent = "20 × 20, with its centre of mass";
  digit.describe("What the network gets: 28 by 28 pixels");
  box.describe("The drawing, cut out with its box and made square");
  small.describe("The drawing, averaged to 20 by 20 pixels, with a cross at its centre of mass");
  const paint = (scene) => {
    const stepwise = Boolean(scene.steps && scene.normalise);
    // Where there are no steps their place is kept: nothing jumps when a stroke begins.
    for (const figure of figures.slice(0, 2)) figure.classList.toggle("absent", !stepwise);
    if (stepwise) paintSteps(scene, box, small);
    paintDigit(scene, digit, stepwise);
    captions[2].textContent = finalCaption(scene);
  };
  return { node: h("div", { class: "explorer-steps" }, ...figures), follow: paint, paint };
}

function finalCaption({ digit, picked, normalise, goldenDigits }) {
  if (!digit) return "28 × 28, empty";
  const split = goldenDigits[picked]?.split === "train" ? "training" : "test";
  if (picked !== null) return `28 × 28, a ${split} digit, as MNIST has it`;
  return normalise ? "28 × 28, centre of mass in the middle" : "28 × 28, shrunk and nothing else";
}

function paintSteps({ ink, steps }, box, small) {
  const side = Math.max(steps.box.width, steps.box.height);
  const { x, y } = squareCorner(steps);
  const cut = (_, row, column) => {
    const [r, c] = [row + y, column + x];
    return r >= 0 && c >= 0 && r < PAD_SIDE && c < PAD_SIDE ? ink[r * PAD_SIDE + c] : 0;
  };
  box.paint({ height: side, width: side, count: 1, at: cut }, GREY);
  small.paint(plane(steps.small, INK_SIDE, INK_SIDE), GREY);
  const [centreRow, centreColumn] = steps.centre;
  small.mark(INK_SIDE, INK_SIDE, [cross(centreColumn, centreRow)]);
}

function paintDigit(scene, picture, stepwise) {
  const { steps, digit } = scene;
  const box = { width: INK_SIDE, height: INK_SIDE, class: "box" };
  const marks = stepwise ? [["rect", { x: steps.left, y: steps.top, ...box }], cross(14, 14)] : [];
  picture.paint(plane(digit ?? new Float32Array(784), 28, 28), GREY);
  picture.mark(28, 28, [...marks, ...unseen(28, 28, SEEN.image), ...fieldMark(scene)]);
}

// The kernels of the first layer while they change, and the digits that are still answered wrongly.

import { h } from "../dom.mjs";
import { FOLLOWED, LAYERS, SHAPES } from "../engine.mjs";
import { frameAt, largestOf, paintTiles, pictureOf, plane } from "../paint.mjs";

const FIRST = LAYERS[0];
const COUNT = FIRST.shape.at(-1);
const COLUMNS = 8;
const NONE = { right: 0, wrong: [] };

/** All kernels of C1; the one with the followed weight, and the weight itself, are framed. */
export function kernelsPart(session) {
  const picture = pictureOf("explorer-kernels");
  const text = h(
    "p",
    {},
    "Blue to white is positive, orange negative, dark 0. Framed: the one weight.",
  );
  const title = h(
    "p",
    { class: "explorer-chart-title" },
    h("b", {}, `The ${COUNT} kernels of ${FIRST.label}`),
  );
  picture.describe(
    `The ${COUNT} kernels of ${FIRST.label}, three by three numbers each, as they are now`,
  );
  const paint = () => {
    const { kernels } = session.run;
    const values = kernels ?? new Float32Array(9 * COUNT);
    const at = (tile, row, column) => values[(row * 3 + column) * COUNT + tile];
    const tiles = { height: 3, width: 3, count: COUNT, at };
    picture.paint(tiles, { columns: COLUMNS, limit: largestOf(values) });
    const [width, height] = picture.size();
    picture.mark(width, height, followedMarks());
  };
  return { node: h("div", { class: "explorer-plot" }, title, picture.node, text), paint };
}

function followedMarks() {
  const [row, column, , kernel] = FOLLOWED.place;
  const [x, y] = [4 * (kernel % COLUMNS), 4 * Math.floor(kernel / COLUMNS)];
  const frame = ["rect", { x, y, width: 3, height: 3, class: "chosen" }];
  return [frame, frameAt(x + column, y + row)];
}

/** Some of the digits held out that the network still gets wrong: label → answer. */
export function wrongPart(session) {
  const title = h("p", { class: "explorer-chart-title" });
  const list = h("ul", { class: "explorer-wrong" });
  let painted = null;
  const paint = () => {
    const look = session.run.looks.at(-1) ?? NONE;
    if (painted === look) return;
    painted = look;
    const { wrong, right } = look;
    const { length } = session.digits.held;
    const some = length - right > wrong.length ? `; the first ${wrong.length}` : "";
    const text = `${length - right} of the ${length} held-out digits${some}: label → answer`;
    title.replaceChildren(h("b", {}, "Still wrong"), h("span", { class: "explorer-read" }, text));
    list.replaceChildren(...wrong.map((one) => wrongDigit(one, session.digits.pixels)));
  };
  return { node: h("div", { class: "explorer-plot wide" }, title, list), paint };
}

function wrongDigit({ digit, label, answer }, pixels) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const [height, width] = SHAPES.image;
  const size = height * width;
  const levels = pixels.subarray(digit * size, (digit + 1) * size);
  paintTiles(canvas, plane(levels, height, width), { limit: 255, grey: true });
  return h("li", {}, canvas, h("span", {}, `${label} → ${answer}`));
}

// One weight, opened: its gradient, and every term of the sum.

import { captioned, checkbox, h, row, sumTable } from "../dom.mjs";
import { layerOf } from "../engine.mjs";
import { explainWeight } from "../explain_gradient.mjs";
import { largestOf, numeral, pictureOf } from "../paint.mjs";
import { placeText } from "../weights.mjs";

export function weightPart(store) {
  const title = h("b");
  const all = checkbox("Full precision", (exact) => store.dispatch({ type: "set", exact }));
  const [head, content] = [h("div", { class: "explorer-head" }, title, all.node), h("div")];
  const role = { role: "group", "aria-label": "One weight" };
  const node = h("div", { class: "explorer-inspector", ...role }, head, content);
  const paint = (scene) => {
    const { weight, back, exact } = scene;
    const what = weight.part === "bias" ? "bias" : "weight";
    title.textContent = `One ${what} of ${layerOf(weight.name).label}: ${placeText(weight)}`;
    all.input.checked = exact;
    node.hidden = !back;
    if (back) content.replaceChildren(...weightNodes(scene));
  };
  return { node, paint };
}

function weightNodes({ weight: target, outputs, weights, back, exact }) {
  const explanation = explainWeight(target, outputs, weights, back);
  const show = (value) => numeral(value, exact);
  const { weight, gradient } = explanation;
  const sense = `${target.part === "bias" ? "bias" : "weight"} ${show(weight)}, gradient ${show(gradient)}`;
  const rest = explanation.kind === "dense" ? productNodes : positionNodes;
  return [h("p", {}, `${sense}: ${slopeText(gradient)}`), ...rest(target, explanation, show)];
}

function slopeText(gradient) {
  if (gradient === 0) return "moved a little, it does not change the loss.";
  return `raised a little, it would ${gradient > 0 ? "raise" : "lower"} the loss.`;
}

/** Of a dense layer: a weight is used once. */
function productNodes({ part }, { terms: [term], gradient }, show) {
  const text =
    part === "bias"
      ? `the error of its output = ${show(gradient)}`
      : `input ${show(term?.input ?? 0)} × error ${show(term?.error ?? 0)} = ${show(gradient)}`;
  return [h("p", { class: "explorer-equation" }, text)];
}

/** Of a convolution: a weight is used at every position. */
function positionNodes(target, explanation, show) {
  const { terms, sum, gradient } = explanation;
  const kernel = target.part === "kernel";
  const keys = kernel ? ["input", "error", "product", "sum"] : ["error", "sum"];
  const lines = terms.map((term) =>
    row([String(term.row), String(term.column), ...keys.map((key) => show(term[key]))]),
  );
  const heads = ["row", "column", "input", "× error", "= product", "sum so far"];
  const shown = kernel ? heads : [...heads.slice(0, 2), "error", "sum so far"];
  const caption = `Every term that is not 0, in the order in which they are added: ${terms.length}`;
  const total = ["rounded once to float32", show(gradient)];
  const what = kernel ? "products" : "errors";
  const equation = `${terms.length} ${what} add up to ${show(sum)}; rounded once: ${show(gradient)}`;
  return [
    positionMaps(target, explanation),
    h("p", {}, funnelText(target, explanation.counts)),
    h("p", { class: "explorer-equation" }, equation),
    sumTable("Every term", { caption, heads: shown, lines, total }),
  ];
}

/** How many positions are left, stage by stage. */
function funnelText({ name, part }, { positions, inputs, open, reached }) {
  const { source } = layerOf(name);
  if (part === "bias")
    return `Of ${positions} positions, ReLU is open at ${open}; an error arrives at ${reached} of these.`;
  const under = source === "image" ? "ink is" : "something other than 0 is";
  return (
    `The weight is used at ${positions} positions. At ${inputs} of them ${under} under it; ` +
    `at ${open} of these ReLU is open; at ${reached} of these an error arrives.`
  );
}

/** What the weight reads, the errors of its channel, and their products, position by position. */
function positionMaps({ name, part, place }, { positions }) {
  const [height, width] = layerOf(name).shape;
  const marks = positions
    .filter(({ product }) => product !== 0)
    .map(({ row: y, column: x }) => ["rect", { x, y, width: 1, height: 1, class: "part" }]);
  const captions = {
    input: `what it reads, at each of ${height} × ${width} positions`,
    error: `× the errors of channel ${place.at(-1)}`,
    product: "= what each position adds to the gradient",
  };
  const shown = part === "bias" ? ["error"] : ["input", "error", "product"];
  const figures = shown.map((key) => {
    const picture = pictureOf("explorer-position");
    const at = (_, y, x) => positions[y * width + x][key];
    const limit = largestOf(positions.map((position) => position[key]));
    picture.paint({ height, width, count: 1, at }, { limit });
    picture.mark(width, height, marks);
    const caption = part === "bias" ? captions[key].slice(2) : captions[key];
    picture.describe(`${height} by ${width} positions: ${caption}`);
    picture.readout(
      (hit) => `row ${hit.row}, column ${hit.column}: ${numeral(at(0, hit.row, hit.column))}`,
    );
    return captioned(picture, caption);
  });
  return h("div", { class: "explorer-positions" }, ...figures);
}

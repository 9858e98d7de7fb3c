// The gradients of all weights as pictures; any weight can be chosen.

import { captioned, grouped, h, numberField } from "../dom.mjs";
import { SHAPES, WEIGHTED, layerOf } from "../engine.mjs";
import { weightIndex } from "../explain_gradient.mjs";
import { largestOf, numeral, pictureOf } from "../paint.mjs";
import { axesOf, farthest, layoutOf, placeText } from "../weights.mjs";

const NO_GRADIENT = "Nothing is drawn yet, so there is no gradient.";
const FINE = 100; // more tiles than these are drawn with quiet gaps
const PARTS = ["kernel", "bias"];
const VIEWS_BY_KIND = {
  convolution: ["allKernels", "oneKernel"],
  dense: ["matrix", "oneOutput"],
};

export function gradientPart(store) {
  const choose = (weight) => store.dispatch({ type: "set", weight });
  const [choice, content] = [arrayChoice(store, choose), h("div")];
  let painted = [];
  const paint = (scene) => {
    const { weight, back, weights, narrow, exact } = scene;
    choice.paint(weight);
    const now = [weight, back, narrow, exact];
    if (now.every((value, i) => value === painted[i])) return;
    painted = now;
    const shown = { weight, back, weights, narrow, exact };
    content.replaceChildren(...(back ? pictures(shown, choose) : [h("p", {}, NO_GRADIENT)]));
  };
  const role = { role: "group", "aria-label": "Gradients" };
  return { node: h("div", { class: "explorer-section", ...role }, choice.node, content), paint };
}

/** Which array, and which of its weights. */
function arrayChoice(store, choose) {
  const options = WEIGHTED.flatMap(({ name, label }) =>
    PARTS.map((part) => h("option", { value: `${name}/${part}` }, `${label}, ${part}`)),
  );
  const change = ({ target }) => {
    const [name, part] = target.value.split("/");
    const { back, weights } = store.scene();
    choose(farthest({ name, part }, (back?.gradients ?? weights)[name][part]));
  };
  const [array, fields] = [h("select", { onchange: change }, ...options), h("span")];
  fields.className = "explorer-fields";
  let [built, inputs] = [null, []];
  const paint = (weight) => {
    array.value = `${weight.name}/${weight.part}`;
    if (built !== array.value) {
      [built, inputs] = [array.value, placeFields(weight, store)];
      fields.replaceChildren(...inputs.map((input) => h("label", {}, `${input.name} `, input)));
    }
    inputs.forEach((input, axis) => {
      if (document.activeElement !== input) input.value = weight.place[axis];
    });
  };
  const title = h("b", {}, "Gradients");
  return {
    node: h("div", { class: "explorer-head" }, title, h("label", {}, "of ", array), fields),
    paint,
  };
}

function placeFields(target, store) {
  const place = () => store.state.weight.place;
  return axesOf(target).map(([axis, count], i) => {
    const change = (value) =>
      store.dispatch({ type: "set", weight: { ...target, place: moved(place(), i, value) } });
    return numberField(axis, count, () => place()[i], change);
  });
}

const moved = (place, axis, value) => place.map((old, i) => (i === axis ? value : old));

/** All gradients of the layer; the chosen kernel beside its gradient; the biases' gradients. */
function pictures(scene, choose) {
  const { weight, back, weights } = scene;
  const { label, kind, source } = layerOf(weight.name);
  const [overview, detail] = VIEWS_BY_KIND[kind];
  const [kernel, gradient] = [weights[weight.name].kernel, back.gradients[weight.name].kernel];
  const ofKernel = { ...weight, part: "kernel" };
  const output = weight.place.at(-1);
  const figure = (target, values, view, text) =>
    arrayFigure({ ...scene, target, values, view, text }, choose);
  const bias = back.gradients[weight.name].bias;
  const single = SHAPES[source].at(-1) === 1; // one 3×3 tile is a whole kernel
  const layout = single ? "a tile for each kernel" : LAYOUT[kind];
  const all = figure(ofKernel, gradient, overview, `${countText(gradient)}; ${layout}`);
  const details = [
    figure(ofKernel, kernel, detail, `the weights of ${OUTPUTS[kind]} ${output}`),
    figure(ofKernel, gradient, detail, "their gradients"),
  ];
  return [
    ...(single
      ? [figures(figure(ofKernel, kernel, overview, `the weights of ${label}`), all)]
      : [figures(all), figures(...details)]),
    figures(figure({ ...weight, part: "bias" }, bias, "biases", `biases: ${countText(bias)}`)),
  ];
}

const LAYOUT = {
  convolution: "a tile of 3×3 for each channel in (down) and out (across)",
  dense: "an output a line, an input a column",
};
const OUTPUTS = { convolution: "kernel", dense: "output" };

const figures = (...nodes) => h("div", { class: "explorer-gradients" }, ...nodes);

function countText(values) {
  const left = values.filter((value) => value !== 0).length;
  return `${grouped(left)} of ${grouped(values.length)} gradients are not 0`;
}

function arrayFigure({ target, values, view, text, weight, narrow, exact }, choose) {
  const { tiles, columns, placeOf, mark } = layoutOf(target, values, view, narrow);
  const picture = pictureOf(`explorer-maps${tiles.count > FINE ? " explorer-fine" : ""}`);
  picture.paint(tiles, { columns, limit: largestOf(values) });
  const [width, height] = picture.size();
  if (tiles.count === 1) picture.node.style.maxWidth = `${width * 24}px`;
  if (target.part === weight.part) picture.mark(width, height, mark(weight.place));
  picture.describe(text);
  const aim = (hit) => ({ name: target.name, part: target.part, place: placeOf(hit) });
  picture.node.addEventListener("click", (event) => choose(aim(picture.hit(event))));
  picture.readout((hit) => {
    const aimed = aim(hit);
    return `${placeText(aimed)}: ${numeral(values[weightIndex(aimed)], exact)}`;
  });
  return captioned(picture, text);
}

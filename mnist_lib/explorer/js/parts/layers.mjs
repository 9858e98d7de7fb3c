// All layers at full width; any value can be chosen.

import { freshId, h } from "../dom.mjs";
import { frameAt, largestOf, paintTiles, pictureOf, plane } from "../paint.mjs";
import { inspectorPart } from "../parts/inspector.mjs";

const WHAT = {
  convolution: "3×3 convolution, then ReLU",
  pooling: "the largest of each 2×2 block",
  flatten: "one row of numbers; drawn as 9 positions × 64 channels",
  dense: "64 weighted sums, then ReLU",
};

export function layersPart(state, actions) {
  const name = freshId();
  const choice = (text, preActivation) => {
    const input = h("input", { type: "radio", name, onchange: () => actions.preActivation(preActivation) });
    return { input, preActivation, node: h("label", {}, input, ` ${text}`) };
  };
  const choices = [choice("after ReLU", false), choice("before ReLU", true)];
  const inspector = inspectorPart(state, actions);
  const layers = state.view.layers.map((layer) => layerPart(layer, state, actions));
  // A button that vanishes with what it closes gives the focus to the button of its layer.
  actions.focus = (of) => layers.find((layer) => layer.name === of).button.focus();
  const legend = h(
    "fieldset",
    {},
    h("legend", { class: "explorer-hidden" }, "Show the layers"),
    ...choices.map((c) => c.node),
  );
  legend.hidden = !state.view.layers.some((layer) => layer.hasRelu);
  const key = h(
    "p",
    { class: "explorer-key" },
    "Dark is 0, blue to white positive, orange negative. Choose a value to see how it comes about.",
  );
  const paint = () => {
    choices.forEach(({ input, preActivation }) => (input.checked = preActivation === state.preActivation));
    layers.forEach((layer) => layer.paint());
    const open = layers.find((layer) => layer.name === state.selected?.name);
    if (open && open.node.nextSibling !== inspector.node) open.node.after(inspector.node);
    inspector.node.hidden = !open;
    inspector.paint();
  };
  const follow = () => layers.forEach((layer) => layer.follow());
  return {
    node: h(
      "div",
      { class: "explorer-layers" },
      legend,
      key,
      ...layers.map((l) => l.node),
      inspector.node,
    ),
    follow,
    paint,
  };
}

function layerPart(layer, state, actions) {
  const { name, label, shape } = layer;
  const picture = pictureOf("explorer-maps");
  const note = h("span", { class: "explorer-note" });
  const toggle = () =>
    actions.select(state.selected?.name === name ? null : { name, at: strongest(layer, state) });
  const button = h(
    "button",
    { type: "button", onclick: toggle },
    h("b", {}, label),
    ` ${shape.join(" × ")}`,
  );
  picture.node.addEventListener("click", (event) => {
    if (state.values) actions.select({ name, at: placeIn(layer, picture.hit(event)) });
  });
  const follow = () => {
    const values =
      state.values?.[state.preActivation ? "preActivation" : "activation"][name] ?? new Float32Array(sizeOf(layer));
    const columns = columnsOf(layer, state.narrow);
    paintTiles(picture.canvas, tilesOf(layer, values), { columns, limit: largestOf(values) });
    if (shape.length === 1) picture.node.style.maxWidth = `${picture.canvas.width * 24}px`;
    picture.mark(picture.canvas.width, picture.canvas.height, chosenMark(layer, state, columns));
  };
  const paint = () => {
    follow();
    button.setAttribute("aria-expanded", state.selected?.name === name);
    note.textContent = noteOf(layer, state);
    picture.describe(`${label}, ${shape.join(" by ")}: ${note.textContent}`);
  };
  const node = h(
    "div",
    { class: "explorer-layer" },
    h("div", { class: "explorer-head" }, button, note),
    picture.node,
  );
  return { name, button, node, follow, paint };
}

const sizeOf = ({ shape }) => shape.reduce((a, b) => a * b);
const columnsOf = ({ shape }, narrow) => (shape.length === 3 ? shape[2] / (narrow ? 4 : 2) : 1);

function noteOf({ name, kind, shape, hasRelu }, { values, preActivation }) {
  const what =
    name === "dense_2"
      ? preActivation
        ? "ten logits, of 0 to 9"
        : "ten probabilities, of 0 to 9, by softmax"
      : WHAT[kind];
  if (!values || !hasRelu) return what;
  const below = values.preActivation[name].filter((value) => value <= 0).length;
  const share = `${below.toLocaleString("en")} of ${sizeOf({ shape }).toLocaleString("en")} values`;
  return preActivation ? `${what}: before it, ${share} are not above 0` : `${what}: ${share} are 0`;
}

/** A layer as small pictures: one for each channel; rows of numbers are one picture. */
function tilesOf({ name, shape }, values) {
  if (name === "flatten_1") return plane(values, 9, 64);
  if (shape.length === 1) return plane(values, 1, shape[0]);
  const [height, width, count] = shape;
  return {
    height,
    width,
    count,
    at: (tile, row, column) => values[(row * width + column) * count + tile],
  };
}

function placeIn({ name, shape }, { tile, row, column }) {
  if (name === "flatten_1") return { index: row * 64 + column };
  return shape.length === 1 ? { index: column } : { row, column, channel: tile };
}

function strongest(layer, { values }) {
  if (!values) return layer.shape.length === 3 ? { row: 0, column: 0, channel: 0 } : { index: 0 };
  const index = values.activation[layer.name].indexOf(Math.max(...values.activation[layer.name]));
  if (layer.shape.length === 1) return { index };
  const [, width, channels] = layer.shape;
  const pixel = Math.floor(index / channels);
  return { row: Math.floor(pixel / width), column: pixel % width, channel: index % channels };
}

function chosenMark({ name, shape }, { selected, values }, columns) {
  if (selected?.name !== name || !values) return [];
  const { row, column, channel, index } = selected.at;
  if (name === "flatten_1") return [frameAt(index % 64, Math.floor(index / 64))];
  if (shape.length === 1) return [frameAt(index, 0)];
  const [x, y] = [
    (channel % columns) * (shape[1] + 1),
    Math.floor(channel / columns) * (shape[0] + 1),
  ];
  return [
    ["rect", { x, y, width: shape[1], height: shape[0], class: "chosen" }],
    frameAt(x + column, y + row),
  ];
}

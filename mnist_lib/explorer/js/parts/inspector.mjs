// One activation: where it is, what it sees, and every term of its sum.

import { captioned, checkbox, h, numberField, row, scrolling, sumTable } from "../dom.mjs";
import { SHAPES, layerOf } from "../engine.mjs";
import { SEEN, explain, receptiveField } from "../explain.mjs";
import { valueText, valuesOf } from "../maps.mjs";
import {
  fieldMark,
  frameAt,
  gridOf,
  largestOf,
  numeral,
  percent,
  pictureOf,
  plane,
  unseen,
} from "../paint.mjs";

const NOTHING = "Nothing is drawn yet, so there is nothing to compute.";

/**
 * shown: the layers of the page; focus: moves the focus to the button of a layer; errorNodes: what is
 * said about a value while errors are shown.
 */
export function inspectorPart(store, shown, focus, errorNodes) {
  const select = (selected) => store.dispatch({ type: "set", selected });
  const [title, fields, content] = [h("b"), h("span", { class: "explorer-fields" }), h("div")];
  const all = checkbox("Full precision", (exact) => store.dispatch({ type: "set", exact }));
  const leave = () => {
    const { name } = store.state.selected;
    select(null);
    focus(name);
  };
  /** A button that goes to an input of the sum, where the page shows its layer. */
  const goTo = ({ name, label }, at) => {
    if (!shown.some((layer) => layer.name === name)) return "";
    const go = () => {
      select({ name, at });
      focus(name);
    };
    return h("button", { type: "button", onclick: go }, `Go to it in ${label}`);
  };
  const close = h("button", { type: "button", onclick: leave }, "Close");
  const head = h("div", { class: "explorer-head" }, title, fields, all.node, close);
  const role = { role: "group", "aria-label": "One activation" };
  const node = h("div", { class: "explorer-inspector", ...role }, head, content);
  node.addEventListener("keydown", ({ key }) => key === "Escape" && leave());
  let [built, inputs] = [null, []];
  const paint = (scene) => {
    const { selected, exact, outputs } = scene;
    const layer = layerOf(selected.name);
    if (built !== layer) {
      [built, inputs] = [layer, placeInputs(layer, store)];
      fields.replaceChildren(...inputs.map((input) => h("label", {}, `${input.name} `, input)));
    }
    const what = scene.shown === "errors" ? "The error of one value" : "One value";
    title.textContent = `${what} of ${layer.label}`;
    for (const input of inputs)
      if (document.activeElement !== input) input.value = selected.at[input.name];
    all.input.checked = exact;
    const nodes = outputs
      ? valueNodes(layer, scene, { select, goTo, errorNodes })
      : [h("p", {}, NOTHING)];
    content.replaceChildren(...nodes);
  };
  return { node, paint };
}

function placeInputs({ name, shape }, store) {
  const axes =
    shape.length === 3
      ? { row: shape[0], column: shape[1], channel: shape[2] }
      : { index: shape[0] };
  const place = () => store.state.selected?.at; // none while it is being closed
  return Object.entries(axes).map(([axis, count]) => {
    const change = (value) =>
      store.dispatch({ type: "set", selected: { name, at: { ...place(), [axis]: value } } });
    return numberField(axis, count, () => place()?.[axis], change);
  });
}

function valueNodes(layer, scene, { select, goTo, errorNodes }) {
  const where = [...channelPicture(layer, scene, select), fieldPicture(layer, scene)];
  const nodes = scene.shown === "errors" ? errorNodes : activationNodes;
  return [h("div", { class: "explorer-where" }, ...where), ...nodes(layer, scene, goTo)];
}

function activationNodes(layer, scene, goTo) {
  const explanation = explain(layer.name, scene.selected.at, scene.outputs, scene.weights);
  return ARITHMETIC[layer.kind](layer, explanation, scene, goTo);
}

/** The channel, enlarged: any of its values can be chosen here. */
function channelPicture(layer, scene, select) {
  if (layer.shape.length !== 3) return [];
  const [height, width, count] = layer.shape;
  const { row: chosenRow, column: chosenColumn, channel } = scene.selected.at;
  const values = valuesOf(layer, scene);
  const picture = pictureOf("explorer-plane");
  const at = (_, r, c) => values[(r * width + c) * count + channel];
  picture.paint({ height, width, count: 1, at }, { limit: largestOf(values) });
  const seen = SEEN[layer.name];
  const marks = [...unseen(height, width, seen), frameAt(chosenColumn, chosenRow)];
  picture.mark(width, height, marks);
  picture.describe(`Channel ${channel} of ${layer.label}, ${height} by ${width}`);
  const placeOf = ({ row: hitRow, column }) => ({ row: hitRow, column, channel });
  picture.node.addEventListener("click", (event) =>
    select({ name: layer.name, at: placeOf(picture.hit(event)) }),
  );
  picture.readout((hit) => valueText(layer, placeOf(hit), scene));
  const lost = height * width - seen ** 2;
  const veil = lost
    ? `; shaded: ${lost} of ${height * width} positions that no answer depends on`
    : "";
  return [captioned(picture, `channel ${channel}${veil}`)];
}

function fieldPicture(layer, scene) {
  const picture = pictureOf("explorer-plane");
  picture.paint(plane(scene.digit, 28, 28), { limit: 1, grey: true });
  picture.mark(28, 28, [...unseen(28, 28, SEEN.image), ...fieldMark(scene)]);
  const { top, left, bottom, right } = receptiveField(layer.name, scene.selected.at);
  const text = `it sees ${bottom - top + 1} × ${right - left + 1} pixels: rows ${top}–${bottom}, columns ${left}–${right}`;
  picture.describe(`The digit; ${text}`);
  return captioned(picture, text);
}

/** A weighted sum: all inputs, all weights, all products, the total, and every term in its order. */
function sumNodes(layer, explanation, { selected, exact }) {
  const { terms, bias, sum, preActivation, activation } = explanation;
  const show = (value) => numeral(value, exact);
  const total = [
    `bias ${show(bias)}`,
    `+ ${terms.length} products ${show(sum - bias)}`,
    `= ${show(preActivation)}`,
  ];
  const result = layer.hasRelu
    ? `ReLU(${show(preActivation)}) = ${show(activation)}`
    : `the logit of digit ${selected.at.index}; softmax makes it ${percent(activation)}`;
  const equation = h("p", { class: "explorer-equation" }, total.join(" "), h("br"), result);
  return [termPictures(layer, explanation), equation, termTable(explanation, exact)];
}

function termPictures(layer, { kind, terms }) {
  const wide = kind === "dense";
  const grid = wide
    ? gridOf(layerOf(layer.source))
    : { height: 3, width: 3, count: SHAPES[layer.source][2] };
  const numbers = grid.height * grid.width;
  const columns = grid.count > 1 ? 8 : 1;
  const layout = wide ? "in a row" : "3 by 3 for each channel";
  const figures = Object.entries({
    input: "inputs",
    weight: "× weights",
    product: "= products",
  }).map(([key, caption]) => {
    const picture = pictureOf("explorer-terms");
    const at = (tile, r, column) => terms[tile * numbers + r * grid.width + column][key];
    picture.paint({ ...grid, at }, { columns, limit: largestOf(terms.map((term) => term[key])) });
    picture.describe(`${terms.length} ${caption.replace(/\W/g, "")}, ${layout}`);
    return captioned(picture, caption);
  });
  return h("div", { class: wide ? "explorer-products wide" : "explorer-products" }, ...figures);
}

function termTable({ kind, terms, bias, preActivation }, exact) {
  const places = kind === "dense" ? ["index"] : ["channel", "row", "column"];
  const heads = [...places, "input", "× weight", "= product", "sum so far"];
  const lines = terms.map((term) => {
    const numbers = ["input", "weight", "product", "sum"].map((key) => numeral(term[key], exact));
    const cells = [...places.map((place) => String(term[place])), ...numbers];
    return row(cells, term.input === 0 ? "nothing" : "");
  });
  const caption = `Every term, in the order in which they are added: ${terms.length} products after the bias`;
  const total = ["rounded once to float32", numeral(preActivation, exact)];
  const first = ["bias", numeral(bias, exact)];
  return sumTable("Every term", { caption, heads, first, lines, total });
}

function poolNodes(layer, { choices, activation }, { selected, exact }, goTo) {
  const source = layerOf(layer.source);
  const cell = ({ row: r, column, value }) =>
    h(
      "td",
      { class: value === activation ? "total" : "" },
      `${numeral(value, exact)} `,
      h("small", {}, `(${r}, ${column})`),
    );
  const lines = [choices.slice(0, 2), choices.slice(2)].map((pair) =>
    h("tr", {}, ...pair.map(cell)),
  );
  const caption = `Four values of ${source.label}, with their row and column`;
  const table = h("table", {}, h("caption", {}, caption), h("tbody", {}, ...lines));
  const largest = choices.find(({ value }) => value === activation);
  const at = { row: largest.row, column: largest.column, channel: selected.at.channel };
  const text = `the largest: ${numeral(activation, exact)} `;
  return [
    scrolling("Four values", table),
    h("p", { class: "explorer-equation" }, text, goTo(source, at)),
  ];
}

function copyNodes(layer, { from, activation }, { selected, exact }, goTo) {
  const [, width, channels] = SHAPES[layer.source];
  const { row: r, column, channel } = from;
  const text = `(${r} × ${width} + ${column}) × ${channels} + ${channel} = ${selected.at.index}: the same number, ${numeral(activation, exact)} `;
  const source = layerOf(layer.source);
  return [h("p", { class: "explorer-equation" }, text, goTo(source, from))];
}

/** How the activations of each kind of layer are explained. */
const ARITHMETIC = {
  convolution: sumNodes,
  dense: sumNodes,
  pooling: poolNodes,
  flatten: copyNodes,
};

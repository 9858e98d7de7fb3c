// One value: where it lies, what it sees, and every term of its sum.

import { layerOf } from "../engine.mjs";
import { SEEN, explain, receptiveField } from "../explain.mjs";
import { captioned, checkbox, h, row, rowOf, scrolling } from "../dom.mjs";
import {
  fieldMark,
  frameAt,
  largestOf,
  numeral,
  paintTiles,
  percent,
  pictureOf,
  plane,
  unseen,
} from "../paint.mjs";

export function inspectorPart(state, actions) {
  const [title, fields, content] = [h("b"), h("span", { class: "explorer-fields" }), h("div")];
  const exact = checkbox("All digits", (on) => actions.exact(on));
  const leave = () => {
    const { name } = state.selected;
    actions.select(null);
    actions.focus(name);
  };
  const close = h("button", { type: "button", onclick: leave }, "Close");
  const head = h("div", { class: "explorer-head" }, title, fields, exact.node, close);
  const node = h(
    "div",
    { class: "explorer-inspector", role: "group", "aria-label": "One activation" },
    head,
    content,
  );
  let [built, inputs] = [null, []];
  const paint = () => {
    if (!state.selected) return;
    const layer = layerOf(state.selected.name);
    if (built !== layer) {
      [built, inputs] = [layer, placeInputs(layer, state, actions)];
      title.textContent = `One value of ${layer.label}`;
      fields.replaceChildren(...inputs.map((input) => h("label", {}, `${input.name} `, input)));
    }
    inputs.forEach(
      (input) => document.activeElement === input || (input.value = state.selected.at[input.name]),
    );
    exact.input.checked = state.exact;
    if (state.values) content.replaceChildren(...activation(layer, state, actions));
    else
      content.replaceChildren(h("p", {}, "Nothing is drawn yet, so there is nothing to compute."));
  };
  return { node, paint };
}

function placeInputs({ name, shape }, state, actions) {
  const axes =
    shape.length === 3
      ? { row: shape[0], column: shape[1], channel: shape[2] }
      : { index: shape[0] };
  return Object.entries(axes).map(([axis, count]) => {
    const change = (event) => {
      const value = Math.trunc(Number(event.target.value));
      if (event.target.value === "" || !(value >= 0 && value < count)) return;
      actions.select({ name, at: { ...state.selected.at, [axis]: value } });
    };
    const restore = (event) => (event.target.value = state.selected.at[axis]);
    return h("input", {
      type: "number",
      name: axis,
      min: 0,
      max: count - 1,
      step: 1,
      oninput: change,
      onblur: restore,
    });
  });
}

function activation(layer, state, actions) {
  const { at } = state.selected;
  const explanation = explain(layer.name, at, state.values, state.weights);
  const arithmetic = { convolution: weighted, dense: weighted, pooling: pooled, flatten: copied }[
    explanation.kind
  ];
  return [
    h(
      "div",
      { class: "explorer-where" },
      ...planeOf(layer, state, actions),
      fieldPicture(layer, state),
    ),
    ...arithmetic(layer, explanation, state, actions),
  ];
}

/** The channel, enlarged: any of its values can be chosen here. */
function planeOf(layer, state, actions) {
  if (layer.shape.length !== 3) return [];
  const [height, width, count] = layer.shape;
  const { row, column, channel } = state.selected.at;
  const values = state.values[state.preActivation ? "preActivation" : "activation"][layer.name];
  const picture = pictureOf("explorer-plane");
  const tile = {
    height,
    width,
    count: 1,
    at: (_, r, c) => values[(r * width + c) * count + channel],
  };
  paintTiles(picture.canvas, tile, { limit: largestOf(values) });
  picture.mark(width, height, [...unseen(height, width, SEEN[layer.name]), frameAt(column, row)]);
  picture.describe(`Channel ${channel} of ${layer.label}, ${height} by ${width}`);
  picture.node.addEventListener("click", (event) => {
    const { row, column } = picture.hit(event);
    actions.select({ name: layer.name, at: { row, column, channel } });
  });
  const lost = height * width - SEEN[layer.name] ** 2;
  const veil = lost
    ? `; shaded: ${lost} of ${height * width} positions that no answer depends on`
    : "";
  return [captioned(picture, `channel ${channel}${veil}`)];
}

function fieldPicture(layer, state) {
  const picture = pictureOf("explorer-plane");
  paintTiles(picture.canvas, plane(state.digit, 28, 28), { limit: 1, grey: true });
  picture.mark(28, 28, [...unseen(28, 28, SEEN.image), ...fieldMark(state)]);
  const { top, left, bottom, right } = receptiveField(layer.name, state.selected.at);
  const text = `it sees ${bottom - top + 1} × ${right - left + 1} pixels: rows ${top}–${bottom}, columns ${left}–${right}`;
  picture.describe(`The digit; ${text}`);
  return captioned(picture, text);
}

/** A weighted sum: all inputs, all weights, all products, the total, and every term in its order. */
function weighted(layer, explanation, state) {
  const { terms, bias, sum, preActivation, activation } = explanation;
  const show = (value) => numeral(value, state.exact);
  const total = [
    `bias ${show(bias)}`,
    `+ ${terms.length} products ${show(sum - bias)}`,
    `= ${show(preActivation)}`,
  ];
  const equation = h("p", { class: "explorer-equation" }, total.join(" "));
  if (layer.hasRelu) equation.append(h("br"), `ReLU(${show(preActivation)}) = ${show(activation)}`);
  else
    equation.append(
      h("br"),
      `the logit of digit ${state.selected.at.index}; softmax makes it ${percent(activation)}`,
    );
  return [termPictures(explanation), equation, termTable(explanation, state)];
}

function termPictures({ kind, terms }) {
  const wide = kind === "dense";
  const figure = ([key, caption]) => {
    const picture = pictureOf("explorer-terms");
    const size = wide
      ? { height: terms.length === 576 ? 9 : 1, width: 64, count: 1 }
      : { height: 3, width: 3, count: terms.length / 9 };
    const at = (tile, row, column) =>
      terms[wide ? row * 64 + column : tile * 9 + row * 3 + column][key];
    const limit = terms.reduce((largest, term) => Math.max(largest, Math.abs(term[key])), 0);
    paintTiles(picture.canvas, { ...size, at }, { columns: size.count > 1 ? 8 : 1, limit });
    picture.describe(
      `${terms.length} ${caption.replace(/\W/g, "")}, ${wide ? "in a row" : "3 by 3 for each channel"}`,
    );
    return captioned(picture, caption);
  };
  const figures = [
    ["input", "inputs"],
    ["weight", "× weights"],
    ["product", "= products"],
  ].map(figure);
  return h("div", { class: wide ? "explorer-products wide" : "explorer-products" }, ...figures);
}

function termTable({ kind, terms, bias, preActivation }, { exact }) {
  const places = kind === "dense" ? ["index"] : ["channel", "row", "column"];
  const head = [...places, "input", "× weight", "= product", "sum so far"].map((text) =>
    h("th", { scope: "col" }, text),
  );
  const first = rowOf("bias", places.length + 3, numeral(bias, exact));
  const lines = terms.map((term) =>
    row(
      [
        ...places.map((p) => String(term[p])),
        ...["input", "weight", "product", "sum"].map((key) => numeral(term[key], exact)),
      ],
      term.input === 0 ? "nothing" : "",
    ),
  );
  const last = rowOf("rounded once to float32", places.length + 3, numeral(preActivation, exact), "total");
  const caption = h(
    "caption",
    {},
    `Every term, in the order in which they are added: ${terms.length} products after the bias`,
  );
  return scrolling(
    "Every term",
    h(
      "table",
      {},
      caption,
      h("thead", {}, h("tr", {}, ...head)),
      h("tbody", {}, first, ...lines, last),
    ),
  );
}

function pooled(layer, { choices, activation }, state, actions) {
  const show = (value) => numeral(value, state.exact);
  const source = layerOf(layer.source);
  const cell = ({ row, column, value }) =>
    h(
      "td",
      { class: value === activation ? "total" : "" },
      `${show(value)} `,
      h("small", {}, `(${row}, ${column})`),
    );
  const table = h(
    "table",
    {},
    h("caption", {}, `Four values of ${source.label}, with their row and column`),
    h(
      "tbody",
      {},
      h("tr", {}, ...choices.slice(0, 2).map(cell)),
      h("tr", {}, ...choices.slice(2).map(cell)),
    ),
  );
  const winner = choices.find(({ value }) => value === activation);
  const at = { row: winner.row, column: winner.column, channel: state.selected.at.channel };
  return [
    scrolling("Four values", table),
    h(
      "p",
      { class: "explorer-equation" },
      `the largest: ${show(activation)} `,
      goTo(source, at, state, actions),
    ),
  ];
}

function copied(layer, { from, activation }, state, actions) {
  const { row, column, channel } = from;
  const text = `(${row} × 3 + ${column}) × 64 + ${channel} = ${state.selected.at.index}: the same number, ${numeral(activation, state.exact)} `;
  return [
    h("p", { class: "explorer-equation" }, text, goTo(layerOf(layer.source), from, state, actions)),
  ];
}

function goTo({ name, label }, at, state, actions) {
  if (!state.view.layers.some((layer) => layer.name === name)) return "";
  const go = () => {
    actions.select({ name, at });
    actions.focus(name);
  };
  return h("button", { type: "button", onclick: go }, `Go to it in ${label}`);
}

// One activation as a sum of products, and the pixels that it depends on. No DOM.

import { FLATTEN, SHAPES, layerOf } from "./engine.mjs";

/** The map that is flattened: its rows, columns and channels. */
const MAP = SHAPES[FLATTEN.source];

/**
 * How one activation is computed. at: { row, column, channel }, or { index } where a layer is one row.
 * The sum starts from the bias and adds the terms in their order, in float64: rounded once to
 * float32 it is the pre-activation, to the bit.
 */
export function explain(name, at, { preActivation, activation }, weights) {
  const { kind, shape, source } = layerOf(name);
  const index = at.index ?? (at.row * shape[1] + at.column) * shape[2] + at.channel;
  const result = {
    kind,
    preActivation: preActivation[name][index],
    activation: activation[name][index],
  };
  if (kind === "flatten") return { ...result, from: placeInMap(index) };
  if (kind === "pooling")
    return { ...result, choices: poolChoices(at, activation[source], SHAPES[source]) };
  const { kernel, bias } = weights[name];
  const output = at.index ?? at.channel;
  const places =
    kind === "dense" ? inputPlaces(SHAPES[source][0]) : patchPlaces(at, SHAPES[source]);
  let sum = bias[output];
  const terms = places.map(({ from, to, ...place }) => {
    const [input, weight] = [activation[source][from], kernel[to * bias.length + output]];
    sum += input * weight;
    return { ...place, input, weight, product: input * weight, sum };
  });
  return { ...result, bias: bias[output], terms, sum };
}

/** Where a number of the flat row was in the map that was flattened. */
function placeInMap(index) {
  const [, width, channels] = MAP;
  const pixel = Math.floor(index / channels);
  return { row: Math.floor(pixel / width), column: pixel % width, channel: index % channels };
}

function inputPlaces(count) {
  return Array.from({ length: count }, (_, index) => ({ index, from: index, to: index }));
}

function patchPlaces(at, [, width, channels]) {
  const places = [];
  for (let channel = 0; channel < channels; channel++)
    for (let r = 0; r < 3; r++)
      for (let k = 0; k < 3; k++) {
        const [row, column] = [at.row + r, at.column + k];
        const from = (row * width + column) * channels + channel;
        places.push({ channel, row, column, from, to: (r * 3 + k) * channels + channel });
      }
  return places;
}

function poolChoices(at, input, [, width, channels]) {
  return [0, 1, 2, 3].map((corner) => {
    const [row, column] = [2 * at.row + (corner >> 1), 2 * at.column + (corner & 1)];
    return { row, column, value: input[(row * width + column) * channels + at.channel] };
  });
}

/** Which rows (or columns) low…high of a layer depend on, in every layer before it and the image. */
export function traceBack(name, low, high) {
  const found = { [name]: [low, high] };
  for (let layer = layerOf(name); layer; layer = layerOf(layer.source)) {
    if (layer.kind === "convolution") high += 2;
    else if (layer.kind === "pooling") [low, high] = [2 * low, 2 * high + 1];
    else [low, high] = [0, MAP[0] - 1]; // flatten and dense read their whole input map
    found[layer.source] = [low, high];
  }
  return found;
}

/** The pixels of the image that an activation depends on: { top, left, bottom, right }, inclusive. */
export function receptiveField(name, { row = 0, column = 0, index = 0 } = {}) {
  if (name === FLATTEN.name) return receptiveField(FLATTEN.source, placeInMap(index));
  const [top, bottom] = traceBack(name, row, row).image;
  const [left, right] = traceBack(name, column, column).image;
  return { top, left, bottom, right };
}

/** How many rows and columns of each layer the output can depend on: pooling drops the rest. */
export const SEEN = Object.fromEntries(
  Object.entries(traceBack(FLATTEN.source, 0, MAP[0] - 1)).map(([k, [, high]]) => [k, high + 1]),
);

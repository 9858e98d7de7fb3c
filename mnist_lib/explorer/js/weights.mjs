// Kernels and biases as pictures: their axes, and which weight is where.

import { kernelShapeOf, layerOf } from "./engine.mjs";
import { weightIndex } from "./explain_gradient.mjs";
import { frameAt, gridOf } from "./paint.mjs";

const AXES = {
  convolution: ["row", "column", "channel in", "channel out"],
  dense: ["input", "output"],
};

/** Name and size of each axis of an array. target: { name, part: "kernel" or "bias" }. */
export function axesOf({ name, part }) {
  const layer = layerOf(name);
  const sizes = kernelShapeOf(layer);
  return AXES[layer.kind].map((axis, i) => [axis, sizes[i]]).slice(part === "bias" ? -1 : 0);
}

/** Which weight it is, in words. */
export const placeText = (target) =>
  axesOf(target)
    .map(([axis], i) => `${axis} ${target.place[i]}`)
    .join(", ");

/** The weight of an array whose number is farthest from 0. */
export function farthest(target, values) {
  let [best, largest] = [0, -1];
  values.forEach((value, i) => {
    if (Math.abs(value) > largest) [best, largest] = [i, Math.abs(value)];
  });
  const place = axesOf(target).reduceRight((found, [, size]) => {
    found.unshift(best % size);
    best = Math.floor(best / size);
    return found;
  }, []);
  return { ...target, place };
}

/**
 * How an array is drawn: { tiles, columns, placeOf, mark }. placeOf: from a hit to the place of a
 * weight; mark: what frames the chosen one.
 */
export function layoutOf(target, values, view, narrow) {
  const at = (place) => values[weightIndex({ ...target, place })];
  const { height, width, count, columns, placeOf, mark } = VIEWS_OF[view](target, narrow);
  const tiles = {
    height,
    width,
    count,
    at: (tile, row, column) => at(placeOf({ tile, row, column })),
  };
  return { tiles, columns, placeOf, mark };
}

/** A kernel as 3×3 tiles: an output across, an input down; a single input in rows of 16. */
function allKernels({ name }, narrow) {
  const [, , [, inputs], [, outputs]] = axesOf({ name, part: "kernel" });
  const columns = inputs > 1 ? outputs : rowLength(narrow);
  const placeOf = ({ tile, row, column }) => [
    row,
    column,
    Math.floor(tile / outputs),
    tile % outputs,
  ];
  const mark = ([row, column, , output]) => {
    if (inputs > 1) return [box(4 * output, 0, 3, 4 * inputs - 1)];
    const [x, y] = [4 * (output % columns), 4 * Math.floor(output / columns)];
    return [box(x, y, 3, 3), frameAt(x + column, y + row)];
  };
  return { height: 3, width: 3, count: inputs * outputs, columns, placeOf, mark };
}

/** One kernel as 3×3 tiles, one for each channel that it reads. */
function oneKernel({ name, place }, narrow) {
  const inputs = axesOf({ name, part: "kernel" })[2][1];
  const columns = Math.min(inputs, rowLength(narrow));
  const placeOf = ({ tile, row, column }) => [row, column, tile, place.at(-1)];
  const mark = ([row, column, input]) => {
    const [x, y] = [4 * (input % columns), 4 * Math.floor(input / columns)];
    return [box(x, y, 3, 3), frameAt(x + column, y + row)];
  };
  return { height: 3, width: 3, count: inputs, columns, placeOf, mark };
}

/** A dense layer as a matrix: an output a line. */
function matrix({ name }) {
  const [[, inputs], [, outputs]] = axesOf({ name, part: "kernel" });
  const placeOf = ({ row, column }) => [column, row];
  const mark = ([, output]) => [box(0, output, inputs, 1)];
  return { height: outputs, width: inputs, count: 1, columns: 1, placeOf, mark };
}

/** The weights of one output, laid out as the layer that it reads. */
function oneOutput({ name, place }) {
  const { height, width } = gridOf(layerOf(layerOf(name).source));
  const placeOf = ({ row, column }) => [row * width + column, place.at(-1)];
  const mark = ([input]) => [frameAt(input % width, Math.floor(input / width))];
  return { height, width, count: 1, columns: 1, placeOf, mark };
}

function biases({ name }) {
  const [[, outputs]] = axesOf({ name, part: "bias" });
  const placeOf = ({ column }) => [column];
  const mark = ([output]) => [frameAt(output, 0)];
  return { height: 1, width: outputs, count: 1, columns: 1, placeOf, mark };
}

const rowLength = (narrow) => (narrow ? 8 : 16);
const box = (x, y, width, height) => ["rect", { x, y, width, height, class: "chosen" }];
const VIEWS_OF = { allKernels, oneKernel, matrix, oneOutput, biases };

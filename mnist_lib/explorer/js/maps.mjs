// The numbers of a layer as maps: one for each channel, side by side; and where one of them is.

import { frameAt, gridOf, largestOf, numeral } from "./paint.mjs";

/** How many channels stand side by side. */
export function columnsOf({ shape }, narrow) {
  if (shape.length === 1) return 1;
  return narrow ? 8 : 16;
}

export const sizeOf = ({ shape }) => shape.reduce((a, b) => a * b);

/** The numbers of a layer that are shown; undefined while nothing is drawn. */
export const valuesOf = ({ name }, { outputs, back, shown }) =>
  shown === "errors" ? back?.errors[name] : outputs?.[shown][name];

/** Paint a layer; each layer is scaled by its own largest number. */
export function paintMaps(layer, picture, scene) {
  const values = valuesOf(layer, scene) ?? new Float32Array(sizeOf(layer));
  const [grid, columns] = [gridOf(layer), columnsOf(layer, scene.narrow)];
  const at = (tile, row, column) => values[(row * grid.width + column) * grid.count + tile];
  picture.paint({ ...grid, at }, { columns, limit: largestOf(values) });
  const [width, height] = picture.size();
  if (layer.shape.length === 1) picture.node.style.maxWidth = `${width * 24}px`;
  picture.mark(width, height, chosenMark(layer, scene, columns));
}

/** The place of a number in its layer, from where it is in the picture. */
export function placeIn(layer, { tile, row, column }) {
  if (layer.shape.length === 3) return { row, column, channel: tile };
  return { index: row * gridOf(layer).width + column };
}

/** Which number it is, in words, and its value. */
export function valueText(layer, at, scene) {
  const [, width, channels] = layer.shape;
  const index = at.index ?? (at.row * width + at.column) * channels + at.channel;
  const place = Object.entries(at).map(([axis, number]) => `${axis} ${number}`);
  const value = valuesOf(layer, scene)?.[index];
  return value === undefined ? "" : `${place.join(", ")}: ${numeral(value, scene.exact)}`;
}

/**
 * The place of the largest number of a layer, or of one of its channels. Where ReLU leaves nothing
 * but zeros it is the one that came closest. Of errors it is the one farthest from 0.
 */
export function strongest({ name, shape }, { outputs, back, shown }, channel = null) {
  const errors = shown === "errors" && back?.errors[name].map(Math.abs);
  const values = errors || outputs?.preActivation[name];
  const channels = shape.at(-1);
  let index = channel ?? 0;
  values?.forEach((value, i) => {
    if ((channel === null || i % channels === channel) && value > values[index]) index = i;
  });
  if (shape.length === 1) return { index };
  const pixel = Math.floor(index / channels);
  return {
    row: Math.floor(pixel / shape[1]),
    column: pixel % shape[1],
    channel: index % channels,
  };
}

/** A frame round the chosen number, and round its channel. */
function chosenMark(layer, { selected, outputs }, columns) {
  if (selected?.name !== layer.name || !outputs) return [];
  const { row, column, channel, index } = selected.at;
  const { height, width } = gridOf(layer);
  if (layer.shape.length === 1) return [frameAt(index % width, Math.floor(index / width))];
  const x = (channel % columns) * (width + 1);
  const y = Math.floor(channel / columns) * (height + 1);
  return [["rect", { x, y, width, height, class: "chosen" }], frameAt(x + column, y + row)];
}

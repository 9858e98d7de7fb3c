// One gradient as a sum of products: of a weight or a bias, or the error of an activation. No DOM.

import { LAYERS, SHAPES, kernelShapeOf, layerOf, softmaxSteps } from "./engine.mjs";
import { winnerOf } from "./gradients.mjs";

/** The index of a weight in its array. target: { name, part: "kernel" or "bias", place }. */
export function weightIndex({ name, part, place }) {
  if (part === "bias") return place[0];
  const sizes = kernelShapeOf(layerOf(name));
  return place.reduce((index, value, axis) => index * sizes[axis] + value, 0);
}

/** The same weights with one of them moved by an amount. */
export function nudged(weights, target, amount) {
  const { name, part } = target;
  const array = weights[name][part].slice();
  array[weightIndex(target)] += amount;
  return { ...weights, [name]: { ...weights[name], [part]: array } };
}

/** The terms of a sum that are not 0, each with the sum so far; and the sum. */
function addUp(places) {
  let sum = 0;
  const terms = [];
  for (const place of places) {
    if (place.product === 0) continue;
    sum += place.product;
    terms.push({ ...place, sum });
  }
  return { terms, sum };
}

/**
 * The gradient of a weight or a bias. target: as for `weightIndex`; back: what `backward` returns.
 * Of a convolution: a term for each position where both the input and the error are not 0, and how
 * many positions there are at each stage. Of a dense layer: one product.
 */
export function explainWeight(target, { preActivation, activation }, weights, back) {
  const { name, part, place } = target;
  const { kind, source, shape } = layerOf(name);
  const index = weightIndex(target);
  const [weight, gradient] = [weights[name][part][index], back.gradients[name][part][index]];
  const [errors, filter] = [back.errors[name], place.at(-1)];
  if (kind === "dense") {
    const input = part === "bias" ? 1 : activation[source][place[0]];
    return { kind, weight, gradient, ...addUp([termOf(input, errors[filter])]) };
  }
  const [rows, columns, filters] = shape;
  const [, width, channels] = SHAPES[source];
  const positions = Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const from = ((row + place[0]) * width + column + place[1]) * channels + place[2];
    const input = part === "bias" ? 1 : activation[source][from];
    const open = preActivation[name][i * filters + filter] > 0;
    return { row, column, open, ...termOf(input, errors[i * filters + filter]) };
  });
  return {
    kind,
    weight,
    gradient,
    positions,
    counts: countPositions(positions),
    ...addUp(positions),
  };
}

const termOf = (input, error) => ({ input, error, product: input * error });

/** How many positions are left: with an input, where ReLU is open too, where an error arrives too. */
function countPositions(positions) {
  const inputs = positions.filter(({ input }) => input !== 0);
  const open = inputs.filter((position) => position.open);
  const reached = open.filter(({ error }) => error !== 0);
  return {
    positions: positions.length,
    inputs: inputs.length,
    open: open.length,
    reached: reached.length,
  };
}

/**
 * The error of one activation, from the errors of the layer that reads it. at: as for `explain`.
 * rule: "logits", or the kind of the reader. handedBack: before ReLU; open: whether ReLU lets it pass,
 * null where there is no ReLU.
 */
export function explainError(name, at, { preActivation, activation }, weights, back) {
  const { shape, hasRelu = false } = layerOf(name) ?? { shape: SHAPES[name] };
  const index = at.index ?? (at.row * shape[1] + at.column) * shape[2] + at.channel;
  const open = hasRelu ? activation[name][index] > 0 : null;
  const result = { error: back.errors[name][index], open };
  const reader = LAYERS.find((layer) => layer.source === name);
  if (!reader) {
    const probability = softmaxSteps(preActivation[name]).probabilities[index];
    const target = at.index === back.label ? 1 : 0;
    return { ...result, rule: "logits", probability, target, handedBack: probability - target };
  }
  const errors = back.errors[reader.name];
  if (reader.kind === "flatten")
    return { ...result, rule: "flatten", index, handedBack: errors[index] };
  if (reader.kind === "pooling")
    return { ...result, rule: "pooling", ...handedToWinner(name, at, index, activation, errors) };
  const shares =
    reader.kind === "dense"
      ? denseShares(index, weights[reader.name], errors)
      : patchShares(at, shape, weights[reader.name], errors);
  const reached = shares.filter(({ error }) => error !== 0);
  const { terms, sum } = addUp(reached);
  return { ...result, rule: reader.kind, possible: shares.length, terms, sum, handedBack: sum };
}

/** A pool hands the error of a block to its winner; a leftover row or column has no block. */
function handedToWinner(name, { row, column, channel }, index, activation, errors) {
  const [height, width, channels] = SHAPES[name];
  const block = { row: row >> 1, column: column >> 1, channel };
  if (block.row >= height >> 1 || block.column >= width >> 1)
    return { block: null, wins: false, handedBack: 0 };
  const place = (block.row * (width >> 1) + block.column) * channels + channel;
  const wins = winnerOf(activation[name], SHAPES[name], place) === index;
  return { block, wins, blockError: errors[place], handedBack: wins ? errors[place] : 0 };
}

function denseShares(input, { kernel, bias }, errors) {
  return Array.from(bias, (_, output) => {
    const [weight, error] = [kernel[input * bias.length + output], errors[output]];
    return { output, error, weight, product: weight * error };
  });
}

/** Every output that read the place hands its error back, times the weight that it read it with. */
function patchShares(at, [height, width, channels], { kernel, bias }, errors) {
  const shares = [];
  const [rows, columns, filters] = [height - 2, width - 2, bias.length];
  for (let row = Math.max(at.row - 2, 0); row <= Math.min(at.row, rows - 1); row++)
    for (
      let column = Math.max(at.column - 2, 0);
      column <= Math.min(at.column, columns - 1);
      column++
    )
      for (let filter = 0; filter < filters; filter++) {
        const error = errors[(row * columns + column) * filters + filter];
        const tap = (at.row - row) * 3 + at.column - column;
        const weight = kernel[(tap * channels + at.channel) * filters + filter];
        shares.push({ row, column, filter, error, weight, product: weight * error });
      }
  return shares;
}

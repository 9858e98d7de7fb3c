// The whole network on a few digits at a time: forwards, the loss, and every gradient. No DOM.

import { LAYERS, SHAPES, WEIGHTED, kernelShapeOf } from "../engine.mjs";
import { SEEN } from "../explain.mjs";
import {
  copyErrors,
  copyRows,
  gatherWindows,
  poolBlocks,
  scatterWindows,
  transpose,
  unpoolBlocks,
} from "./layers.mjs";
import { createMemory } from "./matmul.mjs";

export const CHUNK = 4; // digits that go through the network together: their numbers fit into the cache

const LEVELS = Float32Array.from({ length: 256 }, (_, level) => level / 255);

/**
 * The layers with weights, each with the pooling that may follow it. What pooling drops later is never
 * computed: no output depends on it, and no error reaches it.
 */
function planned() {
  return WEIGHTED.map((layer) => {
    const { name, kind, source } = layer;
    const slides = kind === "convolution";
    const pool = LAYERS.find((other) => other.source === name && other.kind === "pooling");
    const [channels, outputs] = kernelShapeOf(layer).slice(-2);
    const side = slides ? SEEN[name] : 1;
    return {
      ...layer,
      slides,
      pool: pool && { side: SEEN[pool.name], channels: outputs },
      channels,
      inputSide: source === "image" ? SHAPES.image[0] : SEEN[source],
      side,
      inputs: channels * (slides ? 9 : 1), // of one output, the bias aside
      outputs,
      positions: side * side, // of one digit
    };
  });
}

/** Where everything lies in memory: a place for each array, one after the other. */
function arrange(layers) {
  let end = 0;
  const take = (count) => (end += count) - count;
  for (const layer of layers) layer.weights = take((layer.inputs + 1) * layer.outputs);
  const total = end;
  const gradients = take(total);
  const image = take(CHUNK * SHAPES.image[0] ** 2);
  let source = { output: image, error: null };
  for (const layer of layers) {
    const { inputs, outputs, positions, pool } = layer;
    layer.gradients = gradients + layer.weights;
    layer.turned = take(inputs * outputs);
    layer.patches = take(CHUNK * positions * (inputs + 1));
    Object.assign(layer, { input: source.output, inputError: source.error });
    layer.output = take(CHUNK * positions * outputs);
    layer.error = take(CHUNK * positions * outputs);
    source = layer;
    if (!pool) continue;
    Object.assign(pool, { input: layer.output, inputError: layer.error });
    pool.output = take(CHUNK * pool.side ** 2 * outputs);
    pool.error = pool.outputError = take(CHUNK * pool.side ** 2 * outputs);
    source = pool;
  }
  return { total, gradients, image, end };
}

/**
 * A network with its own memory. kernel: bytes of the matrix product, or null for plain JavaScript.
 * Returns { weights, gradients, simd, forward, learn, refresh }; weights and gradients are all 93,322
 * numbers in a row, layer by layer, the kernel before the bias.
 */
export function createNetwork(kernel, { hasRelu = true } = {}) {
  const layers = planned();
  const places = arrange(layers);
  const memory = createMemory(places.end, kernel);
  const { numbers } = memory;
  const state = { ...memory, layers, places, hasRelu };
  for (const { patches, inputs, positions } of layers)
    for (let row = 1; row <= CHUNK * positions; row++)
      numbers[patches + row * (inputs + 1) - 1] = 1;
  const { total, gradients } = places;
  return {
    weights: numbers.subarray(0, total),
    gradients: numbers.subarray(gradients, gradients + total),
    layers,
    simd: memory.simd,
    /** The logits of digits pixels[784·order[first]…], in memory that the next call overwrites. */
    forward: (pixels, order, first, count) => runForward(state, pixels, order, first, count),
    /** Forwards and backwards; add 1/batch of each gradient; return the sum of the losses. */
    learn: (pixels, labels, order, first, count, batch) => {
      runForward(state, pixels, order, first, count);
      const loss = startErrors(state, labels, order, first, count, batch);
      runBackward(state, count);
      return loss;
    },
    /** To be called when weights have changed, before the next `learn`. */
    refresh() {
      for (const { weights, turned, inputs, outputs } of layers.slice(1))
        transpose(numbers, { from: weights, to: turned, rows: inputs, columns: outputs });
    },
  };
}

function runForward({ numbers, multiply, layers, places, hasRelu }, pixels, order, first, count) {
  readDigits(numbers, places.image, pixels, order, first, count);
  for (const layer of layers) {
    const { slides, patches, inputs, outputs, positions, weights, output, pool } = layer;
    if (slides) gatherWindows(numbers, layer, count);
    else copyRows(numbers, layer, count, hasRelu);
    multiply({
      rows: count * positions,
      columns: outputs,
      count: inputs + 1,
      a: patches,
      aRow: inputs + 1,
      aColumn: 1,
      b: weights,
      bRow: outputs,
      c: output,
      cRow: outputs,
      add: false,
    });
    if (pool) poolBlocks(numbers, pool, count, hasRelu);
  }
  const { output, outputs } = layers.at(-1);
  return numbers.subarray(output, output + count * outputs);
}

function readDigits(numbers, image, pixels, order, first, count) {
  const size = SHAPES.image[0] ** 2;
  for (let digit = 0; digit < count; digit++) {
    const from = order[first + digit] * size;
    for (let i = 0; i < size; i++) numbers[image + digit * size + i] = LEVELS[pixels[from + i]];
  }
}

/** Softmax and cross-entropy: the loss of each digit, and the error of its logits, (p − y) / batch. */
function startErrors({ numbers, layers }, labels, order, first, count, batch) {
  const { output, error, outputs } = layers.at(-1);
  let loss = 0;
  for (let digit = 0; digit < count; digit++) {
    const [at, to] = [output + digit * outputs, error + digit * outputs];
    const label = labels[order[first + digit]];
    let [largest, total] = [-Infinity, 0];
    for (let k = 0; k < outputs; k++) largest = Math.max(largest, numbers[at + k]);
    for (let k = 0; k < outputs; k++) total += Math.exp(numbers[at + k] - largest);
    for (let k = 0; k < outputs; k++) {
      const probability = Math.exp(numbers[at + k] - largest) / total;
      numbers[to + k] = (probability - (k === label ? 1 : 0)) / batch;
    }
    loss += Math.log(total) + largest - numbers[at + label];
  }
  return loss;
}

function runBackward(state, count) {
  const { numbers, layers, hasRelu } = state;
  for (let index = layers.length - 1; index >= 0; index--) {
    const [layer, below] = [layers[index], layers[index - 1]];
    addGradients(state, layer, count);
    if (!below) return;
    sendBack(state, layer, count);
    if (!layer.slides) copyErrors(numbers, layer, count, hasRelu);
    else scatterWindows(numbers, layer, count);
    if (below.pool) unpoolBlocks(numbers, below.pool, count, hasRelu);
  }
}

/** Each weight's input times the error of its output, over all positions and digits. */
function addGradients({ multiply }, layer, count) {
  const { inputs, outputs, positions, patches, error, gradients } = layer;
  multiply({
    rows: inputs + 1,
    columns: outputs,
    count: count * positions,
    a: patches,
    aRow: 1,
    aColumn: inputs + 1,
    b: error,
    bRow: outputs,
    c: gradients,
    cRow: outputs,
    add: true,
  });
}

/** The error of every number in the patches, in their own place: they are not needed any more. */
function sendBack({ multiply }, layer, count) {
  const { inputs, outputs, positions, patches, error, turned } = layer;
  multiply({
    rows: count * positions,
    columns: inputs,
    count: outputs,
    a: error,
    aRow: outputs,
    aColumn: 1,
    b: turned,
    bRow: inputs,
    c: patches,
    cRow: inputs + 1,
    add: false,
  });
}

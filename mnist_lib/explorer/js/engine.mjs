// The network: its layers as data and as functions, and its weights decoded from bytes. No DOM.

/**
 * The network as data: each layer's name as in Keras, the note's label, its kind, the shape of its
 * output, the layer that it reads, and whether ReLU follows.
 */
export const LAYERS = [
  ["conv2d_1", "C1", "convolution", [26, 26, 32], "image", true],
  ["max_pooling2d_1", "M1", "pooling", [13, 13, 32], "conv2d_1"],
  ["conv2d_2", "C2", "convolution", [11, 11, 64], "max_pooling2d_1", true],
  ["max_pooling2d_2", "M2", "pooling", [5, 5, 64], "conv2d_2"],
  ["conv2d_3", "C3", "convolution", [3, 3, 64], "max_pooling2d_2", true],
  ["flatten_1", "Flatten", "flatten", [576], "conv2d_3"],
  ["dense_1", "Dense 1", "dense", [64], "flatten_1", true],
  ["dense_2", "Dense 2", "dense", [10], "dense_1"],
].map(([name, label, kind, shape, source, hasRelu = false]) => {
  return { name, label, kind, shape, source, hasRelu };
});
export const OUTPUT = LAYERS.at(-1);
export const FLATTEN = LAYERS.find((layer) => layer.kind === "flatten");
export const SHAPES = {
  image: [28, 28, 1],
  ...Object.fromEntries(LAYERS.map((l) => [l.name, l.shape])),
};
export const layerOf = (name) => LAYERS.find((layer) => layer.name === name);

/** The layers that have weights, in the order in which these are packed. */
export const WEIGHTED = LAYERS.filter(({ kind }) => kind === "convolution" || kind === "dense");

/** Rows, columns, channels in and out of a convolution's kernel; inputs and outputs of a dense one. */
export function kernelShapeOf({ kind, shape, source }) {
  const places = kind === "convolution" ? [3, 3] : [];
  return [...places, SHAPES[source].at(-1), shape.at(-1)];
}

/** The weight that every chapter returns to: its layer; row, column, channel in and out of its kernel. */
export const FOLLOWED = { name: "conv2d_1", place: [1, 2, 0, 27] };

// The book shows the lines from here on. The engine starts.

/** Slide square kernels over (height, width, channels); no padding, no activation. */
export function conv2d(input, [height, width, channels], { kernel, bias }, side = 3) {
  const [rows, columns, filters] = [height - side + 1, width - side + 1, bias.length];
  const output = new Float32Array(rows * columns * filters);
  const sums = new Float64Array(filters); // rounded once to float32, when stored
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      sums.set(bias);
      for (let c = 0; c < channels; c++)
        for (let r = 0; r < side; r++)
          for (let k = 0; k < side; k++) {
            const value = input[((y + r) * width + x + k) * channels + c];
            if (value === 0) continue; // many are after a ReLU, and they add nothing
            const start = ((r * side + k) * channels + c) * filters;
            for (let f = 0; f < filters; f++) sums[f] += value * kernel[start + f];
          }
      output.set(sums, (y * columns + x) * filters);
    }
  return output;
}

/** The largest of each 2×2 block of (height, width, channels); a leftover row or column is dropped. */
export function maxPool2d(input, [height, width, channels]) {
  const [rows, columns] = [height >> 1, width >> 1];
  const output = new Float32Array(rows * columns * channels).fill(-Infinity);
  for (let y = 0; y < 2 * rows; y++)
    for (let x = 0; x < 2 * columns; x++)
      for (let c = 0; c < channels; c++) {
        const to = ((y >> 1) * columns + (x >> 1)) * channels + c;
        output[to] = Math.max(output[to], input[(y * width + x) * channels + c]);
      }
  return output;
}

/** For every output, weight the inputs, add up, add the bias; no activation. */
export function dense(input, { kernel, bias }) {
  const sums = Float64Array.from(bias);
  for (let i = 0; i < input.length; i++)
    for (let o = 0; o < sums.length; o++) sums[o] += input[i] * kernel[i * sums.length + o];
  return Float32Array.from(sums);
}

/** Keep what is positive. */
export function relu(values) {
  return values.map((value) => Math.max(value, 0));
}

/** Turn ten scores into ten probabilities, and keep every step. */
export function softmaxSteps(logits) {
  const largest = Math.max(...logits);
  const shifted = Array.from(logits, (logit) => logit - largest);
  const exponentials = shifted.map(Math.exp);
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return {
    largest,
    shifted,
    exponentials,
    total,
    probabilities: exponentials.map((e) => e / total),
  };
}

/** All layers for one image of 28×28 numbers in [0, 1]: pre-activations and activations, by name. */
export function forward(image, weights) {
  const preActivation = {};
  const activation = { image };
  for (const { name, kind, source, hasRelu } of LAYERS) {
    const [input, shape] = [activation[source], SHAPES[source]];
    if (kind === "convolution") preActivation[name] = conv2d(input, shape, weights[name]);
    else if (kind === "pooling") preActivation[name] = maxPool2d(input, shape);
    else if (kind === "dense") preActivation[name] = dense(input, weights[name]);
    else preActivation[name] = input; // flattening reads the same numbers as one row
    activation[name] = hasRelu ? relu(preActivation[name]) : preActivation[name];
  }
  const { probabilities } = softmaxSteps(preActivation[OUTPUT.name]);
  activation[OUTPUT.name] = Float32Array.from(probabilities);
  return { preActivation, activation };
}
// The engine ends.

/** Decode 93,322 float32 numbers, layer by layer kernel then bias, from base64 or from bytes. */
export function decodeWeights(packed) {
  const bytes = typeof packed === "string" ? bytesOf(packed) : copyOf(packed);
  const numbers = new Float32Array(bytes.buffer);
  const weights = {};
  let start = 0;
  const take = (count) => numbers.slice(start, (start += count));
  for (const layer of WEIGHTED) {
    const size = kernelShapeOf(layer).reduce((a, b) => a * b);
    weights[layer.name] = { kernel: take(size), bias: take(layer.shape.at(-1)) };
  }
  if (start !== numbers.length)
    throw new RangeError(`expected ${start} weights, got ${numbers.length}`);
  return weights;
}

export function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// A view of bytes may not be aligned for a Float32Array: copy.
function copyOf(view) {
  return new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

// The way back: from the loss to the gradient of every weight, and a step down. No DOM.
//
// The *error* of a layer is the gradient of the loss with respect to its pre-activations: how much the
// loss would rise, per unit, if one of them were raised. Most errors are 0, and are skipped. All sums
// are taken in float64 in the order in which `explain_gradient` lists their terms, and rounded once.

import { LAYERS, OUTPUT, SHAPES, softmaxSteps } from "./engine.mjs";

/** Minus the logarithm of the probability of the label; from the logits, so it never underflows. */
export function crossEntropy(logits, label) {
  const { shifted, total } = softmaxSteps(logits);
  return Math.log(total) - shifted[label];
}

/** The errors of the logits: the probabilities, minus 1 at the label. */
export function logitErrors(logits, label) {
  const { probabilities } = softmaxSteps(logits);
  return Float32Array.from(probabilities, (p, digit) => p - (digit === label ? 1 : 0));
}

/** The error passes where ReLU kept its input, and stops where it did not. */
export function reluGradient(activation, error) {
  return error.map((value, i) => (activation[i] > 0 ? value : 0));
}

/** Each weight gets input × error; each input gets back the errors, weighted as it was read. */
export function denseGradients(input, { kernel }, error) {
  const ofKernel = new Float32Array(kernel.length);
  const ofInput = new Float64Array(input.length);
  for (let i = 0; i < input.length; i++)
    for (let o = 0; o < error.length; o++) {
      if (error[o] === 0) continue;
      const place = i * error.length + o;
      ofKernel[place] = input[i] * error[o];
      ofInput[i] += kernel[place] * error[o];
    }
  return { kernel: ofKernel, bias: error.slice(), input: Float32Array.from(ofInput) };
}

/**
 * Each position hands its error to the weights of its kernel, times the input below each, and
 * back to the patch that it read, times the weights. Where patches overlap, the shares add up.
 */
export function conv2dGradients(input, [, width, channels], { kernel, bias }, error, side = 3) {
  const [columns, filters, reach] = [width - side + 1, bias.length, side * channels];
  const weights = transposed(kernel, side * reach, filters); // kernel by kernel: read in a row
  const [ofWeights, ofBias, ofInput] = [kernel, bias, input].map((a) => new Float64Array(a.length));
  for (let i = 0; i < error.length; i++) {
    const value = error[i];
    if (value === 0) continue;
    const [f, position] = [i % filters, Math.floor(i / filters)];
    const corner = (Math.floor(position / columns) * width + (position % columns)) * channels;
    ofBias[f] += value;
    for (let r = 0; r < side; r++)
      for (let k = 0; k < reach; k++) {
        const [from, place] = [corner + r * width * channels + k, (f * side + r) * reach + k];
        ofWeights[place] += input[from] * value;
        ofInput[from] += weights[place] * value;
      }
  }
  const ofKernel = transposed(ofWeights, filters, side * reach);
  return { kernel: ofKernel, bias: Float32Array.from(ofBias), input: Float32Array.from(ofInput) };
}

function transposed(values, rows, columns) {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c];
  return result;
}

/** The largest of each 2×2 block gets the whole error; of equal ones the first, row by row. */
export function maxPool2dGradient(input, shape, error) {
  const ofInput = new Float32Array(input.length);
  error.forEach((value, i) => {
    if (value !== 0) ofInput[winnerOf(input, shape, i)] = value;
  });
  return ofInput;
}

/** Where in the input the number is that a pool took for its output of this index. */
export function winnerOf(input, [, width, channels], index) {
  const [channel, block] = [index % channels, Math.floor(index / channels)];
  const columns = width >> 1;
  const first = 2 * (Math.floor(block / columns) * width + (block % columns)) * channels + channel;
  const corners = [0, 1, width, width + 1].map((step) => first + step * channels);
  return corners.reduce((best, place) => (input[place] > input[best] ? place : best));
}

/**
 * The whole network backwards, for one digit. outputs: as `forward` returns them. Returns the loss,
 * the errors by layer name (and of the image), and the gradients of kernel and bias by layer name.
 */
export function backward(label, { preActivation, activation }, weights) {
  const logits = preActivation[OUTPUT.name];
  const [errors, found] = [{}, {}];
  let error = logitErrors(logits, label);
  for (let i = LAYERS.length - 1; i >= 0; i--) {
    const { name, kind, source, hasRelu } = LAYERS[i];
    errors[name] = hasRelu ? reluGradient(activation[name], error) : error;
    const [input, shape] = [activation[source], SHAPES[source]];
    if (kind === "pooling") error = maxPool2dGradient(input, shape, errors[name]);
    else if (kind === "flatten") error = errors[name];
    else {
      const layer = weights[name];
      found[name] =
        kind === "dense"
          ? denseGradients(input, layer, errors[name])
          : conv2dGradients(input, shape, layer, errors[name]);
      error = found[name].input;
    }
  }
  errors.image = error;
  const gradients = Object.fromEntries(
    Object.keys(weights).map((name) => [
      name,
      { kernel: found[name].kernel, bias: found[name].bias },
    ]),
  );
  return { label, loss: crossEntropy(logits, label), errors, gradients };
}

/** New weights, from the numbers of one place in several sets of weights. */
function mapWeights(work, first, ...others) {
  const mapped = (name, part) =>
    first[name][part].map((value, i) => work(value, ...others.map((set) => set[name][part][i])));
  return Object.fromEntries(
    Object.keys(first).map((name) => [
      name,
      { kernel: mapped(name, "kernel"), bias: mapped(name, "bias") },
    ]),
  );
}

/** Every weight, minus the rate times its gradient. */
export const descentStep = (weights, gradients, rate) =>
  mapWeights((weight, gradient) => weight - rate * gradient, weights, gradients);

/**
 * RMSprop as in Keras: the step is divided by the root of a running mean of squared gradients.
 * means: those of the step before, or null before the first. Returns the new weights and means.
 */
export function rmspropStep(weights, gradients, means, rate) {
  const [kept, smallest] = [0.9, 1e-7];
  const next = means
    ? mapWeights((mean, g) => kept * mean + (1 - kept) * g * g, means, gradients)
    : mapWeights((g) => (1 - kept) * g * g, gradients);
  const moved = (weight, gradient, mean) => weight - (rate * gradient) / Math.sqrt(mean + smallest);
  return { weights: mapWeights(moved, weights, gradients, next), means: next };
}

// Random numbers that come again with the same seed. No DOM.

/** Numbers from 0 to below 1: the generator mulberry32 (T. Ettinger, 2017), 32 bits of state. */
export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A generator for each purpose, so that one experiment does not move the numbers of another. */
export function generatorOf(seed, purpose) {
  const purposes = ["weights", "order", "labels"];
  return mulberry32(Math.imul(seed + 1, 0x9e3779b1) ^ (purposes.indexOf(purpose) << 30));
}

/** Put values into a random order, in place (R. A. Fisher and F. Yates). */
export function shuffle(values, random) {
  for (let last = values.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const kept = values[last];
    values[last] = values[other];
    values[other] = kept;
  }
}

/**
 * The first weights, as Keras draws them: uniform within ±√(6 / (inputs + outputs)), where the nine
 * places of a kernel count on both sides; every bias is 0 (X. Glorot and Y. Bengio, 2010).
 */
export function drawWeights(weights, layers, random) {
  for (const { inputs, outputs, channels, weights: start } of layers) {
    const places = inputs / channels;
    const limit = Math.sqrt(6 / (inputs + places * outputs));
    const end = start + inputs * outputs;
    for (let i = start; i < end; i++) weights[i] = limit * (2 * random() - 1);
    weights.fill(0, end, end + outputs);
  }
}

/** All weights of a layer equal: every output is the mean of its inputs. */
export function equalWeights(weights, layers) {
  for (const { inputs, outputs, weights: start } of layers) {
    const end = start + inputs * outputs;
    weights.fill(1 / inputs, start, end);
    weights.fill(0, end, end + outputs);
  }
}

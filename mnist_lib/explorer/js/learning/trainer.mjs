// One run: from random weights, step by step, epoch by epoch, watched on digits held out. No DOM.

import { CHUNK, createNetwork } from "./network.mjs";
import { createOptimizer } from "./optimizers.mjs";
import { drawWeights, equalWeights, generatorOf, shuffle } from "./random.mjs";

/** The note's recipe on 1,000 digits. */
export const DEFAULTS = {
  optimizer: "rmsprop",
  rate: 0.001,
  batch: 64,
  seed: 0,
  count: 1000,
  relu: true,
  equal: false,
  shuffled: false,
};

/** A guess costs ln 10 = 2.3. A loss above this has left every digit behind: the run has diverged. */
export const TOO_LARGE = 1e5;

/** How many of the wrong answers are listed. */
export const LISTED = 20;

/**
 * A run before its first step. digits: { pixels, labels, train, held }: 784 grey levels a digit, their
 * labels, and which of them are to learn from and which are held out; kernel: as for `createNetwork`.
 */
export function createRun(digits, kernel, settings) {
  const { optimizer, seed, count, relu, equal, shuffled } = { ...DEFAULTS, ...settings };
  const network = createNetwork(kernel, { hasRelu: relu });
  const { weights, layers } = network;
  if (equal) equalWeights(weights, layers);
  else drawWeights(weights, layers, generatorOf(seed, "weights"));
  const order = Uint16Array.from(digits.train.slice(0, count));
  return {
    ...DEFAULTS,
    ...settings,
    network,
    digits,
    order,
    labels: shuffled ? exchanged(digits.labels, order, seed) : digits.labels,
    random: generatorOf(seed, "order"),
    move: createOptimizer(optimizer, weights.length),
    step: 0,
    size: 0, // of the last batch
    epoch: 0,
    loss: null, // of the last step
    ended: null, // "diverged" or "silent", where the run cannot go on
    look: null, // at the digits held out: { epoch, right, wrong }
  };
}

/** The labels of the digits to learn from, dealt out again at random among them. */
function exchanged(labels, order, seed) {
  const dealt = Uint8Array.from(order, (digit) => labels[digit]);
  shuffle(dealt, generatorOf(seed, "labels"));
  const copy = Uint8Array.from(labels);
  order.forEach((digit, i) => (copy[digit] = dealt[i]));
  return copy;
}

/**
 * The work of a run, a few digits at a time: `next` does so much, and yields whether a step, with all
 * that belongs to it, is complete. It ends only where the run cannot go on.
 */
export function* work(run) {
  yield* watch(run);
  yield true;
  while (!run.ended) {
    shuffle(run.order, run.random);
    for (let first = 0; first < run.order.length && !run.ended; first += run.batch) {
      yield* learnBatch(run, first, Math.min(run.batch, run.order.length - first));
      if (first + run.batch >= run.order.length && !run.ended) {
        run.epoch += 1;
        yield* watch(run);
      }
      yield true;
    }
  }
}

/** One step: the mean gradient of a batch moves all weights once. */
function* learnBatch(run, first, size) {
  const { network, digits, labels, order } = run;
  network.refresh();
  let loss = 0;
  for (let done = 0; done < size; done += CHUNK) {
    const count = Math.min(CHUNK, size - done);
    loss += network.learn(digits.pixels, labels, order, first + done, count, size);
    yield false;
  }
  const finite = run.move(network.weights, network.gradients, run.rate);
  run.step += 1;
  run.size = size;
  run.loss = loss / size;
  if (!finite || !(run.loss < TOO_LARGE)) run.ended = "diverged";
}

/** Count the right answers on the digits held out, and list some of the wrong ones. */
function* watch(run) {
  const { network, digits } = run;
  const wrong = [];
  let [right, silent, known] = [0, true, null];
  for (let first = 0; first < digits.held.length; first += CHUNK) {
    const count = Math.min(CHUNK, digits.held.length - first);
    const logits = network.forward(digits.pixels, digits.held, first, count);
    known ??= logits.slice(0, 10);
    for (let i = 0; i < count; i++) {
      silent &&= known.every((logit, k) => logit === logits[10 * i + k]);
      const [digit, answer] = [digits.held[first + i], largestAt(logits, 10 * i)];
      if (answer === digits.labels[digit]) right += 1;
      else if (wrong.length < LISTED) wrong.push({ digit, label: digits.labels[digit], answer });
    }
    yield false;
  }
  run.look = { epoch: run.epoch, right, wrong };
  if (silent) run.ended = "silent"; // the same ten logits for every digit: its input is lost
}

/** Which of ten logits is the largest; the first, if several are. */
function largestAt(logits, from) {
  let best = 0;
  for (let k = 1; k < 10; k++) if (logits[from + k] > logits[from + best]) best = k;
  return best;
}

/** How many of some digits the network gets right. */
export function countRight(network, { pixels, labels }) {
  const order = Uint16Array.from(labels, (_, i) => i);
  let right = 0;
  for (let first = 0; first < order.length; first += CHUNK) {
    const count = Math.min(CHUNK, order.length - first);
    const logits = network.forward(pixels, order, first, count);
    for (let i = 0; i < count; i++)
      right += largestAt(logits, 10 * i) === labels[first + i] ? 1 : 0;
  }
  return right;
}

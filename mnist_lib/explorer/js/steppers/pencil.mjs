// The pencil network of the chapter Backward, forwards and backwards; every number can be changed.

import { allow, buttonOf, h } from "../dom.mjs";
import { conv2d, dense, maxPool2d, relu, softmaxSteps } from "../engine.mjs";
import {
  conv2dGradients,
  crossEntropy,
  denseGradients,
  logitErrors,
  maxPool2dGradient,
  reluGradient,
  winnerOf,
} from "../gradients.mjs";
import { LARGEST, fields, inBrackets, products, results, written } from "./table.mjs";

const [SIDE, REACH, POOLED, CLASSES] = [5, 2, 2, 2];
const OUT = SIDE - REACH + 1;
const NAMES = ["9", "4"];
const [PICTURE, MAP] = [
  [SIDE, SIDE, 1],
  [OUT, OUT, 1],
];

/** The numbers of the chapter; the label is the 4. */
const EXAMPLE = {
  picture: [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0],
  kernel: [1, -1, 2, 0],
  bias: [-1],
  matrix: [2, 0, 1, -1, 0, 2, 0, 1],
  last: [Math.log(3), 0],
  rate: [0.01],
};
const LABEL = 1;
const LEARNED = ["kernel", "bias", "matrix", "last"];

/** All that follows from the numbers: every value, every error, every gradient. */
export function pencilPasses(numbers) {
  const layer = { kernel: numbers.kernel, bias: numbers.bias };
  const convolved = conv2d(numbers.picture, PICTURE, layer, REACH);
  const bent = relu(convolved);
  const pooled = maxPool2d(bent, MAP);
  const logits = dense(pooled, { kernel: numbers.matrix, bias: numbers.last });
  const { probabilities } = softmaxSteps(logits);
  const error = logitErrors(logits, LABEL);
  const ofDense = denseGradients(pooled, { kernel: numbers.matrix }, error);
  const won = maxPool2dGradient(bent, MAP, ofDense.input);
  const passed = reluGradient(bent, won);
  const ofKernel = conv2dGradients(numbers.picture, PICTURE, layer, passed, REACH);
  const loss = [crossEntropy(logits, LABEL)];
  return {
    convolved,
    bent,
    pooled,
    logits,
    probabilities,
    loss,
    error,
    pooledError: ofDense.input,
    passed,
    ofMatrix: ofDense.kernel,
    ofLast: ofDense.bias,
    ofKernel: ofKernel.kernel,
    ofBias: ofKernel.bias,
  };
}

/** Every table in its order: its key, its name, its width, and how one of its numbers comes about. */
const STAGES = [
  ["convolved", "convolution", OUT, (s, i) => ofWindow(s, i)],
  ["bent", "ReLU", OUT, ({ convolved }, i) => `the larger of 0 and ${written(convolved[i])}`],
  ["pooled", "pooled", POOLED, ({ bent }, i) => `the largest of ${blockOf(bent, i).join(", ")}`],
  ["logits", "logits of 9, 4", CLASSES, (s, i) => ofLogit(s, i)],
  ["probabilities", "probabilities", CLASSES, ({ logits }, i) => ofShare(logits, i)],
  ["loss", "loss", 1, ({ probabilities }) => `−ln ${written(probabilities[LABEL])}`],
  ["error", "error of the logits", CLASSES, (s, i) => ofError(s, i)],
  ["ofMatrix", "gradients: dense", CLASSES, (s, i) => ofWeight(s, i)],
  ["ofLast", "its biases", CLASSES, (_, i) => `the error of the logit of ${NAMES[i]}`],
  ["pooledError", "error of the pooled", POOLED, (s, i) => ofPooled(s, i)],
  ["passed", "error of the convolution", OUT, (s, i) => ofPassed(s, i)],
  ["ofKernel", "gradients: kernel", REACH, (s, i) => ofTap(s, i)],
  ["ofBias", "its bias", 1, ({ passed }) => `the sum of the errors: ${summed(passed)}`],
];

const corner = (i, r, c) => (Math.floor(i / OUT) + r) * SIDE + (i % OUT) + c;
const taps = [0, 1, 2, 3].map((t) => [Math.floor(t / REACH), t % REACH]);

function ofWindow({ picture, kernel, bias }, i) {
  const pairs = taps.map(([r, c], t) => [picture[corner(i, r, c)], kernel[t]]);
  return `${products(pairs)} + bias ${inBrackets(bias[0])}`;
}

function blockOf(bent, i) {
  const first = 2 * (Math.floor(i / POOLED) * OUT + (i % POOLED));
  return [0, 1, OUT, OUT + 1].map((step) => written(bent[first + step]));
}

function ofLogit({ pooled, matrix, last }, i) {
  const pairs = Array.from(pooled, (value, p) => [value, matrix[p * CLASSES + i]]);
  return `${products(pairs)} + bias ${inBrackets(last[i])}`;
}

const ofShare = (logits, i) =>
  `e to ${written(logits[i])}, over the sum of e to ${written(logits[0])} and e to ${written(logits[1])}`;

const ofError = ({ probabilities }, i) =>
  i === LABEL
    ? `${written(probabilities[i])} − 1, because the label is ${NAMES[LABEL]}`
    : `${written(probabilities[i])} − 0`;

function ofWeight({ pooled, error }, i) {
  const [input, out] = [Math.floor(i / CLASSES), i % CLASSES];
  return `input × error: ${products([[pooled[input], error[out]]])}`;
}

function ofPooled({ matrix, error }, i) {
  return `errors × weights: ${products(Array.from(error, (e, o) => [e, matrix[i * CLASSES + o]]))}`;
}

function ofPassed({ bent, convolved, pooledError }, i) {
  const block = Math.floor(Math.floor(i / OUT) / 2) * POOLED + Math.floor((i % OUT) / 2);
  if (winnerOf(bent, MAP, block) !== i) return "not the largest of its block: nothing arrives";
  if (convolved[i] <= 0)
    return `ReLU is shut, the sum was ${written(convolved[i])}: nothing passes`;
  return `the winner of its block gets all of ${written(pooledError[block])}`;
}

function ofTap({ picture, passed }, i) {
  const [r, c] = taps[i];
  const used = Array.from(passed.keys()).filter((place) => passed[place] !== 0);
  const pairs = used.map((place) => [picture[corner(place, r, c)], passed[place]]);
  return pairs.length
    ? `pixel × error, where there is one: ${products(pairs)}`
    : "no error arrives";
}

const summed = (values) =>
  Array.from(values)
    .filter((value) => value !== 0)
    .map(inBrackets)
    .join(" + ") || "0";

export function pencilStepper() {
  let numbers = structuredClone(EXAMPLE);
  let [stage, chosen, losses] = [0, 0, []];
  const complaint = h("p", { class: "stepper-complaint", role: "alert" });
  const change = (part) => ({
    change: (i, value) => {
      numbers[part][i] = value;
      losses = [];
      paint();
    },
    complain: (text) => (complaint.textContent = text),
  });
  const field = (part, name, width) => fields(name, EXAMPLE[part].length, width, change(part));
  const inputs = {
    picture: field("picture", "picture", SIDE),
    kernel: field("kernel", "kernel", REACH),
    bias: field("bias", "bias", 1),
    matrix: field("matrix", "dense: 9, 4", CLASSES),
    last: field("last", "biases", CLASSES),
    rate: field("rate", "learning rate", 1),
  };
  const found = pencilPasses(numbers);
  const outputs = STAGES.map(([key, name, width], s) =>
    results(name, found[key].length, width, (i) => go(s, i)),
  );
  const equation = h("p", { class: "explorer-equation" });
  const steps = h("p", { class: "explorer-note" });
  const aloud = h("p", { class: "explorer-hidden", role: "status" });
  const go = (to, i) => {
    [stage, chosen] = [to, i];
    paint();
    aloud.textContent = `${equation.textContent} ${steps.textContent}`;
  };
  const back = buttonOf("Back", () => go(stage - 1, 0));
  const step = buttonOf("Step", () => go(stage + 1, 0));
  const learn = buttonOf("Take one step down", () => {
    const moved = descended(numbers);
    const left = LEARNED.some((part) => !moved[part].every((value) => Math.abs(value) <= LARGEST));
    complaint.textContent = left ? "This step would lead beyond a million: lower the rate." : "";
    if (left) return;
    losses = [...losses, pencilPasses(numbers).loss[0]];
    numbers = moved;
    go(STAGES.length - 1, 0);
  });
  const reset = buttonOf("Reset", () => {
    [numbers, losses] = [structuredClone(EXAMPLE), []];
    complaint.textContent = "";
    go(0, 0);
  });
  const paint = () => {
    const passes = pencilPasses(numbers);
    for (const [part, input] of Object.entries(inputs)) input.show(numbers[part]);
    outputs.forEach((table, s) => {
      table.node.classList.toggle("later", s > stage);
      table.show(passes[STAGES[s][0]], s === stage ? chosen : -1);
    });
    const [key, name, , says] = STAGES[stage];
    const value = written(passes[key][chosen]);
    equation.textContent = `${name}: ${says({ ...numbers, ...passes }, chosen)} = ${value}`;
    steps.textContent = storyOf(losses, passes.loss[0]);
    allow(back, stage > 0);
    allow(step, stage < STAGES.length - 1);
  };
  paint();
  const nodes = outputs.map((table) => table.node);
  const turn = STAGES.findIndex(([key]) => key === "error");
  return [
    h("div", { class: "stepper-row" }, ...Object.values(inputs).map((input) => input.node)),
    complaint,
    h("div", { class: "explorer-controls" }, back, step, learn, reset),
    equation,
    steps,
    h("div", { class: "stepper-title" }, "Forwards"),
    h("div", { class: "stepper-row" }, ...nodes.slice(0, turn)),
    h("div", { class: "stepper-title" }, "Backwards"),
    h("div", { class: "stepper-row" }, ...nodes.slice(turn)),
    aloud,
  ];
}

/** All weights and biases, each less the rate times its gradient. */
function descended(numbers) {
  const { ofKernel, ofBias, ofMatrix, ofLast } = pencilPasses(numbers);
  const gradients = { kernel: ofKernel, bias: ofBias, matrix: ofMatrix, last: ofLast };
  const [rate] = numbers.rate;
  const moved = LEARNED.map((part) => [
    part,
    numbers[part].map((value, i) => value - rate * gradients[part][i]),
  ]);
  return { ...numbers, ...Object.fromEntries(moved) };
}

function storyOf(losses, now) {
  if (!losses.length) return "A step down changes every weight by −rate × gradient.";
  return `Loss, step by step: ${[...losses, now].slice(-6).map(written).join(" → ")}`;
}

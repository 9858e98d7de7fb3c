// What is known about the weights, and a check of the page against an independent implementation.

import { grouped, h } from "../dom.mjs";
import { OUTPUT, forward } from "../engine.mjs";
import { backward } from "../gradients.mjs";

/** withGradients: whether the check compares gradients too. */
export function trustPart(store, about, withGradients) {
  const { computed_by: other = "Keras" } = about;
  const { goldenDigits, original } = store.state;
  const status = h("p", { role: "status" });
  const facts = h("p", {}, ...factsOf(about));
  const check = () => {
    const gradients = withGradients ? compareGradients(goldenDigits, original) : "";
    status.textContent = comparison(goldenDigits, original, other) + gradients;
  };
  const button = h("button", { type: "button", onclick: check }, `Check against ${other}`);
  const foreign = h("p");
  const paint = ({ origin }) => {
    facts.hidden = button.hidden = status.hidden = origin !== null;
    foreign.hidden = origin === null;
    foreign.textContent = `Weights: ${origin}.`;
    if (!goldenDigits.length) button.hidden = true;
  };
  return { node: h("div", { class: "explorer-trust" }, facts, foreign, button, status), paint };
}

function factsOf({ sha256, test, trained_on: trainedOn }) {
  const facts = ["Weights: sha256 ", h("code", {}, sha256)];
  if (trainedOn) facts.push(`; trained on ${trainedOn}`);
  if (test) facts.push(`; ${grouped(test.correct)} of ${grouped(test.total)} test digits right`);
  return [...facts, "."];
}

/** Run the golden digits, and compare with what the other implementation computed. */
function comparison(goldenDigits, weights, other) {
  const answer = (values) => values.indexOf(Math.max(...values));
  let [same, logit, probability] = [0, 0, 0];
  for (const { digit, logits, probabilities } of goldenDigits) {
    const { preActivation, activation } = forward(digit, weights);
    const [ours, scores] = [preActivation[OUTPUT.name], activation[OUTPUT.name]];
    same += answer(scores) === answer(probabilities);
    if (logits) logit = Math.max(logit, maxDifference(ours, logits));
    probability = Math.max(probability, maxDifference(scores, probabilities));
  }
  const differences = [`of a probability ${probability.toExponential(1)}`];
  if (goldenDigits[0].logits) differences.unshift(`of a logit ${logit.toExponential(1)}`);
  const counted = `${same} of ${goldenDigits.length} digits: the same answer as ${other}.`;
  return `${counted} Largest difference ${differences.join(", ")}.`;
}

/** Of each golden digit, the gradients that are farthest from 0 in every array. */
function compareGradients(goldenDigits, weights) {
  let [compared, largest] = [0, 0];
  for (const { digit, gradients: golden } of goldenDigits) {
    if (!golden) continue;
    const { gradients } = backward(golden.label, forward(digit, weights), weights);
    for (const [path, entries] of Object.entries(golden.largest)) {
      const [name, part] = path.split("/");
      compared += entries.length;
      for (const [place, value] of entries) {
        const gap = Math.abs(gradients[name][part][place] - value);
        largest = Math.max(largest, gap / Math.abs(entries[0][1]));
      }
    }
  }
  if (!compared) return "";
  return ` Of ${compared} gradients, the largest difference is ${largest.toExponential(1)} of the largest of its array.`;
}

function maxDifference(ours, theirs) {
  return Math.max(...ours.map((value, i) => Math.abs(value - theirs[i])));
}

// What is known about the weights, and a check of the page against an independent implementation.

import { h } from "../dom.mjs";
import { OUTPUT, forward } from "../engine.mjs";

export function trustPart(store, about) {
  const { computed_by: other = "Keras" } = about;
  const { goldenDigits, original } = store.state;
  const status = h("p", { role: "status" });
  const facts = h("p", {}, ...factsOf(about));
  const check = () => (status.textContent = comparison(goldenDigits, original, other));
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
  const count = (number) => number.toLocaleString("en");
  const facts = ["Weights: sha256 ", h("code", {}, sha256)];
  if (trainedOn) facts.push(`; trained on ${trainedOn}`);
  if (test) facts.push(`; ${count(test.correct)} of ${count(test.total)} test digits right`);
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

function maxDifference(ours, theirs) {
  return Math.max(...ours.map((value, i) => Math.abs(value - theirs[i])));
}

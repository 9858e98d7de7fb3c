// What is known of the weights, and a check of the page against Keras.

import { forward } from "../engine.mjs";
import { h } from "../dom.mjs";

export function trustPart(state, { sha256, test, trained_on: trainedOn, computed_by: other = "Keras" }) {
  const said = h("p", { role: "status" });
  const count = (number) => number.toLocaleString("en");
  const facts = [h("code", {}, sha256)];
  if (trainedOn) facts.push(`; trained on ${trainedOn}`);
  if (test) facts.push(`; ${count(test.correct)} of ${count(test.total)} test digits right`);
  const about = h("p", {}, "Weights: sha256 ", ...facts, ".");
  const check = () => (said.textContent = comparison(state, other));
  const button = h("button", { type: "button", onclick: check }, `Check against ${other}`);
  button.hidden = !state.goldenDigits.length;
  return h("div", { class: "explorer-trust" }, about, button, said);
}

/** Run the golden digits, and compare with what the other implementation computed for them. */
function comparison({ goldenDigits, weights }, other) {
  let [same, logit, probability] = [0, 0, 0];
  const maxDifference = (ours, theirs) => Math.max(...ours.map((value, i) => Math.abs(value - theirs[i])));
  for (const { digit, logits, probabilities } of goldenDigits) {
    const { preActivation, activation } = forward(digit, weights);
    const answer = (values) => values.indexOf(Math.max(...values));
    same += answer(activation.dense_2) === answer(probabilities);
    if (logits) logit = Math.max(logit, maxDifference(preActivation.dense_2, logits));
    probability = Math.max(probability, maxDifference(activation.dense_2, probabilities));
  }
  const differences = [`of a probability ${probability.toExponential(1)}`];
  if (goldenDigits[0].logits) differences.unshift(`of a logit ${logit.toExponential(1)}`);
  const counted = `${same} of ${goldenDigits.length} test digits: the same answer as ${other}.`;
  return `${counted} Largest difference ${differences.join(", ")}.`;
}

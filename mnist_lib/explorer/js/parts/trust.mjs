// What is known of the weights, and a check of the page against Keras.

import { forward } from "../engine.mjs";
import { h } from "../dom.mjs";

export function trustPart(state, { sha256, test, trained_on: trainedOn, witness = "Keras" }) {
  const said = h("p", { role: "status" });
  const count = (number) => number.toLocaleString("en");
  const facts = [h("code", {}, sha256)];
  if (trainedOn) facts.push(`; trained on ${trainedOn}`);
  if (test) facts.push(`; ${count(test.correct)} of ${count(test.total)} test digits right`);
  const about = h("p", {}, "Weights: sha256 ", ...facts, ".");
  const check = () => (said.textContent = verdict(state, witness));
  const button = h("button", { type: "button", onclick: check }, `Check against ${witness}`);
  button.hidden = !state.references.length;
  return h("div", { class: "explorer-trust" }, about, button, said);
}

/** Run the reference digits and compare with what the witness, Keras, once computed for them. */
function verdict({ references, weights }, witness) {
  let [same, logit, probability] = [0, 0, 0];
  const apart = (ours, theirs) => Math.max(...ours.map((value, i) => Math.abs(value - theirs[i])));
  for (const { digit, logits, probabilities } of references) {
    const { before, after } = forward(digit, weights);
    const answer = (values) => values.indexOf(Math.max(...values));
    same += answer(after.dense_2) === answer(probabilities);
    if (logits) logit = Math.max(logit, apart(before.dense_2, logits));
    probability = Math.max(probability, apart(after.dense_2, probabilities));
  }
  const differences = [`of a probability ${probability.toExponential(1)}`];
  if (references[0].logits) differences.unshift(`of a logit ${logit.toExponential(1)}`);
  const counted = `${same} of ${references.length} test digits: the same answer as ${witness}.`;
  return `${counted} Largest difference ${differences.join(", ")}.`;
}

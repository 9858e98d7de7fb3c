// Which class was right, and the loss that follows.

import { h, radios } from "../dom.mjs";
import { OUTPUT, softmaxSteps } from "../engine.mjs";
import { numeral } from "../paint.mjs";

const DIGITS = Array.from({ length: OUTPUT.shape[0] }, (_, digit) => [String(digit), digit]);
const DRAWN =
  "For a drawing the network's second answer is taken at first. Choose the digit that you meant.";

export function labelPart(store) {
  const choice = radios("This digit is a", DIGITS, (label) =>
    store.dispatch({ type: "set", label }),
  );
  choice.node.className = "explorer-classes";
  const [loss, hint] = [h("p", { class: "explorer-equation" }), h("p", {}, DRAWN)];
  const paint = ({ target, back, outputs, label, picked, goldenDigits, exact }) => {
    choice.check(target);
    for (const input of choice.inputs) input.disabled = !outputs;
    hint.hidden = !outputs || label !== null || Number.isInteger(goldenDigits[picked]?.label);
    loss.textContent = back ? lossText(target, outputs, back.loss, exact) : "No digit, no loss.";
  };
  return { node: h("div", { class: "explorer-label" }, choice.node, loss, hint), paint };
}

function lossText(target, outputs, loss, exact) {
  const p = softmaxSteps(outputs.preActivation[OUTPUT.name]).probabilities[target];
  // Rounded, a probability near 0 or 1 would give another loss.
  const share = exact || (p > 0.0005 && p < 0.9995) ? ` = −ln ${numeral(p, exact)}` : "";
  return `The loss: −ln p(${target})${share} = ${numeral(loss, exact)}`;
}

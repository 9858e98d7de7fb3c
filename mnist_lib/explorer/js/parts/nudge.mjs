// A weight is moved a little, and the network computed again: how far is the gradient right?

import { h, radios, row, scrolling } from "../dom.mjs";
import { OUTPUT, forward } from "../engine.mjs";
import { nudged, weightIndex } from "../explain_gradient.mjs";
import { crossEntropy } from "../gradients.mjs";
import { numeral } from "../paint.mjs";

const AMOUNTS = [-0.1, -0.01, -0.001, 0.001, 0.01, 0.1];
const ROUNDING = 1e-6; // what is lost of the loss where a network computes in float32, about

export function nudgePart(store) {
  const options = AMOUNTS.map((amount) => [signed(amount), amount]);
  const choice = radios("Nudge this weight by", options, (nudge) =>
    store.dispatch({ type: "set", nudge }),
  );
  choice.node.className = "explorer-classes";
  const body = h("tbody");
  const caption = h("caption", {}, "The network computed again, with this one weight moved");
  const table = scrolling("The loss before and after", h("table", {}, caption, body));
  const note = h("p");
  const node = h("div", { class: "explorer-nudge" }, choice.node, table, note);
  const paint = (scene) => {
    node.hidden = !scene.back;
    choice.check(scene.nudge);
    if (scene.back) showNudge(compare(scene), scene.exact, body, note);
  };
  return { node, paint };
}

const signed = (amount) => `${amount < 0 ? "−" : "+"}${Math.abs(amount)}`;

/** The loss before and after, and what the gradient predicts. */
function compare({ digit, target, weight, weights, back, nudge }) {
  const { preActivation } = forward(digit, nudged(weights, weight, nudge));
  const after = crossEntropy(preActivation[OUTPUT.name], target);
  const { name, part } = weight;
  const gradient = back.gradients[name][part][weightIndex(weight)];
  return { before: back.loss, after, change: after - back.loss, predicted: gradient * nudge };
}

function showNudge({ before, after, change, predicted }, exact, body, note) {
  const show = (value) => numeral(value, exact);
  body.replaceChildren(
    row(["loss before", show(before)]),
    row(["loss after", show(after)]),
    row(["change", show(change)]),
    row(["gradient × nudge", show(predicted)]),
    row(["change ÷ (gradient × nudge)", predicted ? show(change / predicted) : "–"], "total"),
  );
  note.textContent = noteText(predicted);
}

function noteText(predicted) {
  if (predicted === 0) return "The gradient is 0: it predicts no change at all.";
  if (Math.abs(predicted) < ROUNDING)
    return "So small a change may be lost in the rounding of 32-bit numbers, and the quotient mean little.";
  return "The smaller the nudge, the nearer the quotient is to 1, until rounding spoils it.";
}

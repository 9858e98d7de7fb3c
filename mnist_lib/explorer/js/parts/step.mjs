// A step down: all weights move, and the loss of this digit falls.

import { freshId, h, radios, scrolling } from "../dom.mjs";
import { LAYERS, forward } from "../engine.mjs";
import { descentStep, rmspropStep } from "../gradients.mjs";
import { largestOf, numeral, percent } from "../paint.mjs";

const STEP_RULES = [
  ["plain descent", "descent"],
  ["RMSprop", "rmsprop"],
];
const RATES = { descent: "0.0001", rmsprop: "0.001" };
const LARGEST = 1e20; // a float32 ends at 3e38
const SHOWN = 12; // how many losses are listed
const ALONE = "A step looks at this digit alone: pick another to see what it did to that.";
const HINTS = {
  descent: "Every weight moves against its gradient, by the rate times the gradient.",
  rmsprop:
    "Each gradient is divided by its own usual size: in the first step, every weight whose gradient is " +
    "not 0 moves by about three times the rate, however small the gradient.",
};

export function stepPart(store) {
  const status = h("p", { role: "status", id: freshId() });
  const [settings, losses] = [settingsOf(store, status.id), lossTable()];
  let about = null; // the digit and the label that the status is about
  const say = (text) => {
    about = [store.scene().digit, store.scene().target];
    status.textContent = text;
  };
  const take = () => say(takeStep(store));
  const reset = () => {
    store.dispatch({ type: "restore" });
    say("The original weights are back.");
    step.focus(); // the other button is disabled now
  };
  const step = h("button", { type: "button", onclick: take }, "Take a step");
  const undo = h("button", { type: "button", onclick: reset }, "Reset the weights");
  const bar = h("div", { class: "explorer-controls" }, step, undo);
  const paint = (scene) => {
    settings.paint(scene);
    if (about && (about[0] !== scene.digit || about[1] !== scene.target)) status.textContent = "";
    step.disabled = !scene.back;
    undo.disabled = scene.descent === null;
    losses.paint(scene);
  };
  const node = h("div", { class: "explorer-section", role: "group", "aria-label": "Take a step" });
  node.append(...settings.nodes, bar, status, losses.node);
  return { node, paint };
}

/** How a step is taken: by which rule, at which rate. */
function settingsOf(store, described) {
  const choice = radios("Take a step by", STEP_RULES, (rule) => {
    const { rule: old, rate } = store.state;
    const next = rate === RATES[old] ? RATES[rule] : rate; // a rate that was typed stays
    store.dispatch({ type: "set", rule, rate: next });
  });
  const input = h("input", {
    class: "explorer-rate",
    inputmode: "decimal",
    autocomplete: "off",
    size: 7,
    "aria-describedby": described,
    oninput: ({ target }) => store.dispatch({ type: "set", rate: target.value }),
  });
  const [field, hint] = [h("label", {}, "learning rate ", input), h("p")];
  const paint = ({ rule, rate }) => {
    choice.check(rule);
    hint.textContent = `${HINTS[rule]} ${ALONE}`;
    if (document.activeElement !== input) input.value = rate;
    input.setAttribute("aria-invalid", readRate(rate) === null);
  };
  return { nodes: [h("div", { class: "explorer-head" }, choice.node, field), hint], paint };
}

/** A learning rate as a number; null for anything that is not one, or not above 0. */
function readRate(text) {
  const rate = Number(text);
  return rate > 0 && rate < Infinity ? rate : null;
}

/** Move all weights, unless the network could no longer be computed. Returns what happened. */
function takeStep(store) {
  const { back, digit, target, weights, means, descent, rule, rate: text } = store.scene();
  const rate = readRate(text);
  if (rate === null) return `“${text}” is no learning rate: type a number above 0, such as 0.001.`;
  const made =
    rule === "rmsprop"
      ? rmspropStep(weights, back.gradients, means, rate)
      : { weights: descentStep(weights, back.gradients, rate), means };
  if (overflows(forward(digit, made.weights)))
    return `With a learning rate of ${text} the weights jump so far that numbers of the network pass 10²⁰, and its loss would soon be infinite. The step is not taken: choose a smaller rate.`;
  store.dispatch({ type: "step", ...made, loss: back.loss, digit, label: target });
  const after = store.scene().back.loss;
  const count = (descent?.count ?? 0) + 1;
  if (after === back.loss) return `Step ${count}: the loss stayed at ${numeral(after)}.`;
  const [verb, hint] =
    after < back.loss ? ["fell", ""] : ["rose", " The step was too long: try a smaller rate."];
  return `Step ${count}: the loss ${verb} from ${numeral(back.loss)} to ${numeral(after)}.${hint}`;
}

const overflows = ({ preActivation }) =>
  LAYERS.some(({ name }) => !preActivation[name].every((value) => Math.abs(value) < LARGEST));

/** The losses of this digit with this label, before each step and now. */
function lossTable() {
  const [body, caption] = [h("tbody"), h("caption")];
  const heads = ["after step", "", "loss", "p(label)"].map((text) =>
    text ? h("th", { scope: "col" }, text) : h("td", {}),
  );
  const table = h("table", {}, caption, h("thead", {}, h("tr", {}, ...heads)), body);
  const node = scrolling("Losses so far", table);
  node.classList.add("explorer-losses");
  const paint = ({ descent, digit, target, back, exact }) => {
    const same = descent?.digit === digit && descent.label === target;
    node.hidden = !back;
    if (!back) return;
    const losses = [...(same ? descent.losses : []), back.loss];
    const first = (descent?.count ?? 0) + 1 - losses.length;
    const rows = losses.map((loss, i) => lossRow(first + i, loss, largestOf(losses), exact));
    body.replaceChildren(...rows.slice(-SHOWN));
    caption.textContent = `The loss of this digit as a ${target}`;
    if (rows.length > SHOWN) caption.textContent += `: the last ${SHOWN} of ${rows.length}`;
  };
  return { node, paint };
}

function lossRow(step, loss, largest, exact) {
  const bar = h("span", { class: "explorer-bar" });
  bar.style.width = `${(100 * loss) / largest}%`;
  const share = Math.exp(-loss);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, String(step)),
    h("td", { "aria-hidden": "true" }, bar),
    h("td", {}, numeral(loss, exact)),
    h("td", {}, exact ? numeral(share, exact) : percent(share)),
  );
}

// The error of one value: what the layer that reads it hands back.

import { h, row, sumTable } from "../dom.mjs";
import { LAYERS } from "../engine.mjs";
import { explainError } from "../explain_gradient.mjs";
import { numeral } from "../paint.mjs";

/** What the inspector says about a value while errors are shown. */
export function errorNodes(layer, scene, goTo) {
  const { selected, outputs, weights, back, exact } = scene;
  const explanation = explainError(layer.name, selected.at, outputs, weights, back);
  const reader = LAYERS.find((other) => other.source === layer.name);
  const show = (value) => numeral(value, exact);
  return RULES[explanation.rule](explanation, { layer, reader, scene, show, goTo });
}

const equation = (...parts) => h("p", { class: "explorer-equation" }, ...parts);

/** ReLU, where there is one, lets the error pass or not. */
function throughRelu({ open, error }, show) {
  const gate = open ? "ReLU let the value pass" : "ReLU made the value 0";
  return `${gate}, so the error is ${show(error)}`;
}

/** What is handed back, and what ReLU leaves of it. */
function received(explanation, show) {
  if (explanation.open === null) return "";
  return `${show(explanation.handedBack)}; ${throughRelu(explanation, show)}. `;
}

function logitNodes({ probability, target, error }, { scene, show }) {
  const text = `p(${scene.selected.at.index}) − ${target} = ${show(probability)} − ${target} = ${show(error)}`;
  const why = target ? "It is the label, so 1 is taken away." : "It is not the label.";
  return [equation(text), h("p", {}, why)];
}

function sameErrorNodes(explanation, { reader, show, goTo }) {
  const { index } = explanation;
  const text = `It is the error of number ${index} of ${reader.label}: `;
  return [equation(text, received(explanation, show), goTo(reader, { index }))];
}

function winnerNodes(explanation, { reader, show, goTo }) {
  const { block, wins, blockError } = explanation;
  if (!block) return [equation(`No block of ${reader.label} reads it, so its error is 0.`)];
  const place = `(${block.row}, ${block.column})`;
  const text = wins
    ? `It is the largest of its block, so it gets the whole error of ${reader.label} at ${place}: `
    : `Another value of its block is passed on, so it gets nothing of the error of ${reader.label} at ${place}, ${show(blockError)}: `;
  return [equation(text, received(explanation, show), goTo(reader, block))];
}

/** Every number that was computed from the value hands its error back, times the weight it used. */
function shareNodes(explanation, { reader, show }) {
  const { rule, terms, possible, handedBack, open } = explanation;
  const places = rule === "dense" ? ["output"] : ["row", "column", "filter"];
  const lines = terms.map((term) => {
    const numbers = ["error", "weight", "product", "sum"].map((key) => show(term[key]));
    return row([...places.map((place) => String(term[place])), ...numbers]);
  });
  const from = rule === "dense" ? "outputs" : "numbers";
  const caption = `${reader.label} reads the value for ${possible} ${from}; ${terms.length} of them hand back a share that is not 0`;
  const heads = [
    ...places.map((place) => (place === "filter" ? "kernel" : place)),
    "error",
    "× weight",
    "= share",
    "sum so far",
  ];
  const total = ["rounded once to float32", show(Math.fround(handedBack))];
  const sum = `${terms.length} shares ${show(handedBack)}`;
  return [
    equation(sum, ...(open === null ? [] : [h("br"), throughRelu(explanation, show)])),
    sumTable("Every share", { caption, heads, lines, total }),
  ];
}

/** How the error of a value is explained, by what reads it. */
const RULES = {
  logits: logitNodes,
  flatten: sameErrorNodes,
  pooling: winnerNodes,
  dense: shareNodes,
  convolution: shareNodes,
};

// Logits → minus the largest → exponentials → their sum → probabilities.

import { checkbox, h, row, scrolling } from "../dom.mjs";
import { OUTPUT, softmaxSteps } from "../engine.mjs";
import { numeral } from "../paint.mjs";

const COLUMNS = ["digit", "logit z", "z − largest", "exponential", "÷ sum: probability"];

export function softmaxPart(store) {
  const all = checkbox("Full precision", (exact) => store.dispatch({ type: "set", exact }));
  const body = h("tbody");
  const heads = COLUMNS.map((text) => h("th", { scope: "col" }, text));
  const caption = h("caption", {}, "Softmax, step by step");
  const table = h("table", {}, caption, h("thead", {}, h("tr", {}, ...heads)), body);
  const node = h(
    "div",
    { class: "explorer-softmax" },
    all.node,
    scrolling("Softmax, step by step", table),
  );
  const paint = ({ exact, outputs }) => {
    all.input.checked = exact;
    body.replaceChildren(
      ...(outputs
        ? softmaxRows(outputs.preActivation[OUTPUT.name], exact)
        : [row(["–", "", "", "", ""])]),
    );
  };
  return { node, paint };
}

function softmaxRows(logits, exact) {
  const show = (value) => numeral(value, exact);
  const { largest, shifted, exponentials, total, probabilities } = softmaxSteps(logits);
  const lines = Array.from(logits, (logit, digit) => {
    const values = [logit, shifted[digit], exponentials[digit], probabilities[digit]];
    return row([String(digit), ...values.map(show)]);
  });
  const foot = ["", `largest: ${show(largest)}`, "", `sum: ${show(total)}`, ""];
  return [...lines, row(foot, "total")];
}

// The ten probabilities, step by step.

import { softmaxSteps } from "../engine.mjs";
import { checkbox, h, row, scrolling } from "../dom.mjs";
import { numeral } from "../paint.mjs";

/** Logits → minus the largest → exponentials → their sum → probabilities. */
export function softmaxPart(state, actions) {
  const exact = checkbox("All digits", (on) => actions.exact(on));
  const body = h("tbody");
  const columns = ["digit", "logit z", "z − largest", "exponential", "÷ sum: probability"];
  const head = h(
    "thead",
    {},
    h("tr", {}, ...columns.map((text) => h("th", { scope: "col" }, text))),
  );
  const caption = h("caption", {}, "Softmax, step by step");
  const node = h(
    "div",
    { class: "explorer-softmax" },
    exact.node,
    scrolling("Softmax, step by step", h("table", {}, caption, head, body)),
  );
  const paint = () => {
    exact.input.checked = state.exact;
    if (!state.values) return body.replaceChildren(row(["–", "", "", "", ""]));
    const logits = state.values.preActivation.dense_2;
    const steps = softmaxSteps(logits);
    const lines = Array.from(logits, (logit, digit) =>
      row([
        String(digit),
        ...[logit, steps.shifted[digit], steps.exponentials[digit], steps.probabilities[digit]].map(
          (v) => numeral(v, state.exact),
        ),
      ]),
    );
    const largest = numeral(steps.largest, state.exact);
    body.replaceChildren(
      ...lines,
      row(
        ["", `largest: ${largest}`, "", `sum: ${numeral(steps.total, state.exact)}`, ""],
        "total",
      ),
    );
  };
  return { node, paint };
}

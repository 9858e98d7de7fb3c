// The answer: a sentence, and ten probabilities as bars.

import { h } from "../dom.mjs";
import { percent } from "../paint.mjs";

export function answerPart(state) {
  const sentence = h("p", { role: "status" });
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const [bar, share] = [h("span", { class: "explorer-bar" }), h("td", {})];
    return {
      bar,
      share,
      node: h(
        "tr",
        {},
        h("th", { scope: "row" }, String(digit)),
        h("td", { "aria-hidden": "true" }, bar),
        share,
      ),
    };
  });
  const head = h(
    "tr",
    {},
    ...["digit", "", "probability"].map((text) =>
      text ? h("th", { scope: "col" }, text) : h("td", {}),
    ),
  );
  const table = h(
    "table",
    {},
    h("caption", {}, "Ten probabilities"),
    h("thead", {}, head),
    h("tbody", {}, ...rows.map((r) => r.node)),
  );
  const follow = () => {
    const probabilities = state.values?.activation.dense_2;
    const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
    rows.forEach(({ bar, share, node }, digit) => {
      bar.style.width = probabilities ? `${100 * probabilities[digit]}%` : "0";
      share.textContent = probabilities ? percent(probabilities[digit]) : "–";
      node.classList.toggle("best", digit === best);
    });
  };
  const paint = () => (follow(), (sentence.textContent = answerText(state)));
  return { node: h("div", { class: "explorer-answer" }, sentence, table), follow, paint };
}

function answerText({ values, picked }) {
  if (!values) return "The pad is empty, so there is nothing to say. Draw a digit, or pick one.";
  const ranked = Array.from(values.activation.dense_2, (p, digit) => ({ p, digit })).sort(
    (a, b) => b.p - a.p,
  );
  const [first, second] = ranked.map(({ p, digit }) => `${digit} (${percent(p)})`);
  const what = picked ? `Test digit, a ${picked.label ?? "?"}` : "Your drawing";
  return `${what}: the network says ${first}, then ${second}.`;
}

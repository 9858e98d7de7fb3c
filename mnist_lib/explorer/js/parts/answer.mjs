// The answer: a sentence, and the ten probabilities as bars.

import { h } from "../dom.mjs";
import { OUTPUT } from "../engine.mjs";
import { percent } from "../paint.mjs";

export function answerPart() {
  const sentence = h("p");
  const aloud = h("span", { class: "explorer-hidden", role: "status" });
  const rows = Array.from({ length: OUTPUT.shape[0] }, (_, digit) => probabilityRow(digit));
  const heads = ["digit", "", "probability"].map((text) =>
    text ? h("th", { scope: "col" }, text) : h("td", {}),
  );
  const table = h(
    "table",
    {},
    h("caption", {}, "Ten probabilities"),
    h("thead", {}, h("tr", {}, ...heads)),
    h("tbody", {}, ...rows.map((r) => r.node)),
  );
  const follow = (scene) => {
    const { outputs } = scene;
    const probabilities = outputs?.activation[OUTPUT.name];
    const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
    rows.forEach(({ show }, digit) => show(probabilities?.[digit], digit === best));
    sentence.textContent = answerText(scene);
  };
  /** The sentence follows the pen; it is read aloud only when the pen is lifted. */
  const paint = (scene) => {
    follow(scene);
    if (aloud.textContent !== sentence.textContent) aloud.textContent = sentence.textContent;
  };
  const node = h("div", { class: "explorer-answer" }, sentence, aloud, table, mustNameOne());
  return { node, follow, paint };
}

/** Why a heart is called a digit too. In the book, with the place that explains it. */
function mustNameOne() {
  const root = document.documentElement.dataset.content_root;
  const why = "chapters/softmax.html#a-softmax-score-is-not-a-confidence";
  const link = root === undefined ? [] : [" ", h("a", { href: root + why }, "Why?")];
  const text = "Whatever you draw, a heart too, it must name one of ten digits.";
  return h("div", { class: "explorer-note" }, text, ...link);
}

function probabilityRow(digit) {
  const [bar, share] = [h("span", { class: "explorer-bar" }), h("td", {})];
  const head = h("th", { scope: "row" }, String(digit));
  const node = h("tr", {}, head, h("td", { "aria-hidden": "true" }, bar), share);
  const show = (probability, best) => {
    bar.style.width = probability === undefined ? "0" : `${100 * probability}%`;
    share.textContent = probability === undefined ? "–" : percent(probability);
    node.classList.toggle("best", best);
  };
  return { node, show };
}

function answerText({ outputs, picked, goldenDigits }) {
  if (!outputs) return "The pad is empty, so there is nothing to say. Draw a digit, or pick one.";
  const ranked = Array.from(outputs.activation[OUTPUT.name], (p, digit) => ({ p, digit })).sort(
    (a, b) => b.p - a.p,
  );
  const [first, second] = ranked.map(({ p, digit }) => `${digit} (${percent(p)})`);
  const { label, split } = goldenDigits[picked] ?? {};
  const kind = split === "train" ? "Training digit" : "Test digit";
  const what = picked === null ? "Your drawing" : `${kind}, a ${label ?? "?"}`;
  return `${what}: the network says ${first}, then ${second}.`;
}

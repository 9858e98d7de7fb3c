// Forward, backward, update: a digit goes through the network and back, stop by stop.

import { allow, buttonOf, grouped, h, scrolling } from "../dom.mjs";
import { OUTPUT, WEIGHTED } from "../engine.mjs";
import { paintMaps, sizeOf } from "../maps.mjs";
import { largestOf, numeral, percent, pictureOf } from "../paint.mjs";
import { STOPS } from "../state.mjs";

const PACE = 2500; // milliseconds at each stop
const PHASES = [
  ["forward", "Forward"],
  ["loss", "Loss"],
  ["backward", "Backward"],
  ["update", "Update"],
];
const START =
  "One step of training has three phases: the digit goes forward through the layers, up to the loss; " +
  "the errors come back; every weight is updated. Go through them one stop at a time.";

export function phasesPart(store) {
  const visit = (stop, playing = false) => store.dispatch({ type: "visit", stop, playing });
  const [phases, bar] = [phaseList(), playerBar(store, visit)];
  const [sentence, picture, table] = [h("p"), pictureOf("explorer-stage"), gradientTable()];
  const node = h("div", { class: "explorer-section", role: "group", "aria-label": "Three phases" });
  node.append(phases.node, bar.node, sentence, picture.node, table.node);
  const clock = createClock(store, node, visit);
  const paint = (scene) => {
    const { playing, visited, back } = scene;
    phases.paint(visited);
    bar.paint(scene);
    // A reader who goes through the stops hears each; what plays by itself is not announced.
    sentence.setAttribute("aria-live", playing ? "off" : "polite");
    sentence.textContent = back && visited ? SENTENCES[visited.phase](scene) : START;
    paintStage(scene, picture, table);
    clock(playing && back);
  };
  return { node, paint };
}

function phaseList() {
  const items = PHASES.map(([phase, text]) => [phase, h("li", {}, text)]);
  const node = h("ol", { class: "explorer-phases" }, ...items.map(([, item]) => item));
  const paint = (visited) => {
    for (const [phase, item] of items)
      if (phase === visited?.phase) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
  };
  return { node, paint };
}

/** Previous, play or pause, next. */
function playerBar(store, visit) {
  const last = STOPS.length - 1;
  const previous = buttonOf("Previous", () => visit(store.state.stop - 1));
  const next = buttonOf("Next", () => visit((store.state.stop ?? -1) + 1));
  const play = buttonOf("Play", () => {
    const { playing, stop } = store.state;
    const first = stop === null || stop === last ? 0 : stop + 1;
    if (playing) visit(stop);
    else visit(first, true);
  });
  const paint = ({ stop, playing, back }) => {
    allow(previous, back && stop);
    allow(next, back && stop !== last);
    allow(play, back);
    play.textContent = playing ? "Pause" : "Play";
    play.hidden = movesLittle() && !playing;
  };
  return { node: h("div", { class: "explorer-controls" }, previous, play, next), paint };
}

const movesLittle = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** While it plays: on to the next stop, until the last one, or until the view is closed. */
function createClock(store, node, visit) {
  let timer = null;
  const tick = () => {
    timer = null;
    const { stop, playing } = store.state;
    if (!playing || !node.isConnected) return;
    if (stop === STOPS.length - 1) visit(stop);
    else visit(stop + 1, true);
  };
  return (running) => {
    if (!running) timer = clearTimeout(timer);
    else timer ??= setTimeout(tick, PACE);
  };
}

/** The activations or errors of the layer in question; at the update the gradients, in numbers. */
function paintStage(scene, picture, table) {
  const { visited, back } = scene;
  const layer = back && visited?.layer;
  picture.node.hidden = !layer;
  table.node.hidden = !back || visited?.phase !== "update";
  table.paint(scene);
  if (!layer) return;
  const shown = visited.phase === "forward" ? "activation" : "errors";
  picture.node.style.maxWidth = "";
  paintMaps(layer, picture, { ...scene, shown, selected: null });
  picture.describe(`${layer.label}: ${shown === "errors" ? "errors" : "activations"}`);
}

const left = (values) => grouped(values.filter((value) => value !== 0).length);

const FORWARD = {
  convolution: "each kernel slides over its input; ReLU keeps what is positive",
  pooling: "of each 2×2 block the largest is passed on",
  flatten: "the maps become one row of numbers",
  dense: "every output is a weighted sum of all inputs",
};
const BACKWARD = {
  convolution:
    "each error × what its kernel read, added up over the positions, is a gradient; each error × the kernel is handed back to the patch that was read",
  pooling: "each error goes to the largest of its block, and to no other",
  flatten: "the row of errors becomes maps again",
  dense: "each error × each input is a gradient; each error × the weights is handed back",
};

const SENTENCES = {
  forward({ visited: { layer }, outputs }) {
    const values = outputs.activation[layer.name];
    const last =
      layer === OUTPUT
        ? "; softmax makes them ten probabilities"
        : `: ${left(values)} of ${grouped(sizeOf(layer))} numbers are not 0`;
    return `Forward, ${layer.label}: ${FORWARD[layer.kind]}${last}.`;
  },
  loss({ target, outputs, back, exact }) {
    const share = percent(outputs.activation[OUTPUT.name][target]);
    return `Loss: the label is ${target}, and p(${target}) is ${share}. The loss, −ln p(${target}), is ${numeral(back.loss, exact)}.`;
  },
  backward({ visited: { layer }, back }) {
    const errors = `${left(back.errors[layer.name])} of ${grouped(sizeOf(layer))} errors are not 0`;
    const start = layer === OUTPUT ? "the errors of the logits are p − y; " : "";
    return `Backward, ${layer.label}: ${start}${BACKWARD[layer.kind]}. ${errors}.`;
  },
  update({ back }) {
    const all = WEIGHTED.flatMap(({ name }) => Object.values(back.gradients[name]));
    const total = all.reduce((sum, values) => sum + values.length, 0);
    return `Update: every one of ${grouped(total)} weights has its gradient now, and would move against it. “Take a step” below moves them.`;
  },
};

/** By layer: how many weights, how many gradients are not 0, and the largest. */
function gradientTable() {
  const heads = ["layer", "weights", "not 0", "farthest from 0"];
  const body = h("tbody");
  const head = h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)));
  const caption = h("caption", {}, "Gradients, kernels and biases together");
  const table = h("table", { class: "explorer-sizes" }, caption, h("thead", {}, head), body);
  const node = scrolling("Gradients of each layer", table);
  const paint = ({ back, exact }) => {
    if (node.hidden) return;
    const rows = WEIGHTED.map(({ name, label }) => {
      const { kernel, bias } = back.gradients[name];
      const values = [...kernel, ...bias];
      const cells = [grouped(values.length), left(values), numeral(largestOf(values), exact)];
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, label),
        ...cells.map((text) => h("td", {}, text)),
      );
    });
    body.replaceChildren(...rows);
  };
  return { node, paint };
}

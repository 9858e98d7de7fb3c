// The network of this book, alive in a page: draw a digit, see every layer and every product.
//
// Plain JavaScript, no dependency, no build tool: mnist_lib/explorer/bundle.py joins these modules, for
// the pages of the book into a classic script, because a module cannot be loaded from file://, and for
// notebooks into one module (anywidget calls `render`).
//
// The page is a few parts. Each has a node and paints it from the one state; what the reader does
// goes through the actions. A part that can `follow` is painted while the pen moves; sentences and
// tables wait until it is lifted.

import { LAYERS, decodeWeights } from "./engine.mjs";
import { EXAMPLE, VIEWS, changes, compute, decodeDigit } from "./state.mjs";
import { h } from "./dom.mjs";
import { padPart } from "./parts/pad.mjs";
import { controlsPart } from "./parts/controls.mjs";
import { stepsPart } from "./parts/steps.mjs";
import { answerPart } from "./parts/answer.mjs";
import { softmaxPart } from "./parts/softmax.mjs";
import { layersPart } from "./parts/layers.mjs";
import { trustPart } from "./parts/trust.mjs";

// What a page, a notebook and the tests may call.
export {
  LAYERS,
  conv2d,
  maxPool2d,
  dense,
  relu,
  softmaxSteps,
  forward,
  decodeWeights,
} from "./engine.mjs";
export {
  explain,
  traceBack,
  receptiveField,
} from "./explain.mjs";
export {
  PAD_SIDE,
  PEN,
  rasterise,
  prepareDigit,
  shrink,
} from "./picture.mjs";

/**
 * Build one explorer inside `element`. data: the weights as base64 or bytes, their sha256, their test
 * result, the golden digits; onChange hears of every finished change.
 */
export function mount(element, data, { layer = "all", onChange = () => {} } = {}) {
  const view = VIEWS[layer] ?? VIEWS.all;
  const goldenDigits = (data.golden_digits ?? []).map(decodeDigit);
  const state = {
    view,
    goldenDigits,
    weights: decodeWeights(data.weights),
    strokes: [],
    picked: goldenDigits[EXAMPLE] ?? null,
    history: [],
    normalise: true,
    preActivation: Boolean(view.preActivation),
    exact: false,
    selected: view.open ?? null,
    narrow: false,
  };
  const actions = changes(state);
  const [pad, controls, steps] = [
    padPart(state, actions),
    controlsPart(state, actions),
    stepsPart(state),
  ];
  const [answer, layers, trust] = [
    answerPart(state),
    layersPart(state, actions),
    trustPart(state, data),
  ];
  const softmax = view.softmax ? [softmaxPart(state, actions)] : [];
  const parts = [pad, controls, steps, answer, layers, ...softmax];
  const top = h(
    "div",
    { class: "explorer-top" },
    h("div", {}, pad.node, controls.node),
    steps.node,
    answer.node,
  );
  element.append(top, layers.node, ...softmax.map((part) => part.node), trust);
  actions.draw = oncePerFrame(() => (compute(state), parts.forEach((part) => part.follow?.())));
  actions.repaint = () => parts.forEach((part) => part.paint());
  actions.settle = () => (compute(state), actions.repaint(), onChange(state));
  watchWidth(element, state, actions);
  actions.settle();
}

function watchWidth(element, state, { repaint }) {
  new ResizeObserver(([{ contentRect }]) => {
    const narrow = contentRect.width < 520;
    if (narrow !== state.narrow) ((state.narrow = narrow), repaint());
  }).observe(element);
}

function oncePerFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => ((waiting = false), work()));
  };
}

/** Fill every placeholder of a page. What stands in it is kept for print, and for no JavaScript. */
export function mountAll(data) {
  for (const place of document.querySelectorAll("div.explorer:not(.is-live)")) {
    const fallback = h("div", { class: "explorer-fallback" }, ...place.childNodes);
    const live = h("div", {
      class: "explorer-live",
      role: "region",
      "aria-label": "The network, alive",
    });
    mount(live, data, { layer: place.dataset.layer });
    place.append(fallback, live);
    place.classList.add("is-live");
  }
  performance.mark("explorer-ready");
}

/** The widget: anywidget calls this in Jupyter, Colab and VS Code. */
function render({ model, el }) {
  const bytes = (values) => new DataView(Float32Array.from(values).buffer);
  const onChange = ({ strokes, digit, values }) => {
    const all = LAYERS.flatMap(({ name }) => Array.from(values?.activation[name] ?? []));
    model.set("strokes", structuredClone(strokes)); // or a later point would change what was sent
    model.set("_digit", bytes(digit ?? []));
    model.set("_probabilities", bytes(values?.activation.dense_2 ?? []));
    model.set("_activations", bytes(all));
    model.save_changes();
  };
  el.classList.add("explorer-live");
  const data = { ...model.get("about"), weights: model.get("weights") };
  mount(el, data, { layer: model.get("layer"), onChange });
}

export default { render };

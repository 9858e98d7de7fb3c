// The network of this book, live in a page: draw a digit, see every layer and every product.
//
// Plain JavaScript, no dependency, no build tool: mnist_lib/explorer/bundle.py joins these modules, for
// the pages of the book into a classic script, because a module cannot be loaded from file://, and for
// notebooks into one module (anywidget calls `render`).
//
// The page consists of a few parts. Each has a node, and paints it from the scene: the state of the
// store, and what follows from it. Whatever the reader does is dispatched as an action. A part that
// can `follow` is painted while the pen moves; sentences and tables wait until it is lifted.

import { broughtAlong, keepDrawing, linkedDrawing } from "./carried.mjs";
import { h } from "./dom.mjs";
import { LAYERS, OUTPUT } from "./engine.mjs";
import { answerPart } from "./parts/answer.mjs";
import { controlsPart } from "./parts/controls.mjs";
import { errorNodes } from "./parts/error.mjs";
import { gradientPart } from "./parts/gradient.mjs";
import { inspectorPart } from "./parts/inspector.mjs";
import { labelPart } from "./parts/label.mjs";
import { layersPart } from "./parts/layers.mjs";
import { learningPart } from "./parts/learning.mjs";
import { nudgePart } from "./parts/nudge.mjs";
import { padPart } from "./parts/pad.mjs";
import { phasesPart } from "./parts/phases.mjs";
import { sharePart } from "./parts/share.mjs";
import { softmaxPart } from "./parts/softmax.mjs";
import { stepPart } from "./parts/step.mjs";
import { stepsPart } from "./parts/steps.mjs";
import { trustPart } from "./parts/trust.mjs";
import { weightPart } from "./parts/weight.mjs";
import { VIEWS, createStore, openingState } from "./state.mjs";

// The public API, for pages, notebooks and tests.
export {
  FOLLOWED,
  LAYERS,
  conv2d,
  decodeWeights,
  dense,
  forward,
  maxPool2d,
  relu,
  softmaxSteps,
} from "./engine.mjs";
export { explain, receptiveField, traceBack } from "./explain.mjs";
export { explainError, explainWeight, nudged, weightIndex } from "./explain_gradient.mjs";
export { backward, descentStep, maxPool2dGradient, rmspropStep } from "./gradients.mjs";
// Also what the steppers compute with.
export {
  conv2dGradients,
  crossEntropy,
  denseGradients,
  logitErrors,
  reluGradient,
  winnerOf,
} from "./gradients.mjs";
// Also what the part that is loaded later needs.
export { allow, buttonOf, checkbox, freshId, grouped, h, loadScript } from "./dom.mjs";
export { OUTPUT, SHAPES, WEIGHTED, bytesOf, kernelShapeOf, layerOf } from "./engine.mjs";
export { SEEN } from "./explain.mjs";
export { frameAt, largestOf, paintTiles, pictureOf, plane, svgElement } from "./paint.mjs";
export { growingInk, PAD_SIDE, PEN, prepareDigit, rasterise, shrink } from "./picture.mjs";
export { createStore, openingState } from "./state.mjs";

const NARROW = 520; // pixels: below it the channels of a layer are laid out in more rows

/**
 * Build one explorer inside `element`. data: the weights as base64 or bytes, their sha256, their test
 * result, the golden digits; chosen: as for `openingState`. Returns its store, and how to close it.
 */
export function mount(element, data, chosen) {
  const store = createStore(openingState(data, chosen));
  let parts = build(element, store, data);
  const paint = () => parts.forEach((part) => part.paint(store.scene()));
  const follow = oncePerFrame(() => parts.forEach((part) => part.follow?.(store.scene())));
  store.subscribe((before) => {
    if (store.state.layer !== before.layer) {
      parts.forEach((part) => part.close?.());
      parts = build(element, store, data);
    }
    if (store.state.drawing) follow();
    else paint();
  });
  paint();
  const watcher = new ResizeObserver(([{ contentRect }]) => {
    const narrow = contentRect.width < NARROW;
    if (narrow !== store.state.narrow) store.dispatch({ type: "set", narrow });
  });
  watcher.observe(element);
  const close = () => {
    watcher.disconnect();
    parts.forEach((part) => part.close?.());
  };
  return { store, close };
}

/** Put the parts of the view that is open into the element. */
function build(element, store, data) {
  const { layers: shown, softmax, gradients, learning } = VIEWS[store.state.layer];
  const share = store.state.onPage ? [sharePart(store)] : [];
  const controls = controlsPart(
    store,
    share.flatMap((part) => part.nodes),
  );
  const [pad, steps] = [padPart(store), stepsPart()];
  const answer = answerPart();
  const inspector = inspectorPart(store, shown, (name) => layers.focus(name), errorNodes);
  const layers = layersPart(store, shown, inspector, gradients);
  const above = gradients ? [labelPart(store), phasesPart(store)] : [];
  const below = gradients
    ? [gradientPart, weightPart, nudgePart, stepPart].map((part) => part(store))
    : [];
  if (softmax) below.push(softmaxPart(store));
  const top = h("div", { class: "explorer-top" });
  top.append(pad.node, controls.node, steps.node, answer.node);
  const rest = [...above, layers, ...below, trustPart(store, data, gradients)];
  const first = learning ? [learningPart(store)] : [];
  const nodes = (parts) => parts.map((part) => part.node);
  element.replaceChildren(...nodes(first), top, ...nodes(rest));
  return [...first, pad, controls, ...share, steps, answer, ...rest];
}

function oncePerFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

/** Fill every placeholder of a page. Its content is kept for print, and for use without JavaScript. */
export function mountAll(data) {
  for (const place of document.querySelectorAll("div.explorer:not(.is-live)")) {
    const fallback = h("div", { class: "explorer-fallback" }, ...place.childNodes);
    const live = h("div", {
      class: "explorer-live",
      role: "region",
      "aria-label": "The network, alive",
    });
    const chosen = { layer: place.dataset.layer, onPage: true, ...broughtAlong() };
    keepDrawings(mount(live, data, chosen).store);
    place.append(fallback, live);
    place.classList.add("is-live");
  }
  leadTo(document.querySelector(".explorer-pad"));
  performance.mark("explorer-ready");
}

/** What is drawn is kept for the other pages; and an address that is entered later is followed too. */
function keepDrawings(store) {
  if (linkedDrawing()) keepDrawing(store.state.kept);
  store.subscribe((before) => {
    if (store.state.kept !== before.kept) keepDrawing(store.state.kept);
  });
  addEventListener("hashchange", () => {
    const strokes = linkedDrawing();
    if (strokes) store.dispatch({ type: "draw", strokes });
  });
}

/** The first stop of the tab key on a page leads to its first pad. */
function leadTo(pad) {
  if (!pad) return;
  pad.id = "draw";
  document.body.prepend(h("a", { class: "explorer-skip", href: "#draw" }, "Skip to the network"));
}

/** What a notebook's model shares with a view of it, under the names that both use. */
const SHARED = ["layer", "strokes", "picked", "normalise", "label"];
const shared = (read) => Object.fromEntries(SHARED.map((name) => [name, read(name)]));

/**
 * The widget: anywidget calls this for each view, in Jupyter, Colab and VS Code. What is drawn and
 * chosen is synchronised with the model, and so with Python and the other views. Returns the cleanup
 * callback for when the view is closed.
 */
function render({ model, el }) {
  el.classList.add("explorer-live");
  const data = { ...model.get("about"), weights: model.get("weights") };
  const { store, close } = mount(
    el,
    data,
    shared((name) => model.get(name)),
  );
  const save = () => saveScene(model, store.scene());
  const stop = store.subscribe((before) => {
    const unsaved = before.drawing || SHARED.some((name) => before[name] !== store.state[name]);
    if (unsaved && !store.state.drawing) save();
  });
  // Several traits may change at once: read them when all have changed.
  const load = () =>
    queueMicrotask(() => store.dispatch({ type: "load", ...shared((name) => model.get(name)) }));
  const events = SHARED.map((name) => `change:${name}`).join(" ");
  model.on(events, load);
  save();
  return () => {
    model.off(events, load);
    stop();
    close();
  };
}

function saveScene(model, { digit, outputs, back, ...state }) {
  const bytes = (values) => new DataView(Float32Array.from(values).buffer);
  const row = (sets) => bytes(sets.flatMap((values) => Array.from(values)));
  const gradients = Object.values(back?.gradients ?? {}).flatMap(({ kernel, bias }) => [
    kernel,
    bias,
  ]);
  const all = outputs ? LAYERS.map(({ name }) => outputs.activation[name]) : [];
  for (const name of SHARED) model.set(name, state[name]);
  model.set("_digit", bytes(digit ?? []));
  model.set("_probabilities", bytes(outputs?.activation[OUTPUT.name] ?? []));
  model.set("_activations", row(all));
  model.set("_errors", row(back ? LAYERS.map(({ name }) => back.errors[name]) : []));
  model.set("_gradients", row(gradients));
  model.save_changes();
}

export default { render };

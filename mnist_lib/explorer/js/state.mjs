// What is drawn and chosen, and all that follows from it: one store, plain actions. No DOM.

import { FLATTEN, FOLLOWED, LAYERS, OUTPUT, bytesOf, decodeWeights, forward } from "./engine.mjs";
import { backward } from "./gradients.mjs";
import { growingInk, PAD_SIDE, prepareDigit, shrink } from "./picture.mjs";

const FLAT = LAYERS.indexOf(FLATTEN);
const CLASSES = new Set(Array(OUTPUT.shape[0]).keys());

/**
 * What each placeholder shows: which layers, whether the softmax steps, whether the way back, what is
 * open at first, which golden digit is picked.
 */
export const VIEWS = {
  all: { layers: LAYERS, softmax: true },
  convolution: {
    layers: LAYERS.slice(0, FLAT),
    open: { name: "conv2d_2", at: { row: 4, column: 8, channel: 0 } },
  },
  flatten: {
    layers: LAYERS.slice(FLAT - 1, FLAT + 2),
    open: { name: FLATTEN.name, at: { index: 330 } },
  },
  softmax: { layers: [OUTPUT], softmax: true },
  relu: { layers: LAYERS.filter((layer) => layer.hasRelu), shown: "preActivation" },
  backward: {
    layers: LAYERS,
    gradients: true,
    shown: "errors",
    weight: { ...FOLLOWED, part: "kernel" },
    picked: 10, // the digit that the book follows
  },
  training: { layers: LAYERS, softmax: true, learning: true },
};
const EXAMPLE = 7; // the golden digit that a page opens with, unless its view says otherwise

/** The three phases, stop by stop: forwards through the layers, the loss, backwards, the update. */
export const STOPS = [
  ...LAYERS.map((layer) => ({ phase: "forward", layer })),
  { phase: "loss" },
  ...LAYERS.map((_, i) => ({ phase: "backward", layer: LAYERS.at(-1 - i) })),
  { phase: "update" },
];

// No step is taken yet: RMSprop's running averages; how many steps, and the losses of one digit.
const FRESH = { means: null, descent: null };

/**
 * The state in which an explorer opens. data: the weights as base64 or bytes, and the golden digits;
 * chosen: what a notebook has already set, of layer, strokes, picked, normalise and label.
 */
export function openingState(data, chosen = {}) {
  const goldenDigits = (data.golden_digits ?? []).map(decodeDigit);
  const weights = decodeWeights(data.weights);
  return {
    goldenDigits,
    weights,
    original: weights, // what `restore` goes back to
    origin: null, // in words, where other weights come from
    strokes: [],
    picked: firstDigit(goldenDigits, chosen.layer), // the number of a golden digit
    label: null, // the class that the reader says it is
    nudge: 0.01, // by how much the chosen weight is moved, to see what the loss does
    rule: "descent", // how a step is taken: by plain descent, or with "rmsprop"
    rate: "0.0001", // the learning rate, as it is typed
    ...FRESH,
    drawing: false, // whether a stroke is not yet finished
    history: [], // what was on the pad before, for undo
    kept: null, // the strokes of the last drawing, here or on another page of the tab
    normalise: true,
    exact: false, // whether numbers are shown in full precision
    narrow: false,
    onPage: false, // in the book, where an address can carry a drawing
    ...chosen,
    ...opened(chosen.layer),
  };
}

function decodeDigit({ pixels, ...rest }) {
  return { ...rest, digit: Float32Array.from(bytesOf(pixels), (level) => level / 255) };
}

function firstDigit(goldenDigits, layer) {
  const wanted = [VIEWS[layer]?.picked ?? EXAMPLE, EXAMPLE];
  return wanted.find((number) => goldenDigits[number]) ?? null;
}

// Which layers, which value, which weight, and whether activations or pre-activations are shown at first.
function opened(layer) {
  const name = layer in VIEWS ? layer : "all";
  const { open = null, shown = "activation", weight = null } = VIEWS[name];
  return { layer: name, selected: open, shown, weight, stop: null, playing: false };
}

/**
 * Put something else on the pad; what was there is kept, so that undo can restore it. A label stays
 * only while a drawing goes on.
 */
function replaced(state, strokes, picked = null) {
  const { strokes: oldStrokes, picked: oldPicked, label: oldLabel } = state;
  const history = [...state.history, { strokes: oldStrokes, picked: oldPicked, label: oldLabel }];
  const label = strokes.length > 1 ? oldLabel : null;
  return { ...state, strokes, picked, label, history, playing: false };
}

/** A class, or null where none is chosen: of anything else there would be no loss. */
const isLabel = (label) => label === null || CLASSES.has(label);

/** Everything that can happen: a reducer for each action. Nothing is changed in place. */
const REDUCERS = {
  begin: (state, { point }) => ({
    ...replaced(state, [...state.strokes, [point]]),
    drawing: true,
  }),
  extend(state, { points }) {
    if (!state.drawing) return state; // the stroke was replaced while the pointer was down
    const last = [...state.strokes.at(-1), ...points];
    return { ...state, strokes: [...state.strokes.slice(0, -1), last] };
  },
  end: (state) => (state.drawing ? { ...state, drawing: false, kept: state.strokes } : state),
  undo(state) {
    if (!state.history.length) return state;
    const history = state.history.slice(0, -1);
    return { ...state, ...state.history.at(-1), history, playing: false };
  },
  clear(state) {
    return state.strokes.length || state.picked !== null ? replaced(state, []) : state;
  },
  pick: (state, { picked }) => replaced(state, [], picked),
  draw: (state, { strokes }) => ({ ...replaced(state, strokes), drawing: false }),
  /** Change a setting: normalise, shown, exact, selected, narrow, label or weight. */
  set(state, { type, ...settings }) {
    const next = { ...state, ...settings };
    return isLabel(next.label) ? next : { ...next, label: state.label };
  },
  /** Compute with other weights from now on. origin: in words, where they come from. */
  adopt: (state, { weights, origin }) => ({ ...state, weights, origin, ...FRESH }),
  restore: (state) => ({ ...state, weights: state.original, origin: null, ...FRESH }),
  /** All weights move. loss: before the step, of this digit with this label, which are kept. */
  step(state, { weights, means, loss, digit, label }) {
    const { count = 0, losses = [], ...of } = state.descent ?? {};
    const before = of.digit === digit && of.label === label ? losses : [];
    const descent = { count: count + 1, losses: [...before, loss], digit, label };
    const steps = count ? `${count + 1} steps` : "one step";
    const origin = `the original ones after ${steps} on single digits`;
    return { ...state, weights, means, label, descent, origin };
  },
  /** Go to a stop of the three phases: null, or an index into STOPS. */
  visit(state, { stop, playing = state.playing }) {
    const { phase } = STOPS[stop] ?? {};
    const shown = { forward: "activation", backward: "errors" }[phase] ?? state.shown;
    return { ...state, stop, shown, playing };
  },
  /** Take over what another view, or Python, has put into the model of a notebook. */
  load(state, { strokes, picked, normalise, layer, label: wanted = null }) {
    const label = isLabel(wanted) ? wanted : null;
    const shown = strokes.length ? null : picked; // strokes hide a golden digit
    const same =
      shown === state.picked && JSON.stringify(strokes) === JSON.stringify(state.strokes);
    const next = same ? state : { ...replaced(state, strokes, shown), drawing: false };
    if (normalise === state.normalise && layer === state.layer && label === next.label) return next;
    return { ...next, normalise, label, ...(layer === state.layer ? {} : opened(layer)) };
  },
};

/** From ink to the digit that the network gets. */
function prepare(ink, picked, normalise, goldenDigits) {
  const steps = ink && prepareDigit(ink, PAD_SIDE, PAD_SIDE);
  const drawn = steps && (normalise ? steps.digit : shrink(ink));
  return { ink, steps, digit: picked === null ? drawn : goldenDigits[picked].digit };
}

/** The class that the loss asks for: the chosen one, the digit's own, or the second answer. */
function classOf({ label, picked, goldenDigits }, outputs) {
  const scores = outputs.preActivation[OUTPUT.name];
  const ranked = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
  return label ?? goldenDigits[picked]?.label ?? ranked[1];
}

/** The same function, which remembers its last result. */
function remembering(work) {
  let [last, result] = [null, null];
  return (...values) => {
    if (!last || values.some((value, i) => value !== last[i])) result = work(...values);
    last = values;
    return result;
  };
}

/**
 * What follows from the state. Returns a function, which computes only what has changed; and while
 * the pen moves no gradients.
 */
function createScene() {
  const [inkOf, digitOf, run, goBack] = [growingInk(), prepare, forward, backward].map(remembering);
  return (state) => {
    const { strokes, picked, normalise, goldenDigits, weights } = state;
    const ink = picked === null ? inkOf(strokes) : null;
    const prepared = digitOf(ink, picked, normalise, goldenDigits);
    const outputs = prepared.digit && run(prepared.digit, weights);
    const visited = STOPS[state.stop] ?? null;
    const scene = { ...state, ...prepared, outputs, visited, target: null, back: null };
    if (!VIEWS[state.layer].gradients || !outputs) return scene;
    const target = classOf(state, outputs);
    return { ...scene, target, back: state.drawing ? null : goBack(target, outputs, weights) };
  };
}

/**
 * One store. `dispatch` applies an action to the state, `subscribe` adds a listener for changes and
 * returns a function that removes it, `scene` returns the state with all that follows from it.
 */
export function createStore(initial) {
  const [listeners, sceneOf] = [new Set(), createScene()];
  let state = initial;
  return {
    get state() {
      return state;
    },
    scene: () => sceneOf(state),
    dispatch(action) {
      const before = state;
      state = REDUCERS[action.type](state, action);
      if (state !== before) for (const listener of listeners) listener(before);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

// What is drawn and chosen, and all that follows from it: one store, plain actions. No DOM.

import { FLATTEN, LAYERS, OUTPUT, bytesOf, decodeWeights, forward } from "./engine.mjs";
import { PAD_SIDE, prepareDigit, rasterise, shrink } from "./picture.mjs";

const FLAT = LAYERS.indexOf(FLATTEN);

/** What each placeholder shows: which layers, whether the softmax steps, what is open at first. */
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
};
const EXAMPLE = 7; // the golden digit that a page opens with

/**
 * The state in which an explorer opens. data: the weights as base64 or bytes, and the golden digits;
 * chosen: what a notebook has already set, of layer, strokes, picked and normalise.
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
    picked: goldenDigits[EXAMPLE] ? EXAMPLE : null, // the number of a golden digit
    drawing: false, // whether a stroke is not yet finished
    history: [], // what was on the pad before, for undo
    normalise: true,
    exact: false, // whether all digits of a number are shown
    narrow: false,
    ...chosen,
    ...opened(chosen.layer),
  };
}

function decodeDigit({ pixels, ...rest }) {
  return { ...rest, digit: Float32Array.from(bytesOf(pixels), (level) => level / 255) };
}

// Which layers, which value, and whether activations or pre-activations are shown at first.
function opened(layer) {
  const name = layer in VIEWS ? layer : "all";
  const { open = null, shown = "activation" } = VIEWS[name];
  return { layer: name, selected: open, shown };
}

/** Put something else on the pad; what was there is kept, so that undo can restore it. */
function replaced(state, strokes, picked = null) {
  const { strokes: oldStrokes, picked: oldPicked } = state;
  const history = [...state.history, { strokes: oldStrokes, picked: oldPicked }];
  return { ...state, strokes, picked, history };
}

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
  end: (state) => ({ ...state, drawing: false }),
  undo(state) {
    if (!state.history.length) return state;
    return { ...state, ...state.history.at(-1), history: state.history.slice(0, -1) };
  },
  clear(state) {
    return state.strokes.length || state.picked !== null ? replaced(state, []) : state;
  },
  pick: (state, { picked }) => replaced(state, [], picked),
  /** Change a setting: normalise, shown, exact, selected or narrow. */
  set: (state, { type, ...settings }) => ({ ...state, ...settings }),
  /** Compute with other weights from now on. origin: in words, where they come from. */
  adopt: (state, { weights, origin }) => ({ ...state, weights, origin }),
  restore: (state) => ({ ...state, weights: state.original, origin: null }),
  /** Take over what another view, or Python, has put into the model of a notebook. */
  load(state, { strokes, picked, normalise, layer }) {
    const shown = strokes.length ? null : picked; // strokes hide a golden digit
    const same =
      shown === state.picked && JSON.stringify(strokes) === JSON.stringify(state.strokes);
    const next = same ? state : { ...replaced(state, strokes, shown), drawing: false };
    if (normalise === state.normalise && layer === state.layer) return next;
    return { ...next, normalise, ...(layer === state.layer ? {} : opened(layer)) };
  },
};

/** From strokes to probabilities: what follows from the state. */
function compute({ strokes, picked, normalise, goldenDigits, weights }) {
  const ink = picked === null ? rasterise(strokes) : null;
  const steps = ink && prepareDigit(ink, PAD_SIDE, PAD_SIDE);
  const drawn = steps && (normalise ? steps.digit : shrink(ink));
  const digit = picked === null ? drawn : goldenDigits[picked].digit;
  return { ink, steps, digit, outputs: digit && forward(digit, weights) };
}

/**
 * One store. `dispatch` applies an action to the state, `subscribe` adds a listener for changes and
 * returns a function that removes it, `scene` returns the state with all that follows from it.
 */
export function createStore(initial) {
  const listeners = new Set();
  let [state, computed] = [initial, { from: null }];
  return {
    get state() {
      return state;
    },
    scene() {
      const from = [state.strokes, state.picked, state.normalise, state.weights];
      if (from.some((value, i) => value !== computed.from?.[i]))
        computed = { from, ...compute(state) };
      return { ...state, ...computed };
    },
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

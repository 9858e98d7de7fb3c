// The one state, what follows from it, and everything that a reader can change.

import { LAYERS, bytesOf, forward } from "./engine.mjs";
import { PAD_SIDE, prepareDigit, rasterise, shrink } from "./picture.mjs";

/** What each placeholder shows: which layers, whether the softmax steps, what is open at first. */
export const VIEWS = {
  all: { layers: LAYERS, softmax: true },
  convolution: {
    layers: LAYERS.slice(0, 5),
    open: { name: "conv2d_2", at: { row: 4, column: 8, channel: 0 } },
  },
  flatten: { layers: LAYERS.slice(4, 7), open: { name: "flatten_1", at: { index: 330 } } },
  softmax: { layers: LAYERS.slice(7), softmax: true },
  relu: { layers: LAYERS.filter((layer) => layer.hasRelu), preActivation: true },
};
export const EXAMPLE = 7; // the test digit that a page opens with

export function decodeDigit({ pixels, ...rest }) {
  return { ...rest, digit: Float32Array.from(bytesOf(pixels), (level) => level / 255) };
}

/** From strokes to probabilities: all that is shown follows from this. */
export function compute(state) {
  state.ink = state.picked ? null : rasterise(state.strokes);
  state.steps = state.ink && prepareDigit(state.ink, PAD_SIDE, PAD_SIDE);
  state.digit =
    state.picked?.digit ??
    (state.steps && (state.normalise ? state.steps.digit : shrink(state.ink)));
  state.values = state.digit && forward(state.digit, state.weights);
}

/** Everything a reader can change. What is on the pad is kept, so that undo brings it back. */
export function changes(state) {
  const replace = (strokes, picked = null) => {
    state.history.push({ strokes: state.strokes, picked: state.picked });
    Object.assign(state, { strokes, picked });
  };
  const set = (key, then = "repaint") =>
    function (value) {
      state[key] = value;
      this[then]();
    };
  return {
    begin(point) {
      replace([...state.strokes, [point]]);
      this.draw();
    },
    extend(points) {
      state.strokes.at(-1).push(...points);
      this.draw();
    },
    undo() {
      Object.assign(state, state.history.pop());
      this.settle();
    },
    clear() {
      if (state.strokes.length || state.picked) replace([]);
      this.settle();
    },
    pick(golden) {
      replace([], golden);
      this.settle();
    },
    normalise: set("normalise", "settle"),
    preActivation: set("preActivation"),
    exact: set("exact"),
    select: set("selected"),
  };
}

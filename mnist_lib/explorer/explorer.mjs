// The network of this book, alive in a page: draw a digit, see every layer and every product.
//
// Plain JavaScript, no dependency, no build. In Jupyter this file is loaded as it is (anywidget calls
// `render`); for the pages of the book it is turned into a classic script, because a module cannot be
// loaded from file://. Three parts: the network, the picture, and what the reader sees.

// ── The network ─────────────────────────────────────────────────────────────────────────────────

/** The layers: name as in Keras, the note's label, kind, shape, what it reads, whether ReLU follows. */
export const LAYERS = [
  ["conv2d_1", "C1", "convolution", [26, 26, 32], "image", true],
  ["max_pooling2d_1", "M1", "pooling", [13, 13, 32], "conv2d_1"],
  ["conv2d_2", "C2", "convolution", [11, 11, 64], "max_pooling2d_1", true],
  ["max_pooling2d_2", "M2", "pooling", [5, 5, 64], "conv2d_2"],
  ["conv2d_3", "C3", "convolution", [3, 3, 64], "max_pooling2d_2", true],
  ["flatten_1", "Flatten", "flatten", [576], "conv2d_3"],
  ["dense_1", "Dense 1", "dense", [64], "flatten_1", true],
  ["dense_2", "Dense 2", "dense", [10], "dense_1"],
].map(([name, label, kind, shape, source, relu = false]) => {
  return { name, label, kind, shape, source, relu };
});
const SHAPES = { image: [28, 28, 1], ...Object.fromEntries(LAYERS.map((l) => [l.name, l.shape])) };

// The book shows the lines from here on. The engine starts.

/** Slide 3×3 kernels over (height, width, channels); no padding, no activation. */
export function conv2d(input, [height, width, channels], { kernel, bias }) {
  const [rows, columns, filters] = [height - 2, width - 2, bias.length];
  const output = new Float32Array(rows * columns * filters);
  const sums = new Float64Array(filters); // rounded once to float32, when they are stored
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      sums.set(bias);
      for (let c = 0; c < channels; c++)
        for (let r = 0; r < 3; r++)
          for (let k = 0; k < 3; k++) {
            const value = input[((y + r) * width + x + k) * channels + c];
            if (value === 0) continue; // after a ReLU many are, and they add nothing
            const start = ((r * 3 + k) * channels + c) * filters;
            for (let f = 0; f < filters; f++) sums[f] += value * kernel[start + f];
          }
      output.set(sums, (y * columns + x) * filters);
    }
  return output;
}

/** The largest of each 2×2 block of (height, width, channels); an odd row or column is left over. */
export function maxPool2d(input, [height, width, channels]) {
  const [rows, columns] = [height >> 1, width >> 1];
  const output = new Float32Array(rows * columns * channels).fill(-Infinity);
  for (let y = 0; y < 2 * rows; y++)
    for (let x = 0; x < 2 * columns; x++)
      for (let c = 0; c < channels; c++) {
        const to = ((y >> 1) * columns + (x >> 1)) * channels + c;
        output[to] = Math.max(output[to], input[(y * width + x) * channels + c]);
      }
  return output;
}

/** Weigh every input for every output, add up, add the bias; no activation. */
export function dense(input, { kernel, bias }) {
  const sums = Float64Array.from(bias);
  for (let i = 0; i < input.length; i++)
    for (let o = 0; o < sums.length; o++) sums[o] += input[i] * kernel[i * sums.length + o];
  return Float32Array.from(sums);
}

/** Keep what is positive. */
export function relu(values) {
  return values.map((value) => Math.max(value, 0));
}

/** Ten scores become ten probabilities, with every step kept. */
export function softmaxSteps(logits) {
  const largest = Math.max(...logits);
  const shifted = Array.from(logits, (logit) => logit - largest);
  const exponentials = shifted.map(Math.exp);
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return {
    largest,
    shifted,
    exponentials,
    total,
    probabilities: exponentials.map((e) => e / total),
  };
}

/** All layers for one image of 28×28 numbers in [0, 1]: before and after the activation, by name. */
export function forward(image, weights) {
  const before = {};
  const after = { image };
  for (const { name, kind, source, relu: bent } of LAYERS) {
    const [input, shape] = [after[source], SHAPES[source]];
    if (kind === "convolution") before[name] = conv2d(input, shape, weights[name]);
    else if (kind === "pooling") before[name] = maxPool2d(input, shape);
    else if (kind === "dense") before[name] = dense(input, weights[name]);
    else before[name] = input; // to flatten is to count the same numbers in one row
    after[name] = bent ? relu(before[name]) : before[name];
  }
  after.dense_2 = Float32Array.from(softmaxSteps(before.dense_2).probabilities);
  return { before, after };
}
// The engine ends.

/** Cut 93,322 float32 numbers, kernel and bias of each layer in turn, from base64 or from bytes. */
export function decodeWeights(packed) {
  const bytes = typeof packed === "string" ? bytesOf(packed) : copyOf(packed);
  const numbers = new Float32Array(bytes.buffer);
  const weights = {};
  let start = 0;
  const take = (count) => numbers.slice(start, (start += count));
  for (const { name, kind, shape, source } of LAYERS) {
    if (kind !== "convolution" && kind !== "dense") continue;
    const [inputs, outputs] = [
      SHAPES[source].at(-1) * (kind === "convolution" ? 9 : 1),
      shape.at(-1),
    ];
    weights[name] = { kernel: take(inputs * outputs), bias: take(outputs) };
  }
  if (start !== numbers.length)
    throw new RangeError(`expected ${start} weights, got ${numbers.length}`);
  return weights;
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// A view on bytes need not start where a Float32Array may: copy.
function copyOf(view) {
  return new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/**
 * How one activation comes about. at: { row, column, channel }, or { index } where a layer is one row.
 * The sum is taken over the terms in their order, from the bias on, in float64: rounded once to
 * float32 it is `before`, to the bit.
 */
export function explain(name, at, { before, after }, weights) {
  const { kind, shape, source } = LAYERS.find((layer) => layer.name === name);
  const index = at.index ?? (at.row * shape[1] + at.column) * shape[2] + at.channel;
  const result = { kind, before: before[name][index], after: after[name][index] };
  if (kind === "flatten") {
    const channels = SHAPES[source][2];
    const pixel = Math.floor(index / channels);
    return {
      ...result,
      from: { row: Math.floor(pixel / 3), column: pixel % 3, channel: index % channels },
    };
  }
  if (kind === "pooling")
    return { ...result, choices: poolChoices(at, after[source], SHAPES[source]) };
  const { kernel, bias } = weights[name];
  const output = at.index ?? at.channel;
  const places =
    kind === "dense" ? inputPlaces(SHAPES[source][0]) : patchPlaces(at, SHAPES[source]);
  let sum = bias[output];
  const terms = places.map(({ from, to, ...place }) => {
    const [input, weight] = [after[source][from], kernel[to * bias.length + output]];
    sum += input * weight;
    return { ...place, input, weight, product: input * weight, sum };
  });
  return { ...result, bias: bias[output], terms, sum };
}

function inputPlaces(count) {
  return Array.from({ length: count }, (_, index) => ({ index, from: index, to: index }));
}

function patchPlaces(at, [, width, channels]) {
  const places = [];
  for (let channel = 0; channel < channels; channel++)
    for (let r = 0; r < 3; r++)
      for (let k = 0; k < 3; k++) {
        const [row, column] = [at.row + r, at.column + k];
        const from = (row * width + column) * channels + channel;
        places.push({ channel, row, column, from, to: (r * 3 + k) * channels + channel });
      }
  return places;
}

function poolChoices(at, input, [, width, channels]) {
  return [0, 1, 2, 3].map((corner) => {
    const [row, column] = [2 * at.row + (corner >> 1), 2 * at.column + (corner & 1)];
    return { row, column, value: input[(row * width + column) * channels + at.channel] };
  });
}

/** Which rows (or columns) low…high of a layer depend on, in every layer before it and the image. */
export function traceBack(name, low, high) {
  const found = { [name]: [low, high] };
  for (let layer = layerOf(name); layer; layer = layerOf(layer.source)) {
    if (layer.kind === "convolution") high += 2;
    else if (layer.kind === "pooling") [low, high] = [2 * low, 2 * high + 1];
    else [low, high] = [0, 2]; // flatten and dense read the whole plane before them
    found[layer.source] = [low, high];
  }
  return found;
}

/** The pixels of the image that an activation depends on: { top, left, bottom, right }, inclusive. */
export function receptiveField(name, { row = 0, column = 0, index = 0 } = {}) {
  if (name === "flatten_1") {
    const pixel = Math.floor(index / 64);
    return receptiveField("conv2d_3", { row: Math.floor(pixel / 3), column: pixel % 3 });
  }
  const [top, bottom] = traceBack(name, row, row).image;
  const [left, right] = traceBack(name, column, column).image;
  return { top, left, bottom, right };
}

const layerOf = (name) => LAYERS.find((layer) => layer.name === name);
/** How many rows and columns of each layer the answer can depend on: pooling drops the rest. */
const SEEN = Object.fromEntries(
  Object.entries(traceBack("conv2d_3", 0, 2)).map(([k, [, high]]) => [k, high + 1]),
);

// ── The picture: the twin of mnist_lib.preprocessing ────────────────────────────────────────────

export const PAD_SIDE = 280; // pixels of the pad
export const PEN = 28; // diameter of the pen, in pixels of the pad
const INK_SIDE = 20; // the box that holds the ink, inside the picture of 28

/** Ink of strokes [[[x, y], …], …] in units of the pad's side, as (280, 280) numbers in [0, 1]. */
export function rasterise(strokes) {
  const ink = new Float32Array(PAD_SIDE * PAD_SIDE);
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]) => [x * PAD_SIDE, y * PAD_SIDE]);
    points.forEach((point, i) => drawSegment(ink, points[Math.max(i - 1, 0)], point));
  }
  return ink;
}

// A round pen with one pixel of soft edge; where segments overlap, the darker ink stays.
function drawSegment(ink, [ax, ay], [bx, by]) {
  const reach = PEN / 2 + 1;
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const clip = (value) => Math.min(Math.max(Math.floor(value), 0), PAD_SIDE - 1);
  for (let row = clip(Math.min(ay, by) - reach); row <= clip(Math.max(ay, by) + reach); row++)
    for (
      let column = clip(Math.min(ax, bx) - reach);
      column <= clip(Math.max(ax, bx) + reach);
      column++
    ) {
      const [px, py] = [column + 0.5 - ax, row + 0.5 - ay];
      const along = square > 0 ? Math.min(Math.max((px * dx + py * dy) / square, 0), 1) : 0;
      const [ex, ey] = [px - along * dx, py - along * dy];
      const distance = Math.sqrt(ex * ex + ey * ey);
      const cover = Math.min(Math.max(PEN / 2 + 0.5 - distance, 0), 1);
      const at = row * PAD_SIDE + column;
      if (cover > ink[at]) ink[at] = cover;
    }
}

/**
 * MNIST's own normalisation: tight box, square, area average to 20×20, brightest pixel 1, centre of
 * mass into pixel 14 of 28×28. Returns the digit and its steps, or null where there is no ink.
 */
export function prepareDigit(ink, height, width) {
  const box = tightBox(ink, height, width);
  if (!box) return null;
  const side = Math.max(box.height, box.width);
  const small = averageTo20(ink, width, box, areaWeights(side));
  const largest = small.reduce((a, b) => Math.max(a, b));
  for (let i = 0; i < small.length; i++) small[i] /= largest;
  const rows = profile(small, (i) => Math.floor(i / INK_SIDE));
  const columns = profile(small, (i) => i % INK_SIDE);
  const [top, left] = [offset(rows), offset(columns)];
  const digit = new Float32Array(784);
  for (let i = 0; i < small.length; i++) {
    const [y, x] = [top + Math.floor(i / INK_SIDE), left + (i % INK_SIDE)];
    if (y >= 0 && y < 28 && x >= 0 && x < 28) digit[y * 28 + x] = small[i];
  }
  return { digit, box, small, centre: [centreOf(rows), centreOf(columns)], top, left };
}

function tightBox(ink, height, width) {
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let i = 0; i < ink.length; i++)
    if (ink[i] > 0) {
      const [row, column] = [Math.floor(i / width), i % width];
      [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
      [left, right] = [Math.min(left, column), Math.max(right, column)];
    }
  return bottom < 0 ? null : { top, left, height: bottom - top + 1, width: right - left + 1 };
}

// For each of 20 equal parts of `side` cells: which cells fall into it, and with which share.
function areaWeights(side) {
  return Array.from({ length: INK_SIDE }, (_, part) => {
    const [low, high] = [(part * side) / INK_SIDE, ((part + 1) * side) / INK_SIDE];
    const shares = [];
    for (let cell = Math.floor(low); cell < Math.min(Math.ceil(high), side); cell++)
      shares.push([cell, ((Math.min(high, cell + 1) - Math.max(low, cell)) * INK_SIDE) / side]);
    return shares;
  });
}

function averageTo20(ink, width, box, weights) {
  const side = Math.max(box.height, box.width);
  // Where the box starts in its square; the empty rows and columns are never made.
  const [down, across] = [(side - box.height) >> 1, (side - box.width) >> 1];
  const bands = new Float64Array(INK_SIDE * box.width);
  weights.forEach((shares, part) => {
    for (const [cell, share] of shares) {
      const row = cell - down;
      if (row < 0 || row >= box.height) continue;
      const start = (box.top + row) * width + box.left;
      for (let x = 0; x < box.width; x++) bands[part * box.width + x] += share * ink[start + x];
    }
  });
  const small = new Float64Array(INK_SIDE * INK_SIDE);
  for (let y = 0; y < INK_SIDE; y++)
    weights.forEach((shares, part) => {
      for (const [cell, share] of shares) {
        const x = cell - across;
        if (x >= 0 && x < box.width) small[y * INK_SIDE + part] += share * bands[y * box.width + x];
      }
    });
  return small;
}

function profile(small, line) {
  const sums = new Float64Array(INK_SIDE);
  small.forEach((value, i) => (sums[line(i)] += value));
  return sums;
}

function centreOf(sums) {
  let [moment, total] = [0, 0];
  sums.forEach((value, i) => ((moment += (i + 0.5) * value), (total += value)));
  return moment / total;
}

// Where the 20 pixels start in 28; ink is never pushed over the edge, however far it leans.
function offset(sums) {
  const shift = Math.trunc(15 - Math.round(centreOf(sums) * 1e6) / 1e6);
  const first = sums.findIndex((value) => value > 0);
  const last = sums.findLastIndex((value) => value > 0);
  return Math.min(Math.max(shift, -first), 27 - last);
}

/** Without any normalisation: each 10×10 block of the pad becomes one of 28×28 pixels. */
export function shrink(ink) {
  const digit = new Float64Array(784);
  ink.forEach((value, i) => {
    const [row, column] = [Math.floor(i / PAD_SIDE), i % PAD_SIDE];
    digit[Math.floor(row / 10) * 28 + Math.floor(column / 10)] += value / 100;
  });
  return Float32Array.from(digit);
}

// ── What the reader sees ────────────────────────────────────────────────────────────────────────
//
// The page is a few parts. Each has a node and paints it from the one state; what the reader does
// goes through the actions. A part that can `follow` is painted while the pen moves; sentences and
// tables wait until it is lifted.

/** What each placeholder shows: which layers, whether the softmax steps, what is open at first. */
const VIEWS = {
  all: { layers: LAYERS, softmax: true },
  convolution: {
    layers: LAYERS.slice(0, 5),
    open: { name: "conv2d_2", at: { row: 4, column: 8, channel: 0 } },
  },
  flatten: { layers: LAYERS.slice(4, 7), open: { name: "flatten_1", at: { index: 330 } } },
  softmax: { layers: LAYERS.slice(7), softmax: true },
  relu: { layers: LAYERS.filter((layer) => layer.relu), before: true },
};
const EXAMPLE = 7; // the test digit that a page opens with
const STEP = 1 / 28; // how far an arrow key moves the pen, in units of the pad's side

/**
 * Build one explorer inside `element`. data: the weights as base64 or bytes, their sha256, their test
 * result, the reference digits; onChange hears of every finished change.
 */
export function mount(element, data, { layer = "all", onChange = () => {} } = {}) {
  const view = VIEWS[layer] ?? VIEWS.all;
  const references = (data.references ?? []).map(decodeReference);
  const state = {
    view,
    references,
    weights: decodeWeights(data.weights),
    strokes: [],
    picked: references[EXAMPLE] ?? null,
    history: [],
    normalise: true,
    before: Boolean(view.before),
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

function decodeReference({ pixels, ...rest }) {
  return { ...rest, digit: Float32Array.from(bytesOf(pixels), (level) => level / 255) };
}

/** From strokes to probabilities: all that is shown follows from this. */
function compute(state) {
  state.ink = state.picked ? null : rasterise(state.strokes);
  state.steps = state.ink && prepareDigit(state.ink, PAD_SIDE, PAD_SIDE);
  state.digit =
    state.picked?.digit ??
    (state.steps && (state.normalise ? state.steps.digit : shrink(state.ink)));
  state.values = state.digit && forward(state.digit, state.weights);
}

/** Everything a reader can change. What is on the pad is kept, so that undo brings it back. */
function changes(state) {
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
    pick(reference) {
      replace([], reference);
      this.settle();
    },
    normalise: set("normalise", "settle"),
    before: set("before"),
    exact: set("exact"),
    select: set("selected"),
  };
}

function oncePerFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => ((waiting = false), work()));
  };
}

// Drawing ───────────────────────────────────────────────────────────────────────────────────────

const HELP =
  "Mouse, pen or finger. With the keyboard: arrow keys move the pen, the space bar lowers and lifts it, " +
  "Backspace undoes, Delete clears.";

function padPart(state, actions) {
  const picture = pictureOf("explorer-pad");
  const said = h("span", { class: "explorer-hidden", role: "status" });
  const help = h("span", { class: "explorer-hidden", id: freshId() }, HELP);
  const hint = h("span", { class: "explorer-hint", "aria-hidden": "true" }, "Draw a digit here");
  Object.entries({
    tabindex: 0,
    role: "application",
    "aria-label": "Pad to draw a digit on",
    "aria-describedby": help.id,
  }).forEach(([key, value]) => picture.node.setAttribute(key, value));
  picture.node.append(hint, help);
  // The pen of the keyboard; and the one pointer that draws, while which a second finger or a key
  // does nothing.
  const pen = { x: 0.5, y: 0.5, down: false, shown: false, pointer: null };
  const marks = () =>
    picture.mark(PAD_SIDE, PAD_SIDE, [...padMarks(state), ...(pen.shown ? [penMark(pen)] : [])]);
  listenToPointer(picture.node, pen, actions, marks);
  listenToKeys(picture.node, pen, actions, { marks, say: (text) => (said.textContent = text) });
  const follow = () => {
    const source = state.picked
      ? { values: state.digit, side: 28 }
      : { values: state.ink, side: PAD_SIDE };
    paintTiles(picture.canvas, plane(source.values, source.side, source.side), {
      limit: 1,
      grey: true,
    });
    hint.hidden = Boolean(state.digit);
    marks();
  };
  return { node: h("div", {}, picture.node, said), follow, paint: follow };
}

const penMark = ({ x, y, down }) => [
  "circle",
  { cx: x * PAD_SIDE, cy: y * PAD_SIDE, r: PEN / 2, class: down ? "pen down" : "pen" },
];

/** On the pad: the box that is cut out, and what the chosen activation depends on. */
function padMarks({ steps, picked, normalise, selected, digit }) {
  const marks = [];
  if (steps && normalise) {
    const { top, left, width, height } = steps.box;
    marks.push(["rect", { x: left, y: top, width, height, class: "box" }]);
  }
  if (selected && digit) {
    const scale = steps && normalise ? Math.max(steps.box.width, steps.box.height) / INK_SIDE : 10;
    const corner = steps && normalise ? squareCorner(steps) : { x: 0, y: 0, top: 0, left: 0 };
    const { top, left, bottom, right } = receptiveField(selected.name, selected.at);
    marks.push([
      "rect",
      {
        x: corner.x + (left - corner.left) * scale,
        y: corner.y + (top - corner.top) * scale,
        width: (right - left + 1) * scale,
        height: (bottom - top + 1) * scale,
        class: "field",
      },
    ]);
  }
  return picked || digit ? marks : [];
}

// Where pixel (top, left) of the 28×28 picture lies on the pad.
function squareCorner({ box, top, left }) {
  const side = Math.max(box.width, box.height);
  return {
    x: box.left - ((side - box.width) >> 1),
    y: box.top - ((side - box.height) >> 1),
    top,
    left,
  };
}

function listenToPointer(node, pen, actions, marks) {
  const place = (event) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  };
  const end = (event) => {
    if (event.pointerId !== pen.pointer) return;
    pen.pointer = null;
    actions.settle();
  };
  node.addEventListener("pointerdown", (event) => {
    if (pen.pointer !== null || event.button !== 0) return;
    pen.pointer = event.pointerId;
    pen.down = pen.shown = false;
    node.setPointerCapture(event.pointerId);
    actions.begin(place(event));
    marks();
  });
  node.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen.pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    actions.extend((all.length ? all : [event]).map(place));
  });
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
}

function listenToKeys(node, pen, actions, { marks, say }) {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const lift = () => {
    if (pen.down) ((pen.down = false), actions.settle());
  };
  const keys = {
    " ": () => (pen.down ? lift() : ((pen.down = true), actions.begin([pen.x, pen.y]))),
    Backspace: () => (lift(), actions.undo()),
    Delete: () => (lift(), actions.clear()),
  };
  node.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if ((!move && !keys[event.key]) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (pen.pointer !== null) return;
    pen.shown = true;
    if (move) {
      [pen.x, pen.y] = [pen.x + move[0] * STEP, pen.y + move[1] * STEP].map((v) =>
        Math.min(Math.max(v, 0), 1),
      );
      if (pen.down) actions.extend([[pen.x, pen.y]]);
    } else keys[event.key]();
    marks();
    say(
      `Pen ${pen.down ? "down" : "up"}, row ${Math.round(pen.y * 28)}, column ${Math.round(pen.x * 28)} of 28`,
    );
  });
  node.addEventListener("blur", () => (lift(), (pen.shown = false), marks()));
}

function controlsPart(state, actions) {
  const button = (text, act) => h("button", { type: "button", onclick: act }, text);
  const undo = button("Undo", () => actions.undo());
  const clear = button("Clear", () => actions.clear());
  const normalise = checkbox("Normalise", (on) => actions.normalise(on));
  const digits = state.references.map((reference) => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    paintTiles(canvas, plane(reference.digit, 28, 28), { limit: 1, grey: true });
    const label = `Test digit ${reference.label ?? reference.index}`;
    return h(
      "button",
      { type: "button", "aria-label": label, title: label, onclick: () => actions.pick(reference) },
      canvas,
    );
  });
  const node = h("div", {}, h("div", { class: "explorer-controls" }, undo, clear, normalise.node));
  if (digits.length)
    node.append(
      h("div", { class: "explorer-digits", role: "group", "aria-label": "Test digits" }, ...digits),
    );
  return {
    node,
    paint() {
      undo.disabled = !state.history.length;
      clear.disabled = !state.digit;
      normalise.input.checked = state.normalise;
      digits.forEach((digit, i) =>
        digit.setAttribute("aria-pressed", state.picked === state.references[i]),
      );
    },
  };
}

/** From the drawing to 28×28, step by step. */
function stepsPart(state) {
  const [box, small, digit] = ["explorer-step", "explorer-step", "explorer-step"].map(pictureOf);
  const captions = [box, small, digit].map(() => h("p"));
  const figures = [box, small, digit].map((picture, i) =>
    h("div", { class: "explorer-figure" }, picture.node, captions[i]),
  );
  const follow = () => {
    const { steps, normalise } = state;
    const stepwise = Boolean(steps && normalise);
    [figures[0].hidden, figures[1].hidden] = [!stepwise, !stepwise];
    if (stepwise) paintSteps(state, box, small);
    const seen = SEEN.image;
    const frame = stepwise
      ? [["rect", { x: steps.left, y: steps.top, width: 20, height: 20, class: "box" }]]
      : [];
    if (stepwise) frame.push(["path", { d: "M14 12.5v3M12.5 14h3", class: "centre" }]);
    paintTiles(digit.canvas, plane(state.digit ?? new Float32Array(784), 28, 28), {
      limit: 1,
      grey: true,
    });
    digit.mark(28, 28, [...frame, ...unseen(28, 28, seen), ...fieldMark(state)]);
    captions[2].textContent = finalCaption(state);
  };
  captions[0].textContent = "its box, made square";
  captions[1].textContent = "20 × 20, with its centre of mass";
  digit.describe("What the network gets: 28 by 28 pixels");
  box.describe("The drawing, cut out with its box and made square");
  small.describe("The drawing, averaged to 20 by 20 pixels, with a cross at its centre of mass");
  return { node: h("div", { class: "explorer-steps" }, ...figures), follow, paint: follow };
}

function finalCaption({ digit, picked, normalise }) {
  if (!digit) return "28 × 28, empty";
  if (picked) return "28 × 28, a test digit, as MNIST has it";
  return normalise ? "28 × 28, centre of mass in the middle" : "28 × 28, shrunk and nothing else";
}

function paintSteps({ ink, steps }, box, small) {
  const side = Math.max(steps.box.width, steps.box.height);
  const { x, y } = squareCorner(steps);
  const cut = (row, column) => {
    const [r, c] = [row + y, column + x];
    return r >= 0 && c >= 0 && r < PAD_SIDE && c < PAD_SIDE ? ink[r * PAD_SIDE + c] : 0;
  };
  paintTiles(
    box.canvas,
    { height: side, width: side, count: 1, at: (_, r, c) => cut(r, c) },
    { limit: 1, grey: true },
  );
  paintTiles(small.canvas, plane(steps.small, INK_SIDE, INK_SIDE), { limit: 1, grey: true });
  const [cy, cx] = steps.centre;
  small.mark(INK_SIDE, INK_SIDE, [
    ["path", { d: `M${cx} ${cy - 1.5}v3M${cx - 1.5} ${cy}h3`, class: "centre" }],
  ]);
}

/** The pixels that the chosen activation depends on, on the 28×28 picture. */
function fieldMark({ selected, digit }) {
  if (!selected || !digit) return [];
  const { top, left, bottom, right } = receptiveField(selected.name, selected.at);
  return [
    [
      "rect",
      { x: left, y: top, width: right - left + 1, height: bottom - top + 1, class: "field" },
    ],
  ];
}

/** A veil over the rows and columns that nothing in the answer depends on. */
function unseen(height, width, seen) {
  if (seen >= height) return [];
  const d = `M${seen} 0H${width}V${height}H0V${seen}H${seen}Z`;
  return [["path", { d, class: "unseen" }]];
}

// The answer ────────────────────────────────────────────────────────────────────────────────────

/** Softmax never gives 0 or 1, so neither is shown, though a float32 may round to it. */
function percent(probability) {
  if (probability > 0.9999) return ">\u00a099.99\u00a0%";
  if (probability < 0.0001) return "<\u00a00.01\u00a0%";
  return `${(100 * probability).toFixed(2)}\u00a0%`;
}

function answerPart(state) {
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
    const probabilities = state.values?.after.dense_2;
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
  const ranked = Array.from(values.after.dense_2, (p, digit) => ({ p, digit })).sort(
    (a, b) => b.p - a.p,
  );
  const [first, second] = ranked.map(({ p, digit }) => `${digit} (${percent(p)})`);
  const what = picked ? `Test digit, a ${picked.label ?? "?"}` : "Your drawing";
  return `${what}: the network says ${first}, then ${second}.`;
}

/** Logits → minus the largest → exponentials → their sum → probabilities. */
function softmaxPart(state, actions) {
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
    const logits = state.values.before.dense_2;
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

// The layers ────────────────────────────────────────────────────────────────────────────────────

const WHAT = {
  convolution: "3×3 convolution, then ReLU",
  pooling: "the largest of each 2×2 block",
  flatten: "one row of numbers; drawn as 9 positions × 64 channels",
  dense: "64 weighted sums, then ReLU",
};

function layersPart(state, actions) {
  const name = freshId();
  const choice = (text, before) => {
    const input = h("input", { type: "radio", name, onchange: () => actions.before(before) });
    return { input, before, node: h("label", {}, input, ` ${text}`) };
  };
  const choices = [choice("after ReLU", false), choice("before ReLU", true)];
  const inspector = inspectorPart(state, actions);
  const layers = state.view.layers.map((layer) => layerPart(layer, state, actions));
  // A button that vanishes with what it closes hands the keyboard on.
  actions.focus = (of) => layers.find((layer) => layer.name === of).button.focus();
  const legend = h(
    "fieldset",
    {},
    h("legend", { class: "explorer-hidden" }, "Show the layers"),
    ...choices.map((c) => c.node),
  );
  legend.hidden = !state.view.layers.some((layer) => layer.relu);
  const key = h(
    "p",
    { class: "explorer-key" },
    "Dark is 0, blue to white positive, orange negative. Choose a value to see how it comes about.",
  );
  const paint = () => {
    choices.forEach(({ input, before }) => (input.checked = before === state.before));
    layers.forEach((layer) => layer.paint());
    const open = layers.find((layer) => layer.name === state.selected?.name);
    if (open && open.node.nextSibling !== inspector.node) open.node.after(inspector.node);
    inspector.node.hidden = !open;
    inspector.paint();
  };
  const follow = () => layers.forEach((layer) => layer.follow());
  return {
    node: h(
      "div",
      { class: "explorer-layers" },
      legend,
      key,
      ...layers.map((l) => l.node),
      inspector.node,
    ),
    follow,
    paint,
  };
}

function layerPart(layer, state, actions) {
  const { name, label, shape } = layer;
  const picture = pictureOf("explorer-maps");
  const note = h("span", { class: "explorer-note" });
  const toggle = () =>
    actions.select(state.selected?.name === name ? null : { name, at: strongest(layer, state) });
  const button = h(
    "button",
    { type: "button", onclick: toggle },
    h("b", {}, label),
    ` ${shape.join(" × ")}`,
  );
  picture.node.addEventListener("click", (event) => {
    if (state.values) actions.select({ name, at: placeIn(layer, picture.hit(event)) });
  });
  const follow = () => {
    const values =
      state.values?.[state.before ? "before" : "after"][name] ?? new Float32Array(sizeOf(layer));
    const columns = columnsOf(layer, state.narrow);
    paintTiles(picture.canvas, tilesOf(layer, values), { columns, limit: largestOf(values) });
    if (shape.length === 1) picture.node.style.maxWidth = `${picture.canvas.width * 24}px`;
    picture.mark(picture.canvas.width, picture.canvas.height, chosenMark(layer, state, columns));
  };
  const paint = () => {
    follow();
    button.setAttribute("aria-expanded", state.selected?.name === name);
    note.textContent = noteOf(layer, state);
    picture.describe(`${label}, ${shape.join(" by ")}: ${note.textContent}`);
  };
  const node = h(
    "div",
    { class: "explorer-layer" },
    h("div", { class: "explorer-head" }, button, note),
    picture.node,
  );
  return { name, button, node, follow, paint };
}

const sizeOf = ({ shape }) => shape.reduce((a, b) => a * b);
const largestOf = (values) =>
  values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
const columnsOf = ({ shape }, narrow) => (shape.length === 3 ? shape[2] / (narrow ? 4 : 2) : 1);

function noteOf({ name, kind, shape, relu: bent }, { values, before }) {
  const what =
    name === "dense_2"
      ? before
        ? "ten logits, of 0 to 9"
        : "ten probabilities, of 0 to 9, by softmax"
      : WHAT[kind];
  if (!values || !bent) return what;
  const below = values.before[name].filter((value) => value <= 0).length;
  const share = `${below.toLocaleString("en")} of ${sizeOf({ shape }).toLocaleString("en")} values`;
  return before ? `${what}: before it, ${share} are not above 0` : `${what}: ${share} are 0`;
}

/** A layer as small pictures: one for each channel; rows of numbers are one picture. */
function tilesOf({ name, shape }, values) {
  if (name === "flatten_1") return plane(values, 9, 64);
  if (shape.length === 1) return plane(values, 1, shape[0]);
  const [height, width, count] = shape;
  return {
    height,
    width,
    count,
    at: (tile, row, column) => values[(row * width + column) * count + tile],
  };
}

function placeIn({ name, shape }, { tile, row, column }) {
  if (name === "flatten_1") return { index: row * 64 + column };
  return shape.length === 1 ? { index: column } : { row, column, channel: tile };
}

function strongest(layer, { values }) {
  if (!values) return layer.shape.length === 3 ? { row: 0, column: 0, channel: 0 } : { index: 0 };
  const index = values.after[layer.name].indexOf(Math.max(...values.after[layer.name]));
  if (layer.shape.length === 1) return { index };
  const [, width, channels] = layer.shape;
  const pixel = Math.floor(index / channels);
  return { row: Math.floor(pixel / width), column: pixel % width, channel: index % channels };
}

function chosenMark({ name, shape }, { selected, values }, columns) {
  if (selected?.name !== name || !values) return [];
  const { row, column, channel, index } = selected.at;
  if (name === "flatten_1") return [frameAt(index % 64, Math.floor(index / 64))];
  if (shape.length === 1) return [frameAt(index, 0)];
  const [x, y] = [
    (channel % columns) * (shape[1] + 1),
    Math.floor(channel / columns) * (shape[0] + 1),
  ];
  return [
    ["rect", { x, y, width: shape[1], height: shape[0], class: "chosen" }],
    frameAt(x + column, y + row),
  ];
}

const frameAt = (x, y) => ["rect", { x, y, width: 1, height: 1, class: "chosen" }];

// One activation ────────────────────────────────────────────────────────────────────────────────

function inspectorPart(state, actions) {
  const [title, fields, content] = [h("b"), h("span", { class: "explorer-fields" }), h("div")];
  const exact = checkbox("All digits", (on) => actions.exact(on));
  const leave = () => {
    const { name } = state.selected;
    actions.select(null);
    actions.focus(name);
  };
  const close = h("button", { type: "button", onclick: leave }, "Close");
  const head = h("div", { class: "explorer-head" }, title, fields, exact.node, close);
  const node = h(
    "div",
    { class: "explorer-inspector", role: "group", "aria-label": "One activation" },
    head,
    content,
  );
  let [built, inputs] = [null, []];
  const paint = () => {
    if (!state.selected) return;
    const layer = layerOf(state.selected.name);
    if (built !== layer) {
      [built, inputs] = [layer, placeInputs(layer, state, actions)];
      title.textContent = `One value of ${layer.label}`;
      fields.replaceChildren(...inputs.map((input) => h("label", {}, `${input.name} `, input)));
    }
    inputs.forEach(
      (input) => document.activeElement === input || (input.value = state.selected.at[input.name]),
    );
    exact.input.checked = state.exact;
    if (state.values) content.replaceChildren(...activation(layer, state, actions));
    else
      content.replaceChildren(h("p", {}, "Nothing is drawn yet, so there is nothing to compute."));
  };
  return { node, paint };
}

function placeInputs({ name, shape }, state, actions) {
  const axes =
    shape.length === 3
      ? { row: shape[0], column: shape[1], channel: shape[2] }
      : { index: shape[0] };
  return Object.entries(axes).map(([axis, count]) => {
    const change = (event) => {
      const value = Math.trunc(Number(event.target.value));
      if (event.target.value === "" || !(value >= 0 && value < count)) return;
      actions.select({ name, at: { ...state.selected.at, [axis]: value } });
    };
    const restore = (event) => (event.target.value = state.selected.at[axis]);
    return h("input", {
      type: "number",
      name: axis,
      min: 0,
      max: count - 1,
      step: 1,
      oninput: change,
      onblur: restore,
    });
  });
}

function activation(layer, state, actions) {
  const { at } = state.selected;
  const told = explain(layer.name, at, state.values, state.weights);
  const arithmetic = { convolution: weighted, dense: weighted, pooling: pooled, flatten: copied }[
    told.kind
  ];
  return [
    h(
      "div",
      { class: "explorer-where" },
      ...planeOf(layer, state, actions),
      fieldPicture(layer, state),
    ),
    ...arithmetic(layer, told, state, actions),
  ];
}

/** The channel, enlarged: any of its values can be chosen here. */
function planeOf(layer, state, actions) {
  if (layer.shape.length !== 3) return [];
  const [height, width, count] = layer.shape;
  const { row, column, channel } = state.selected.at;
  const values = state.values[state.before ? "before" : "after"][layer.name];
  const picture = pictureOf("explorer-plane");
  const tile = {
    height,
    width,
    count: 1,
    at: (_, r, c) => values[(r * width + c) * count + channel],
  };
  paintTiles(picture.canvas, tile, { limit: largestOf(values) });
  picture.mark(width, height, [...unseen(height, width, SEEN[layer.name]), frameAt(column, row)]);
  picture.describe(`Channel ${channel} of ${layer.label}, ${height} by ${width}`);
  picture.node.addEventListener("click", (event) => {
    const { row, column } = picture.hit(event);
    actions.select({ name: layer.name, at: { row, column, channel } });
  });
  const lost = height * width - SEEN[layer.name] ** 2;
  const veil = lost
    ? `; shaded: ${lost} of ${height * width} positions that no answer depends on`
    : "";
  return [captioned(picture, `channel ${channel}${veil}`)];
}

function fieldPicture(layer, state) {
  const picture = pictureOf("explorer-plane");
  paintTiles(picture.canvas, plane(state.digit, 28, 28), { limit: 1, grey: true });
  picture.mark(28, 28, [...unseen(28, 28, SEEN.image), ...fieldMark(state)]);
  const { top, left, bottom, right } = receptiveField(layer.name, state.selected.at);
  const text = `it sees ${bottom - top + 1} × ${right - left + 1} pixels: rows ${top}–${bottom}, columns ${left}–${right}`;
  picture.describe(`The digit; ${text}`);
  return captioned(picture, text);
}

/** A weighted sum: all inputs, all weights, all products, the total, and every term in its order. */
function weighted(layer, told, state) {
  const { terms, bias, sum, before, after } = told;
  const show = (value) => numeral(value, state.exact);
  const total = [
    `bias ${show(bias)}`,
    `+ ${terms.length} products ${show(sum - bias)}`,
    `= ${show(before)}`,
  ];
  const equation = h("p", { class: "explorer-equation" }, total.join(" "));
  if (layer.relu) equation.append(h("br"), `ReLU(${show(before)}) = ${show(after)}`);
  else
    equation.append(
      h("br"),
      `the logit of digit ${state.selected.at.index}; softmax makes it ${percent(after)}`,
    );
  return [termPictures(told), equation, termTable(told, state)];
}

function termPictures({ kind, terms }) {
  const wide = kind === "dense";
  const figure = ([key, caption]) => {
    const picture = pictureOf("explorer-terms");
    const size = wide
      ? { height: terms.length === 576 ? 9 : 1, width: 64, count: 1 }
      : { height: 3, width: 3, count: terms.length / 9 };
    const at = (tile, row, column) =>
      terms[wide ? row * 64 + column : tile * 9 + row * 3 + column][key];
    const limit = terms.reduce((largest, term) => Math.max(largest, Math.abs(term[key])), 0);
    paintTiles(picture.canvas, { ...size, at }, { columns: size.count > 1 ? 8 : 1, limit });
    picture.describe(
      `${terms.length} ${caption.replace(/\W/g, "")}, ${wide ? "in a row" : "3 by 3 for each channel"}`,
    );
    return captioned(picture, caption);
  };
  const figures = [
    ["input", "inputs"],
    ["weight", "× weights"],
    ["product", "= products"],
  ].map(figure);
  return h("div", { class: wide ? "explorer-products wide" : "explorer-products" }, ...figures);
}

function termTable({ kind, terms, bias, before }, { exact }) {
  const places = kind === "dense" ? ["index"] : ["channel", "row", "column"];
  const head = [...places, "input", "× weight", "= product", "sum so far"].map((text) =>
    h("th", { scope: "col" }, text),
  );
  const first = rowOf("bias", places.length + 3, numeral(bias, exact));
  const lines = terms.map((term) =>
    row(
      [
        ...places.map((p) => String(term[p])),
        ...["input", "weight", "product", "sum"].map((key) => numeral(term[key], exact)),
      ],
      term.input === 0 ? "nothing" : "",
    ),
  );
  const last = rowOf("rounded once to float32", places.length + 3, numeral(before, exact), "total");
  const caption = h(
    "caption",
    {},
    `Every term, in the order in which they are added: ${terms.length} products after the bias`,
  );
  return scrolling(
    "Every term",
    h(
      "table",
      {},
      caption,
      h("thead", {}, h("tr", {}, ...head)),
      h("tbody", {}, first, ...lines, last),
    ),
  );
}

function pooled(layer, { choices, after }, state, actions) {
  const show = (value) => numeral(value, state.exact);
  const source = layerOf(layer.source);
  const cell = ({ row, column, value }) =>
    h(
      "td",
      { class: value === after ? "total" : "" },
      `${show(value)} `,
      h("small", {}, `(${row}, ${column})`),
    );
  const table = h(
    "table",
    {},
    h("caption", {}, `Four values of ${source.label}, with their row and column`),
    h(
      "tbody",
      {},
      h("tr", {}, ...choices.slice(0, 2).map(cell)),
      h("tr", {}, ...choices.slice(2).map(cell)),
    ),
  );
  const winner = choices.find(({ value }) => value === after);
  const at = { row: winner.row, column: winner.column, channel: state.selected.at.channel };
  return [
    scrolling("Four values", table),
    h(
      "p",
      { class: "explorer-equation" },
      `the largest: ${show(after)} `,
      goTo(source, at, state, actions),
    ),
  ];
}

function copied(layer, { from, after }, state, actions) {
  const { row, column, channel } = from;
  const text = `(${row} × 3 + ${column}) × 64 + ${channel} = ${state.selected.at.index}: the same number, ${numeral(after, state.exact)} `;
  return [
    h("p", { class: "explorer-equation" }, text, goTo(layerOf(layer.source), from, state, actions)),
  ];
}

function goTo({ name, label }, at, state, actions) {
  if (!state.view.layers.some((layer) => layer.name === name)) return "";
  const go = () => {
    actions.select({ name, at });
    actions.focus(name);
  };
  return h("button", { type: "button", onclick: go }, `Go to it in ${label}`);
}

// Trust ─────────────────────────────────────────────────────────────────────────────────────────

function trustPart(state, { sha256, test, trained_on: trainedOn, witness = "Keras" }) {
  const said = h("p", { role: "status" });
  const count = (number) => number.toLocaleString("en");
  const facts = [h("code", {}, sha256)];
  if (trainedOn) facts.push(`; trained on ${trainedOn}`);
  if (test) facts.push(`; ${count(test.correct)} of ${count(test.total)} test digits right`);
  const about = h("p", {}, "Weights: sha256 ", ...facts, ".");
  const check = () => (said.textContent = verdict(state, witness));
  const button = h("button", { type: "button", onclick: check }, `Check against ${witness}`);
  button.hidden = !state.references.length;
  return h("div", { class: "explorer-trust" }, about, button, said);
}

/** Run the reference digits and compare with what the witness, Keras, once computed for them. */
function verdict({ references, weights }, witness) {
  let [same, logit, probability] = [0, 0, 0];
  const apart = (ours, theirs) => Math.max(...ours.map((value, i) => Math.abs(value - theirs[i])));
  for (const { digit, logits, probabilities } of references) {
    const { before, after } = forward(digit, weights);
    const answer = (values) => values.indexOf(Math.max(...values));
    same += answer(after.dense_2) === answer(probabilities);
    if (logits) logit = Math.max(logit, apart(before.dense_2, logits));
    probability = Math.max(probability, apart(after.dense_2, probabilities));
  }
  const differences = [`of a probability ${probability.toExponential(1)}`];
  if (references[0].logits) differences.unshift(`of a logit ${logit.toExponential(1)}`);
  const counted = `${same} of ${references.length} test digits: the same answer as ${witness}.`;
  return `${counted} Largest difference ${differences.join(", ")}.`;
}

// Small things ──────────────────────────────────────────────────────────────────────────────────

/** An element with attributes, listeners (on…) and children. */
function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes))
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value);
  node.append(...children);
  return node;
}

let ids = 0;
const freshId = () => `explorer-${(ids += 1)}`;

const row = (texts, kind = "") =>
  h("tr", { class: kind }, ...texts.map((text) => h("td", {}, text)));
const rowOf = (text, span, value, kind = "") =>
  h("tr", { class: kind }, h("td", { colspan: span }, text), h("td", {}, value));

function checkbox(text, change) {
  const input = h("input", { type: "checkbox", onchange: (event) => change(event.target.checked) });
  return { input, node: h("label", {}, input, ` ${text}`) };
}

const captioned = (picture, text) =>
  h("div", { class: "explorer-figure" }, picture.node, h("p", {}, text));

// What is wider or longer than its place scrolls, with the keyboard too.
function scrolling(label, content) {
  return h(
    "div",
    { class: "explorer-scroll", tabindex: 0, role: "region", "aria-label": label },
    content,
  );
}

/** Four decimals to read, or the shortest digits that give the same float64 again. */
function numeral(value, exact) {
  if (exact || value === 0) return String(value);
  return (Math.abs(value) < 5e-4 ? value.toExponential(2) : value.toFixed(4)).replaceAll("-", "−");
}

const plane = (values, height, width) => ({
  height,
  width,
  count: 1,
  at: (_, row, column) => values[row * width + column],
});

/** A canvas with marks drawn over it. */
function pictureOf(kind) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  return {
    node: h("div", { class: `explorer-picture ${kind}` }, canvas, svg),
    canvas,
    describe(text) {
      canvas.removeAttribute("aria-hidden");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", text);
    },
    mark(width, height, shapes) {
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.replaceChildren(
        ...shapes.map(([tag, attributes]) => {
          const shape = document.createElementNS("http://www.w3.org/2000/svg", tag);
          for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
          return shape;
        }),
      );
    },
    hit(event) {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const x = ((event.clientX - left) / width) * canvas.width;
      const y = ((event.clientY - top) / height) * canvas.height;
      return canvas.tiles.find(x, y);
    },
  };
}

// Value −1…1 as a colour: 0 is dark, positive goes over blue to white, negative over orange to sand.
const COLOURS = Array.from({ length: 511 }, (_, i) => {
  const t = (i - 255) / 255;
  const [middle, end] =
    t >= 0
      ? [
          [64, 148, 210],
          [250, 253, 255],
        ]
      : [
          [205, 92, 8],
          [255, 226, 178],
        ];
  const [from, to, part] =
    Math.abs(t) < 0.5
      ? [[20, 24, 30], middle, 2 * Math.abs(t)]
      : [middle, end, 2 * Math.abs(t) - 1];
  return from.map((level, c) => Math.round(level + (to[c] - level) * part));
});

/** Paint small pictures side by side, one pixel apart. tiles: { height, width, count, at }. */
function paintTiles(canvas, tiles, { columns = 1, limit, grey = false }) {
  const [wide, high] = [tiles.width + 1, tiles.height + 1];
  const [width, height] = [columns * wide - 1, Math.ceil(tiles.count / columns) * high - 1];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  for (let tile = 0; tile < tiles.count; tile++)
    for (let y = 0; y < tiles.height; y++)
      for (let x = 0; x < tiles.width; x++) {
        const value = limit > 0 ? tiles.at(tile, y, x) / limit : 0;
        const level = Math.round(255 * value);
        const colour = grey ? [level, level, level] : COLOURS[255 + level];
        const at =
          4 * ((Math.floor(tile / columns) * high + y) * width + (tile % columns) * wide + x);
        image.data.set(colour, at);
        image.data[at + 3] = 255;
      }
  canvas.getContext("2d").putImageData(image, 0, 0);
  const inside = (value, count) => Math.min(Math.max(Math.floor(value), 0), count - 1);
  canvas.tiles = {
    find: (x, y) => ({
      tile: Math.min(
        inside(y / high, Math.ceil(tiles.count / columns)) * columns + inside(x / wide, columns),
        tiles.count - 1,
      ),
      row: inside(y % high, tiles.height),
      column: inside(x % wide, tiles.width),
    }),
  };
}

// Where it lives ────────────────────────────────────────────────────────────────────────────────

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
    const all = LAYERS.flatMap(({ name }) => Array.from(values?.after[name] ?? []));
    model.set("strokes", structuredClone(strokes)); // or a later point would change what was sent
    model.set("_digit", bytes(digit ?? []));
    model.set("_probabilities", bytes(values?.after.dense_2 ?? []));
    model.set("_activations", bytes(all));
    model.save_changes();
  };
  el.classList.add("explorer-live");
  const data = { ...model.get("about"), weights: model.get("weights") };
  mount(el, data, { layer: model.get("layer"), onChange });
}

export default { render };

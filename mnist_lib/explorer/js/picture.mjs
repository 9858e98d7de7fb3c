// The picture: a port of mnist_lib.preprocessing. No DOM.

export const PAD_SIDE = 280; // pixels of the pad

export const PEN = 28; // diameter of the pen, in pixels of the pad

export const INK_SIDE = 20; // the box that holds the ink, inside the picture of 28

/** Ink of strokes [[[x, y], …], …] in units of the pad's side, as (280, 280) numbers in [0, 1]. */
export const rasterise = (strokes) => growingInk()(strokes);

/**
 * The same function, for a drawing that grows: it remembers the last one, and where the new one goes
 * on from it, only what is new is inked.
 */
export function growingInk() {
  let [before, ink] = [[], null];
  return (strokes) => {
    const more = ink && goesOn(before, strokes);
    ink = more ? ink.slice() : new Float32Array(PAD_SIDE * PAD_SIDE);
    strokes.forEach((stroke, k) => drawStroke(ink, stroke, more ? (before[k]?.length ?? 0) : 0));
    before = strokes;
    return ink;
  };
}

/** Whether old strokes are the beginning of new ones: the same, but for points at the end of the last. */
const goesOn = (old, strokes) =>
  old.every((stroke, k) => {
    const [at, now] = [stroke.length - 1, strokes[k]];
    return (
      now === stroke || (k === old.length - 1 && now?.[0] === stroke[0] && now[at] === stroke[at])
    );
  });

function drawStroke(ink, stroke, from) {
  const pixels = ([x, y]) => [x * PAD_SIDE, y * PAD_SIDE];
  for (let i = from; i < stroke.length; i++)
    drawSegment(ink, pixels(stroke[Math.max(i - 1, 0)]), pixels(stroke[i]));
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

// For each of 20 equal parts of `side` cells: which cells fall into it, and what share of each.
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
  // Where the box starts in its square; the empty rows and columns are never built.
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

// Where pixel (top, left) of the 28×28 picture is on the pad.
export function squareCorner({ box, top, left }) {
  const side = Math.max(box.width, box.height);
  return {
    x: box.left - ((side - box.width) >> 1),
    y: box.top - ((side - box.height) >> 1),
    top,
    left,
  };
}

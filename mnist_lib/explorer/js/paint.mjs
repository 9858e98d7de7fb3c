// Numbers as colours and as text: canvases, the marks over them, numerals.

import { h } from "./dom.mjs";
import { SHAPES } from "./engine.mjs";
import { receptiveField } from "./explain.mjs";

/** Four decimals for reading, or the shortest digits that parse back to the same float64. */
export function numeral(value, exact) {
  if (exact || value === 0) return String(value);
  const size = Math.abs(value);
  const text = size < 5e-4 || size >= 1e6 ? value.toExponential(2) : value.toFixed(4);
  return text.replaceAll("-", "−");
}

/** Softmax never gives 0 or 1, so neither is shown, though a float32 may round to it. */
export function percent(probability) {
  if (probability > 0.9999) return ">\u00a099.99\u00a0%";
  if (probability < 0.0001) return "<\u00a00.01\u00a0%";
  return `${(100 * probability).toFixed(2)}\u00a0%`;
}

export const largestOf = (values) =>
  values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

export const plane = (values, height, width) => ({
  height,
  width,
  count: 1,
  at: (_, row, column) => values[row * width + column],
});

/**
 * How the numbers of a layer are laid out as small pictures: one for each channel; a flat row as one
 * picture, a line for each pixel of the map it came from; any other row as one line.
 */
export function gridOf({ kind, shape, source }) {
  if (shape.length === 3) return { height: shape[0], width: shape[1], count: shape[2] };
  const width = kind === "flatten" ? SHAPES[source][2] : shape[0];
  return { height: shape[0] / width, width, count: 1 };
}

/** A canvas with marks drawn over it. */
export function pictureOf(className) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const svg = svgElement("svg", { "aria-hidden": "true" });
  const node = h("div", { class: `explorer-picture ${className}` }, canvas, svg);
  let locate = null;
  const hit = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * canvas.width;
    const y = ((event.clientY - top) / height) * canvas.height;
    return locate(x, y);
  };
  return {
    node,
    /** How many numbers stand side by side, and one below the other, gaps included. */
    size: () => [canvas.width, canvas.height],
    paint(tiles, options) {
      locate = paintTiles(canvas, tiles, options);
    },
    describe(text) {
      canvas.removeAttribute("aria-hidden");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", text);
    },
    mark(width, height, shapes) {
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.replaceChildren(...shapes.map(([tag, attributes]) => svgElement(tag, attributes)));
    },
    /** The tile, row and column under the pointer. */
    hit,
    /** A line below the picture says which number is under the mouse. textAt: from a hit to text. */
    readout(textAt) {
      const line = h("span", { class: "explorer-pointed", "aria-hidden": "true", hidden: "" });
      node.append(line);
      canvas.addEventListener("pointermove", (event) => {
        line.textContent = event.pointerType === "mouse" ? textAt(hit(event)) : "";
        line.hidden = !line.textContent;
      });
      canvas.addEventListener("pointerleave", () => (line.hidden = true));
    },
  };
}

export function svgElement(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

// Value −1…1 as a colour: 0 is dark, positive goes via blue to white, negative via orange to sand.
const DARK = [20, 24, 30];
const POSITIVE = [
  [64, 148, 210],
  [250, 253, 255],
];
const NEGATIVE = [
  [205, 92, 8],
  [255, 226, 178],
];
const COLOURS = Array.from({ length: 511 }, (_, i) => {
  const t = (i - 255) / 255;
  const [middle, end] = t >= 0 ? POSITIVE : NEGATIVE;
  const outer = Math.abs(t) >= 0.5;
  const [from, to] = outer ? [middle, end] : [DARK, middle];
  const part = 2 * Math.abs(t) - (outer ? 1 : 0);
  return from.map((level, c) => Math.round(level + (to[c] - level) * part));
});

/**
 * Paint small pictures side by side, one pixel apart. tiles: { height, width, count, at }. Returns a
 * function that finds the tile, row and column at a point on the canvas.
 */
export function paintTiles(canvas, tiles, { columns = 1, limit, grey = false }) {
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
  return locator(tiles, columns);
}

function locator(tiles, columns) {
  const [wide, high] = [tiles.width + 1, tiles.height + 1];
  const inside = (value, count) => Math.min(Math.max(Math.floor(value), 0), count - 1);
  return (x, y) => {
    const line = inside(y / high, Math.ceil(tiles.count / columns));
    return {
      tile: Math.min(line * columns + inside(x / wide, columns), tiles.count - 1),
      row: inside(y % high, tiles.height),
      column: inside(x % wide, tiles.width),
    };
  };
}

/** A frame round one number. */
export const frameAt = (x, y) => ["rect", { x, y, width: 1, height: 1, class: "chosen" }];

/** The pixels that the chosen activation depends on, on the 28×28 picture. */
export function fieldMark({ selected, digit }) {
  if (!selected || !digit) return [];
  const { top, left, bottom, right } = receptiveField(selected.name, selected.at);
  return [
    [
      "rect",
      { x: left, y: top, width: right - left + 1, height: bottom - top + 1, class: "field" },
    ],
  ];
}

/** Shade the rows and columns that no output depends on. */
export function unseen(height, width, seen) {
  if (seen >= height) return [];
  const d = `M${seen} 0H${width}V${height}H0V${seen}H${seen}Z`;
  return [["path", { d, class: "unseen" }]];
}

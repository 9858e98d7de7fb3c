// A kernel that slides over a picture, one window at a time; every number can be changed.

import { allow, buttonOf, h } from "../dom.mjs";
import { conv2d } from "../engine.mjs";
import { fields, inBrackets, products, results, written } from "./table.mjs";

const [IMAGE_SIDE, KERNEL_SIDE] = [4, 3]; // of the picture, and of the kernel
const MAP_SIDE = IMAGE_SIDE - KERNEL_SIDE + 1;

/** The example of the chapter Convolution: a bright corner, and a kernel that looks for one. */
const CORNER = {
  image: [3, 3, 3, 2, 3, 0, 0, 0, 3, 0, 1, 0, 2, 0, 0, 0],
  kernel: [1, 1, 1, 1, -1, -1, 1, -1, -1],
  bias: [0],
};

/** Where in the picture the window of an output reads. */
const windowOf = (at) =>
  Array.from(CORNER.kernel, (_, i) => {
    const [row, column] = [Math.floor(at / MAP_SIDE), at % MAP_SIDE];
    return (row + Math.floor(i / KERNEL_SIDE)) * IMAGE_SIDE + column + (i % KERNEL_SIDE);
  });

export function windowStepper() {
  let numbers = structuredClone(CORNER);
  let [at, reached] = [0, 0];
  const complaint = h("p", { class: "stepper-complaint", role: "alert" });
  const change = (part) => ({
    change: (i, value) => {
      numbers[part][i] = value;
      paint();
    },
    complain: (text) => (complaint.textContent = text),
  });
  const image = fields("image", IMAGE_SIDE ** 2, IMAGE_SIDE, change("image"));
  const kernel = fields("kernel", KERNEL_SIDE ** 2, KERNEL_SIDE, change("kernel"));
  const bias = fields("bias", 1, 1, change("bias"));
  const map = results("map", MAP_SIDE ** 2, MAP_SIDE, (i) => go(i));
  const equation = h("p", { class: "explorer-equation" });
  const aloud = h("p", { class: "explorer-hidden", role: "status" });
  const go = (to) => {
    at = Math.min(Math.max(to, 0), MAP_SIDE ** 2 - 1);
    reached = Math.max(reached, at);
    paint();
    aloud.textContent = equation.textContent;
  };
  const back = buttonOf("Back", () => go(at - 1));
  const step = buttonOf("Step", () => go(at + 1));
  const reset = buttonOf("Reset", () => {
    numbers = structuredClone(CORNER);
    reached = 0;
    go(0);
  });
  const paint = () => {
    const read = windowOf(at);
    const all = conv2d(numbers.image, [IMAGE_SIDE, IMAGE_SIDE, 1], numbers, KERNEL_SIDE);
    image.show(numbers.image, (i) => read.includes(i));
    kernel.show(numbers.kernel);
    bias.show(numbers.bias);
    map.show(
      Array.from(all, (value, i) => (i <= reached ? value : undefined)),
      at,
    );
    equation.textContent = sentence(numbers, read, at, all[at]);
    allow(back, at > 0);
    allow(step, at < MAP_SIDE ** 2 - 1);
  };
  map.node.addEventListener("keydown", ({ key }) => {
    const move = { ArrowRight: 1, ArrowDown: MAP_SIDE, ArrowLeft: -1, ArrowUp: -MAP_SIDE }[key];
    if (!move || at + move < 0 || at + move >= MAP_SIDE ** 2) return;
    go(at + move);
    map.focus(at);
  });
  paint();
  return [
    h("div", { class: "stepper-row" }, image.node, kernel.node, bias.node, map.node),
    complaint,
    h("div", { class: "explorer-controls" }, back, step, reset),
    equation,
    aloud,
  ];
}

function sentence({ image, kernel, bias }, read, at, value) {
  const pairs = read.map((place, i) => [image[place], kernel[i]]);
  const where = `Row ${Math.floor(at / MAP_SIDE)}, column ${at % MAP_SIDE}: `;
  return `${where}${products(pairs)} + bias ${inBrackets(bias[0])} = ${written(value)}`;
}

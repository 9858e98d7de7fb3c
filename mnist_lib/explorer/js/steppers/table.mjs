// Small tables of numbers: to be changed, or to be asked where a number comes from.

import { freshId, h } from "../dom.mjs";

export const LARGEST = 1e6; // beyond it nothing could be read

/** Up to four decimals, as the chapters write them, and up to six digits. */
export const written = (value) =>
  String(Math.round(Number(value.toPrecision(6)) * 1e4) / 1e4).replace("-", "−");

/** A factor or a summand behind a sign. */
export const inBrackets = (value) => (value < 0 ? `(${written(value)})` : written(value));

/** "3 · 1 + 0 · (−1)": the pairs of a sum of products. */
export const products = (pairs) =>
  pairs.map(([a, b]) => `${written(a)} · ${inBrackets(b)}`).join(" + ");

/** The number that somebody typed, or null. */
function parsed(text) {
  const value = Number(text.replace("−", "-").trim() || NaN);
  return Math.abs(value) <= LARGEST ? value : null;
}

/**
 * A table of numbers that can be changed. name: in words; width: how many stand in a row; change: gets
 * the place and the new value; complain: gets what was wrong, or nothing. `show(values, marked)` writes
 * the values, except where one is being typed, and marks some places.
 */
export function fields(name, count, width, { change, complain }) {
  const inputs = Array.from({ length: count }, (_, i) => {
    const where = count > 1 ? `, row ${Math.floor(i / width)}, column ${i % width}` : "";
    const limits = { type: "text", inputmode: "decimal", autocomplete: "off" };
    const input = h("input", { ...limits, "aria-label": `${name}${where}` });
    input.addEventListener("input", () => {
      const value = parsed(input.value);
      input.setAttribute("aria-invalid", value === null);
      complain(value === null ? `Wanted: a number up to a million. Typed: “${input.value}”.` : "");
      if (value !== null) change(i, value);
    });
    input.addEventListener("blur", () => {
      input.removeAttribute("aria-invalid");
      complain("");
      input.value = input.dataset.value; // the last good number
    });
    return input;
  });
  const show = (values, marked = () => false) =>
    inputs.forEach((input, i) => {
      input.dataset.value = written(values[i]);
      if (document.activeElement !== input) input.value = input.dataset.value;
      input.classList.toggle("marked", marked(i));
    });
  return { node: titled(name, inputs, width), show };
}

/**
 * A table of numbers that come out. ask: gets the place of the one that was chosen. `show(values,
 * chosen)`; a value that is undefined is not known yet.
 */
export function results(name, count, width, ask) {
  const buttons = Array.from({ length: count }, (_, i) =>
    h("button", { type: "button", onclick: () => ask(i) }),
  );
  const node = titled(name, buttons, width);
  const show = (values, chosen) =>
    buttons.forEach((button, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      const known = values[i] !== undefined;
      button.textContent = known ? written(values[i]) : "?";
      const where = count > 1 ? `, row ${row}, column ${column}` : "";
      button.setAttribute("aria-label", `${name}${where}: ${known ? written(values[i]) : "open"}`);
      button.setAttribute("aria-pressed", i === chosen);
    });
  return { node, show, focus: (i) => buttons[i].focus() };
}

function titled(name, cells, width) {
  const title = h("div", { id: freshId(), class: "stepper-title" }, name);
  const style = `grid-template-columns: repeat(${width}, auto)`;
  const grid = h("div", { class: "stepper-grid", style }, ...cells);
  return h("div", { role: "group", "aria-labelledby": title.id }, title, grid);
}

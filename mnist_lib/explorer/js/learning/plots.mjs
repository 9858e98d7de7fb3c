// What the curves of a run show: the loss, the digits held out, the followed weight.

import { grouped } from "../dom.mjs";
import { FOLLOWED, layerOf } from "../engine.mjs";
import { chartOf, decades, outlineOf } from "./charts.mjs";

const WINDOW = 20; // steps whose mean is drawn
const SKIPPED = "passed too quickly to be noted";
const SMALLEST = 1e-6; // a loss below it is drawn at the edge

export const short = (value) =>
  (Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(2)
    : value.toPrecision(4)
  ).replaceAll("-", "−");

/** The loss of each step and its running mean, on a logarithmic axis. */
export function lossPlot(session) {
  const curves = remembered((losses) => {
    const means = meansOf(losses);
    return { means, thin: outlineOf(losses), thick: outlineOf(means) };
  });
  const read = (step) => {
    const { losses } = session.run;
    if (step < 1 || step > losses.length) return "no step yet";
    const { means } = curves(losses);
    means.follow();
    const mean = `mean of ${Math.min(step, WINDOW)}: ${short(means.at(step - 1))}`;
    return `step ${grouped(step)}: ${short(losses.at(step - 1))} · ${mean}`;
  };
  const key = `Thin: each step. Thick: the mean of the last ${WINDOW}.`;
  const chart = chartOf({ title: "Loss", key, across: "step", up: "loss of a batch", read });
  const paint = () => {
    const { losses } = session.run;
    const { means, thin, thick } = curves(losses);
    for (const one of [means, thin, thick]) one.follow();
    const [smallest, high] = [Math.min(thin.low, 1), Math.max(thin.high, 3)];
    const low = 10 ** Math.floor(Math.log10(Math.max(smallest, SMALLEST)));
    chart.paint({
      from: 1,
      to: Math.max(losses.length, 1),
      latest: losses.length,
      low,
      high,
      logarithmic: true,
      ticks: decades(low, high),
      marks: [{ at: Math.log(10), text: "a guess" }],
      lines: [thin.line("thin"), thick.line("thick")],
    });
  };
  return { node: chart.node, paint };
}

/** What belongs to a series is made once: each run has a series of its own. */
function remembered(make) {
  let [last, made] = [null, null];
  return (series) => {
    if (series !== last) [last, made] = [series, make(series)];
    return made;
  };
}

/** The mean of the last steps, after each: a series that `follow` brings up to date with another. */
function meansOf(losses) {
  const values = [];
  let sum = 0;
  return {
    get length() {
      return values.length;
    },
    at: (index) => values[index],
    follow() {
      for (let i = values.length; i < losses.length; i++) {
        sum += losses.at(i) - (i >= WINDOW ? losses.at(i - WINDOW) : 0);
        values.push(Math.max(sum, 0) / Math.min(i + 1, WINDOW));
      }
    },
  };
}

/** Right answers among the digits held out, by epoch: of quick epochs only some are reported. */
export function heldPlot(session) {
  const held = () => session.digits.held.length;
  const last = () => session.run.looks.at(-1)?.epoch ?? -1;
  const read = (epoch) => {
    if (epoch < 0 || epoch > last()) return "not counted yet";
    const look = session.run.looks.find((one) => one.epoch === epoch);
    const found = look ? `${grouped(look.right)} of ${grouped(held())}` : SKIPPED;
    return `epoch ${epoch}: ${found}`;
  };
  const chart = chartOf({ title: "Held-out digits", across: "epoch", up: "right", read });
  const paint = () => {
    const { looks } = session.run;
    const ticks = [0, 0.5, 1].map((part) => ({ at: part * held(), text: grouped(part * held()) }));
    chart.paint({
      from: 0,
      to: Math.max(last(), 1),
      latest: last(),
      low: 0,
      high: held(),
      ticks,
      marks: [{ at: held() / 10, text: "a guess" }],
      lines: [
        {
          kind: "dotted",
          length: looks.length,
          x: (i) => looks[i].epoch,
          y: (i) => looks[i].right,
        },
      ],
    });
  };
  return { node: chart.node, paint };
}

/** The weight that the book follows, step by step. */
export function pathPlot(session) {
  const { label } = layerOf(FOLLOWED.name);
  const [row, column, , kernel] = FOLLOWED.place;
  const read = (step) => {
    const { path } = session.run;
    if (step < 1 || step > path.length) return "no step yet";
    return `step ${grouped(step)}: ${short(path.at(step - 1))}`;
  };
  const title = `One weight of ${label}`;
  const key = `Kernel ${kernel}, row ${row}, column ${column}: the weight that this book follows.`;
  const chart = chartOf({ title, key, across: "step", up: "value", read });
  const curves = remembered(outlineOf);
  const paint = () => {
    const { path } = session.run;
    const outline = curves(path);
    outline.follow();
    const [low, high] = padded([outline.low, outline.high]);
    const places = [low, 0, high].filter((at, i) => i !== 1 || (low < 0 && high > 0));
    chart.paint({
      from: 1,
      to: Math.max(path.length, 1),
      latest: path.length,
      low,
      high,
      ticks: places.map((at) => ({
        at,
        text: String(Number(at.toPrecision(2))).replace("-", "−"),
      })),
      lines: [outline.line("thick")],
    });
  };
  return { node: chart.node, paint };
}

/** A range that is not too narrow, with some room above and below. */
function padded([low, high]) {
  if (low > high) return [-0.1, 0.1];
  const room = Math.max(0.1 * (high - low), 0.002);
  return [low - room, high + room];
}

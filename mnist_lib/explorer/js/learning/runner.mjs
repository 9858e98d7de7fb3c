// Does the work of a run in slices, and reports on it: in a worker, or in the page. No DOM.

import { createRun, countRight, work } from "./trainer.mjs";

const EVERY = 100; // milliseconds from one report to the next
const ROOM = 1 << 15; // steps that may pass without a report; then the run waits

/**
 * post: what sends a report; slice: milliseconds of work before other events have their turn. Returns
 * `handle(message)`. A report is sent only when the last one was received: nothing piles up.
 */
export function createRunner(post, slice) {
  const runner = { post, slice, run: null, mode: "paused", awaited: false, reported: -Infinity };
  runner.losses = new Float32Array(ROOM);
  runner.path = new Float32Array(ROOM);
  // Unlike a timer, a message to oneself is not slowed down in a tab in the background.
  const channel = new MessageChannel();
  runner.again = () => channel.port2.postMessage(null);
  channel.port1.addEventListener("message", () => attempt(runner, () => tick(runner)));
  channel.port1.start();
  return (message) => {
    runner.id = message.id ?? runner.id;
    attempt(runner, () => HANDLERS[message.type](runner, message));
    // A wish that finds the run at rest is answered at once: no later report would say so.
    if (WISHES.has(message.type) && runner.mode === "paused") report(runner);
  };
}

const WISHES = new Set(["go", "one", "pause", "rate", "count"]);

/** A mistake in the code, or no memory left, is reported in place of a silence. */
function attempt(runner, act) {
  try {
    act();
  } catch (error) {
    runner.mode = "paused";
    runner.post({ type: "failed", id: runner.id, reason: String(error) });
  }
}

const HANDLERS = {
  /** Begin anew. digits and kernel: as for `createRun`, kept when they are missing. */
  begin(runner, { digits = runner.digits, kernel = runner.kernel, settings, followed }) {
    const run = createRun(digits, kernel, settings);
    const fresh = { digits, kernel, run, followed, pending: 0, looked: null, waiting: false };
    Object.assign(runner, fresh, { work: work(run), mode: "one" });
    runner.speed = { since: performance.now(), learned: 0, value: null };
    runner.again();
  },
  go: (runner) => start(runner, "going"),
  one: (runner) => start(runner, "one"),
  pause(runner) {
    if (runner.mode === "going") runner.mode = "one"; // the step that has begun is completed
  },
  /** At once, for good: whoever closes the run hears nothing more of it. */
  stop: (runner) => (runner.mode = "paused"),
  rate: (runner, { rate }) => (runner.run.rate = rate),
  count(runner, { digits }) {
    const right = countRight(runner.run.network, digits);
    const { id, run } = runner;
    runner.post({ type: "counted", id, right, total: digits.labels.length, step: run.step });
  },
  received(runner) {
    runner.awaited = false;
    if (runner.waiting) runner.again();
    if (runner.late) report(runner);
  },
};

function start(runner, mode) {
  const idle = runner.mode === "paused";
  if (runner.run.ended) return;
  runner.mode = mode;
  if (!idle) return;
  Object.assign(runner.speed, { since: performance.now(), learned: 0 });
  runner.again();
}

/** Work for a slice of time; then, unless the run rests or waits, again. */
function tick(runner) {
  runner.waiting = false;
  if (runner.mode === "paused") return;
  const end = performance.now() + runner.slice;
  do advance(runner);
  while (runner.mode !== "paused" && performance.now() < end && runner.pending < ROOM);
  if (runner.mode === "paused" || performance.now() - runner.reported > EVERY) report(runner);
  if (runner.mode === "paused") return;
  if (runner.pending < ROOM) runner.again();
  else runner.waiting = true;
}

function advance(runner) {
  const { run } = runner;
  const { step } = run;
  const complete = runner.work.next().value;
  if (run.step > step) {
    runner.speed.learned += run.size;
    if (run.ended !== "diverged") keep(runner, run);
  }
  if ((complete && runner.mode === "one") || run.ended) runner.mode = "paused";
}

function keep(runner, { loss, network }) {
  runner.losses[runner.pending] = loss;
  runner.path[runner.pending] = network.weights[runner.followed];
  runner.pending += 1;
}

/** What has happened since the last report. The weights come along after each look at the digits held out. */
function report(runner) {
  runner.late = runner.awaited;
  if (runner.awaited) return;
  const { run, pending, mode } = runner;
  const { step, epoch, look, ended, network } = run;
  const [first] = network.layers;
  const rests = mode === "paused";
  const looked = runner.looked !== look;
  const sound = ended !== "diverged"; // else the page keeps what it has
  runner.post({
    type: "report",
    id: runner.id, // of the last message: the page knows which of its wishes this report has seen
    running: mode === "going",
    busy: mode === "one",
    step,
    epoch,
    ended,
    simd: network.simd,
    losses: runner.losses.slice(0, pending),
    path: runner.path.slice(0, pending),
    loss: run.loss,
    kernels: sound ? network.weights.slice(0, first.inputs * first.outputs) : null,
    look: looked ? look : null,
    weights: sound && (rests || looked) ? network.weights.slice() : null,
    speed: speedOf(runner.speed),
  });
  runner.looked = look;
  Object.assign(runner, { pending: 0, awaited: true, reported: performance.now() });
}

/** Digits learned a second, over about a second. */
function speedOf(speed) {
  const seconds = (performance.now() - speed.since) / 1000;
  if (seconds < 1) return speed.value;
  speed.value = speed.learned / seconds;
  Object.assign(speed, { since: performance.now(), learned: 0 });
  return speed.value;
}

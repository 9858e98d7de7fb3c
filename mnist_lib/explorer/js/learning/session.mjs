// One run as the page knows it: its settings, and all that was reported of it. No DOM.

import { FOLLOWED } from "../engine.mjs";
import { weightIndex } from "../explain_gradient.mjs";
import { createClient } from "./client.mjs";
import { DEFAULTS } from "./trainer.mjs";

/** Where the followed weight is among all of them in a row: in C1, whose kernel is the first array. */
export const FOLLOWED_AT = weightIndex({ ...FOLLOWED, part: "kernel" });

/** Numbers that come one after the other, as many as there will be. */
export function createSeries() {
  let values = new Float32Array(1024);
  return {
    length: 0,
    add(more) {
      while (this.length + more.length > values.length) {
        const larger = new Float32Array(2 * values.length);
        larger.set(values);
        values = larger;
      }
      values.set(more, this.length);
      this.length += more.length;
    },
    at: (index) => values[index],
  };
}

const fresh = () => ({
  step: 0,
  epoch: 0,
  running: false,
  ended: null,
  speed: null,
  failed: null,
  losses: createSeries(),
  path: createSeries(),
  looks: [],
  kernels: null,
  weights: null,
  weightsStep: 0,
  counted: null,
  counting: false,
  rateChanged: false,
  busy: true,
});

/**
 * A run and its controls. worker: the source of the worker; kernel: bytes of the matrix product;
 * digits: as for `createRun`; changed: called after each change of `run` or `settings`.
 */
export function createSession({ worker, kernel, digits, changed }) {
  const session = { settings: { ...DEFAULTS }, run: fresh(), digits, simd: null };
  let client = null;
  let [id, begun] = [0, 0]; // of the last message, and of the one that began this run
  const hear = (message) => {
    if (message.id < begun) return; // of a run that is over
    HEARD[message.type](session, message, message.id === id);
    changed(message.type);
  };
  const begin = () => {
    session.run = fresh();
    const first = client === null;
    client ??= createClient(worker, hear);
    const sent = first || session.sent !== session.digits ? session.digits : undefined;
    session.sent = session.digits;
    begun = id += 1;
    client.send({
      type: "begin",
      id,
      digits: sent,
      kernel: first ? kernel : undefined,
      settings: session.settings,
      followed: FOLLOWED_AT,
    });
  };
  const send = (type, more) => {
    id += 1;
    client.send({ type, id, ...more });
    changed(type);
  };
  begin();
  return Object.assign(session, {
    go() {
      session.run.running = true;
      send("go");
    },
    one() {
      session.run.busy = true;
      send("one");
    },
    pause: () => send("pause"),
    /** Begin anew; a worker that has died is replaced. settings: what is to change. */
    reset(settings = {}) {
      Object.assign(session.settings, settings);
      if (session.run.failed !== null) {
        client.close();
        client = null;
      }
      begin();
      changed("reset");
    },
    setRate(rate) {
      session.settings.rate = rate;
      session.run.rateChanged ||= session.run.step > 0 || session.run.running;
      send("rate", { rate });
    },
    count: (test) => send("count", { digits: test }),
    where: () => client.where,
    close: () => client.close(),
  });
}

const HEARD = {
  report(session, message, current) {
    const { run } = session;
    const { losses, path, look, weights, step, epoch, ended, loss, running, busy } = message;
    Object.assign(run, { step, epoch, ended, loss });
    if (current || ended) Object.assign(run, { running, busy });
    run.kernels = message.kernels ?? run.kernels;
    run.speed = message.speed ?? run.speed;
    session.simd = message.simd;
    run.losses.add(losses);
    run.path.add(path);
    if (weights) Object.assign(run, { weights, weightsStep: step });
    if (!look) return;
    run.looks.push(look);
  },
  counted({ run }, { right, total, step }) {
    Object.assign(run, { counted: { right, total, step }, counting: false });
  },
  failed({ run }, { reason }) {
    Object.assign(run, { failed: reason, running: false, busy: false });
  },
};

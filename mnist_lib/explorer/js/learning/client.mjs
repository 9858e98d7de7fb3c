// Starts the runner, in a worker if the browser lets it, else in slices on the page.

import { createRunner } from "./runner.mjs";

const SLICE = 6; // milliseconds of a frame's 16: the page goes on moving

/**
 * source: the joined script of the worker; hear: called with each message. Returns { send, close,
 * where }. A worker that never becomes ready is replaced by the page; one that fails later is reported
 * as { type: "failed", reason }.
 */
export function createClient(source, hear) {
  const client = { where: "worker", send: null, close: () => {} };
  const waiting = []; // until the worker is ready
  client.send = (message) => void waiting.push(message);
  const use = (send) => {
    client.send = send;
    waiting.splice(0).forEach(send);
  };
  const onPage = () => {
    if (client.where === "closed") return;
    client.where = "page";
    use(runOnPage(client, hear));
  };
  try {
    const worker = startWorker(source);
    client.close = () => {
      client.where = "closed";
      worker.terminate();
    };
    let ready = false;
    worker.addEventListener("message", ({ data }) => {
      if (data.type !== "ready") return answer(client, data, hear);
      ready = true;
      use((message) => worker.postMessage(message, []));
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault?.();
      worker.terminate();
      if (!ready) onPage();
      else if (client.where !== "closed") hear({ type: "failed", reason: event.message });
    });
  } catch {
    onPage();
  }
  return client;
}

function startWorker(source) {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return new Worker(address);
  } finally {
    setTimeout(() => URL.revokeObjectURL(address), 10_000); // it is read only when the worker starts
  }
}

function runOnPage(client, hear) {
  const handle = createRunner((message) => answer(client, message, hear), SLICE);
  client.close = () => {
    client.where = "closed";
    handle({ type: "stop" });
  };
  return handle;
}

/** Every report is confirmed at once, also in a tab in the background, which paints nothing. */
function answer(client, message, hear) {
  if (client.where === "closed") return;
  hear(message);
  if (message.type === "report") queueMicrotask(() => client.send({ type: "received" }));
}

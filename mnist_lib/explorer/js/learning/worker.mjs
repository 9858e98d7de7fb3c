// The entry of the worker: the page sends messages, the runner answers.

import { createRunner } from "./runner.mjs";

const SLICE = 25; // milliseconds: how soon a worker notices that it should pause

const handle = createRunner((message) => postMessage(message), SLICE);
addEventListener("message", ({ data }) => handle(data));
postMessage({ type: "ready" });

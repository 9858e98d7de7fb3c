// The digits, as the book's build packs them: gzip, base64, a label and 784 grey levels each.

import { loadScript } from "../dom.mjs";
import { SHAPES, bytesOf } from "../engine.mjs";
import { crc32 } from "./npz.mjs";

const SIZE = SHAPES.image[0] * SHAPES.image[1];
const loaded = new Map(); // by name: the promise of the digits, shared by all explorers of a page

/**
 * The digits of one file: { labels, pixels }, bytes. addresses: where the files are, by name. Rejects
 * with an Error whose message is for the reader; the next call tries again.
 */
export function loadDigits(name, addresses) {
  if (!loaded.has(name)) {
    const promise = fetchDigits(name, addresses[name]);
    promise.catch(() => loaded.delete(name));
    loaded.set(name, promise);
  }
  return loaded.get(name);
}

async function fetchDigits(name, address) {
  if (typeof DecompressionStream === "undefined")
    throw new Error("This browser cannot unpack the digits: it has no DecompressionStream.");
  try {
    await loadScript(address);
    const { packed, count, crc32: expected } = globalThis.mnistExplorer.digits[name];
    const bytes = await unzip(bytesOf(packed));
    if (bytes.length !== count * (SIZE + 1) || crc32(bytes) !== expected)
      throw new RangeError("cut short, or changed");
    return { labels: bytes.subarray(0, count), pixels: bytes.subarray(count) };
  } catch {
    throw new Error("The file with the digits is missing or damaged.");
  }
}

async function unzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Which digits are learned from and which are held out, and all of them in a row. */
export function arrangeDigits(first, more = null, { learn = 1000 } = {}) {
  const joined = (key) => {
    const bytes = new Uint8Array(first[key].length + (more?.[key].length ?? 0));
    bytes.set(first[key]);
    if (more) bytes.set(more[key], first[key].length);
    return bytes;
  };
  const [labels, pixels] = [joined("labels"), joined("pixels")];
  const all = Uint16Array.from(labels, (_, i) => i);
  const isHeld = (i) => i >= learn && i < first.labels.length;
  return {
    labels,
    pixels,
    train: all.filter((i) => !isHeld(i)),
    held: all.filter(isHeld),
  };
}

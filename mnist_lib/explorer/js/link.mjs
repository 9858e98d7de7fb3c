// A drawing as text: in a link, and for the other pages of the same tab. No DOM.

const VERSION = 1;
const LEVELS = 4095; // twelve bits for a coordinate
const [LOW, REACH] = [-0.5, 2]; // a stroke may leave the pad, whose side is 1
const CLOSE = 0.5 / 280; // half a pixel of the pad: a point that is nearer to the last one is left out
const LONGEST = 20_000; // characters

/** Strokes [[[x, y], …], …] as text for an address: about four characters a point. */
export function drawingText(strokes) {
  const bytes = [VERSION];
  for (const stroke of strokes) {
    const points = thinned(stroke);
    bytes.push(points.length >> 8, points.length & 255);
    for (const [x, y] of points.map((point) => point.map(levelOf)))
      bytes.push(x >> 4, ((x & 15) << 4) | (y >> 8), y & 255);
  }
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The strokes of such a text, or null where it is none: whoever wrote the link may have written anything. */
export function drawingFrom(text) {
  const bytes = bytesFrom(text);
  if (bytes?.[0] !== VERSION) return null;
  const strokes = [];
  for (let at = 1; at < bytes.length; ) {
    const count = bytes[at] * 256 + bytes[at + 1];
    const end = at + 2 + 3 * count;
    if (!(count > 0 && end <= bytes.length)) return null;
    strokes.push(Array.from({ length: count }, (_, i) => pointFrom(bytes, at + 2 + 3 * i)));
    at = end;
  }
  return strokes.length ? strokes : null;
}

function bytesFrom(text) {
  if (text.length > LONGEST || !/^[\w-]+$/.test(text)) return null;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (byte) => byte.charCodeAt(0));
  } catch {
    return null; // a length that base64 does not have
  }
}

function pointFrom(bytes, at) {
  const [first, both, last] = bytes.subarray(at, at + 3);
  const levels = [(first << 4) | (both >> 4), ((both & 15) << 8) | last];
  return levels.map((level) => LOW + (REACH * level) / LEVELS);
}

const levelOf = (value) => Math.round((LEVELS * Math.min(Math.max(value - LOW, 0), REACH)) / REACH);

function thinned(stroke) {
  const kept = [stroke[0]];
  for (const [x, y] of stroke.slice(1)) {
    const [lastX, lastY] = kept.at(-1);
    if (Math.hypot(x - lastX, y - lastY) >= CLOSE) kept.push([x, y]);
  }
  return kept;
}

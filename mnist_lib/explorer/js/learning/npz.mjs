// A file that NumPy opens: arrays as .npy in a zip archive, stored, not compressed. No DOM.

import { WEIGHTED, kernelShapeOf } from "../engine.mjs";

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** The checksum of zip and gzip, as a whole number from 0 to 2³² − 1. */
export function crc32(bytes) {
  let rest = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) rest = TABLE[(rest ^ bytes[i]) & 255] ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}

/** One float32 array as .npy, version 1.0: the header is filled with spaces to a multiple of 64. */
export function asNpy(values, shape) {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  const length = Math.ceil((10 + header.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length + 4 * values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, ...textBytes("NUMPY"), 1, 0]);
  view.setUint16(8, length - 10, true);
  bytes.set(textBytes(`${header.padEnd(length - 11)}\n`), 10);
  values.forEach((value, i) => view.setFloat32(length + 4 * i, value, true));
  return bytes;
}

/** A zip archive of { name: bytes }: the files one after the other, then the list of them. */
export function asZip(files) {
  const [parts, list] = [[], []];
  let start = 0;
  const add = (target, bytes) => target.push(bytes) && bytes.length;
  for (const [name, content] of Object.entries(files)) {
    const known = description(name, content);
    const from = start;
    start += add(parts, record(0x04034b50, [[2, 20], ...known]));
    start += add(parts, textBytes(name));
    start += add(parts, content);
    const where = [
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, from],
    ]; // no comment, first disk, plain file
    list.push(record(0x02014b50, [[2, 20], [2, 20], ...known, ...where]), textBytes(name));
  }
  const size = list.reduce((sum, bytes) => sum + bytes.length, 0);
  const count = Object.keys(files).length;
  const end = [
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, size],
    [4, start],
    [2, 0],
  ];
  return joinBytes([...parts, ...list, record(0x06054b50, end)]);
}

// Flags, method 0 (stored), time and date (1 January 1980), checksum, sizes, lengths of the names.
function description(name, content) {
  const sizes = [
    [4, content.length],
    [4, content.length],
  ];
  return [
    [2, 0],
    [2, 0],
    [2, 0],
    [2, 0x21],
    [4, crc32(content)],
    ...sizes,
    [2, name.length],
    [2, 0],
  ];
}

/** A signature and whole numbers of 2 or 4 bytes, the lowest byte first. */
function record(signature, fields) {
  const bytes = [];
  for (const [width, value] of [[4, signature], ...fields])
    for (let i = 0; i < width; i++) bytes.push((value >>> (8 * i)) & 255);
  return Uint8Array.from(bytes);
}

const textBytes = (text) => new TextEncoder().encode(text);

function joinBytes(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let start = 0;
  for (const part of parts) {
    bytes.set(part, start);
    start += part.length;
  }
  return bytes;
}

/** All weights as .npz, named and shaped as the book's own file. */
export function weightsFile(weights) {
  const files = {};
  let start = 0;
  const add = (name, shape) => {
    const count = shape.reduce((a, b) => a * b);
    files[name] = asNpy(weights.subarray(start, start + count), shape);
    start += count;
  };
  for (const layer of WEIGHTED) {
    add(`${layer.name}/kernel.npy`, kernelShapeOf(layer));
    add(`${layer.name}/bias.npy`, layer.shape.slice(-1));
  }
  return asZip(files);
}

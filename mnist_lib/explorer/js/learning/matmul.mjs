// The product of two matrices, on numbers that lie in one memory: by WebAssembly, or in JavaScript.

const PAGE = 65536; // bytes: WebAssembly counts memory in pages

/**
 * A memory for `count` float32 numbers, and the product on it. kernel: the bytes that were assembled
 * from matmul.wat, or null for plain JavaScript, which also steps in where the browser refuses them.
 * Returns { numbers, multiply, simd }. `multiply({ rows, columns, count, a, aRow, aColumn, b, bRow, c,
 * cRow, add })` computes C = A·B, or C += A·B; places and steps are counts of numbers.
 */
export function createMemory(count, kernel) {
  const pages = Math.ceil((4 * count) / PAGE);
  return withKernel(pages, kernel) ?? withoutKernel(pages);
}

function withKernel(pages, kernel) {
  if (!kernel || typeof WebAssembly === "undefined") return null;
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(kernel), {
      page: { memory },
    });
    const multiply = (product) => {
      const { rows, columns, count, a, aRow, aColumn, b, bRow, c, cRow, add } = product;
      exports.multiply(
        rows,
        columns,
        count,
        4 * a,
        4 * aRow,
        4 * aColumn,
        4 * b,
        4 * bRow,
        4 * c,
        4 * cRow,
        add ? 1 : 0,
      );
    };
    return { numbers: new Float32Array(memory.buffer), multiply, simd: true };
  } catch {
    return null; // no SIMD, or a policy that forbids WebAssembly
  }
}

function withoutKernel(pages) {
  const numbers = new Float32Array((pages * PAGE) / 4);
  return { numbers, multiply: (product) => multiplyPlain(numbers, product), simd: false };
}

/** The same product as matmul.wat, in tiles of 4 × 4; the sums are float64 until they are stored. */
export function multiplyPlain(numbers, product) {
  const { rows, columns, count, a, aRow, aColumn, b, bRow, c, cRow, add } = product;
  if (!add) clear(numbers, product);
  for (let column = 0; column < columns; column += 4)
    for (let row = 0; row < rows; row += 4) {
      const [from, to] = [a + row * aRow, c + row * cRow + column];
      if (row + 4 <= rows && column + 4 <= columns)
        addTile(numbers, count, from, aRow, aColumn, b + column, bRow, to, cRow);
      else
        for (let i = 0; i < Math.min(4, rows - row); i++)
          for (let j = 0; j < Math.min(4, columns - column); j++)
            addNumber(numbers, product, from + i * aRow, b + column + j, to + i * cRow + j);
    }
}

function clear(numbers, { rows, columns, c, cRow }) {
  for (let row = 0; row < rows; row++) numbers.fill(0, c + row * cRow, c + row * cRow + columns);
}

/** Sixteen numbers of C. Their sums are sixteen variables, so that they stay in registers. */
function addTile(numbers, count, a, aRow, aColumn, b, bRow, c, cRow) {
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0;
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0;
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0;
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0;
  for (let k = 0; k < count; k++, a += aColumn, b += bRow) {
    const a0 = numbers[a];
    const a1 = numbers[a + aRow];
    const a2 = numbers[a + 2 * aRow];
    const a3 = numbers[a + 3 * aRow];
    if (a0 === 0 && a1 === 0 && a2 === 0 && a3 === 0) continue; // as errors mostly are
    const b0 = numbers[b];
    const b1 = numbers[b + 1];
    const b2 = numbers[b + 2];
    const b3 = numbers[b + 3];
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  addRow(numbers, c, s00, s01, s02, s03);
  addRow(numbers, c + cRow, s10, s11, s12, s13);
  addRow(numbers, c + 2 * cRow, s20, s21, s22, s23);
  addRow(numbers, c + 3 * cRow, s30, s31, s32, s33);
}

function addRow(numbers, c, s0, s1, s2, s3) {
  numbers[c] += s0;
  numbers[c + 1] += s1;
  numbers[c + 2] += s2;
  numbers[c + 3] += s3;
}

function addNumber(numbers, { count, aColumn, bRow }, a, b, c) {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += numbers[a + k * aColumn] * numbers[b + k * bRow];
  numbers[c] += sum;
}

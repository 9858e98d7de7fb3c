// What a layer does besides its matrix product, for a few digits at a time: loops over one memory.
//
// A map is laid out digit by digit, row by row, its channels side by side. `patches` holds a row for
// each output position: the 3×3 numbers of each channel that it reads, and a last number that is always
// 1. So a bias is the weight of an input of 1, and needs no code of its own.

const SHORT = 16; // a loop copies so few numbers sooner than the browser's own function

/** Read what every output position sees, 3×3 numbers of each channel, into its row of patches. */
export function gatherWindows(numbers, { input, inputSide, channels, patches, side }, count) {
  const [run, lineWidth] = [3 * channels, inputSide * channels];
  let to = patches;
  for (let digit = 0; digit < count; digit++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        let from = input + (digit * inputSide + y) * lineWidth + x * channels;
        for (let line = 0; line < 3; line++) {
          if (run > SHORT) numbers.copyWithin(to, from, from + run);
          else for (let i = 0; i < run; i++) numbers[to + i] = numbers[from + i];
          from += lineWidth;
          to += run;
        }
        to += 1; // the 1 is there from the start
      }
}

/** Give every row of patches back to where it was read: shares of the error that overlap add up. */
export function scatterWindows(numbers, layer, count) {
  const { inputError, inputSide, channels, patches, side } = layer;
  const [run, lineWidth] = [3 * channels, inputSide * channels];
  numbers.fill(0, inputError, inputError + count * inputSide * lineWidth);
  let from = patches;
  for (let digit = 0; digit < count; digit++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        let to = inputError + (digit * inputSide + y) * lineWidth + x * channels;
        for (let line = 0; line < 3; line++) {
          for (let i = 0; i < run; i++) numbers[to + i] += numbers[from + i];
          from += run;
          to += lineWidth;
        }
        from += 1;
      }
}

/** The largest of each 2×2 block; with ReLU at least 0, since ReLU and maximum can change places. */
export function poolBlocks(numbers, { input, output, side, channels }, count, hasRelu) {
  const [floor, line] = [hasRelu ? 0 : -Infinity, 2 * side * channels];
  let to = output;
  for (let row = 0; row < count * side; row++)
    for (let x = 0; x < side; x++) {
      const from = input + 2 * row * line + 2 * x * channels;
      for (let i = from; i < from + channels; i++, to++) {
        const above = Math.max(numbers[i], numbers[i + channels]);
        const below = Math.max(numbers[i + line], numbers[i + line + channels]);
        numbers[to] = Math.max(floor, above, below);
      }
    }
}

/**
 * The first of a block that equals its maximum, row by row, gets the whole error, the others nothing;
 * where ReLU gave 0, nobody gets any.
 */
export function unpoolBlocks(numbers, pool, count, hasRelu) {
  const { input, output, inputError, outputError, side, channels } = pool;
  const line = 2 * side * channels;
  numbers.fill(0, inputError, inputError + 2 * count * side * line);
  let at = 0;
  for (let row = 0; row < count * side; row++)
    for (let x = 0; x < side; x++) {
      const from = 2 * row * line + 2 * x * channels;
      for (let i = from; i < from + channels; i++, at++) {
        const largest = numbers[output + at];
        const error = numbers[outputError + at];
        if (error === 0 || (hasRelu && largest <= 0)) continue;
        let winner = i + line + channels;
        if (numbers[input + i] === largest) winner = i;
        else if (numbers[input + i + channels] === largest) winner = i + channels;
        else if (numbers[input + i + line] === largest) winner = i + line;
        numbers[inputError + winner] = error;
      }
    }
}

/** What leaves the layer below, after ReLU, as rows of a dense layer: each ends with a 1. */
export function copyRows(numbers, { input, patches, inputs }, count, hasRelu) {
  const floor = hasRelu ? 0 : -Infinity;
  let [from, to] = [input, patches];
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < inputs; i++) numbers[to + i] = Math.max(floor, numbers[from + i]);
    from += inputs;
    to += inputs + 1;
  }
}

/** The error passes back where ReLU kept its input, and stops where it did not. */
export function copyErrors(numbers, { input, inputError, patches, inputs }, count, hasRelu) {
  for (let row = 0; row < count; row++) {
    const [values, from, to] = [row * inputs + input, row * (inputs + 1) + patches, row * inputs];
    for (let i = 0; i < inputs; i++)
      numbers[inputError + to + i] = hasRelu && numbers[values + i] <= 0 ? 0 : numbers[from + i];
  }
}

/** Rows become columns: a kernel as it is needed to send errors back. */
export function transpose(numbers, { from, to, rows, columns }) {
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      numbers[to + column * rows + row] = numbers[from + row * columns + column];
}

// How a gradient moves a weight: three rules, with the settings that Keras has. No DOM.

/** By name: what the reader sees, and the learning rate that Keras would take. */
export const OPTIMIZERS = {
  rmsprop: { label: "RMSprop", rate: 0.001 },
  descent: { label: "plain descent", rate: 0.01 },
  adam: { label: "Adam", rate: 0.001 },
};

/**
 * Returns `move(weights, gradients, rate)`: moves the weights in place, sets the gradients to 0, and
 * returns whether all weights are still finite numbers.
 */
export function createOptimizer(name, count) {
  return { rmsprop, descent, adam }[name](count);
}

function descent() {
  return (weights, gradients, rate) => {
    let sum = 0; // not finite as soon as one of them is not
    for (let i = 0; i < weights.length; i++) {
      weights[i] -= rate * gradients[i];
      sum += weights[i];
      gradients[i] = 0;
    }
    return Number.isFinite(sum);
  };
}

/** Each weight divides its gradient by the root of the running mean of its squares. */
function rmsprop(count, { rho = 0.9, epsilon = 1e-7 } = {}) {
  const velocities = new Float32Array(count);
  return (weights, gradients, rate) => {
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      const gradient = gradients[i];
      velocities[i] = rho * velocities[i] + (1 - rho) * gradient * gradient;
      weights[i] -= (rate * gradient) / Math.sqrt(velocities[i] + epsilon);
      sum += weights[i];
      gradients[i] = 0;
    }
    return Number.isFinite(sum);
  };
}

/** RMSprop with a running mean of the gradients too; both begin at 0, for which `scale` makes up. */
function adam(count, { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = {}) {
  const [means, squares] = [new Float32Array(count), new Float32Array(count)];
  let step = 0;
  return (weights, gradients, rate) => {
    step += 1;
    const scale = (rate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      const gradient = gradients[i];
      means[i] += (1 - beta1) * (gradient - means[i]);
      squares[i] += (1 - beta2) * (gradient * gradient - squares[i]);
      weights[i] -= (scale * means[i]) / (Math.sqrt(squares[i]) + epsilon);
      sum += weights[i];
      gradients[i] = 0;
    }
    return Number.isFinite(sum);
  };
}

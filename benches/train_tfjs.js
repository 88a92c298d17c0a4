// TensorFlow.js's side of the benchmark of training, in a classic worker of its own, as its bundles want it. Takes `{prepare: NAME, backend}`,
// then `{steps: N}` as often as asked; answers with what each step took and its loss. The networks are those of `train.py`, written with
// TensorFlow.js's operations as its own layers use them: channels last, weights as (in, out); torch's are turned once.

const MODULES = "/benches/node_modules/@tensorflow";
importScripts(`${MODULES}/tfjs/dist/tf.min.js`, `${MODULES}/tfjs-backend-wasm/dist/tf-backend-wasm.min.js`, `${MODULES}/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js`);
tf.wasm.setWasmPaths(`${MODULES}/tfjs-backend-wasm/dist/`);

/** torch's default for batch and layer norm. */
const EPSILON = 1e-5;

const linear = (x, w, b) => tf.add(tf.matMul(x, w), b);

const NETWORKS = {
  digits: {
    // Filters as height, width, in, out; fc1 reads its features in the order of a picture with channels last.
    weights(w) {
      for (const name of ["conv1.weight", "conv2.weight"]) w[name] = tf.transpose(w[name], [2, 3, 1, 0]);
      w["fc1.weight"] = tf.reshape(tf.transpose(tf.reshape(w["fc1.weight"], [48, 32, 2, 2]), [0, 2, 3, 1]), [48, 128]);
    },
    input: (x) => tf.transpose(x, [0, 2, 3, 1]),
    buffers: ["bn1.running_mean", "bn1.running_var", "bn2.running_mean", "bn2.running_var"],
    forward(w, x) {
      const stage = (y, conv, bn) => tf.maxPool(tf.relu(batchNorm(w, bn, tf.conv2d(y, w[`${conv}.weight`], 1, "same"))), 2, 2, "valid");
      const features = tf.reshape(stage(stage(x, "conv1", "bn1"), "conv2", "bn2"), [-1, 128]);
      return linear(tf.relu(linear(features, w["fc1.weight"], w["fc1.bias"])), w["fc2.weight"], w["fc2.bias"]);
    },
  },
  mlp: {
    forward: (w, x) => linear(tf.relu(linear(x, w["hidden.weight"], w["hidden.bias"])), w["out.weight"], w["out.bias"]),
  },
  transformer: {
    forward(w, tokens) {
      const [batch, length] = tokens.shape;
      const width = w["words.weight"].shape[1];
      let x = tf.reshape(tf.add(embedded(w["words.weight"], tokens), w.positions), [batch * length, width]);
      for (let i = 0; i < 4; i++) x = encoderLayer(w, `encoder.layers.${i}`, x, batch, length, width);
      return linear(tf.mean(tf.reshape(x, [batch, length, width]), 1), w["head.weight"], w["head.bias"]);
    },
  },
};

/** In train mode: the batch's statistics, and the running ones moved towards them, which no gradient sees. */
function batchNorm(w, name, x) {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const count = x.size / x.shape.at(-1);
  move(w[`${name}.running_mean`], mean);
  move(w[`${name}.running_var`], tf.mul(variance, count / (count - 1)));
  return tf.batchNorm(x, mean, variance, w[`${name}.bias`], w[`${name}.weight`], EPSILON);
}

function move(running, now) {
  running.assign(tf.add(tf.mul(running, 0.9), tf.mul(now, 0.1)));
}

function layerNorm(w, name, x) {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON))), w[`${name}.weight`]), w[`${name}.bias`]);
}

/** Some backends cannot give `gather` a gradient: there, rows are picked by a product. */
let gathers = true;
function embedded(table, tokens) {
  if (gathers) return tf.gather(table, tokens);
  const rows = tf.matMul(tf.oneHot(tf.reshape(tokens, [-1]), table.shape[0]), table);
  return tf.reshape(rows, [...tokens.shape, table.shape[1]]);
}

function encoderLayer(w, name, x, batch, length, width, heads = 4) {
  const [q, k, v] = tf
    .split(linear(x, w[`${name}.self_attn.in_proj_weight`], w[`${name}.self_attn.in_proj_bias`]), 3, 1)
    .map((part) => tf.transpose(tf.reshape(part, [batch, length, heads, width / heads]), [0, 2, 1, 3]));
  const attention = tf.softmax(tf.mul(tf.matMul(q, k, false, true), (width / heads) ** -0.5));
  const joined = tf.reshape(tf.transpose(tf.matMul(attention, v), [0, 2, 1, 3]), [batch * length, width]);
  const attended = linear(joined, w[`${name}.self_attn.out_proj.weight`], w[`${name}.self_attn.out_proj.bias`]);
  const middle = layerNorm(w, `${name}.norm1`, tf.add(x, attended));
  const up = tf.relu(linear(middle, w[`${name}.linear1.weight`], w[`${name}.linear1.bias`]));
  return layerNorm(w, `${name}.norm2`, tf.add(middle, linear(up, w[`${name}.linear2.weight`], w[`${name}.linear2.bias`])));
}

const OPTIMIZERS = {
  SGD: ({ lr, momentum }) => tf.train.momentum(lr, momentum),
  // torch's epsilon; TensorFlow.js's own is larger.
  Adam: ({ lr }) => tf.train.adam(lr, 0.9, 0.999, 1e-8),
};

let network;
let weights;
let trained;
let optimizer;
let batches;
let done = 0;

async function prepare(name, backend, withGather) {
  const { batchOf, read } = await import("./train_data.mjs");
  if (!(await tf.setBackend(backend))) throw new Error(`no backend ${backend} here`);
  await tf.ready();
  gathers = withGather;
  network = NETWORKS[name];
  const { spec, tensors } = await read(name);
  const start = Object.entries(tensors).filter(([key]) => !/^(inputs|targets)\.\d+$/.test(key));
  weights = Object.fromEntries(start.map(([key, { dtype, shape, data }]) => [key, tf.tensor(data, shape, dtype)]));
  network.weights?.(weights);
  for (const [key, weight] of Object.entries(weights)) {
    if (key.endsWith("weight") && weight.rank === 2 && key !== "words.weight") weights[key] = tf.transpose(weight);
  }
  for (const key of Object.keys(weights)) weights[key] = tf.variable(weights[key], !network.buffers?.includes(key));
  trained = Object.values(weights).filter((variable) => variable.trainable);
  optimizer = OPTIMIZERS[spec.optimizer.class](spec.optimizer);
  const tensorOf = ({ dtype, shape, data }) => tf.tensor(data, shape, dtype);
  batches = Array.from({ length: spec.batches }, (_, i) => batchOf(tensors, i).map(tensorOf));
  return {};
}

async function steps(count) {
  const [ms, losses] = [[], []];
  for (let i = 0; i < count; i++) {
    const [x, y] = batches[done++ % batches.length];
    const start = performance.now();
    const cost = tf.tidy(() => {
      const input = network.input?.(x) ?? x;
      return optimizer.minimize(() => tf.losses.softmaxCrossEntropy(tf.oneHot(y, 10), network.forward(weights, input)), true, trained);
    });
    losses.push((await cost.data())[0]);
    cost.dispose();
    ms.push(performance.now() - start);
  }
  return { ms, losses };
}

onmessage = async ({ data }) => {
  try {
    postMessage(data.prepare === undefined ? await steps(data.steps) : await prepare(data.prepare, data.backend, data.gathers));
  } catch (error) {
    postMessage({ error: error.message ?? String(error) });
  }
};

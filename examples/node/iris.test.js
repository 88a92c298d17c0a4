// A test of the network itself: what it knows, and that it can be taught.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "torchtab";

const FILE = new URL("model.pth", import.meta.url);

test("the three species are told apart", async () => {
  const model = await load(FILE);
  const { shape, data } = await model.run({ data: [[5.0, 3.4, 1.5, 0.2], [5.9, 3.0, 4.2, 1.5], [6.7, 3.0, 5.6, 2.1]] });
  assert.deepEqual(shape, [3, 3]);
  for (const row of [0, 1, 2]) assert.ok(Math.exp(data[4 * row]) > 0.9);
  await model.dispose();
});

test("a few steps teach it another flower", async () => {
  const model = await load(FILE);
  const flower = { inputs: { data: [[5.9, 3.0, 4.2, 1.5]] }, targets: { dtype: "int64", data: [0] } };
  const before = await model.evaluate(flower, { loss: "NLLLoss" });
  const options = { loss: "NLLLoss", optimizer: { class: "Adam", lr: 0.05 }, epochs: 20 };
  let last;
  for await (const event of model.fit(flower, options)) last = event;
  assert.equal(last.reason, "finished");
  assert.ok(last.loss < before.loss / 2);
  const saved = await model.save();
  assert.equal(saved.name, "model.pth");
  await model.dispose();
});

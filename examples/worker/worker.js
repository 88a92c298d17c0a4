import { load } from "torchtab/core";

const SPECIES = ["setosa", "versicolor", "virginica"];
// A worker's relative addresses are relative to its script, which the build may move: this one is the page's.
const model = load(new URL("/model.pth", self.location.origin));

self.onmessage = async ({ data: measures }) => {
  try {
    const { data } = await (await model).run({ data: [measures] });
    const best = data.indexOf(Math.max(...data));
    self.postMessage(`${SPECIES[best]}, ${(100 * Math.exp(data[best])).toFixed(1)} % (${(await model).device.name})`);
  } catch (error) {
    self.postMessage(`${error.message}. ${error.hint ?? ""}`);
  }
};

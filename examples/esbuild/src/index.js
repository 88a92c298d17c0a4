import { load } from "torchtab";
import wasm from "torchtab/wasm";

const SPECIES = ["setosa", "versicolor", "virginica"];
const form = document.querySelector("form");
const output = document.querySelector("output");

const parts = { worker: new URL("worker.js", import.meta.url), wasmUrl: new URL(wasm, import.meta.url) };

load("model.pth", parts).then(
  (model) => {
    const answer = async () => {
      const measures = [...form.elements].map((input) => input.valueAsNumber);
      const { data } = await model.run({ data: [measures] });
      const best = data.indexOf(Math.max(...data));
      output.value = `${SPECIES[best]}, ${(100 * Math.exp(data[best])).toFixed(1)} % (${model.device.name})`;
    };
    form.addEventListener("input", answer);
    return answer();
  },
  (error) => {
    output.value = `${error.message}. ${error.hint ?? ""}`;
  },
);

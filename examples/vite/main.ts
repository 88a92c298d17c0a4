import { load, TorchtabError, type Model } from "torchtab";

const SPECIES = ["setosa", "versicolor", "virginica"];
const form = document.querySelector("form")!;
const output = document.querySelector("output")!;

async function answer(model: Model): Promise<void> {
  const measures = Array.from(form.querySelectorAll("input"), (input) => input.valueAsNumber);
  const { data } = await model.run({ data: [measures] });
  const scores = Array.from(data as Float32Array, Math.exp);
  const best = scores.indexOf(Math.max(...scores));
  output.value = `${SPECIES[best]}, ${(100 * scores[best]!).toFixed(1)} % (${model.device.name})`;
}

try {
  const model = await load(`${import.meta.env.BASE_URL}model.pth`);
  form.addEventListener("input", () => answer(model));
  await answer(model);
} catch (error) {
  if (!(error instanceof TorchtabError)) throw error;
  output.value = `${error.message}. ${error.hint ?? ""}`;
}

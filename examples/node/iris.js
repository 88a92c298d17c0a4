// Which iris is it? node iris.js SEPAL_LENGTH SEPAL_WIDTH PETAL_LENGTH PETAL_WIDTH, in centimetres
import { load } from "torchtab";

const SPECIES = ["setosa", "versicolor", "virginica"];
const measures = process.argv.slice(2).map(Number);
if (measures.length !== 4 || measures.some(Number.isNaN)) {
  console.error("usage: node iris.js SEPAL_LENGTH SEPAL_WIDTH PETAL_LENGTH PETAL_WIDTH");
  process.exit(2);
}

const model = await load(new URL("model.pth", import.meta.url));
const { data } = await model.run({ data: [measures] });
const best = data.indexOf(Math.max(...data));
console.log(`${SPECIES[best]}, ${(100 * Math.exp(data[best])).toFixed(1)} % (${model.device.name})`);
await model.dispose();

"use client";

import { useEffect, useState } from "react";
import { useModel } from "./useModel.js";

const SPECIES = ["setosa", "versicolor", "virginica"];
const MEASURES = { "Sepal length": 5.9, "Sepal width": 3.0, "Petal length": 4.2, "Petal width": 1.5 };

export function Iris() {
  const { model, progress, error } = useModel("/model.pth");
  const [measures, setMeasures] = useState(MEASURES);
  const [answer, setAnswer] = useState();

  useEffect(() => {
    if (!model) return undefined;
    let current = true;
    model.run({ data: [Object.values(measures)] }).then(({ data }) => {
      const best = data.indexOf(Math.max(...data));
      if (current) setAnswer(`${SPECIES[best]}, ${(100 * Math.exp(data[best])).toFixed(1)} % (${model.device.name})`);
    });
    return () => {
      current = false;
    };
  }, [model, measures]);

  return (
    <>
      <h1>Which iris is it?</h1>
      <form>
        {Object.entries(measures).map(([name, value]) => (
          <label key={name}>
            {name}, cm
            <input type="number" step="0.1" value={value} onChange={({ target }) => setMeasures({ ...measures, [name]: target.valueAsNumber })} />
          </label>
        ))}
      </form>
      <output aria-live="polite">{error ? `${error.message}. ${error.hint ?? ""}` : (answer ?? `Loading: ${progress?.phase ?? "…"}`)}</output>
    </>
  );
}

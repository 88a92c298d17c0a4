// Matrix products on the CPU device, whose innermost loop is a module written at the start, against sums in double precision.
import { expect, test } from "@playwright/test";

type Api = typeof import("../../www/api/index.js");

const SOURCE = `
import torch
from torch import nn


class Product(nn.Module):
    def forward(self, a, b):
        return torch.matmul(a, b)
`;
/** Rows, inner dimension, columns: around the tile's 6 x 8 and its steps of 4, beyond a block's 256 x 512, and the smallest. */
const SIZES: readonly [number, number, number][] = [
  [1, 1, 1], [5, 1, 8], [6, 3, 8], [7, 4, 9], [11, 5, 7], [12, 8, 16], [13, 257, 17], [64, 31, 40], [6, 260, 519], [25, 512, 1030],
];

test("products of every shape are those of numbers", async ({ page }) => {
  await page.goto("/samples/samples.json");
  const found = await page.evaluate(
    async ([source, sizes]) => {
      const { load } = (await import("/pkg/dist/index.js" as string)) as Api;
      const network = { source, construct: "Product()" };
      const model = await load("/samples/digits/digits.pth", { network, strict: false, device: "cpu" });
      const numbers = (length: number, seed: number) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 12.9898) * 2);
      const worst = [];
      for (const [rows, inner, columns] of sizes) {
        const [a, b] = [numbers(rows * inner, 1), numbers(inner * columns, 2)];
        // Behind the last column the next row starts: what is not a number there must not spill over.
        b[columns - 1] = Infinity;
        const { data } = await model.run([{ shape: [rows, inner], data: a.slice() }, { shape: [inner, columns], data: b.slice() }]);
        const y = data as Float32Array;
        let most = y.length === rows * columns ? 0 : Infinity;
        for (const [i, value] of y.entries()) {
          const [row, column] = [Math.floor(i / columns), i % columns];
          let want = 0;
          for (let k = 0; k < inner; k++) want += (a[row * inner + k] ?? 0) * (b[k * columns + column] ?? 0);
          most = Math.max(most, value === want ? 0 : Math.abs(value - want) / inner);
        }
        worst.push(most);
      }
      return worst;
    },
    [SOURCE, SIZES] as const,
  );
  for (const [i, worst] of found.entries()) expect(worst, SIZES[i]?.join(" x ")).toBeLessThan(1e-6);
});

// The traced network as a picture, by pointer and by keyboard.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { complaints, CPU_ONLY, openSample, pick } from "./tour.ts";

test.use(CPU_ONLY);

test("modules are boxes with shapes between them; they open and close", async ({ page }) => {
  const heard = complaints(page);
  const loaded: string[] = [];
  page.on("request", (request) => loaded.push(request.url()));
  await page.goto("/");
  await pick(page, "resnet.pth", readFileSync(fileURLToPath(new URL("../cases/zoo/resnet_narrow/state_dict.pth", import.meta.url))));
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible();
  expect(loaded.filter((url) => url.includes("GraphView"))).toEqual([]);
  await page.getByText("Graph, with the shapes between modules").click();
  const graph = page.getByRole("group", { name: "Graph of the network" });
  await page.getByLabel("Shape of x").fill("1, 3, 64, 64");
  await page.getByRole("button", { name: "Trace" }).click();
  await expect(graph.getByText("1 × 8 × 32 × 32").first()).toBeVisible();
  const less = page.getByRole("button", { name: "Less", exact: true });
  while (await less.isEnabled()) await less.click();
  await expect(graph.getByRole("button")).toHaveCount(13);
  await expect(graph.getByRole("button", { name: /^layer2 Sequential/ })).toBeVisible();
  await graph.getByRole("button", { name: /^layer2 Sequential/ }).dblclick();
  await graph.getByRole("button", { name: /^layer2\.0 BasicBlock/ }).dblclick();
  // The block's own sum takes two ways.
  await expect(graph.getByRole("button", { name: /^add/ })).toHaveCount(1);
  await page.getByText(/^As a table/).click();
  const sum = page.getByRole("region", { name: "Graph as a table" }).getByRole("row").filter({ has: page.getByRole("rowheader", { name: "add" }) });
  await expect(sum).toContainText("layer2.0.bn2, layer2.0.downsample");
  await graph.getByRole("button", { name: /^add/ }).click();
  await page.getByRole("button", { name: "Close layer2.0", exact: true }).click();
  await expect(graph.getByRole("button", { name: /^add/ })).toHaveCount(0);
  expect(loaded.some((url) => url.includes("GraphView"))).toBe(true);
  expect(heard).toEqual([]);
});

test("the graph is walked by keyboard", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await page.getByText("Graph, with the shapes between modules").click();
  const graph = page.getByRole("group", { name: "Graph of the network" });
  await graph.getByRole("button").first().focus();
  await page.keyboard.press("ArrowDown");
  await expect(graph.getByRole("button", { name: /^conv1 Conv2d/ })).toBeFocused();
  await expect(page.getByText("takes 1 × 1 × 8 × 8, gives 1 × 16 × 8 × 8, 144 parameters")).toBeVisible();
  await page.keyboard.press("ArrowUp");
  await expect(graph.getByRole("button", { name: "x input" })).toBeFocused();
  await page.keyboard.press("End");
  await expect(graph.getByRole("button", { name: "output result" })).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(graph.getByRole("button", { name: /^fc2 Linear/ })).toBeFocused();
});

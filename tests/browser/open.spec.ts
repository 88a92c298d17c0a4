// What is dropped, linked or chosen again: the page knows what it got, and what it is.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { complaints, drop, onCpu } from "./tour.ts";

test.use(onCpu);

const zoo = (path: string): Buffer => readFileSync(fileURLToPath(new URL(`../cases/zoo/${path}`, import.meta.url)));

test("a bare state_dict of a known network is named, with what it does not tell, and runs by itself", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  await drop(page, "resnet.pth", zoo("resnet_narrow/state_dict.pth"));
  const network = page.getByRole("region", { name: "Network", exact: true });
  await expect(network).toContainText("By its keys and shapes this is likely resnet");
  await expect(network.getByRole("list", { name: "What the file does not tell" })).toContainText("strides");
  await expect(network).toContainText("ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10, planes=(8, 12, 16, 24))");
  await page.getByRole("radio", { name: "JSON" }).check({ force: true });
  await page.getByLabel("x as JSON").fill('{"shape": [1, 3, 64, 64], "fill": "rand"}');
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("list", { name: /^Classes/ }).getByRole("listitem")).not.toHaveCount(0);
  expect(heard).toEqual([]);
});

test("a whole module of a known package says which class it is", async ({ page }) => {
  await page.goto("/");
  await drop(page, "convnext.pth", zoo("convnext/module.pth"));
  await expect(page.getByRole("region", { name: "Network", exact: true })).toContainText(/The file holds its module: .*ConvNeXt/);
});

test("a stack of layers is proposed as source: guesses marked, built as it stands, or one's own instead", async ({ page }) => {
  await page.goto("/");
  await drop(page, "mlp.pth", zoo("stack_mlp/state_dict.pth"));
  const network = page.getByRole("region", { name: "Network", exact: true });
  const source = page.getByLabel("PyTorch source");
  await expect(source).toHaveValue(zoo("stack_mlp/proposal.py").toString());
  await expect(network).toContainText("activations, pools, dropout and the end of the network are guesses");
  await expect(network.locator(".ground .guess")).toHaveCount(4);
  await page.getByRole("button", { name: "Write my own instead" }).click();
  await expect(source).toHaveValue("");
  await expect(network).toContainText("Paste the nn.Module class");
  await page.getByRole("button", { name: "Bring the proposed source back" }).click();
  await page.getByRole("button", { name: "Build the network" }).click();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible();
  await expect(network).toContainText("Built from source that was proposed");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("list", { name: /^Classes/ }).getByRole("listitem")).toHaveCount(2);
});

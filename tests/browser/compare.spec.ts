// Two checkpoints, dropped one after the other. `look/make.py` wrote them with real torch.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { complaints, drop, CPU_ONLY, pick, sample } from "./tour.ts";

test.use(CPU_ONLY);

const file = (name: string): Buffer => readFileSync(fileURLToPath(new URL(`look/${name}`, import.meta.url)));

test("a second checkpoint is compared: keys, shapes, dtypes and how far each tensor moved", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  await pick(page, "before.pth", file("before.pth"));
  await expect(page.getByRole("treegrid")).toBeVisible();
  await drop(page, "after.pth", file("after.pth"));
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  const panel = page.getByRole("region", { name: "before.pth and after.pth" });
  const rows = panel.getByRole("region", { name: "Compared tensors" }).locator("tbody tr");
  const row = (name: string) => rows.filter({ has: page.getByRole("rowheader", { name, exact: true }) });
  await expect(row("body.1.bias")).toContainText("only in before.pth");
  await expect(row("extra.scale")).toContainText("only in after.pth");
  await expect(row("body.2.bias")).toContainText(/other shape\s*12 float32\s*6 float32/);
  await expect(row("body.1.weight")).toContainText(/other dtype\s*24 float32\s*24 float16/);
  // Turned round: twice its norm away, in the opposite direction.
  await expect(row("body.2.weight")).toContainText(/changed.*200\.00 %.*−1\s*100\.00 %/s);
  await expect(row("embed.weight")).toHaveCount(0);
  // Other shapes, then the largest change first, then what is in one file only.
  const names = await rows.getByRole("rowheader").allInnerTexts();
  expect(names.slice(0, 6)).toEqual(["body.2.bias", "body.2.weight", "body.0.weight", "body.1.weight", "extra.scale", "body.1.bias"]);
  await expect(panel).toContainText("27 of 30 tensors differ: 2 changed, 1 other shape, 1 other dtype, 22 only in before.pth, 1 only in after.pth.");
  await panel.getByLabel("Which tensors").selectOption("same");
  await expect(row("embed.weight")).toBeVisible();
  await panel.getByLabel("Which tensors").selectOption("all");
  await panel.getByLabel("Search names of compared tensors").fill("body.0");
  await expect(rows).toHaveCount(2);
  await row("body.0.weight").getByRole("button").click();
  await expect(page.locator('[role=row][data-path="body.0.weight"]')).toHaveAttribute("aria-selected", "true");
  await panel.getByRole("button", { name: "Open after.pth instead" }).click();
  await expect(page.getByRole("heading", { name: "after.pth", exact: true })).toBeVisible();
  await expect(panel).toHaveCount(0);
  expect(heard).toEqual([]);
});

test("a file beside itself is the same; what is no checkpoint is told, and what is open stays", async ({ page }) => {
  await page.goto("/");
  await pick(page, "digits.pth", sample("digits/digits.pth"));
  await expect(page.getByRole("treegrid")).toBeVisible();
  await drop(page, "again.pth", sample("digits/digits.pth"));
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(page.getByRole("region", { name: "digits.pth and again.pth" })).toContainText(/All \d+ tensors are the same/);
  await drop(page, "page.pth", Buffer.from("<!doctype html>"));
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(page.getByRole("region", { name: "digits.pth and page.pth" }).getByRole("alert")).toContainText("web page");
  await page.getByRole("button", { name: "Close the comparison" }).click();
  await expect(page.getByRole("treegrid")).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

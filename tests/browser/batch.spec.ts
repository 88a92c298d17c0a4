// Many inputs at once, as folders and archives bring them.
import { expect, test, type Locator, type Page } from "@playwright/test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "../../www/app/train/csv.ts";
import { CPU_ONLY, drop, dropAll } from "./tour.ts";
import { zip } from "./zip.ts";

test.use(CPU_ONLY);

const bytes = (path: string): Buffer => readFileSync(fileURLToPath(new URL(path, import.meta.url)));
const panel = (page: Page): Locator => page.getByRole("region", { name: "Run", exact: true });
const [grey, colour, tall] = ["grey", "colour", "tall"].map((name) => bytes(`pictures/${name}.png`)) as [Buffer, Buffer, Buffer];

async function open(page: Page): Promise<void> {
  await page.goto("/");
  const names = ["ant", "bee", "wasp", "fly", "moth", "tick", "louse", "flea"];
  await dropAll(page, { "vgg.pth": bytes("../cases/zoo/vgg_narrow/state_dict.pth"), "labels.json": Buffer.from(JSON.stringify(names)) });
  await expect(panel(page)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("button", { name: "Build again" })).toBeEnabled();
}

async function answers(page: Page): Promise<string[][]> {
  await expect(panel(page)).toContainText(/Done in/, { timeout: 60_000 });
  const waiting = page.waitForEvent("download");
  await panel(page).getByRole("button", { name: "Download answers.csv" }).click();
  return [...parse(readFileSync(await (await waiting).path()).toString(), "answers.csv").rows].map((row) => [...row]);
}

test("a folder: pictures in any depth, other files left out; the same answers as the zip of it", async ({ page }, info) => {
  await open(page);
  const folder = info.outputPath("holiday");
  mkdirSync(`${folder}/day 2`, { recursive: true });
  writeFileSync(`${folder}/a.png`, grey);
  writeFileSync(`${folder}/day 2/b.png`, colour);
  writeFileSync(`${folder}/day 2/notes.txt`, "sun");
  await panel(page).getByText("Many at once").click();
  await panel(page).getByText("Choose a folder of them").locator("input").setInputFiles(folder);
  await expect(panel(page)).toContainText("2 pictures");
  const loose = await answers(page);
  expect(loose.map(([path]) => path)).toEqual(["holiday/a.png", "holiday/day 2/b.png"]);
  await drop(page, "holiday.zip", zip({ "holiday/a.png": grey, "holiday/day 2/b.png": colour, "holiday/day 2/notes.txt": Buffer.from("sun") }));
  // The archive's pictures are the same, and so are the answers.
  await expect(panel(page)).toContainText("2 pictures");
  expect((await answers(page)).map((row) => row.slice(0, 3))).toEqual(loose.map((row) => row.slice(0, 3)));
});

test("a zip of folders by class is counted right and wrong; a picture that is none is told in its place", async ({ page }) => {
  await open(page);
  await panel(page).getByText("Many at once").click();
  const give = (buffer: Buffer) => panel(page).getByText("Choose pictures").locator("input").setInputFiles({ name: "set.zip", mimeType: "application/zip", buffer });
  await give(zip({ "x/1.png": grey }));
  const [row] = await answers(page);
  const [, name = ""] = row ?? [];
  const other = name === "ant" ? "bee" : "ant";
  await give(zip({ [`${name}/1.png`]: grey, [`${name}/2.png`]: Buffer.from("none"), [`${other}/3.png`]: grey, [`${other}/4.png`]: tall }));
  await expect(panel(page)).toContainText("4 pictures of 2 classes");
  const all = await answers(page);
  expect(all.map(([path]) => path).sort()).toEqual([`${name}/1.png`, `${name}/2.png`, `${other}/3.png`, `${other}/4.png`].sort());
  await expect(panel(page)).toContainText("1 could not be read");
  await expect(panel(page)).toContainText(/\d+(\.\d+)? % right, 1 of 3/);
  // An archive without pictures, and one that is cut off.
  await give(zip({ "notes.txt": Buffer.from("none") }));
  await expect(panel(page).getByRole("alert")).toContainText("There are no pictures in set.zip");
  await give(zip({ "a.png": grey }).subarray(0, 60));
  await expect(panel(page).getByRole("alert")).toContainText("set.zip");
});

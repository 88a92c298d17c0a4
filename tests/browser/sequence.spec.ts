// Outputs that stand in a row: at each place the likeliest character and its share.
import { expect, test, type Page } from "@playwright/test";
import { CPU_ONLY, complaints, openSample, sample, settled } from "./tour.ts";

test.use(CPU_ONLY);

const panel = (page: Page) => page.getByRole("region", { name: "Run", exact: true });
const places = (page: Page) => panel(page).getByRole("list", { name: "The sequence, place by place" }).getByRole("listitem");
const mode = (page: Page, name: string): Promise<void> => panel(page).getByRole("radio", { name, exact: true }).check({ force: true });
const characters = [...(JSON.parse(sample("rhymes/vocabulary.json").toString()) as { characters: string }).characters];

test("a network that writes shows what it expects after each character; several sequences one by one", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  await openSample(page, /A little poet/);
  await mode(page, "JSON");
  const words = ["down by the river I saw ", "the moon is in the sky  "].map((text) => [...text].map((each) => characters.indexOf(each)));
  await panel(page).getByLabel(/as JSON$/).fill(JSON.stringify(words));
  await panel(page).getByRole("button", { name: "Run", exact: true }).click();
  await settled(page);
  await mode(page, "Sequence");
  await expect(places(page)).toHaveCount(24);
  // After "down by th" there is one letter only that it can be.
  await expect(places(page).nth(9)).toHaveText(/^e(9\d|100)/);
  const first = await places(page).allInnerTexts();
  await panel(page).getByLabel(/^Sequence.*of 2/).fill("1");
  await expect.poll(() => places(page).allInnerTexts()).not.toEqual(first);
  await expect(places(page)).toHaveCount(24);
  // The same numbers as a table, with as many columns as there are characters.
  await mode(page, "Table");
  await expect(panel(page).getByRole("region", { name: /^Numbers of/ })).toBeVisible();
  expect(heard).toEqual([]);
});

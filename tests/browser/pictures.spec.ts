// Pictures become the tensors that torchvision makes of them; without a browser. `pictures/make.py` wrote what is expected.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { prepared, wrongWith, type Preparation } from "../../www/app/image/prepare.ts";
import { adapted, likely, preset, PRESETS } from "../../www/app/image/presets.ts";
import { resize, type Pixels } from "../../www/api/image/resample.ts";

interface Expected {
  readonly pictures: { readonly [name: string]: { readonly width: number; readonly height: number; readonly channels: 1 | 3; readonly data: string } };
  readonly cases: readonly { readonly picture: string; readonly how: string | Preparation; readonly shape: readonly number[]; readonly every: number; readonly values: string }[];
}
const expected = JSON.parse(readFileSync(fileURLToPath(new URL("pictures/expected.json", import.meta.url)), "utf8")) as Expected;

function picture(name: string): Pixels {
  const found = expected.pictures[name];
  if (found === undefined) throw new Error(name);
  return { ...found, data: Uint8Array.from(Buffer.from(found.data, "base64")) };
}

for (const { picture: name, how, shape, every, values } of expected.cases) {
  test(`${name}, ${typeof how === "string" ? how : `${how.resize} to ${how.height} × ${how.width}, ${how.filter}`}, as torchvision has it`, () => {
    const preparation = typeof how === "string" ? preset(how)?.how : { ...how, invert: false, scale: true };
    if (preparation === undefined) throw new Error(`no preset ${String(how)}`);
    const made = prepared(picture(name), preparation);
    expect(made.shape).toEqual(shape);
    const wanted = new Float32Array(new Uint8Array(Buffer.from(values, "base64")).buffer);
    const got = (made.data as Float32Array).filter((_, i) => i % every === 0);
    expect(got.length).toBe(wanted.length);
    // One step of a byte would be 1/255 over the smallest std, some hundredths: the bytes are equal, the float32 arithmetic too.
    const largest = got.reduce((most, value, i) => Math.max(most, Math.abs(value - (wanted[i] as number))), 0);
    expect(largest).toBeLessThan(1e-6);
  });
}

test("a picture of the right size is left as it is", () => {
  const grey = picture("grey");
  expect(resize(grey, 40, 40, "bicubic").data).toBe(grey.data);
});

test("black and white change places, values stay 0..255 where asked", () => {
  const two: Pixels = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 200) };
  const how: Preparation = { ...(preset("mnist") as { how: Preparation }).how, resize: "none", height: 1, width: 2, mean: [0], std: [1] };
  expect([...prepared(two, { ...how, scale: false, invert: true }).data]).toEqual([255, 55]);
});

test("the preset follows from the network's name, else from its input", () => {
  const input = (...shape: number[]) => ({ name: "x", shape });
  const zoo = (name: string) => ({ name, confidence: "certain" as const, notes: [] });
  const of = (shape: number[], name?: string) => likely(input(...shape), name === undefined ? undefined : zoo(name));
  expect(of([-1, 3, -1, -1], "resnet50").preset.name).toBe("imagenet");
  expect(of([-1, 3, -1, -1], "efficientnet_b3").how).toMatchObject({ side: 320, height: 300, filter: "bicubic" });
  expect(of([-1, 3, -1, -1], "convnext_large").preset.name).toBe("convnext_base");
  expect(of([-1, 3, -1, -1], "torchvision.models.vgg.VGG").preset.name).toBe("imagenet");
  expect(of([-1, 3, -1, -1], "resnet_cifar").preset.name).toBe("cifar10");
  expect(of([-1, 3, -1, -1], "unet").preset.name).toBe("none");
  expect(of([-1, 3, 299, 299]).how).toMatchObject({ side: 342, height: 299, width: 299 });
  expect(of([-1, 3, 32, 32]).preset.name).toBe("cifar10");
  expect(of([-1, 1, 28, 28]).preset.name).toBe("mnist");
  expect(of([-1, 1, 8, 8]).how).toMatchObject({ channels: 1, side: 8, height: 8, width: 8, mean: [0], std: [1] });
  // A grey network of an ImageNet family.
  expect(of([-1, 1, -1, -1], "resnet18").how).toMatchObject({ channels: 1, height: 224, mean: [0.449], std: [0.226] });
});

test("every preset fits its own numbers, and slips are told", () => {
  for (const { how } of PRESETS) expect(wrongWith(how)).toBeUndefined();
  const how = adapted(preset("imagenet") as (typeof PRESETS)[number], 3, 64, 64);
  expect(how.side).toBe(73);
  expect(wrongWith({ ...how, std: [1, 0, 1] })).toContain("not 0");
  expect(wrongWith({ ...how, height: 1e6 })).toContain("Height");
  expect(wrongWith({ ...how, mean: [0, NaN, 0] })).toContain("Mean");
});

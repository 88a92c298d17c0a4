// The readers of training data, without a browser.
import { expect, test } from "@playwright/test";
import { likelyTarget, parse, samples } from "../../www/app/train/csv.ts";
import { smooth, thin } from "../../www/app/train/curve.ts";
import { fromJson } from "../../www/app/train/json.ts";
import { proposedShares } from "../../www/app/train/several.ts";
import { keywords } from "../../www/app/train/keywords.ts";
import { classes, lesson, pick, sampleData, split, type TrainingSet } from "../../www/app/train/set.ts";
import { lines } from "../../www/app/python.ts";

const reading = { target: 2, labels: [], specs: [], vocabulary: undefined } as const;

test("tables: quotes, line ends, other delimiters, no header", () => {
  const table = parse('\uFEFFname,"a ""b"", c",label\r\n1,"two\nlines",x\r\n\r\n3,4,y\r\n', "t.csv");
  expect(table.header).toEqual(["name", 'a "b", c', "label"]);
  expect(table.rows).toEqual([["1", "two\nlines", "x"], ["3", "4", "y"]]);
  expect(table.lines).toEqual([2, 5]);
  expect(likelyTarget(table)).toBe(2);
  expect(parse("1;2;3\n4;5;6", "t.csv").header).toEqual(["column 1", "column 2", "column 3"]);
  expect(parse("a\tb\n1\t\n", "t.tsv").rows).toEqual([["1", ""]]);
  expect(() => parse("a,b\n1,2\n3\n", "t.csv")).toThrow("t.csv, line 3: 1 cells, and 2 in the first line");
  expect(() => parse('a,b\n"1,2\n', "t.csv")).toThrow("t.csv, line 2: a quote is not closed");
});

test("tables as samples: classes by name or number, numbers, and what is wrong by line and column", () => {
  const set = samples(parse("a,b,label\n1,2,cat\n3,4,dog\n5,6,cat\n", "t.csv"), reading);
  expect(set.targets).toEqual({ kind: "classes", names: ["cat", "dog"], indices: [0, 1, 0] });
  expect(set.inputs[0]).toEqual({ dtype: "float32", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  const price = samples(parse("a,b,price\n1,2,0.5\n3,4,1\n", "t.csv"), reading);
  expect(price.targets).toEqual({ kind: "numbers", width: 1, values: [0.5, 1] });
  expect(() => samples(parse("a,b,label\n1,,cat\n", "t.csv"), reading)).toThrow('line 2 of t.csv, column "b": no value');
  expect(() => samples(parse("a,b,label\n1,2,\n", "t.csv"), reading)).toThrow('line 2 of t.csv: no value in column "label"');
});

test("labels: the network's names go first, then numbers, then the alphabet", () => {
  expect(classes(["Dog", "cat"], ["cat", "dog"])).toEqual({ kind: "classes", names: ["cat", "dog"], indices: [1, 0] });
  expect(classes(["2", "0"], [])).toEqual({ kind: "classes", names: ["0", "1", "2"], indices: [2, 0] });
  expect(classes(["b10", "b9"], [])).toEqual({ kind: "classes", names: ["b9", "b10"], indices: [1, 0] });
});

const given = { labels: [], vocabulary: undefined, specs: [] };
const json = (value: unknown) => fromJson(JSON.stringify(value), "d.json", given).set;

test("JSON: samples, tensors, pixels; the item that does not fit is named", () => {
  expect(json([{ input: [1, 2], target: 1 }, { input: [3, 4], target: 0 }])).toMatchObject({ count: 2, targets: { kind: "classes", indices: [1, 0] } });
  expect(json({ inputs: [[1], [2]], targets: [[0.5, 1], [2, 3]] }).targets).toEqual({ kind: "numbers", width: 2, values: [0.5, 1, 2, 3] });
  expect(json({ shape: [2, 1], letters: "01", scale: 1, labels: [0, 1], pixels: "01" }).inputs[0]?.data).toEqual(Float32Array.of(0, 1));
  expect(() => json([{ input: [1, 2], target: 1 }, { input: [3], target: 0 }])).toThrow("item 1 of d.json: shape [1], and [2] before");
  expect(() => json([{ input: [1] }])).toThrow("d.json, item 0");
  expect(() => json({ inputs: [1], targets: [1, 2] })).toThrow("d.json has 1 inputs and 2 targets");
});

const two = [{ name: "image", shape: [-1, 1, 2, 2] }, { name: "numbers", dtype: "int64" }] as const;

test("several inputs: each has its columns, by name or in order, as they are or as typed", () => {
  const named = parse("image_0,image_1,a,b,image_2,image_3,label\n1,2,5,6,3,4,cat\n5,6,7,8,7,8,dog\n", "t.csv");
  expect(proposedShares(named, two, 6)).toEqual([
    { name: "image", columns: "image_0:image_1, image_2:image_3", shape: "1, 2, 2" },
    { name: "numbers", columns: "a:b", shape: "" },
  ]);
  const set = samples(named, { ...reading, specs: two, target: 6 });
  expect(set.inputs).toEqual([
    { dtype: "float32", shape: [2, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
    { dtype: "int64", shape: [2, 2], data: BigInt64Array.of(5n, 6n, 7n, 8n) },
  ]);
  const plain = parse("1,2,3,4,5,cat\n1,2,3,4,6,dog\n", "t.csv");
  expect(proposedShares(plain, two, 5).map(({ columns }) => columns)).toEqual(["column 1:column 4", "column 5"]);
  const typed = (columns: string, shape = "") => () => samples(plain, { ...reading, specs: two, target: 5, shares: [{ name: "image", columns: "1:4", shape: "1 × 2 × 2" }, { name: "numbers", columns, shape }] });
  expect(typed("5, 1:2")().inputs[1]?.shape).toEqual([2, 3]);
  expect(typed("age")).toThrow('numbers: t.csv has no column "age"');
  expect(typed("4:2")).toThrow("numbers: 4:2 runs backwards");
  expect(typed(" ")).toThrow("numbers has no columns");
  expect(typed("1:4", "3")).toThrow("numbers: 4 columns are chosen, and a sample of 3 has 3 numbers");
  expect(typed("1:4", "2, -2")).toThrow("numbers: '2, -2' is no shape");
});

test("several inputs in JSON go by their names", () => {
  const read = (value: unknown) => fromJson(JSON.stringify(value), "d.json", { ...given, specs: two }).set;
  const image = [[[1, 2], [3, 4]]];
  const whole = read({ inputs: { image: [image, image], numbers: [[1], [2]] }, targets: [0, 1] });
  expect(whole.inputs.map(({ dtype, shape }) => [dtype, shape])).toEqual([["float32", [2, 1, 2, 2]], ["int64", [2, 1]]]);
  expect(read([{ input: { image, numbers: [1] }, target: 0 }, { input: { image, numbers: [2] }, target: 1 }]).inputs).toEqual(whole.inputs);
  expect(() => read({ inputs: [[1], [2]], targets: [0, 1] })).toThrow("forward takes image, numbers, and the inputs have no names");
  expect(() => read([{ input: { image }, target: 0 }])).toThrow("numbers is not there");
  expect(() => read({ inputs: { image: [image], numbers: [[1], [2]] }, targets: [0, 1] })).toThrow("d.json has 1 of image and 2 targets");
});

const set = (count: number): TrainingSet => ({
  about: "",
  count,
  inputs: [{ dtype: "float32", shape: [count, 1], data: Float32Array.from({ length: count }, (_, i) => i) }],
  targets: { kind: "classes", names: ["a", "b"], indices: Array.from({ length: count }, (_, i) => (i % 10 === 0 ? 1 : 0)) },
});

test("a split holds out of every class, repeats with its seed, and loses nothing", () => {
  const [train, held] = split(set(100), 0.2, 3);
  expect([train.count, held?.count]).toEqual([80, 20]);
  const rare = (part: TrainingSet | undefined): number => (part?.targets.kind === "classes" ? part.targets.indices.filter((label) => label === 1).length : 0);
  expect([rare(train), rare(held)]).toEqual([8, 2]);
  const all = [...(train.inputs[0]?.data ?? []), ...(held?.inputs[0]?.data ?? [])].map(Number).sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(split(set(100), 0.2, 3)[1]?.inputs[0]?.data).toEqual(held?.inputs[0]?.data);
  expect(split(set(100), 0.2, 4)[1]?.inputs[0]?.data).not.toEqual(held?.inputs[0]?.data);
  expect(split(set(4), 0, 0)[1]).toBeUndefined();
});

test("the loss follows from the output and the targets", () => {
  const few = pick(set(4), [0, 1]);
  const output = (shape: number[], data: number[]) => ({ dtype: "float32", shape, data: Float32Array.from(data) });
  const of = (shape: number[], data: number[]) => lesson(few, output(shape, data), 2);
  expect(of([2, 2], [3, -1, 0, 2])).toMatchObject({ loss: "CrossEntropyLoss", form: "indices" });
  expect(of([2, 2], [Math.log(0.5), Math.log(0.5), Math.log(0.1), Math.log(0.9)])).toMatchObject({ loss: "NLLLoss" });
  expect(of([2, 1], [3, -1])).toMatchObject({ loss: "BCEWithLogitsLoss", form: "column" });
  expect(of([2], [0.5, 0.25])).toMatchObject({ loss: "BCELoss" });
  expect(() => of([3, 2], [1, 2, 3, 4, 5, 6])).toThrow("does not count them");
  const numbers: TrainingSet = { ...few, targets: { kind: "numbers", width: 1, values: [0.5, 2] } };
  const taught = lesson(numbers, output([2, 1], [0, 0]), 2);
  expect(taught).toMatchObject({ loss: "MSELoss", form: "numbers" });
  expect(sampleData(numbers, taught).targets).toEqual({ dtype: "float32", shape: [2, 1], data: Float32Array.of(0.5, 2) });
  const inDict = lesson(few, { hidden: null, logits: output([2, 2], [1, 2, 3, 4]) }, 2);
  expect(inDict.on).toEqual([{ path: ["logits"] }]);
});

test("arguments as Python has them", () => {
  expect(keywords("lr=1e-3, betas=(0.9, 0.99), amsgrad=True, weight=None, milestones=[3, 6], mode='min'")).toEqual({
    lr: 0.001, betas: [0.9, 0.99], amsgrad: true, weight: null, milestones: [3, 6], mode: "min",
  });
  expect(keywords("lr_lambda=lambda epoch: min(1.0, epoch / 10), last_epoch=-1")).toEqual({ lr_lambda: "lambda epoch: min(1.0, epoch / 10)", last_epoch: -1 });
  expect(keywords(" ")).toEqual({});
  expect(() => keywords("lr")).toThrow("'lr' is no argument");
});

test("smoothing is TensorBoard's: the first point is the first value", () => {
  expect(smooth([4, 4, 4], 0.9).map((value) => Number(value?.toFixed(9)))).toEqual([4, 4, 4]);
  const [a, b, c] = smooth([1, NaN, 2], 0.5);
  expect([a, b]).toEqual([1, null]);
  // (0.5 · 0.5 · 1 + 0.5 · 2) / 0.75
  expect(c).toBeCloseTo(5 / 3, 12);
  expect(thin([1, 2, 3, 4, 5], [1, 3, 5, 7, 9], 3)).toEqual([[2, 4, 5], [2, 6, 9]]);
});

test("Python lines go on training where the file has an optimizer", () => {
  const checkpoint = { format: "zip", name: "a.pth", kind: "checkpoint", stateDicts: [{ path: "net", prefix: "", keys: 2 }], hasModule: false, moduleClass: undefined } as const;
  const asked = { checkpoint, format: "pth", file: "a.pth", construct: "Net()", source: "", stateDict: "" } as const;
  const optimizer = { class: "SGD", resumed: true, path: "optimizer_states.0", groups: [{ params: ["a"], lr: 0.1 }, { params: ["b"], lr: 0.2 }] };
  expect(lines({ ...asked, as: "same" })).toContain('model.load_state_dict(checkpoint["net"])\nmodel.eval()');
  expect(lines({ ...asked, as: "same", checkpoint: { ...checkpoint, kind: "module", format: "pt2" } })).toContain("torch.export.load(\"a.pth\")");
  const text = lines({ ...asked, as: "same", optimizer });
  expect(text).toContain('optimizer.load_state_dict(checkpoint["optimizer_states"][0])');
  expect(text).toContain('{"params": [named[name] for name in ["b"]]}');
  expect(lines({ ...asked, as: "state_dict", optimizer })).not.toContain("optim");
});

test("Python lines need no class where the file holds the network's code", () => {
  const own = { name: "net.pt", kind: "module", stateDicts: [], hasModule: true, moduleClass: "Net" } as const;
  const asked = { format: "pth", file: "net.pt", construct: "", source: "", stateDict: "" } as const;
  const script = { ...own, format: "torchscript" } as const;
  expect(lines({ ...asked, checkpoint: script, as: "same" })).toBe('import torch\n\nmodel = torch.jit.load("net.pt")\nmodel.eval()\n');
  expect(lines({ ...asked, checkpoint: script, as: "state_dict", file: "net.pth" })).toContain('checkpoint = torch.load("net.pth", weights_only=True)\nmodel = torch.jit.load("net.pt")\n');
  // With another class's source it is that class's.
  expect(lines({ ...asked, checkpoint: script, as: "state_dict", source: "class Mine(nn.Module):" })).toContain("model = Mine(...)  # your class");
  // An exported program has no mode to be put in.
  expect(lines({ ...asked, checkpoint: { ...own, format: "pt2" }, as: "same" })).toBe('import torch\n\nmodel = torch.export.load("net.pt").module()\n');
});

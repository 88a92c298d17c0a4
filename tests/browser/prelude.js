// Names that the documentation's examples use without making them: a network of digits, samples for it, and parts of a page. Each example
// gets its own, and only those that its code speaks of. Runs in the page.
export async function prelude(torchtab, code) {
  const named = (name) => new RegExp(`\\b${name}\\b`).test(code);
  const fetched = async (path, name) => new File([await (await fetch(path)).blob()], name);
  const file = await fetched("/samples/digits/digits.pth", "digits.pth");
  const source = await (await fetch("/samples/digits/model.py")).text();
  const held = await (await fetch("/samples/digits/held_out.json")).json();
  const n = 200;
  const pixels = Float32Array.from(held.pixels.slice(0, 64 * n), (letter) => held.letters.indexOf(letter) / held.scale);
  const labels = held.labels.slice(0, n);
  const samples = (from, to) => ({
    inputs: { shape: [to - from, 1, 8, 8], data: pixels.slice(64 * from, 64 * to) },
    targets: { dtype: "int64", data: labels.slice(from, to) },
  });
  return {
    file, source, n, pixels, labels,
    modelPy: source,
    input: { files: [file] },
    irisFile: named("irisFile") && (await (await torchtab.load("/examples/plain/model.pth", { device: "cpu" })).save({ as: "state_dict" })),
    checkpoint: named("checkpoint") && (await torchtab.open(file)),
    model: named("model") && (await torchtab.load(file, { network: { source }, device: "cpu" })),
    x: { shape: [1, 1, 8, 8], data: pixels.slice(0, 64) },
    inputs: samples(0, n).inputs,
    targets: samples(0, n).targets,
    batch: samples(0, 32),
    batches: [samples(0, 32), samples(32, 64)],
    heldOut: samples(64, 128),
    link: document.createElement("a"),
    editor: document.createElement("textarea"),
    askForTheClass: (hint) => console.log(hint),
  };
}

const form = document.querySelector("form");
const output = document.querySelector("output");
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });

const ask = () => worker.postMessage([...form.elements].map((input) => input.valueAsNumber));

worker.onmessage = ({ data }) => {
  output.value = data;
};
form.addEventListener("input", ask);
ask();

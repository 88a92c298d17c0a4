// Python's keyword arguments as people type them: `lr=0.01, betas=(0.9, 0.99), amsgrad=True`.
import type { PlainValue } from "torchtab";

/** Names and values. A value that is no literal stays text, as `lr_lambda=lambda epoch: 0.95 ** epoch` wants it. */
export function keywords(text: string): { [name: string]: PlainValue } {
  const all: { [name: string]: PlainValue } = {};
  for (const part of parts(text)) {
    const found = /^\s*([A-Za-z_]\w*)\s*=(?!=)\s*([^]*?)\s*$/.exec(part);
    if (found === null || found[2] === "") throw new Error(`'${part.trim()}' is no argument: write name=value`);
    all[found[1] as string] = literal(found[2] as string);
  }
  return all;
}

/** Splits at commas outside of brackets and quotes; a lambda's own commas have no `name=` after them. */
function parts(text: string): string[] {
  const found: string[] = [];
  let [depth, quote, from] = [0, "", 0];
  for (let i = 0; i < text.length; i += 1) {
    const mark = text[i] as string;
    if (quote !== "") quote = mark === quote ? "" : quote;
    else if (mark === '"' || mark === "'") quote = mark;
    else if ("([{".includes(mark)) depth += 1;
    else if (")]}".includes(mark)) depth -= 1;
    else if (mark === "," && depth === 0 && /^\s*([A-Za-z_]\w*\s*=(?!=)|$)/.test(text.slice(i + 1))) {
      found.push(text.slice(from, i));
      from = i + 1;
    }
  }
  found.push(text.slice(from));
  return found.filter((part) => part.trim() !== "");
}

function literal(text: string): PlainValue {
  const words: { [word: string]: PlainValue } = { True: true, False: false, None: null };
  if (text in words) return words[text] as PlainValue;
  if (/^[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text.replaceAll("_", ""));
  const quoted = /^(["'])([^]*)\1$/.exec(text);
  if (quoted !== null) return quoted[2] as string;
  const list = /^[([]([^]*)[)\]]$/.exec(text);
  if (list !== null && !text.startsWith("(lambda")) {
    const items = (list[1] as string).split(",").map((item) => item.trim()).filter((item) => item !== "");
    return items.map(literal);
  }
  return text;
}

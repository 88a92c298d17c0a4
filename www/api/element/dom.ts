/**
 * Elements in one expression, numbers for people, and files beside the model. No framework: the element is small.
 * @module
 */

type Properties = { readonly [property: string]: unknown };

/** An element with properties, attributes (names with a dash, and `for`, `role`) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name.includes("-") || name === "for" || name === "role" || name === "part") made.setAttribute(name, String(value));
    else Object.assign(made, { [name]: value });
  }
  made.append(...children);
  return made;
}

/** 150437 → "147 KiB" */
export function bytes(count: number): string {
  const unit = Math.min(4, Math.floor(Math.log2(Math.max(count, 1)) / 10));
  return `${Number((count / 1024 ** unit).toPrecision(3))} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

/** Four significant digits. */
export function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))).replace("-", "−") : String(value);
}

/** Words between commas. */
export function list(text: string | null): string[] {
  return text === null || text.trim() === "" ? [] : text.split(",").map((word) => word.trim());
}

/** What lies at an address of the page. */
export async function text(address: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(new URL(address, document.baseURI), { signal });
  if (!response.ok) throw new Error(`${address}: the server answered ${response.status} ${response.statusText}`.trimEnd());
  return response.text();
}

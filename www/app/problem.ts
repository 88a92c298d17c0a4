// Errors as the page shows them.
import { AbortError, TorchtabError } from "torchtab";

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly location?: string | undefined;
  readonly hint?: string | undefined;
}

/** The next step where the page itself is wrong. */
const AGAIN = "This is a mistake of the page. Load it again; what was trained is offered then.";

/** What to show of a thrown value; nothing for what the person ended. */
export function problem(thrown: unknown): Problem | undefined {
  if (thrown instanceof AbortError || (thrown instanceof DOMException && thrown.name === "AbortError")) return undefined;
  if (thrown instanceof TorchtabError) return { code: thrown.code, message: thrown.message, location: thrown.location, hint: thrown.hint };
  return { code: "page", message: thrown instanceof Error ? thrown.message : String(thrown), hint: AGAIN };
}

/** A hint's words, and before them the line of source that it points into with carets, as Python prints it. */
export function hinted(hint: string): { code: string | undefined; words: string } {
  const [, code, words = ""] = /^((?:.*\n)?[ ]*\^+[ ]*)(?:\n([^]*))?$/.exec(hint) ?? [];
  if (code === undefined) return { code: undefined, words: hint };
  // The lines stand as deep as the source has them.
  const lines = code.split("\n");
  const depth = Math.min(...lines.map((line) => line.search(/\S/)));
  return { code: lines.map((line) => line.slice(depth)).join("\n"), words: words.trim() };
}

/** The line of the pasted source that a location names (`model.py:12`). */
export function sourceLine(location: string | undefined): number | undefined {
  const line = location?.match(/\.py:(\d+)/)?.[1];
  return line === undefined ? undefined : Number(line);
}

// Errors as the page shows them.
import { AbortError, TorchtabError } from "torchtab";

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly location?: string | undefined;
  readonly hint?: string | undefined;
}

/** What to show of a thrown value; nothing for what the person ended. */
export function problem(thrown: unknown): Problem | undefined {
  if (thrown instanceof AbortError || (thrown instanceof DOMException && thrown.name === "AbortError")) return undefined;
  if (thrown instanceof TorchtabError) return { code: thrown.code, message: thrown.message, location: thrown.location, hint: thrown.hint };
  return { code: "page", message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** The line of the pasted source that a location names (`model.py:12`). */
export function sourceLine(location: string | undefined): number | undefined {
  const line = location?.match(/\.py:(\d+)/)?.[1];
  return line === undefined ? undefined : Number(line);
}

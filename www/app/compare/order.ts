// What two checkpoints' tensors have to tell of each other, and in which order.
import type { Compared } from "torchtab";

export type Status = Compared["status"];

export const STATUSES: readonly Status[] = ["changed", "shape", "dtype", "unreadable", "only_here", "only_there", "same"];

/** The norm of the change beside the norm of what is here; infinite where that is nothing but zeros. */
export function relative({ change, norm }: Compared): number | undefined {
  if (change === undefined || norm === undefined) return undefined;
  return change === 0 ? 0 : change / norm;
}

/** Other shapes first, then changes by size, then what is in one file only (an optimizer's state there is long), then what is the same. */
export function ordered(rows: readonly Compared[]): Compared[] {
  const rank = ({ status }: Compared): number => RANKS[status];
  return [...rows].sort((a, b) => rank(a) - rank(b) || (relative(b) ?? 0) - (relative(a) ?? 0));
}

const RANKS: Record<Status, number> = { shape: 0, unreadable: 1, changed: 2, dtype: 2, only_there: 3, only_here: 4, same: 5 };

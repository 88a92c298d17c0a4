// A table as text: in columns for a mail or an issue, or as CSV for a sheet.

export type Cell = string | number;

/** Columns padded to their widest cell, numbers to the right, as torchinfo prints them. */
export function asText(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const shown = rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell.toLocaleString("en") : cell)));
  const widths = head.map((title, i) => Math.max(title.length, ...shown.map((row) => row[i]?.length ?? 0)));
  const right = head.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  const line = (cells: readonly string[]): string => cells.map((cell, i) => (right[i] === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join("  ").trimEnd();
  const rule = "=".repeat(widths.reduce((all, width) => all + width + 2, -2));
  return [rule, line(head), rule, ...shown.map(line), rule].join("\n");
}

/** RFC 4180: quotes where a cell needs them. */
export function asCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell): string => (/[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}

// Comma-separated values (RFC 4180: quotes, doubled quotes, line ends inside them; also tabs and semicolons), and tables as samples.
import type { InputSpec, Tensor } from "torchtab";
import { count as shown } from "../format.js";
import { chosenColumns, proposedShares, shaped, type Share } from "./several.js";
import { encodeAll, type Vocabulary } from "./texts.js";
import { classes, DataError, type Targets, type TrainingSet } from "./set.js";

/** A table of text. */
export interface Table {
  readonly file: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The line of the file on which each row begins, from 1. */
  readonly lines: readonly number[];
}

/** More cells are more than a tab should hold as text. */
const MAX_CELLS = 20_000_000;
const LABELS = /^(target|targets|label|labels|class|y|species|category|sentiment|digit)$/i;

/** Reads a table; a first line without any number is its header. */
export function parse(text: string, file: string): Table {
  const plain = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const [all, lines] = cells(plain, guess(plain), file);
  const [first] = all;
  if (first === undefined) throw new DataError(`${file} has no rows`);
  const titled = first.every((cell) => cell.trim() !== "" && Number.isNaN(Number(cell))) && all.length > 1;
  const header = titled ? first.map((cell) => cell.trim()) : first.map((_, i) => `column ${i + 1}`);
  const rows = titled ? all.slice(1) : all;
  const begins = titled ? lines.slice(1) : lines;
  rows.forEach((row, i) => {
    if (row.length !== header.length) throw new DataError(`${file}, line ${begins[i]}: ${row.length} cells, and ${header.length} in the first line`);
  });
  return { file, header, rows, lines: begins };
}

function guess(text: string): string {
  const line = text.slice(0, 4096).split("\n")[0] ?? "";
  return ["\t", ";", ","].find((mark) => line.includes(mark)) ?? ",";
}

function cells(text: string, delimiter: string, file: string): [string[][], number[]] {
  const [all, lines]: [string[][], number[]] = [[], []];
  let row: string[] = [];
  let [line, begin, at, made] = [1, 1, 0, 0];
  const end = (): void => {
    if (row.length > 1 || row[0] !== "") {
      all.push(row);
      lines.push(begin);
    }
    row = [];
    begin = line;
  };
  while (at < text.length) {
    made += 1;
    if (made > MAX_CELLS) throw new DataError(`${file} has more than ${shown(MAX_CELLS)} cells`);
    if (text[at] === '"') {
      let [cell, from] = ["", at + 1];
      for (;;) {
        const close = text.indexOf('"', from);
        if (close < 0) throw new DataError(`${file}, line ${begin}: a quote is not closed`);
        cell += text.slice(from, close);
        if (text[close + 1] !== '"') {
          at = close + 1;
          break;
        }
        cell += '"';
        from = close + 2;
      }
      line += cell.split("\n").length - 1;
      row.push(cell);
    } else {
      let stop = at;
      while (stop < text.length && text[stop] !== delimiter && text[stop] !== "\n") stop += 1;
      row.push(text.slice(at, stop));
      at = stop;
    }
    if (text[at] === delimiter) {
      at += 1;
      if (at === text.length) row.push("");
      continue;
    }
    if (text[at] === "\n" || at >= text.length) {
      line += 1;
      at += 1;
      end();
    }
  }
  if (row.length > 0) end();
  return [all, lines];
}

/** The column that looks like the answer: one with a telling name, else the last. */
export function likelyTarget({ header }: Table): number {
  const named = header.findIndex((name) => LABELS.test(name));
  return named >= 0 ? named : header.length - 1;
}

/** How a table is to be read. */
export interface Reading {
  readonly target: number;
  /** Classes, or numbers; nothing lets the values say: text and whole numbers are classes. */
  readonly as?: "classes" | "numbers" | undefined;
  readonly labels: readonly string[];
  /** What the network takes: a tensor, or several, each with its share of the columns. */
  readonly specs: readonly InputSpec[];
  readonly shares?: readonly Share[] | undefined;
  readonly vocabulary: Vocabulary | undefined;
}

/** A table's rows as samples. */
export function samples(table: Table, { target, as, labels, specs, shares, vocabulary }: Reading): TrainingSet {
  const { file, header, rows, lines } = table;
  if (rows.length === 0) throw new DataError(`${file} has a header and no rows`);
  const places = lines.map((line) => `line ${line} of ${file}`);
  const answers = rows.map((row) => (row[target] ?? "").trim());
  const missing = answers.indexOf("");
  if (missing >= 0) throw new DataError(`${places[missing]}: no value in column "${header[target]}"`);
  const read = (spec: InputSpec | undefined, columns: readonly number[], fit: (columns: number) => InputSpec | undefined): Tensor =>
    spec?.kind === "tokens" && vocabulary !== undefined ? words(table, columns, places, vocabulary) : features(table, columns, places, fit(columns.length));
  const others = header.map((_, i) => i).filter((i) => i !== target);
  const inputs =
    specs.length > 1
      ? proposedShares(table, specs, target).map((proposed, i) => {
          const spec = specs[i] as InputSpec;
          // A network that is built anew may have other inputs than those that were typed.
          const share = shares?.find(({ name }) => name === spec.name) ?? proposed;
          return read(spec, chosenColumns(share, table), (columns) => shaped(spec, share, columns));
        })
      : [read(specs[0], others, () => specs[0])];
  return { about: `${shown(rows.length)} rows of ${file}`, count: rows.length, inputs, targets: answered(answers, as, labels, places), places };
}

function answered(answers: readonly string[], as: Reading["as"], labels: readonly string[], places: readonly string[]): Targets {
  const whole = answers.every((answer) => /^\d{1,6}$/.test(answer)) && new Set(answers).size <= Math.max(200, labels.length);
  const text = answers.some((answer) => Number.isNaN(Number(answer)));
  if (as === "classes" || (as === undefined && (text || whole))) return classes(answers, labels);
  const wrong = answers.findIndex((answer) => !Number.isFinite(Number(answer)));
  if (wrong >= 0) throw new DataError(`${places[wrong]}: the target '${answers[wrong]}' is no number`);
  return { kind: "numbers", width: 1, values: answers.map(Number) };
}

function features({ header, rows }: Table, columns: readonly number[], places: readonly string[], spec: InputSpec | undefined): Tensor {
  const shape = (spec?.shape ?? [-1, columns.length]).slice(1).map((size, _, all) => (size >= 0 ? size : all.length === 1 ? columns.length : size));
  const size = shape.reduce((all, length) => all * length, 1);
  if (size !== columns.length) {
    throw new DataError(
      `A row has ${columns.length} numbers beside its target, and the network takes ${size > 0 ? `${size} (${shape.join(" × ")})` : `a shape of ${shape.join(" × ")}`}`,
    );
  }
  const data = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    columns.forEach((column, j) => {
      const cell = (row[column] ?? "").trim();
      const value = Number(cell);
      if (cell === "" || !Number.isFinite(value)) {
        throw new DataError(`${places[i]}, column "${header[column]}": ${cell === "" ? "no value" : `'${cell}' is no number`}`);
      }
      data[i * size + j] = value;
    });
  });
  return spec?.dtype === "int64"
    ? { dtype: "int64", shape: [rows.length, ...shape], data: BigInt64Array.from(data, (value) => BigInt(Math.trunc(value))) }
    : { dtype: "float32", shape: [rows.length, ...shape], data };
}

function words({ rows }: Table, columns: readonly number[], places: readonly string[], vocabulary: Vocabulary): Tensor {
  // The longest column is the text; numbers of rows and the like stand beside it.
  const length = (column: number): number => rows.slice(0, 50).reduce((all, row) => all + (row[column]?.length ?? 0), 0);
  const text = columns.reduce((best, column) => (length(column) > length(best) ? column : best), columns[0] ?? 0);
  return encodeAll(rows.map((row) => row[text] ?? ""), vocabulary, places);
}

// Files as a list of inputs, one after the other: pictures, loose or by class or in an archive, and the rows of a table.
import type { InputSpec, Tensor } from "torchtab";
import { count } from "../format.js";
import { decode } from "../../api/image/decode.js";
import { prepared, type Preparation } from "../image/prepare.js";
import type { Given } from "../open/given.js";
import { encode, type Vocabulary } from "../samples.js";
import { likelyTarget, parse, type Table } from "../train/csv.js";
import { folder, isPicture } from "../train/pictures.js";
import { DataError } from "../train/set.js";
import { members } from "../train/zip.js";

/** One input: where it comes from, what it should be answered with, and the tensor, a batch of one. */
export interface Item {
  /** The cells that say so in the results: a path, or the table's own. */
  readonly cells: readonly string[];
  readonly label: string | undefined;
  load(): Promise<Tensor>;
}

export interface Items {
  readonly about: string;
  readonly header: readonly string[];
  readonly items: readonly Item[];
  /** Whether tensors may be run together: sentences differ in length, and padding may change an answer. */
  readonly together: boolean;
}

/** What the network takes, and how it is made. */
export interface Takes {
  readonly kind: "pictures" | "row" | "text";
  readonly spec: InputSpec | undefined;
  readonly how: Preparation;
  /** The names of a row's numbers. */
  readonly columns: readonly string[];
  readonly vocabulary: Vocabulary | undefined;
}

/** Reads what was chosen; throws a {@link DataError} with what does not fit. */
export async function itemsOf(files: readonly Given[], takes: Takes): Promise<Items> {
  if (takes.kind === "pictures") return pictures(files, takes.how);
  const file = files.find(({ path }) => /\.(csv|tsv|txt)$/i.test(path));
  if (file === undefined) throw new DataError(`${files[0]?.path ?? "This"} is no table`, "Give a CSV or TSV file.");
  const text = await file.file.text();
  if (takes.kind === "text") return sentences(file.path, text, takes.vocabulary);
  return rows(parse(text, file.path), takes);
}

async function pictures(files: readonly Given[], how: Preparation): Promise<Items> {
  const archive = files.find(({ path }) => /\.zip$/i.test(path));
  const all = archive === undefined ? files.map(({ path, file }) => ({ path, read: () => Promise.resolve(file as Blob) })) : await members(archive.file);
  const found = all.filter(({ path }) => isPicture(path)).sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
  if (found.length === 0) throw new DataError(`There are no pictures in ${files[0]?.path ?? "it"}`, "Give PNG, JPEG, WebP, GIF, BMP or AVIF files, a folder or a zip of them.");
  // One folder is where the pictures lie; several are their classes.
  const folders = new Set(found.map(({ path }) => folder(path)));
  const classed = folders.size > 1 && !folders.has(undefined);
  return {
    about: `${count(found.length)} ${found.length === 1 ? "picture" : "pictures"}${classed ? ` of ${count(folders.size)} classes` : ""}`,
    header: ["file", ...(classed ? ["label"] : [])],
    items: found.map(({ path, read }) => {
      const label = classed ? folder(path) : undefined;
      return { cells: [path, ...(label === undefined ? [] : [label])], label, load: async () => prepared(await decode(await read(), path), how) };
    }),
    together: true,
  };
}

function rows(table: Table, { spec, columns }: Takes): Items {
  const { file, header, lines } = table;
  const named = columns.map((column) => header.findIndex((name) => name.toLowerCase() === column.toLowerCase()));
  const target = likelyTarget(table);
  const others = header.map((_, i) => i).filter((i) => i !== target);
  const inOrder = header.length === columns.length ? header.map((_, i) => i) : others;
  const used = named.includes(-1) ? inOrder : named;
  if (used.length !== columns.length) {
    throw new DataError(`${file} has ${count(header.length)} columns; the network takes ${count(columns.length)}`, "One column more may be the answer.");
  }
  const answer = used.includes(target) ? undefined : target;
  return {
    about: `${count(table.rows.length)} rows of ${file}`,
    header,
    items: table.rows.map((cells, i) => ({
      cells,
      label: answer === undefined ? undefined : cells[answer]?.trim(),
      load: async () => {
        const values = used.map((column) => {
          const cell = (cells[column] ?? "").trim();
          const value = Number(cell);
          if (cell === "" || !Number.isFinite(value)) throw new DataError(`line ${lines[i]}, column "${header[column]}": ${cell === "" ? "no value" : `'${cell}' is no number`}`);
          return value;
        });
        const whole = spec?.dtype === "int64";
        return { dtype: whole ? "int64" : "float32", shape: [1, values.length], data: whole ? BigInt64Array.from(values, (value) => BigInt(Math.trunc(value))) : Float32Array.from(values) };
      },
    })),
    together: true,
  };
}

function sentences(file: string, text: string, vocabulary: Vocabulary | undefined): Items {
  if (vocabulary === undefined) throw new DataError("The network's words are not known yet", "Give its vocabulary above first.");
  const table = /\.txt$/i.test(file) ? undefined : parse(text, file);
  const all = table?.rows ?? text.split(/\r?\n/).filter((line) => line.trim() !== "").map((line) => [line]);
  const header = table?.header ?? ["text"];
  // The longest column is the text.
  const length = (column: number): number => all.slice(0, 50).reduce((sum, row) => sum + (row[column]?.length ?? 0), 0);
  const column = header.reduce((best, _, i) => (length(i) > length(best) ? i : best), 0);
  const target = table === undefined || header.length < 2 ? column : likelyTarget(table);
  return {
    about: `${count(all.length)} ${all.length === 1 ? "sentence" : "sentences"} of ${file}`,
    header,
    items: all.map((cells) => ({
      cells,
      label: target === column ? undefined : cells[target]?.trim(),
      load: async () => {
        const { tensor, tokens } = encode(cells[column] ?? "", vocabulary);
        if (tokens.length === 0) throw new DataError("no words of the vocabulary");
        return tensor;
      },
    })),
    together: false,
  };
}

/**
 * The errors of the package: one class a kind, a stable `code` in each. Callers branch on `code` or on the class, never on text.
 * @module
 */

/** What goes wrong, in six kinds. */
export type ErrorKind = "malformed" | "unsupported" | "too_large" | "mismatch" | "device" | "aborted";

/** An error as it crosses the wasm rim and the worker's messages. */
export interface PlainError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly location?: string;
  readonly hint?: string;
}

/**
 * Every error that this package throws.
 *
 * @example
 * ```ts
 * try {
 *   await checkpoint.build();
 * } catch (error) {
 *   if (error instanceof TorchtabError && error.code === "needs_source") askForTheClass(error.hint);
 *   else throw error;
 * }
 * ```
 */
export class TorchtabError extends Error {
  /** The kind that the subclass stands for. */
  readonly kind: ErrorKind;
  /** A stable, finer name, e.g. `"needs_source"`, `"truncated"`, `"worker_died"`. */
  readonly code: string;
  /** Where: `data.pkl+0x1f3`, `state_dict["layer1.0.weight"]`, `model.py:12`. */
  readonly location: string | undefined;
  /** What to do next, where we know it. */
  readonly hint: string | undefined;

  constructor(plain: PlainError, options?: ErrorOptions) {
    super(plain.message, options);
    this.name = new.target.name;
    this.kind = plain.kind;
    this.code = plain.code;
    this.location = plain.location;
    this.hint = plain.hint;
  }

  /** The error without its class, as messages carry it. */
  plain(): PlainError {
    return {
      kind: this.kind,
      code: this.code,
      message: this.message,
      ...(this.location === undefined ? {} : { location: this.location }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    };
  }
}

/** The bytes are not what they claim to be. */
export class MalformedError extends TorchtabError {}
/** Legal in PyTorch, named in its words, and not done here. */
export class UnsupportedError extends TorchtabError {}
/** A limit of ours was met; the message says both numbers. */
export class TooLargeError extends TorchtabError {}
/** Shapes, keys, dtypes or arguments that do not fit. */
export class MismatchError extends TorchtabError {}
/** A device refused, was lost or ran out of memory; or the worker died (`code` `"worker_died"`). */
export class DeviceError extends TorchtabError {}
/** An `AbortSignal` ended the call; `cause` is the signal's reason. What was open stays usable. */
export class AbortError extends TorchtabError {}

const CLASSES = {
  malformed: MalformedError,
  unsupported: UnsupportedError,
  too_large: TooLargeError,
  mismatch: MismatchError,
  device: DeviceError,
  aborted: AbortError,
} as const;

// Minifiers rename classes, and `name` is what consoles show.
for (const [name, type] of Object.entries({ TorchtabError, MalformedError, UnsupportedError, TooLargeError, MismatchError, DeviceError, AbortError })) {
  Object.defineProperty(type, "name", { value: name });
}

/** The error of the class that `plain.kind` names. */
export function fromPlain(plain: PlainError, options?: ErrorOptions): TorchtabError {
  return new CLASSES[plain.kind](plain, options);
}

/** The error that an aborted signal stands for. */
export function aborted(signal: AbortSignal): AbortError {
  return new AbortError({ kind: "aborted", code: "aborted", message: "The operation was aborted" }, { cause: signal.reason });
}

function isPlain(value: unknown): value is PlainError {
  if (typeof value !== "object" || value === null) return false;
  const { kind, code, message } = value as Partial<PlainError>;
  return typeof kind === "string" && kind in CLASSES && typeof code === "string" && typeof message === "string";
}

/** Any thrown value as a plain error. What the rim did not throw itself is a trap: the module's memory cannot be trusted after it. */
export function toPlain(thrown: unknown): PlainError {
  if (thrown instanceof TorchtabError) return thrown.plain();
  if (isPlain(thrown)) {
    const { kind, code, message, location, hint } = thrown;
    return { kind, code, message, ...(location == null ? {} : { location }), ...(hint == null ? {} : { hint }) };
  }
  if (thrown instanceof DOMException && thrown.name === "AbortError") {
    return { kind: "aborted", code: "aborted", message: "The operation was aborted" };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return isTrap(thrown)
    ? { kind: "device", code: "worker_died", message: `The WebAssembly module stopped: ${message}`, hint: "Open the file again." }
    : { kind: "device", code: "internal", message };
}

/** Whether a thrown value means that the wasm module is dead: a trap, or an exhausted memory or stack. */
export function isTrap(thrown: unknown): boolean {
  return thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError;
}

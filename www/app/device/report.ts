// What the machine's devices are, as far as the browser tells, and a report of it to paste into an issue.
import type { Checkpoint, Device, Entry } from "torchtab";
import { bytes, sentence } from "../format.js";

/** WebGPU's adapter, as far as it is read here. */
interface Adapter {
  readonly info?: { readonly vendor?: string; readonly architecture?: string; readonly device?: string; readonly description?: string };
  readonly limits: { readonly maxBufferSize: number; readonly maxStorageBufferBindingSize: number; readonly maxComputeInvocationsPerWorkgroup: number };
  readonly features: ReadonlySet<string>;
}

export interface Machine {
  readonly adapter: Adapter | undefined;
  /** Why there is none. */
  readonly missing: string | undefined;
}

/** Asks for the adapter; the network's own worker has asked before. */
export async function machine(): Promise<Machine> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
  if (gpu === undefined) return { adapter: undefined, missing: "This browser has no WebGPU, or the page is not served securely." };
  try {
    const adapter = await gpu.requestAdapter();
    return adapter === null ? { adapter: undefined, missing: "This browser has WebGPU, but offers no adapter on this machine." } : { adapter, missing: undefined };
  } catch (thrown) {
    return { adapter: undefined, missing: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** The largest tensor of what is open. */
export function largest(checkpoint: Checkpoint): Entry | undefined {
  return checkpoint.entries.reduce<Entry | undefined>((most, entry) => (most === undefined || entry.bytes > most.bytes ? entry : most), undefined);
}

/** Rows of the panel, and lines of the report. */
export function facts({ adapter, missing }: Machine, device: Device | undefined, checkpoint: Checkpoint): [name: string, value: string][] {
  const most = largest(checkpoint);
  const limit = adapter === undefined ? undefined : Math.min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize);
  const { vendor, architecture, device: chip, description } = adapter?.info ?? {};
  const name = [description, vendor, architecture, chip].filter((part) => part !== undefined && part !== "").join(", ");
  const { deviceMemory } = navigator as { deviceMemory?: number };
  const features = ["shader-f16", "subgroups"].filter((feature) => adapter?.features.has(feature) === true);
  const rows: [string, string | undefined][] = [
    ["Network runs on", device === undefined ? undefined : `${device.kind === "webgpu" ? "WebGPU" : "CPU"}${device.name.toLowerCase() === device.kind ? "" : `, ${device.name}`}`],
    ["Because", device?.reason === undefined ? undefined : sentence(device.reason)],
    ["WebGPU adapter", adapter === undefined ? missing : name || "not named by the browser"],
    ["Largest buffer", adapter === undefined ? undefined : bytes(adapter.limits.maxBufferSize)],
    ["Largest binding", adapter === undefined ? undefined : bytes(adapter.limits.maxStorageBufferBindingSize)],
    ["Features", adapter === undefined ? undefined : features.join(", ") || "none of those used here"],
    ["Largest tensor", most === undefined ? undefined : `${most.name}, ${bytes(most.bytes)}${limit === undefined ? "" : most.bytes > limit ? `, more than the ${bytes(limit)} of one binding: take the CPU` : `, fits ${bytes(limit)}`}`],
    ["Processor", `${navigator.hardwareConcurrency} threads${deviceMemory === undefined ? "" : `, ${deviceMemory} GiB of memory or more`}`],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

/** Text for an issue: no names of files or tensors, nothing of the data. */
export function report(rows: readonly [name: string, value: string][], checkpoint: Checkpoint): string {
  const lines = rows.map(([name, value]) => `${name}: ${name === "Largest tensor" ? value.slice(value.indexOf(", ") + 2) : value}`);
  return [...lines, `Checkpoint: ${checkpoint.format}, ${checkpoint.kind}, ${bytes(checkpoint.bytes)}, ${checkpoint.entries.length} tensors`, `Browser: ${navigator.userAgent}`].join("\n");
}

// The screen stays on while a network trains: a machine that sleeps trains nothing.

interface Lock {
  release(): Promise<void>;
}

/** Keeps the machine awake, where the browser lets a page do so. */
export class Awake {
  #lock: Lock | undefined;
  #wanted = false;

  async begin(): Promise<void> {
    this.#wanted = true;
    const { wakeLock } = navigator as { wakeLock?: { request(kind: "screen"): Promise<Lock> } };
    this.#lock = await wakeLock?.request("screen").catch(() => undefined);
    // The browser lets go of it with each look away.
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#wanted && void this.begin(), { once: true });
  }

  end(): void {
    this.#wanted = false;
    void this.#lock?.release().catch(() => undefined);
    this.#lock = undefined;
  }
}

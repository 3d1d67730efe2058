/**
 * Listens for Ctrl-C and SIGTERM. The first one sets `asked`, which the run reads after each step.
 * The second one ends the process at once.
 */
export class Interruption implements Disposable {
  /** Whether there was an interruption. */
  requested = false;
  readonly #signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  readonly #stop: () => void;

  /** Listens until it is disposed. Tells the user the consequence of the first interruption. */
  constructor(tell: (line: string) => void) {
    this.#stop = () => {
      if (this.requested) Deno.exit(130);
      this.requested = true;
      tell("interrupted: saving after this step; press Ctrl-C again to stop at once");
    };
    for (const signal of this.#signals) Deno.addSignalListener(signal, this.#stop);
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    for (const signal of this.#signals) Deno.removeSignalListener(signal, this.#stop);
  }
}

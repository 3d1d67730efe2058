/**
 * Listens for Ctrl-C: the first one is asked for after each step, the second one ends the process
 * at once.
 */
export class Interruption implements Disposable {
  /** Whether there was one. */
  asked = false;
  readonly #signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  readonly #stop: () => void;

  /** Listens from now on, until it is disposed, and says to the first one what follows. */
  constructor(tell: (line: string) => void) {
    this.#stop = () => {
      if (this.asked) Deno.exit(130);
      this.asked = true;
      tell("interrupted: saving after this step; once more stops at once");
    };
    for (const signal of this.#signals) Deno.addSignalListener(signal, this.#stop);
  }

  /** Listens no more. */
  [Symbol.dispose](): void {
    for (const signal of this.#signals) Deno.removeSignalListener(signal, this.#stop);
  }
}

/** Milliseconds of a turn, and the turns after which another Ctrl-C is a second one. */
const TURN = 100;
const TURNS = 10;

/**
 * Listens for the signals by which a person, a terminal or a scheduler stops a command, or asks it
 * to save:
 *
 * - Ctrl-C (SIGINT), a closed connection (SIGHUP), SIGTERM and a limit of processor time (SIGXCPU)
 *   set `requested`, which a run reads;
 * - another Ctrl-C, at least a second later, ends the process at once with exit code 130;
 * - SIGUSR1 and SIGUSR2 are requests to save and to go on.
 *
 * `nohup` does not keep SIGHUP away: `deno task` listens for it, and passes it on.
 */
export class Interruption implements Disposable {
  /** Whether there was an interruption. */
  requested = false;
  #saveRequested = false;
  /** The turns of the event loop since the interruption. */
  #turns = 0;
  readonly #resources = new DisposableStack();

  /**
   * Listens until it is disposed. `tell` tells the user the consequence of the first interruption,
   * `exit` ends the process at once. Default: `Deno.exit`.
   */
  constructor(tell: (line: string) => void, exit: (code: number) => void = Deno.exit) {
    const stop = () => {
      if (this.requested) return;
      this.requested = true;
      // One key press may arrive several times, once from the terminal and once from each program
      // above. Turns are counted, not time: after work that held the event loop for long, signals
      // that came meanwhile are heard before the next turns pass.
      const clock = setInterval(() => this.#turns++, TURN);
      this.#resources.defer(() => clearInterval(clock));
      tell("interrupted: it stops as soon as its work is saved; Ctrl-C again stops it at once");
    };
    const press = () => {
      if (this.#turns >= TURNS) exit(130);
      stop();
    };
    this.#listen("SIGINT", press);
    if (Deno.build.os === "windows") return;
    const save = () => this.#saveRequested = true;
    for (const signal of ["SIGTERM", "SIGHUP", "SIGXCPU"] as const) this.#listen(signal, stop);
    for (const signal of ["SIGUSR1", "SIGUSR2"] as const) this.#listen(signal, save);
  }

  #listen(signal: Deno.Signal, hear: () => void): void {
    Deno.addSignalListener(signal, hear);
    this.#resources.defer(() => Deno.removeSignalListener(signal, hear));
  }

  /** Whether there was a request to save since the last call. */
  takeSaveRequest(): boolean {
    const wasRequested = this.#saveRequested;
    this.#saveRequested = false;
    return wasRequested;
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    this.#resources.dispose();
  }
}

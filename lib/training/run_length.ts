/**
 * The numbers of epochs and of steps of a run, which a loss may read. A run of another length can
 * only go on from one whose loss has read neither.
 */
export class RunLength {
  readonly #epochs: number;
  readonly #steps: number;
  #wasRead = false;

  /** A run of so many epochs and steps. */
  constructor(epochs: number, steps: number) {
    this.#epochs = epochs;
    this.#steps = steps;
  }

  /** Whether one of the two was read. A loss is traced, so at its first step. */
  get wasRead(): boolean {
    return this.#wasRead;
  }

  /** The number of epochs. */
  get epochs(): number {
    this.#wasRead = true;
    return this.#epochs;
  }

  /** The number of steps. */
  get steps(): number {
    this.#wasRead = true;
    return this.#steps;
  }
}

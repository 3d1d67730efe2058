/** One worker of several that share each batch of a trial. */
export interface Share {
  /** The worker's number, from 0. */
  readonly rank: number;
  /** The number of workers. */
  readonly workers: number;
}

/** The share of a process that trains alone. */
export const ALONE: Share = { rank: 0, workers: 1 };

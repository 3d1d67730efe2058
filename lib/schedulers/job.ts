/** A job of a scheduler: tasks that run the same command, until no trial is left to take. */
export interface Job {
  /** The words of the command. */
  readonly command: readonly string[];
  /** The number of tasks. */
  readonly tasks: number;
  /** Processor cores of a task. */
  readonly cpus: number;
  /** Main memory of a task, in GiB. */
  readonly memory: number;
  /** GPUs of a task. */
  readonly gpus: number;
}

/** Seconds between the scheduler's signal and the end of a task, in which it saves its trial. */
export const GRACE = 120;

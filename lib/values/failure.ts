/**
 * What a process of Retort ends with: usage or an invalid experiment, data or a teacher, numbers,
 * an interruption.
 */
export type ExitCode = 1 | 2 | 3 | 4 | 130;

/**
 * A problem the user can mend: one message that names the thing and the way out, and the exit code
 * that goes with it. Anything else that is thrown is a bug of ours and ends with exit code 1 and a
 * stack.
 */
export class Failure extends Error {
  /**
   * The process's exit code: 2 usage or an invalid experiment, 3 data or a teacher, 4 numerical,
   * 130 interrupted.
   */
  readonly exit: ExitCode;

  /** A failure with its exit code and a message of one or a few lines. */
  constructor(exit: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.exit = exit;
  }
}

/** What went wrong, in the words of whoever noticed. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

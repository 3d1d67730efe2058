/**
 * Exit codes of a Retort process: 2 usage or an invalid experiment, 3 data or a teacher, 4
 * numerical, 130 interrupted, 1 anything else.
 */
export type ExitCode = 1 | 2 | 3 | 4 | 130;

/**
 * A problem that the user can fix: one message that names the problem and the fix, and the exit
 * code. Any other exception is a bug in Retort and ends with exit code 1 and a stack.
 */
export class Failure extends Error {
  /**
   * Exit code of the process: 2 usage or an invalid experiment, 3 data or a teacher, 4 numerical,
   * 130 interrupted.
   */
  readonly exit: ExitCode;

  /** Creates a failure with an exit code and a message of one or a few lines. */
  constructor(exit: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.exit = exit;
  }
}

/** Returns the message of an error, or any other thrown value as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The message of an error of the system, without the number and the path that Deno adds: a failure
 * names the path already.
 */
export function systemMessageOf(error: unknown): string {
  return messageOf(error).replace(/ \(os error.*/s, "");
}

import { Failure } from "../values/failure.ts";

/**
 * Runs a command's main function and ends the process: exit code 0 or the function's result, a
 * `Failure`'s exit code and message, or 1 and a stack for any other error.
 */
export async function runCommand(main: () => Promise<number | void>): Promise<never> {
  try {
    Deno.exit(await main() ?? 0);
  } catch (error) {
    if (error instanceof Failure) {
      unlessClosed(() => console.error(error.message));
      Deno.exit(error.exit);
    }
    unlessClosed(() => console.error(error));
    Deno.exit(1);
  }
}

/** Prints a line to stdout. A terminal that was closed meanwhile ends no command. */
export function printLine(line: string): void {
  unlessClosed(() => console.log(line));
}

/** Prints something. `console` passes over a closed pipe, and throws at a closed terminal. */
function unlessClosed(print: () => void): void {
  try {
    print();
  } catch {
    // Nobody is there to read it.
  }
}

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
      console.error(error.message);
      Deno.exit(error.exit);
    }
    console.error(error);
    Deno.exit(1);
  }
}

import { Failure } from "../values/failure.ts";

/**
 * Runs a command's main function and ends the process: 0 where it is done, a `Failure`'s exit code
 * and message where the user can mend something, 1 and a stack for anything else.
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

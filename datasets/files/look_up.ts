import { Failure } from "../../lib/values/failure.ts";
import { reason } from "../../lib/values/reason.ts";

/** The folder that data sets are looked for in: `--data DIR`, else the environment variable `RETORT_DATA`, else `./data`. */
export function dataFolder(flag?: string): string {
  return flag || Deno.env.get("RETORT_DATA") || "./data";
}

/** The end of a message that something is not where it was looked for. */
export const elsewhere = "`--data DIR` or the environment variable RETORT_DATA names the data folder";

/** What is at this path, links followed; undefined where there is nothing. */
export async function lookUp(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw new Failure(3, `cannot look at ${path}: ${reason(error)}`, { cause: error });
  }
}

/** The bytes of a file; a `Failure` (exit 3) that names it and ends with `wayOut` where it cannot be read. */
export async function readFile(path: string, wayOut: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new Failure(3, `cannot read ${path} (${reason(error)}): ${wayOut}`, { cause: error });
  }
}

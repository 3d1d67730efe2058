import { Failure, systemMessageOf } from "../../lib/values/failure.ts";

/**
 * The kind of a path, with links followed; `undefined` if nothing is there. Rejects with a
 * `Failure` (exit 3) if it cannot be read.
 */
export async function statPath(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw new Failure(3, `cannot look at ${path}: ${systemMessageOf(error)}`, { cause: error });
  }
}

/**
 * Reads the bytes of a file. Rejects with a `Failure` (exit 3) that names it and ends with `wayOut`
 * if it cannot be read.
 */
export async function readFile(path: string, wayOut: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new Failure(3, `cannot read ${path} (${systemMessageOf(error)}): ${wayOut}`, {
      cause: error,
    });
  }
}

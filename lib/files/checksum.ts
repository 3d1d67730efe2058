import { createHash } from "node:crypto";
import { Failure, systemMessageOf } from "../values/failure.ts";

/** Published checksum of a file. */
export interface Checksum {
  readonly algorithm: "md5" | "sha256";
  /** Lower-case hexadecimal digits of the sum. */
  readonly digits: string;
}

/**
 * Computes the checksum of a file, in lower-case hexadecimal digits. Rejects with a `Failure` (exit
 * 3) that names the file if it cannot be read.
 */
export async function checksum(path: string, algorithm: Checksum["algorithm"]): Promise<string> {
  const hash = createHash(algorithm);
  try {
    for await (const bytes of (await Deno.open(path)).readable) hash.update(bytes);
  } catch (cause) {
    throw new Failure(3, `cannot read ${path}: ${systemMessageOf(cause)}`, { cause });
  }
  return hash.digest("hex");
}

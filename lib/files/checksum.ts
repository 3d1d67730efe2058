import { createHash } from "node:crypto";

/**
 * What a file's publisher says it is: the algorithm and the sum in lower-case hexadecimal digits.
 */
export interface Checksum {
  /** How the sum is computed. */
  readonly algorithm: "md5" | "sha256";
  /** The sum. */
  readonly digits: string;
}

/** The checksum of a file, in lower-case hexadecimal digits. */
export async function checksum(path: string, algorithm: Checksum["algorithm"]): Promise<string> {
  const hash = createHash(algorithm);
  for await (const bytes of (await Deno.open(path)).readable) hash.update(bytes);
  return hash.digest("hex");
}

import { createHash } from "node:crypto";

/** Published checksum of a file. */
export interface Checksum {
  readonly algorithm: "md5" | "sha256";
  /** Lower-case hexadecimal digits of the sum. */
  readonly digits: string;
}

/** Computes the checksum of a file, in lower-case hexadecimal digits. */
export async function checksum(path: string, algorithm: Checksum["algorithm"]): Promise<string> {
  const hash = createHash(algorithm);
  for await (const bytes of (await Deno.open(path)).readable) hash.update(bytes);
  return hash.digest("hex");
}

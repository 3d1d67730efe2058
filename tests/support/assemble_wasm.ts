/**
 * Assembles `datasets/images/resample.wat` to the file that Retort loads:
 * `deno run -A tests/support/assemble_wasm.ts`.
 *
 * @module
 */
import wabt from "wabt";
import { fileURLToPath } from "node:url";

const path = (name: string) =>
  fileURLToPath(new URL(`../../datasets/images/${name}`, import.meta.url));

/** The file that is loaded. */
export const ASSEMBLED: string = path("resample.wasm");

/** Assembles the text. Throws an Error with the place of a fault in it. */
export async function assemble(): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const parsed = parseWat("resample.wat", await Deno.readTextFile(path("resample.wat")));
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}

if (import.meta.main) await Deno.writeFile(ASSEMBLED, await assemble());

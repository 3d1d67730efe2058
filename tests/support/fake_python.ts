import { join } from "node:path";
import { strToU8, zipSync } from "fflate";

/** Writes a shell script that replaces the user's Python. Returns its path. */
export async function fakePython(folder: string, script: string): Promise<string> {
  const path = join(folder, "python3");
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

/** The user's Python without any package, even pip. */
export const bare = 'exec python3 -I -S "$@"';

/** The user's Python with the packages of one folder and no others. */
export const having = (folder: string): string => `PYTHONPATH='${folder}' exec python3 -S "$@"`;

/**
 * A Python whose pip appends its arguments to `calls` and runs `download`, where `$folder` is the
 * folder to download to.
 */
export const pipThat = (download: string, calls = "/dev/null"): string => `
if [ "$1 $2" = "-m pip" ]; then
  echo "$*" >> '${calls}'
  for folder; do :; done
  ${download}
else
  exec python3 "$@"
fi`;

/**
 * A small wheel in TensorFlow's layout. `level` is the level of compression, and 0 stores the bytes
 * uncompressed. Default: 6, as in wheels.
 */
export const wheelOf = (files: Record<string, string>, level: 0 | 6 = 6): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])), {
    level,
  });

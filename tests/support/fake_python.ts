import { join } from "node:path";
import { strToU8, zipSync } from "fflate";

/** Writes a shell script that stands for the user's Python; returns its path. */
export async function fakePython(folder: string, script: string): Promise<string> {
  const path = join(folder, "python3");
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

/** The user's Python without any package, pip included. */
export const bare = 'exec python3 -I -S "$@"';

/** The user's Python with one more folder of packages, and no others. */
export const having = (folder: string): string => `PYTHONPATH='${folder}' exec python3 -S "$@"`;

/**
 * A Python whose pip notes its arguments in `calls` and does `download`, with `$folder` the folder
 * to download to.
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
 * A small wheel in TensorFlow's layout, packed as wheels are unless `level` says 0, which leaves
 * the bytes as they are.
 */
export const wheelOf = (files: Record<string, string>, level: 0 | 6 = 6): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])), {
    level,
  });

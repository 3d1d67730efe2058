/**
 * The folder that data sets are looked for in: `--data DIR`, else the environment variable
 * `RETORT_DATA`, else `./data`.
 */
export function dataFolder(flag?: string): string {
  return flag || Deno.env.get("RETORT_DATA") || "./data";
}

/** The end of a message that something is not where it was looked for. */
export const dataFolderHint =
  "`--data DIR` or the environment variable RETORT_DATA names the data folder";

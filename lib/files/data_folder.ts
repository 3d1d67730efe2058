import { userPath } from "./user_path.ts";

/**
 * Returns the folder of the data sets: `--data DIR`, else the environment variable `RETORT_DATA`,
 * else `./data`.
 */
export function findDataFolder(flag?: string): string {
  const given = flag || Deno.env.get("RETORT_DATA");
  return given ? userPath(given) : "./data";
}

/** End of a message about missing data. */
export const dataFolderHint =
  "`--data DIR` or the environment variable RETORT_DATA names the data folder";

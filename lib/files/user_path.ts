import { resolve } from "node:path";

/**
 * The folder in which the user stands. `deno task` starts a command in the project's folder and
 * says in `INIT_CWD` in which folder below it was called.
 */
export function userFolder(): string {
  const working = Deno.cwd();
  const permission = { name: "env", variable: "INIT_CWD" } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") return working;
  const called = Deno.env.get("INIT_CWD");
  return called?.startsWith(`${working}/`) ? called : working;
}

/** A path of the command line, which is relative to where the user stands. */
export function userPath(path: string): string {
  const folder = userFolder();
  return folder === Deno.cwd() ? path : resolve(folder, path);
}

/**
 * Tests that need a permission or a file outside the project. Plain `deno test` passes without any
 * flag: what needs a permission it lacks is ignored, with the command that runs it in its name.
 * Permissions are asked for, never tried.
 */

type Permission = "read" | "write" | "env" | "ffi" | "run" | "net" | "sys";

/** Whether every one of these permissions is granted; asked, never tried. */
export const granted = async (names: readonly Permission[]): Promise<boolean> => {
  for (const name of names) {
    if ((await Deno.permissions.query({ name })).state !== "granted") return false;
  }
  return true;
};

/** Registers a test that needs these permissions; without them it is ignored by name. */
export async function needs(
  permissions: readonly Permission[],
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): Promise<void> {
  const ignore = !(await granted(permissions));
  Deno.test({ name: ignore ? `${name} (run: deno task test)` : name, ignore, fn });
}

/** Everything a test of the engine or the runner uses. */
export const everything: readonly Permission[] = [
  "read",
  "write",
  "env",
  "ffi",
  "run",
  "net",
  "sys",
];

/**
 * Registers a test that reads a file outside the project. Where the file is missing the test fails
 * if CI or RETORT_GOLDENS is set and is ignored otherwise, by a name that says where the file comes
 * `from`.
 */
export async function outside(
  name: string,
  file: URL,
  from: string,
  fn: () => void | Promise<void>,
): Promise<void> {
  if (!(await granted(["read", "env"]))) return needs(["read", "env"], name, fn);
  const isThere = await Deno.stat(file).then(() => true, () => false);
  const isRequired = Boolean(Deno.env.get("CI") || Deno.env.get("RETORT_GOLDENS"));
  Deno.test({
    name: isThere ? name : `${name} (needs ${from})`,
    ignore: !isThere && !isRequired,
    fn() {
      if (!isThere) throw new Error(`${file} is missing: ${from}`);
      return fn();
    },
  });
}

/**
 * Tests that need a permission or a file outside the project. Plain `deno test` passes without any
 * flag: it ignores a test that lacks a permission, and the test's name says which command runs it.
 * Permissions are queried, never requested.
 */

type Permission = "read" | "write" | "env" | "ffi" | "run" | "net" | "sys";

/** Whether all of these permissions are granted. */
export const granted = async (names: readonly Permission[]): Promise<boolean> => {
  for (const name of names) {
    if ((await Deno.permissions.query({ name })).state !== "granted") return false;
  }
  return true;
};

/** Registers a test that is ignored without these permissions. */
export async function needs(
  permissions: readonly Permission[],
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): Promise<void> {
  const ignore = !(await granted(permissions));
  Deno.test({ name: ignore ? `${name} (run: deno task test)` : name, ignore, fn });
}

/** Registers a test over IPv6, which is also ignored on a machine that has none. */
export async function needsIpv6(
  permissions: readonly Permission[],
  name: string,
  fn: () => Promise<void>,
): Promise<void> {
  if (!(await granted(permissions))) return needs(permissions, name, fn);
  const ignore = !hasIpv6();
  Deno.test({ name: ignore ? `${name} (needs IPv6)` : name, ignore, fn });
}

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

/** The permissions that tests of the engine or the runner need. */
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
 * Registers a test that reads a file outside the project. If the file is missing, the test fails if
 * CI or RETORT_GOLDENS is set, and is ignored otherwise. Its name then says that it needs `from`.
 */
export async function needsFile(
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

/** Small temporary disks that a test can fill up or make read-only. Needs the right to mount. */
import { granted, needs } from "./needs.ts";

/** Registers a test that is about such disks, which is ignored where none can be mounted. */
export async function needsDisk(
  permissions: Parameters<typeof needs>[0],
  name: string,
  fn: () => Promise<void>,
): Promise<void> {
  if (!(await granted([...permissions, "write", "run"]))) return needs(permissions, name, fn);
  const ignore = !await withDisk(1 << 14, () => Promise.resolve());
  Deno.test({ name: ignore ? `${name} (needs the right to mount)` : name, ignore, fn });
}

/**
 * Runs `fn` with a folder on a new disk of `bytes` bytes and a function that makes the disk
 * read-only. Returns false if the system mounts no disk.
 */
export async function withDisk(
  bytes: number,
  fn: (folder: string, readOnly: () => void) => Promise<void>,
): Promise<boolean> {
  const folder = await Deno.makeTempDir();
  const run = async (command: string, ...args: string[]): Promise<boolean> =>
    (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  try {
    if (!await run("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder)) return false;
    try {
      await fn(folder, () => {
        const { success } = new Deno.Command("mount", { args: ["-o", "remount,ro", folder] })
          .outputSync();
        if (!success) throw new Error("cannot remount");
      });
      return true;
    } finally {
      await run("umount", folder);
    }
  } finally {
    await Deno.remove(folder);
  }
}

/** Small temporary disks that a test can fill up or make read-only. Needs the right to mount. */
import { granted, needs } from "./needs.ts";

/** Uses a folder on a disk of its own; `readOnly` makes the disk read-only. */
type DiskTest = (folder: string, readOnly: () => void) => void | Promise<void>;

/**
 * Registers a test that gets a folder on a new disk of `bytes` bytes. It is ignored where no disk
 * can be mounted.
 */
export async function needsDisk(
  permissions: Parameters<typeof needs>[0],
  bytes: number,
  name: string,
  fn: DiskTest,
): Promise<void> {
  const all = [...new Set([...permissions, "read", "write", "run"] as const)];
  const test = async () => {
    if (!await withDisk(bytes, fn)) throw new Error("the system mounts no disk any more");
  };
  if (!(await granted(all))) return needs(all, name, test);
  const ignore = !await withDisk(bytes, () => {});
  Deno.test({ name: ignore ? `${name} (needs the right to mount)` : name, ignore, fn: test });
}

/** Returns false if the system mounts no disk. */
async function withDisk(bytes: number, fn: DiskTest): Promise<boolean> {
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

import { dirname, join } from "node:path";
import { Failure, systemMessageOf } from "../values/failure.ts";

/**
 * Writes a file completely or not at all: under a temporary name beside it, synced to the disk,
 * then renamed over the old file. Rejects with a `Failure` (exit 3) that names the file and the
 * reason if this fails. The old file is then untouched.
 */
export async function atomicWrite(path: string, data: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.writeFile(
      temporary,
      typeof data === "string" ? new TextEncoder().encode(data) : data,
    );
    await sync(temporary);
    await Deno.rename(temporary, path);
    // Without this, a power cut may bring back the old name although the rename succeeded.
    await sync(dirname(path));
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw writeFailure(path, error);
  }
}

/**
 * Removes the temporary files and folders that killed processes left in a folder, of those whose
 * names begin with `prefix`. Only for a process that no other one writes there beside. Rejects with a `Failure`
 * (exit 3) if the file system refuses.
 */
export async function removeUnfinished(folder: string, prefix = ""): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.startsWith(prefix) || !TEMPORARY.test(name)) continue;
      await Deno.remove(join(folder, name), { recursive: true });
    }
  } catch (error) {
    throw writeFailure(folder, error);
  }
}

/** The end of a temporary file's name, or of a folder that was about to be replaced. */
const TEMPORARY = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp(\.old)?$/;

/** Waits until a file's bytes, or a folder's names, are on the disk. */
async function sync(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.sync();
}

/**
 * Creates the failure (exit 3) of writing to `path` from the system's message.
 */
export function writeFailure(path: string, cause: unknown): Failure {
  const reason = systemMessageOf(cause);
  return new Failure(
    3,
    `cannot write ${path}: ${reason}; make room or allow writing there, then run again`,
    { cause },
  );
}

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Failure, systemMessageOf } from "../values/failure.ts";
import { syncFile, syncFolder } from "./sync.ts";

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
    await syncFile(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw writeFailure(path, error);
  }
  // Without this, a power cut may bring back the old name although the rename succeeded.
  await syncFolder(dirname(path));
}

/**
 * Checks that a file can be written at `path`, whose folder may be missing yet, and leaves nothing.
 * Rejects with a `Failure` (exit 3) that names the file and the reason if it cannot.
 */
export async function checkWritable(path: string): Promise<void> {
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  const temporary = join(folder, `${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    await Deno.writeTextFile(temporary, "");
    await Deno.remove(temporary);
  } catch (error) {
    // Whoever records a result there meanwhile takes the temporary file for a leftover.
    if (!(error instanceof Deno.errors.NotFound)) throw writeFailure(path, error);
  }
}

/**
 * Removes the temporary files and folders that killed processes left in a folder, of those whose
 * names begin with `prefix`. Call it only while no other process writes there. Rejects with a
 * `Failure` (exit 3) if the file system refuses.
 */
export async function removeUnfinished(folder: string, prefix = ""): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.startsWith(prefix) || !TEMPORARY.test(name)) continue;
      // A check whether the file can be written may have removed its own one meanwhile.
      await Deno.remove(join(folder, name), { recursive: true }).catch(ignoreAbsence);
    }
  } catch (error) {
    throw writeFailure(folder, error);
  }
}

/** Rethrows an error, unless it is that there is no such file. */
export function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** The end of a temporary file's name, or of a folder that was about to be replaced. */
const TEMPORARY = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp(\.old)?$/;

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

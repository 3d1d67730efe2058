import { dirname } from "node:path";
import { Failure } from "../values/failure.ts";

/**
 * Writes a file whole or not at all: beside itself under a temporary name, synced to the disk, then
 * renamed over what was there. Rejects with a `Failure` (exit 3) that names the file and the
 * reason; the file is then the old one, untouched.
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
    // Without this a power cut may bring the old name back, although the rename was reported as
    // done.
    await sync(dirname(path));
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw cannotWrite(path, error);
  }
}

/** Waits until a file's bytes, or a folder's names, are on the disk. */
async function sync(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.sync();
}

/**
 * The failure (exit 3) of writing to `path`: what the system said, without the number and the names
 * that Deno adds.
 */
export function cannotWrite(path: string, cause: unknown): Failure {
  const reason = (cause instanceof Error ? cause.message : String(cause)).replace(
    / \(os error.*/s,
    "",
  );
  return new Failure(
    3,
    `cannot write ${path}: ${reason}; make room or allow it there, then run the same again`,
    {
      cause,
    },
  );
}

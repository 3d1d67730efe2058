/**
 * Waits until files and names are on the disk, which protects them from a power cut. Some file
 * systems, as of networks and containers, have no such call or refuse it for folders. What was
 * written is there all the same, so this is said once and passed over.
 *
 * @module
 */
import { constants } from "node:os";
import { dirname } from "node:path";
import { messageOf, systemMessageOf } from "../values/failure.ts";

/** Waits until a file's bytes are on the disk. Rejects if the disk lost or refused them. */
export async function syncFile(path: string): Promise<void> {
  try {
    using file = await Deno.open(path);
    await file.sync();
  } catch (error) {
    passOver(path, error);
  }
}

/** Waits like `syncFile`, for the open file at `path`. Throws instead of rejecting. */
export function syncOpenFile(file: Deno.FsFile, path: string): void {
  try {
    file.syncSync();
  } catch (error) {
    passOver(path, error);
  }
}

/** Waits until the names in a folder are on the disk. Never rejects: the names are there already. */
export async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path);
    await folder.sync();
  } catch (error) {
    sayOnce(path, error);
  }
}

/** The errors of a disk that lost bytes, or had no room for them. */
const LOSSES: readonly number[] = [
  constants.errno.EIO,
  constants.errno.ENOSPC,
  constants.errno.EDQUOT,
];

/** Throws an error again if bytes were lost. */
function passOver(path: string, error: unknown): void {
  const number = messageOf(error).match(/\(os error (\d+)\)/)?.[1];
  if (LOSSES.includes(Number(number))) throw error;
  sayOnce(dirname(path), error);
}

let isSaid = false;

function sayOnce(folder: string, error: unknown): void {
  if (isSaid) return;
  isSaid = true;
  console.warn(
    `the file system of ${folder} does not say when files are on the disk (${
      systemMessageOf(error)
    }): a power cut may cost the newest ones`,
  );
}

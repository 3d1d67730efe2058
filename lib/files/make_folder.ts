import { writeFailure } from "./atomic_write.ts";

/**
 * Makes a folder, and those above it, if they are missing. Rejects with a `Failure` (exit 3) that
 * names the folder and the reason if the file system refuses.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw writeFailure(path, error);
  }
}

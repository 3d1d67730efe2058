/**
 * The folder of an export. It is written aside and renamed, and replaced only if it holds nothing
 * but the files of an export.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { atomicWrite, removeUnfinished, writeFailure } from "../files/atomic_write.ts";
import { Leases } from "../files/lease.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { sha256 } from "../values/sha256.ts";
import type { Files } from "./format.ts";

/** The file that records the origin of an export and lists its other files. */
const RECORD = "export.json";

/**
 * Writes an export's files into a folder, with an `export.json` of its origin and the SHA-256 of
 * each file. Removes what a killed export to that folder left beside it; another one at work holds
 * the lease `<path>.lock`, and is waited for. Rejects with a `Failure` if the folder holds anything
 * but an unchanged export (exit 2), or cannot be written (exit 3). The old contents then stay.
 */
export async function writeExport(
  path: string,
  origin: { readonly [fact: string]: Json },
  files: Files,
): Promise<void> {
  using _lock = await new Leases().wait(`${path}.lock`);
  await removeUnfinished(dirname(path), `${basename(path)}.`);
  const isThere = await checkReplaceable(path);
  const aside = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    const sums: Record<string, string> = {};
    for (const [name, content] of files) {
      const bytes = typeof content === "string"
        ? new TextEncoder().encode(content)
        : Uint8Array.from(content);
      sums[name] = await sha256(bytes);
      await Deno.mkdir(dirname(join(aside, name)), { recursive: true });
      await atomicWrite(join(aside, name), bytes);
    }
    await atomicWrite(
      join(aside, RECORD),
      `${JSON.stringify({ ...origin, files: sums }, null, 2)}\n`,
    );
    if (isThere) await replace(path, aside);
    else await Deno.rename(aside, path);
  } catch (error) {
    await Deno.remove(aside, { recursive: true }).catch(() => {});
    throw error instanceof Failure ? error : writeFailure(path, error);
  }
}

/** Replaces a folder by another one and removes it. */
async function replace(path: string, replacement: string): Promise<void> {
  const old = `${replacement}.old`;
  await Deno.rename(path, old);
  try {
    await Deno.rename(replacement, path);
  } catch (error) {
    await Deno.rename(old, path);
    throw error;
  }
  await Deno.remove(old, { recursive: true });
}

/**
 * Whether there is such a folder. Rejects with a `Failure` (exit 2) if it holds a file that no
 * export wrote, or one that was changed since.
 */
export async function checkReplaceable(path: string): Promise<boolean> {
  const refuse = (problem: string) =>
    new Failure(
      2,
      `${path} ${problem}, and an export replaces only an export: --out names another folder`,
    );
  const names = await namesIn(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) throw refuse("is not a folder");
    throw new Failure(3, `cannot read the folder ${path}: ${error.message}`, { cause: error });
  });
  if (!names || names.length === 0) return names !== undefined;
  const sums = await readSums(join(path, RECORD));
  for (const name of names) {
    if (name === RECORD) continue;
    if (!Object.hasOwn(sums, name)) throw refuse(`has ${name}, which no export wrote`);
    if (await sha256(await Deno.readFile(join(path, name))) !== sums[name]) {
      throw refuse(`has ${name}, which was changed after the export`);
    }
  }
  return true;
}

/** Lists the files below a folder, by path in it. Links count as files, which no export wrote. */
async function namesIn(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) {
      found.push(...(await namesIn(join(path, name))).map((below) => `${name}/${below}`));
    } else found.push(name);
  }
  return found;
}

/** Reads the SHA-256 of each file that an export wrote. Empty if there is no such record. */
async function readSums(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { files } = JSON.parse(await Deno.readTextFile(path));
    return typeof files === "object" && files !== null ? files : {};
  } catch {
    return {};
  }
}

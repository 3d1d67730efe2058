/**
 * A folder of files with a record of their origin. It is written aside and renamed, and replaced
 * only if it holds nothing but what was written there before.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { atomicWrite, checkWritable, removeUnfinished, writeFailure } from "./atomic_write.ts";
import { userFolder } from "./user_path.ts";
import { Leases } from "./lease.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { sha256 } from "../values/sha256.ts";

/** What writes a folder. Its file `<writer>.json` has the origin and lists the other files. */
export type Writer = "export" | "evaluation";

/**
 * Writes files, by path in the folder, with a record of their origin and the SHA-256 of each.
 * Removes what a killed process left beside the folder; another one at work holds the lease
 * `<path>.lock`, and is waited for. Rejects with a `Failure` if the folder holds anything but
 * unchanged files of such a writer (exit 2), or cannot be written (exit 3). The old contents then
 * stay.
 */
export async function writeRecorded(
  writer: Writer,
  place: string,
  origin: { readonly [fact: string]: Json },
  files: ReadonlyMap<string, Uint8Array | string>,
): Promise<void> {
  const path = await behindLinks(place);
  using _lock = await new Leases().wait(`${path}.lock`, console.error);
  await removeUnfinished(dirname(path), `${basename(path)}.`);
  const isThere = await checkReplaceable(writer, path);
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
      join(aside, recordOf(writer)),
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

/** The name of the record. */
function recordOf(writer: Writer): string {
  return `${writer}.json`;
}

/**
 * Whether there is such a folder. Rejects with a `Failure` (exit 2) if it holds a file that no such
 * writer wrote, or one that was changed since, or cannot be moved, and (exit 3) if nothing can be
 * written beside it.
 */
export async function checkReplaceable(writer: Writer, place: string): Promise<boolean> {
  const path = await behindLinks(place);
  const refuse = (problem: string) =>
    new Failure(
      2,
      `${path} ${problem}, and an ${writer} replaces only an ${writer}: --out names another folder`,
    );
  const names = await namesIn(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) throw refuse("is not a folder");
    throw new Failure(3, `cannot read the folder ${path}: ${error.message}`, { cause: error });
  });
  if (!names && await isLink(path)) throw refuse("is a link to nothing");
  if (names && path === userFolder()) throw refuse("is the folder in which you stand");
  if (names && await isMounted(path)) throw refuse("is a mount point");
  await checkWritable(path);
  if (!names || names.length === 0) return names !== undefined;
  const record = recordOf(writer);
  const sums = await readSums(join(path, record));
  for (const name of names) {
    if (name === record) continue;
    if (!Object.hasOwn(sums, name)) throw refuse(`has ${name}, which no ${writer} wrote`);
    if (await sha256(await Deno.readFile(join(path, name))) !== sums[name]) {
      throw refuse(`has ${name}, which was changed after the ${writer}`);
    }
  }
  return true;
}

/** The folder that a path leads to. A link stays one: the folder behind it is replaced. */
function behindLinks(path: string): Promise<string> {
  return Deno.realPath(path).catch(() => resolve(path));
}

function isLink(path: string): Promise<boolean> {
  return Deno.lstat(path).then(({ isSymlink }) => isSymlink, () => false);
}

/** Whether a folder is the root of a file system, which no other folder can replace. */
async function isMounted(path: string): Promise<boolean> {
  const [own, above] = await Promise.all([path, dirname(path)].map((one) => Deno.stat(one)));
  return own.dev !== above.dev;
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

/** Reads the SHA-256 of each file that was written. Empty if there is no such record. */
async function readSums(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { files } = JSON.parse(await Deno.readTextFile(path));
    return typeof files === "object" && files !== null ? files : {};
  } catch {
    return {};
  }
}

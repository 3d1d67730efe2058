/**
 * The folder of an export: written aside and renamed, and replaced only where it holds nothing but
 * an export's own files.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { atomicWrite, cannotWrite } from "../files/atomic_write.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { sha256 } from "../values/sha256.ts";
import type { Files } from "./format.ts";

/** The file that says what an export is and lists its other files. */
const RECORD = "export.json";

/**
 * Writes an export's files into a folder, with `export.json` beside them: where it comes from, and
 * each file's SHA-256. Rejects with a `Failure`: exit 2 where the folder is there and holds
 * something else than an unchanged export, 3 where it cannot be written; what was there then stays.
 */
export async function writeExport(
  path: string,
  origin: { readonly [fact: string]: Json },
  files: Files,
): Promise<void> {
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
    throw error instanceof Failure ? error : cannotWrite(path, error);
  }
}

/** Puts a folder in the place of another, which goes. */
async function replace(path: string, by: string): Promise<void> {
  const old = `${by}.old`;
  await Deno.rename(path, old);
  try {
    await Deno.rename(by, path);
  } catch (error) {
    await Deno.rename(old, path);
    throw error;
  }
  await Deno.remove(old, { recursive: true });
}

/**
 * Whether there is such a folder. Rejects with a `Failure` (exit 2) where it holds a file that an
 * export did not write, or one that was changed since.
 */
export async function checkReplaceable(path: string): Promise<boolean> {
  const refuse = (problem: string) =>
    new Failure(
      2,
      `${path} ${problem}, and an export replaces only an export: --out names another folder`,
    );
  const names = await namesIn(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) throw refuse("is no folder");
    throw new Failure(3, `cannot look into ${path}: ${error.message}`, { cause: error });
  });
  if (!names || names.length === 0) return names !== undefined;
  const sums = await recorded(join(path, RECORD));
  for (const name of names) {
    if (name === RECORD) continue;
    if (!Object.hasOwn(sums, name)) throw refuse(`has ${name}, which no export wrote`);
    if (await sha256(await Deno.readFile(join(path, name))) !== sums[name]) {
      throw refuse(`has ${name}, which was changed since`);
    }
  }
  return true;
}

/** The files below a folder, by path in it; links and the like are files that nobody wrote. */
async function namesIn(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) {
      found.push(...(await namesIn(join(path, name))).map((below) => `${name}/${below}`));
    } else found.push(name);
  }
  return found;
}

/** The SHA-256 of each file that an export wrote; none where that is not recorded. */
async function recorded(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { files } = JSON.parse(await Deno.readTextFile(path));
    return typeof files === "object" && files !== null ? files : {};
  } catch {
    return {};
  }
}

import { existsSync } from "node:fs";
import { crc32 } from "node:zlib";
import { AbsentDataset, type FileLook } from "../../lib/data/dataset.ts";
import { dataFolderHint } from "../../lib/files/data_folder.ts";
import { openZip } from "../../lib/files/zip.ts";
import { Failure, systemMessageOf } from "../../lib/values/failure.ts";
import { isSideFile } from "./side_files.ts";
import { statPath } from "./stat_path.ts";

/** Files in folders, on the disk or in a zip. */
export interface Tree {
  /** Its path, for messages. */
  readonly path: string;
  /** What a user should know of how its names were read. `undefined` if nothing. */
  readonly note?: string;
  /**
   * The names of all files and folders below a folder, in no particular order, without those that
   * systems put there. Names of folders end with a slash. Throws a `Failure` (exit 3) that names
   * what cannot be listed.
   */
  names(folder: string): string[];
  /** Reads a file. Rejects with a `Failure` (exit 3) that names it if it cannot be read. */
  read(name: string): Promise<Uint8Array>;
  /** Reads a file part by part, so that its size does not matter. Rejects like `read`. */
  parts(name: string): AsyncIterable<Uint8Array>;
  /** Reads at most `length` bytes from the beginning of a file, up to 1000. Rejects like `read`. */
  head(name: string, length: number): Promise<Uint8Array>;
  /** Looks at a file. Throws a `Failure` (exit 3) that names it if that fails. */
  look(name: string): FileLook;
  /** The CRC-32 of a file's bytes. Rejects as `read` does. */
  checksum(name: string): Promise<number>;
  close(): void;
}

/**
 * Opens a directory or a `.zip`, whose ending may be omitted. If all of it is in one folder, with
 * `expected` in that and not beside it, that folder is opened: programs that pack and unpack add
 * one. Rejects with an `AbsentDataset` if there is neither.
 */
export async function openTree(path: string, expected: string): Promise<Tree> {
  const found = await statPath(path);
  if (found?.isDirectory) return directoryTree(await innerFolder(path, expected));
  if (found) return zipTree(path, expected);
  if (!path.endsWith(".zip") && await statPath(`${path}.zip`)) {
    return zipTree(`${path}.zip`, expected);
  }
  throw new AbsentDataset(absenceOf(path));
}

const absenceOf = (path: string) => `there is no ${path}: ${dataFolderHint}`;

/** The only entry among these names that is neither hidden nor a system's. */
function onlyEntry(names: Iterable<string>): string | undefined {
  const entries = new Set<string>();
  for (const name of names) {
    if (!name.startsWith(".") && !isSideFile(name)) entries.add(name.split("/", 1)[0]);
  }
  return entries.size === 1 ? [...entries][0] : undefined;
}

function zipTree(path: string, expected: string): Tree {
  const zip = openZip(path);
  const has = (path: string) =>
    zip.names.some((name) => name === path || name.startsWith(`${path}/`));
  const only = has(expected) ? undefined : onlyEntry(zip.names);
  const top = only !== undefined && has(`${only}/${expected}`) ? `${only}/` : "";
  return {
    path,
    note: zip.guessed &&
      `its names are read as code page 437, as ${
        JSON.stringify(zip.guessed)
      }: if that is wrong, pack it again with names in UTF-8`,
    names(folder) {
      if (!has(top + folder)) {
        const inside = zip.names.filter((name) => name.startsWith(top) && !isSideFile(name))
          .map((name) => name.slice(top.length).split("/"));
        throw noFolder(path, folder, inside.flatMap(([first, ...rest]) => rest[0] ? [first] : []));
      }
      return zip.names.filter((name) => name.startsWith(`${top}${folder}/`) && !isSideFile(name))
        .map((name) => name.slice(top.length));
    },
    read: (name) => Promise.try(() => zip.read(top + name)),
    parts: (name) => zip.parts(top + name),
    head: (name, length) => Promise.try(() => zip.head(top + name, length)),
    look: (name) => ({ size: zip.size(top + name) ?? 0 }),
    checksum: (name) => Promise.resolve(zip.crc(top + name) ?? 0),
    close: zip.close,
  };
}

/** The directory itself, or the only one in it if that has what is expected. */
async function innerFolder(path: string, expected: string): Promise<string> {
  if (await statPath(`${path}/${expected}`)) return path;
  const only = onlyEntry(attempt(path, () => [...Deno.readDirSync(path)].map(({ name }) => name)));
  const hasExpected = only !== undefined && await statPath(`${path}/${only}/${expected}`);
  return hasExpected ? `${path}/${only}` : path;
}

/** Does something with a path. Throws a `Failure` (exit 3) that names it if that fails. */
function attempt<T>(path: string, action: (path: string) => T): T {
  try {
    return action(path);
  } catch (error) {
    throw readFailure(path, error);
  }
}

const readFailure = (path: string, error: unknown) =>
  error instanceof Deno.errors.NotFound
    ? new Failure(3, absenceOf(path))
    : new Failure(3, `cannot read ${path}: ${systemMessageOf(error)}`, { cause: error });

function directoryTree(path: string): Tree {
  const read = async <T>(name: string, action: (path: string) => Promise<T>): Promise<T> => {
    try {
      return await action(`${path}/${name}`);
    } catch (error) {
      throw readFailure(`${path}/${name}`, error);
    }
  };
  return {
    path,
    names(folder) {
      checkFolder(path, folder);
      return namesBelow(`${path}/${folder}`, [attempt(`${path}/${folder}`, Deno.realPathSync)])
        .map((name) => `${folder}/${name}`);
    },
    read: (name) => read(name, (path) => Deno.readFile(path)),
    async *parts(name) {
      const file = await read(name, (path) => Deno.open(path));
      try {
        yield* file.readable;
      } catch (error) {
        throw readFailure(`${path}/${name}`, error);
      }
    },
    head: (name, length) =>
      read(name, async (path) => {
        using file = await Deno.open(path);
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, await file.read(bytes) ?? 0);
      }),
    look: (name) => lookOf(attempt(`${path}/${name}`, Deno.statSync)),
    checksum: (name) => read(name, async (path) => crc32(await Deno.readFile(path))),
    close() {},
  };
}

/** The coarsest time that a file system keeps, in milliseconds: FAT's. */
const COARSEST_TIME = 2_000;

/** What is known of a file by its size, its times and its place on the disk. */
function lookOf({ size, mtime, ctime, ino }: Deno.FileInfo): FileLook {
  const times = [mtime, ctime].map((time) => time?.getTime() ?? 0);
  const stamp = `${size} ${times.join(" ")} ${ino}`;
  // A file just written may be written again without another time: no later stamp is this one.
  const isFresh = Math.max(...times) > Date.now() - COARSEST_TIME;
  return { size, stamp: isFresh ? `${stamp} ${crypto.randomUUID()}` : stamp };
}

/** Throws a `Failure` (exit 3) that lists the folders that are there if one is not. */
function checkFolder(path: string, folder: string): void {
  if (existsSync(`${path}/${folder}`)) return;
  const entries = attempt(path, () => [...Deno.readDirSync(path)]);
  throw noFolder(path, folder, entries.flatMap(({ name, isFile }) => isFile ? [] : [name]));
}

/** The failure (exit 3) of a folder that is not there, with those that are. */
function noFolder(path: string, folder: string, others: readonly string[]): Failure {
  const shown = [...new Set(others)].filter((name) => !name.startsWith(".")).sort();
  const found = shown.length > 0 ? `, only ${shown.slice(0, 10).join(", ")}` : "";
  return new Failure(
    3,
    `${path} has no folder ${folder}${found}: rename one, or name it in the data set's options`,
  );
}

/**
 * The names of the files and folders below a directory. `above` are the real paths of it and of
 * those it lies in, for links that lead back to one.
 */
function namesBelow(folder: string, above: readonly string[]): string[] {
  return attempt(folder, () => [...Deno.readDirSync(folder)]).flatMap((entry) => {
    const { name } = entry;
    if (isSideFile(name)) return [];
    const path = `${folder}/${name}`;
    // Deno gives this letter for each byte that is not UTF-8, and cannot open such a file.
    if (name.includes("\ufffd")) {
      throw new Failure(3, `${path} has a name that is not UTF-8: rename it`);
    }
    // A link may lead to a folder: class folders are often links to the images' real place.
    const { isDirectory, isFile } = entry.isSymlink ? targetOf(path) : entry;
    // To read a pipe would wait for ever.
    if (!isDirectory && !isFile) {
      throw new Failure(3, `${path} is neither a file nor a folder: remove it`);
    }
    if (!isDirectory) return [name];
    const real = entry.isSymlink ? Deno.realPathSync(path) : `${above[above.length - 1]}/${name}`;
    if (above.includes(real)) {
      throw new Failure(3, `${path} is a link to a folder that it lies in: remove the link`);
    }
    return [`${name}/`, ...namesBelow(path, [...above, real]).map((inner) => `${name}/${inner}`)];
  });
}

function targetOf(link: string): Pick<Deno.FileInfo, "isDirectory" | "isFile"> {
  try {
    return Deno.statSync(link);
  } catch (error) {
    throw new Failure(3, `${link} is a link that leads nowhere: mend it or remove it`, {
      cause: error,
    });
  }
}

import { crc32 } from "node:zlib";
import { AbsentDataset, type FileLook } from "../../lib/data/dataset.ts";
import { dataFolderHint } from "../../lib/files/data_folder.ts";
import { openZip } from "../../lib/files/zip.ts";
import { Failure, messageOf } from "../../lib/values/failure.ts";
import { statPath } from "./stat_path.ts";

/** Files in folders, on the disk or in a zip. */
export interface Tree {
  /** Its path, for messages. */
  readonly path: string;
  /**
   * The names of all files and folders below a folder, in no particular order. Names of folders end
   * with a slash.
   */
  names(folder: string): string[];
  /** Reads a file. Rejects with a `Failure` (exit 3) that names it if it cannot be read. */
  read(name: string): Promise<Uint8Array>;
  /** Looks at a file. Throws a `Failure` (exit 3) that names it if that fails. */
  look(name: string): FileLook;
  /** The CRC-32 of a file's bytes. Rejects as `read` does. */
  checksum(name: string): Promise<number>;
  close(): void;
}

/**
 * Opens a directory or a `.zip`, whose ending may be omitted. With `unwrap`, the top folder of a
 * zip is left out of the names if it is the only one. Rejects with an `AbsentDataset` if there
 * is neither.
 */
export async function openTree(path: string, unwrap = false): Promise<Tree> {
  const found = await statPath(path);
  if (found?.isDirectory) return directoryTree(path);
  if (found) return zipTree(path, unwrap);
  if (!path.endsWith(".zip") && await statPath(`${path}.zip`)) {
    return zipTree(`${path}.zip`, unwrap);
  }
  throw new AbsentDataset(absenceOf(path));
}

const absenceOf = (path: string) => `there is no ${path}: ${dataFolderHint}`;

function zipTree(path: string, unwrap: boolean): Tree {
  const zip = openZip(path);
  const top = `${zip.names[0]?.split("/")[0]}/`;
  const at = unwrap && zip.names.every((name) => name.startsWith(top)) ? top : "";
  return {
    path,
    names: (folder) =>
      zip.names.filter((name) => name.startsWith(`${at}${folder}/`)).map((name) =>
        name.slice(at.length)
      ),
    read: (name) => Promise.try(() => zip.read(at + name)),
    look: (name) => ({ size: zip.size(at + name) ?? 0 }),
    checksum: (name) => Promise.resolve(zip.crc(at + name) ?? 0),
    close: zip.close,
  };
}

function directoryTree(path: string): Tree {
  const failure = (name: string, error: unknown) =>
    error instanceof Deno.errors.NotFound
      ? new Failure(3, absenceOf(`${path}/${name}`))
      : new Failure(3, `cannot read ${path}/${name}: ${messageOf(error)}`, { cause: error });
  const attempt = <T>(name: string, read: (path: string) => T): T => {
    try {
      return read(`${path}/${name}`);
    } catch (error) {
      throw failure(name, error);
    }
  };
  const names = (folder: string): string[] =>
    attempt(folder, (path) => [...Deno.readDirSync(path)]).flatMap(
      ({ name, isDirectory, isSymlink }) => {
        const inner = `${folder}/${name}`;
        // A link may lead to a folder: class folders are often links to the images' real place.
        const isFolder = isDirectory || isSymlink && attempt(inner, Deno.statSync).isDirectory;
        return isFolder ? [`${inner}/`, ...names(inner)] : [inner];
      },
    );
  const read = async (name: string): Promise<Uint8Array> => {
    try {
      return await Deno.readFile(`${path}/${name}`);
    } catch (error) {
      throw failure(name, error);
    }
  };
  const look = (name: string): FileLook => {
    const { size, mtime, ctime, ino } = attempt(name, Deno.statSync);
    return { size, stamp: `${size} ${mtime?.getTime()} ${ctime?.getTime()} ${ino}` };
  };
  const checksum = async (name: string) => crc32(await read(name));
  return { path, names, read, look, checksum, close() {} };
}

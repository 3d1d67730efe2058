import { Failure } from "../lib/failure.ts";
import { reason } from "../lib/reason.ts";
import { openZip } from "../lib/zip.ts";
import { elsewhere, lookUp } from "./files.ts";

/** Files in folders, whether on the disk or in a zip. */
export interface Tree {
  /** Where it is, for messages. */
  readonly path: string;
  /** The names of all files and folders below a folder, in no particular order; those of folders end with a slash. */
  names(folder: string): string[];
  /** The bytes of one file. Throws a `Failure` (exit 3) that names it. */
  read(name: string): Uint8Array;
  /** Closes what is open. */
  close(): void;
}

/** Opens a directory or a `.zip`. Rejects with a `Failure` (exit 3) where there is neither. */
export async function openTree(path: string): Promise<Tree> {
  const found = await lookUp(path);
  if (!found) throw absent(path);
  if (found.isDirectory) return directoryTree(path);
  const zip = openZip(path);
  return { ...zip, path, names: (folder) => zip.names.filter((name) => name.startsWith(`${folder}/`)) };
}

const absent = (path: string) => new Failure(3, `there is no ${path}: ${elsewhere}`);

function directoryTree(path: string): Tree {
  const attempt = <T>(name: string, read: (path: string) => T): T => {
    try {
      return read(`${path}/${name}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw absent(`${path}/${name}`);
      throw new Failure(3, `cannot read ${path}/${name}: ${reason(error)}`, { cause: error });
    }
  };
  const names = (folder: string): string[] =>
    attempt(folder, (path) => [...Deno.readDirSync(path)]).flatMap(({ name, isDirectory, isSymlink }) => {
      const inner = `${folder}/${name}`;
      // A link may lead to a folder: classes are often links to where the images really are.
      const isFolder = isDirectory || isSymlink && attempt(inner, Deno.statSync).isDirectory;
      return isFolder ? [`${inner}/`, ...names(inner)] : [inner];
    });
  return { path, names, read: (name) => attempt(name, Deno.readFileSync), close() {} };
}

import { dirname, join } from "node:path";

/** The two files of a TensorFlow library. Both paths are the same if there is only one file. */
export interface LibraryFiles {
  /**
   * Library with the graph, session and eager functions: `libtensorflow_cc`, or the C tarball's
   * `libtensorflow`.
   */
  readonly cc: string;
  /** Library that `cc` needs, loaded before it: `libtensorflow_framework`. */
  readonly framework: string;
}

const file = (name: string, os: string): string =>
  os === "darwin" ? `lib${name}.2.dylib` : `lib${name}.so.2`;

/**
 * Returns the names of the main library, in Python's wheel and in the C tarball, in search order.
 */
export function libraryNames(os: string): string[] {
  return [file("tensorflow_cc", os), file("tensorflow", os)];
}

/** Whether there is an accessible file at this path. */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

/**
 * Returns a main library and the framework library beside it, or `cc` for both in a single-file
 * build. `undefined` if there is no file `cc`.
 */
export async function libraryAt(cc: string, os: string): Promise<LibraryFiles | undefined> {
  if (!await isFile(cc)) return undefined;
  const framework = join(dirname(cc), file("tensorflow_framework", os));
  return { cc, framework: await isFile(framework) ? framework : cc };
}

/**
 * Finds the library in a folder: directly, in its `lib` (C tarball) or in its `tensorflow`
 * (unpacked wheel). `undefined` if there is none.
 */
export async function libraryIn(folder: string, os: string): Promise<LibraryFiles | undefined> {
  for (const inside of [".", "lib", "tensorflow"]) {
    for (const name of libraryNames(os)) {
      const found = await libraryAt(join(folder, inside, name), os);
      if (found) return found;
    }
  }
}

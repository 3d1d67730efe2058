import { dirname, join } from "node:path";

/** The two files of a TensorFlow library; one and the same path where everything is in one file. */
export interface LibraryFiles {
  /**
   * The library with the graph, session and eager functions: `libtensorflow_cc`, or the C tarball's
   * `libtensorflow`.
   */
  readonly cc: string;
  /** The library that `cc` needs, loaded before it: `libtensorflow_framework`. */
  readonly framework: string;
}

const file = (name: string, os: string): string =>
  os === "darwin" ? `lib${name}.2.dylib` : `lib${name}.so.2`;

/**
 * The names that the main library has in Python's wheel and in the C tarball, in the order they are
 * looked for.
 */
export function libraryNames(os: string): string[] {
  return [file("tensorflow_cc", os), file("tensorflow", os)];
}

/** Whether there is a file at this path that may be looked at. */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    const absent = [Deno.errors.NotFound, Deno.errors.NotADirectory, Deno.errors.PermissionDenied];
    if (absent.some((kind) => error instanceof kind)) return false;
    throw error;
  }
}

/**
 * A main library and the framework library beside it, if there is one: a build in one file has
 * none.
 */
export async function libraryAt(cc: string, os: string): Promise<LibraryFiles | undefined> {
  if (!await isFile(cc)) return undefined;
  const framework = join(dirname(cc), file("tensorflow_framework", os));
  return { cc, framework: await isFile(framework) ? framework : cc };
}

/**
 * The library in a folder: right in it, in its `lib` (C tarball) or in its `tensorflow` (an
 * unpacked wheel).
 */
export async function libraryIn(folder: string, os: string): Promise<LibraryFiles | undefined> {
  for (const inside of [".", "lib", "tensorflow"]) {
    for (const name of libraryNames(os)) {
      const found = await libraryAt(join(folder, inside, name), os);
      if (found) return found;
    }
  }
}

import { Failure } from "../../values/failure.ts";
import { cachedLibrary, downloadVersion, fetchLibrary } from "./fetch.ts";
import { type Host, thisHost } from "./host.ts";
import { libraryAt, type LibraryFiles, libraryIn, libraryNames } from "./layout.ts";
import { loadTensorflow } from "./load.ts";
import { waysOut } from "./ways_out.ts";

/**
 * Origin of a library: a path from the user, the user's Python, the cache, or a download because
 * there was none.
 */
export type LibraryOrigin = "RETORT_TENSORFLOW" | "python" | "cache" | "download";

/** Files of a library and their origin. */
export interface Located extends LibraryFiles {
  readonly source: LibraryOrigin;
}

/** A loaded TensorFlow library. */
export interface Library extends Located {
  /** Version that the library reports, e.g. `2.21.0`. */
  readonly version: string;
}

/** Options of the search for TensorFlow. */
export interface Search {
  /** Receives each line of output. Default: standard error, with a bar on a terminal. */
  readonly log?: (line: string) => void;
  /** Whether to download TensorFlow if there is none. Default: true. */
  readonly download?: boolean;
  /** Whether TensorFlow logs nothing but what ends the process. Default: it logs warnings. */
  readonly quiet?: boolean;
  /** Machine to search. Default: this one. */
  readonly host?: Host;
}

/** TensorFlow versions that passed Retort's tests. */
export const testedVersions: readonly string[] = ["2.21.0"];

async function findNamed(path: string, os: string): Promise<LibraryFiles> {
  const found = await libraryIn(path, os) ?? await libraryAt(path, os);
  if (found) return found;
  throw new Failure(
    3,
    `RETORT_TENSORFLOW=${path}: there is no such file, and no folder with ${
      libraryNames(os).join(" or ")
    } ` +
      `in it, in its lib or in its tensorflow.\n${waysOut}`,
  );
}

/**
 * Finds TensorFlow's files without opening them, in this order: `RETORT_TENSORFLOW`, the user's
 * Python, the cache, a download. Rejects with a `Failure` (exit 3) that lists the searched places
 * and the fixes if there is none.
 */
export async function locateLibrary(
  { log, download = true, host = thisHost() }: Search = {},
): Promise<Located> {
  if (host.os === "windows") {
    throw new Failure(
      3,
      "TensorFlow's library for Windows cannot be used: run Retort in WSL, or with --backend cpu (slow)",
    );
  }
  if (host.given) return { ...await findNamed(host.given, host.os), source: "RETORT_TENSORFLOW" };

  const folder = await tensorflowInPython(host.python);
  const inPython = folder && await libraryIn(folder, host.os);
  if (inPython) return { ...inPython, source: "python" };
  if (folder) {
    (log ?? console.error)(
      `${folder} has no ${libraryNames(host.os)[0]}: this TensorFlow is not used`,
    );
  }

  const cached = await cachedLibrary(host);
  if (cached) return { ...cached, source: "cache" };
  if (download) return { ...await fetchLibrary(host, log), source: "download" };
  throw new Failure(
    3,
    `There is no TensorFlow in ${host.python} nor in ${host.cache}. The first run fetches ${downloadVersion}.\n${waysOut}`,
  );
}

/**
 * Finds TensorFlow, downloads it if necessary, and loads it into this process permanently. Prints a
 * warning if the version is untested. Rejects with a `Failure` (exit 3) that lists the searched
 * places and the fixes if this fails.
 */
export async function findLibrary(search: Search = {}): Promise<Library> {
  const located = await locateLibrary(search);
  const version = loadTensorflow(located, search.quiet);
  if (!testedVersions.includes(version)) {
    const tested = testedVersions.join(", ");
    (search.log ?? console.error)(
      `TensorFlow ${version} at ${located.cc} has not been tested with Retort; tested: ${tested}`,
    );
  }
  return { ...located, version };
}

// Finds the package without importing it, which would take seconds. Skips the working folder, '',
// since any project may have a folder called tensorflow. Skips a folder without __init__ too, which
// has no origin.
const PROBE = `
import os, sys
from importlib.machinery import PathFinder
spec = PathFinder.find_spec("tensorflow", [path for path in sys.path if path])
if spec and spec.origin:
    sys.stdout.buffer.write(b"\\n" + os.fsencode(os.path.dirname(spec.origin)))
`;

/**
 * Returns the folder of the package `tensorflow` in this Python, from any distribution. `undefined`
 * if there is no Python or no such package.
 */
async function tensorflowInPython(python: string): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(python, {
      args: ["-c", PROBE],
      stdin: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).split("\n").at(-1) || undefined : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    throw error;
  }
}

import { Failure } from "../../values/failure.ts";
import { cachedLibrary, fetchedVersion, fetchLibrary } from "./fetch.ts";
import { type Host, thisHost } from "./host.ts";
import { libraryAt, type LibraryFiles, libraryIn, libraryNames } from "./layout.ts";
import { loadTensorflow } from "./load.ts";
import { waysOut } from "./ways_out.ts";

/**
 * Where a library was found: named by the user, in the user's Python, in the cache, or nowhere and
 * so fetched.
 */
export type LibraryOrigin = "RETORT_TENSORFLOW" | "python" | "cache" | "download";

/** The files of a library and where they were found. */
export interface Located extends LibraryFiles {
  /** Where they were found. */
  readonly source: LibraryOrigin;
}

/** A TensorFlow library that is loaded. */
export interface Library extends Located {
  /** The version that it says it is, e.g. `2.21.0`. */
  readonly version: string;
}

/** How to look for TensorFlow. */
export interface Search {
  /**
   * Gets each line that is to be shown; without it they go to standard error, with a bar on a
   * terminal.
   */
  readonly log?: (line: string) => void;
  /** Whether it is fetched where there is none; true unless said otherwise. */
  readonly download?: boolean;
  /** Where to look; this machine unless said otherwise. */
  readonly host?: Host;
}

/** The versions that Retort's tests ran with. */
export const testedVersions: readonly string[] = ["2.21.0"];

async function named(path: string, os: string): Promise<LibraryFiles> {
  const found = await libraryIn(path, os) ?? await libraryAt(path, os);
  if (found) return found;
  throw new Failure(
    3,
    `RETORT_TENSORFLOW=${path}: there is neither such a file nor, in such a folder, ${
      libraryNames(os).join(" or ")
    } ` +
      `(also looked for in its lib and its tensorflow).\n${waysOut}`,
  );
}

/**
 * Looks for TensorFlow's files without opening them, in this order: `RETORT_TENSORFLOW`, the user's
 * Python, the cache, and last fetches them. Rejects with a `Failure` (exit 3) that says what was
 * looked for and what can be done.
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
  if (host.given) return { ...await named(host.given, host.os), source: "RETORT_TENSORFLOW" };

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
    `There is no TensorFlow in ${host.python} nor in ${host.cache}. The first run fetches ${fetchedVersion}.\n${waysOut}`,
  );
}

/**
 * Finds TensorFlow, fetches it if need be, and loads it into this process for good. A version that
 * was not tested gets one line of warning. Rejects with a `Failure` (exit 3) that says what was
 * looked for and what can be done.
 */
export async function findLibrary(search: Search = {}): Promise<Library> {
  const located = await locateLibrary(search);
  const version = loadTensorflow(located);
  if (!testedVersions.includes(version)) {
    const tested = testedVersions.join(", ");
    (search.log ?? console.error)(
      `TensorFlow ${version} at ${located.cc} has not been tested with Retort; tested: ${tested}`,
    );
  }
  return { ...located, version };
}

// The package is looked for, not imported: that would take seconds. The working folder, '', is left
// out, since a folder of ours or of the user's may well be called tensorflow; so is one without
// __init__, which has no origin.
const PROBE = `
import os, sys
from importlib.machinery import PathFinder
spec = PathFinder.find_spec("tensorflow", [path for path in sys.path if path])
if spec and spec.origin:
    sys.stdout.buffer.write(b"\\n" + os.fsencode(os.path.dirname(spec.origin)))
`;

/**
 * The folder of the package `tensorflow` in this Python, whichever distribution put it there; none
 * without Python.
 */
export async function tensorflowInPython(python: string): Promise<string | undefined> {
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

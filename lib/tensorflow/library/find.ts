import { Failure } from "../../values/failure.ts";
import { cachedLibrary, downloadVersion, fetchLibrary, wayToTensorflow } from "./fetch.ts";
import { type Host, thisHost } from "./host.ts";
import { libraryAt, type LibraryFiles, libraryIn, libraryNames } from "./layout.ts";
import { loadTensorflow } from "./load.ts";
import { findPython, type Python } from "./python.ts";
import { tryLibrary } from "./try_library.ts";
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
export const testedVersions: readonly string[] = [downloadVersion];

async function findNamed(path: string, os: string): Promise<LibraryFiles> {
  const found = await libraryIn(path, os) ?? await libraryAt(path, os);
  if (found) return found;
  throw new Failure(
    3,
    `RETORT_TENSORFLOW=${path}: there is no such file, and no folder with ${
      libraryNames(os).join(" or ")
    } ` +
      `in it, in its lib or in its tensorflow.\n${waysOut()}`,
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

  const python = await findPython(host.pythons);
  const isMissing = "problem" in python;
  const inPython = isMissing ? undefined : await libraryInPython(python, host.os, log);
  if (inPython) return { ...inPython, source: "python" };

  const cached = await cachedLibrary(host);
  if (cached) return { ...cached, source: "cache" };
  if (download) return { ...await fetchLibrary(host, python, log), source: "download" };
  const asked = isMissing ? `your Python (${python.problem})` : python.command;
  const searched = host.cache === undefined ? asked : `${asked} nor in ${host.cache}`;
  const ways = waysOut(await wayToTensorflow(host, python));
  throw new Failure(
    3,
    `There is no TensorFlow in ${searched}. The first run fetches ${downloadVersion}.\n${ways}`,
  );
}

/** Finds the library in a Python's package. `undefined` if there is none. */
async function libraryInPython(
  { tensorflow }: Python,
  os: string,
  log: (line: string) => void = console.error,
): Promise<LibraryFiles | undefined> {
  const found = tensorflow === null ? undefined : await libraryIn(tensorflow, os);
  if (tensorflow !== null && !found) {
    log(`${tensorflow} has no ${libraryNames(os)[0]}: this TensorFlow is not used`);
  }
  return found;
}

/**
 * Finds TensorFlow, downloads it if necessary, and loads it into this process permanently. Prints a
 * warning if the version is untested. Rejects with a `Failure` (exit 3) that lists the searched
 * places and the fixes if this fails.
 */
export async function findLibrary(search: Search = {}): Promise<Library> {
  const located = await locateLibrary(search);
  const { download = true, host = thisHost() } = search;
  await tryLibrary(located, download ? host.cache : undefined);
  const version = loadTensorflow(located, search.quiet);
  if (!testedVersions.includes(version)) {
    const tested = testedVersions.join(", ");
    (search.log ?? console.error)(
      `TensorFlow ${version} at ${located.cc} has not been tested with Retort; tested: ${tested}`,
    );
  }
  return { ...located, version };
}

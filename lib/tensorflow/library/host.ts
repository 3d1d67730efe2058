import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { userPath } from "../../files/user_path.ts";

/** Machine for the search for TensorFlow: this one, or a simulated one in a test. */
export interface Host {
  /** Operating system as Deno names it: `linux`, `darwin`, `windows`, … */
  readonly os: string;
  /** Processor as Deno names it: `x86_64` or `aarch64`. */
  readonly arch: string;
  /** Commands or paths of the user's Python, the preferred one first. */
  readonly pythons: readonly string[];
  /** Command or path of uv, which the user may have in place of pip. */
  readonly uv: string;
  /** Value of `RETORT_TENSORFLOW`: a folder or a library file. `undefined` or empty if unset. */
  readonly given?: string;
  /** Folder of Retort's downloads for all projects. `undefined` if the user has no home. */
  readonly cache: string | undefined;
}

/**
 * Returns the cache folder: `retort` in `$XDG_CACHE_HOME`, else in `~/.cache`. `undefined` if there
 * is neither.
 */
export function cacheFolder(
  xdgCacheHome: string | undefined,
  home: string | undefined,
): string | undefined {
  const parent = xdgCacheHome || home && join(home, ".cache");
  return parent ? join(parent, "retort") : undefined;
}

/** The user's home. `undefined` if the system knows no such user, as in some containers. */
function home(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}

/** Returns the machine and environment of this process. */
export function thisHost(): Host {
  const given = Deno.env.get("RETORT_TENSORFLOW");
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    pythons: ["python3", "python"],
    uv: "uv",
    given: given && resolve(userPath(given)),
    cache: cacheFolder(Deno.env.get("XDG_CACHE_HOME"), home()),
  };
}

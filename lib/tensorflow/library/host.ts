import { homedir } from "node:os";
import { join } from "node:path";

/** Machine for the search for TensorFlow: this one, or a simulated one in a test. */
export interface Host {
  /** Operating system as Deno names it: `linux`, `darwin`, `windows`, … */
  readonly os: string;
  /** Processor as Deno names it: `x86_64` or `aarch64`. */
  readonly arch: string;
  /** The user's Python: a command or a path. */
  readonly python: string;
  /** Value of `RETORT_TENSORFLOW`: a folder or a library file. `undefined` or empty if unset. */
  readonly given?: string;
  /** Folder of Retort's downloads for all projects. */
  readonly cache: string;
}

/** Returns the cache folder: `retort` in `$XDG_CACHE_HOME`, else in `~/.cache`. */
export function cacheFolder(xdgCacheHome: string | undefined, home: string): string {
  return join(xdgCacheHome || join(home, ".cache"), "retort");
}

/** Returns the machine and environment of this process. */
export function thisHost(): Host {
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    python: "python3",
    given: Deno.env.get("RETORT_TENSORFLOW"),
    cache: cacheFolder(Deno.env.get("XDG_CACHE_HOME"), homedir()),
  };
}

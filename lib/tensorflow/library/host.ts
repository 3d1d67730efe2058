import { homedir } from "node:os";
import { join } from "node:path";

/** What the search for TensorFlow depends on: this machine, or one that a test lays out. */
export interface Host {
  /** The operating system as Deno names it: `linux`, `darwin`, `windows`, … */
  readonly os: string;
  /** The processor as Deno names it: `x86_64` or `aarch64`. */
  readonly arch: string;
  /** The user's Python, a command or a path. */
  readonly python: string;
  /** The value of `RETORT_TENSORFLOW`, a folder or a library file; absent or empty: not given. */
  readonly given?: string;
  /** The folder of what Retort fetched once for all projects. */
  readonly cache: string;
}

/** The cache folder: `retort` in `$XDG_CACHE_HOME`, else in `~/.cache`. */
export function cacheFolder(xdgCacheHome: string | undefined, home: string): string {
  return join(xdgCacheHome || join(home, ".cache"), "retort");
}

/** The machine and the environment of this process. */
export function thisHost(): Host {
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    python: "python3",
    given: Deno.env.get("RETORT_TENSORFLOW"),
    cache: cacheFolder(Deno.env.get("XDG_CACHE_HOME"), homedir()),
  };
}

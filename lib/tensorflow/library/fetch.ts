import { join } from "node:path";
import { ignoreAbsence } from "../../files/atomic_write.ts";
import { Leases } from "../../files/lease.ts";
import { syncFolder } from "../../files/sync.ts";
import { Failure, systemMessageOf } from "../../values/failure.ts";
import type { Host } from "./host.ts";
import { type LibraryFiles, libraryIn } from "./layout.ts";
import { downloadWheel, PipError, unpackWheel, type Wheel } from "./pip.ts";
import { progress } from "./progress.ts";
import { isOldPip, type NoPython, type Python } from "./python.ts";
import { type Way, waysOut, wayToInstall } from "./ways_out.ts";

/** TensorFlow version of the download. */
export const downloadVersion = "2.21.0";

/** Approximate size of a wheel in bytes. */
const SIZE = 274e6;

// Plain `tensorflow` is the CPU build on platforms that have no wheel with CUDA.
const wheels: Readonly<Record<string, Wheel>> = {
  "linux-x86_64": {
    requirement: `tensorflow-cpu==${downloadVersion}`,
    platform: "manylinux_2_27_x86_64",
  },
  "linux-aarch64": {
    requirement: `tensorflow==${downloadVersion}`,
    platform: "manylinux_2_27_aarch64",
  },
  "darwin-aarch64": {
    requirement: `tensorflow==${downloadVersion}`,
    platform: "macosx_12_0_arm64",
  },
};

/** A machine with a cache. */
type CachingHost = Host & { readonly cache: string };

const hasCache = (host: Host): host is CachingHost => host.cache !== undefined;

const targetFolder = ({ os, arch, cache }: CachingHost) =>
  join(cache, `tensorflow-${downloadVersion}-${os}-${arch}`);

/** Returns the library of an earlier download. `undefined` if there is none. */
export async function cachedLibrary(host: Host): Promise<LibraryFiles | undefined> {
  return hasCache(host) ? await libraryIn(targetFolder(host), host.os) : undefined;
}

/** Creates an empty folder at `path` and removes what was there. */
async function makeEmpty(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch(ignoreAbsence);
  await Deno.mkdir(path);
}

/** The way to a TensorFlow that this machine has the programs for. */
export function wayToTensorflow(host: Host, python: Python | NoPython): Promise<Way> {
  const { requirement } = wheels[`${host.os}-${host.arch}`] ?? { requirement: "tensorflow-cpu" };
  return wayToInstall(python, host.uv, requirement);
}

/**
 * Downloads TensorFlow's wheel and keeps its libraries in the cache, completely or not at all. Of
 * several processes at once, one downloads and the others use its result. `log` receives the
 * messages. Default: standard error, with a bar on a terminal. Rejects with a `Failure` (exit 3) if
 * there is no wheel for the platform, no Python, no pip, no network, no cache or no disk space.
 */
export async function fetchLibrary(
  host: Host,
  python: Python | NoPython,
  log?: (line: string) => void,
): Promise<LibraryFiles> {
  const ways = waysOut(await wayToTensorflow(host, python));
  const refuse = (why: string, cause?: unknown) =>
    new Failure(3, `TensorFlow ${downloadVersion} could not be fetched: ${why}\n${ways}`, {
      cause,
    });
  const wheel = wheels[`${host.os}-${host.arch}`];
  if (!wheel) throw refuse(`there is none for ${host.os} on ${host.arch}`);
  if ("problem" in python) throw refuse(`there is no Python to fetch it with (${python.problem})`);
  const { command, version, pip } = python;
  if (pip === null) throw refuse(`${command}, Python ${version}, has no pip to fetch it with`);
  if (isOldPip(pip)) {
    throw refuse(`${command}, Python ${version}, has pip ${pip}, which is too old`);
  }
  if (!hasCache(host)) {
    throw refuse("this user has no home: XDG_CACHE_HOME=<a folder> names a place for it");
  }
  const { cache } = host;
  const unwritable = (error: unknown) =>
    refuse(
      `cannot write ${cache}: ${
        systemMessageOf(error)
      }; make room or allow writing there, or name ` +
        "another place with XDG_CACHE_HOME=<a folder>",
      error,
    );
  const say = log ?? console.error;
  using _lease = await new Leases().wait(`${targetFolder(host)}.lock`, say).catch(({ cause }) => {
    throw unwritable(cause);
  });
  const cached = await cachedLibrary(host);
  if (cached) return cached;

  // All processes share this name. Only the holder of the lease writes there, so leftovers come
  // from a killed process.
  const partial = `${targetFolder(host)}.partial`;
  const unpacked = join(partial, "unpacked");
  try {
    await makeEmpty(partial);
    say(
      `Fetching TensorFlow ${downloadVersion} into ${cache}, once (RETORT_TENSORFLOW names one you have)`,
    );
    const path = await downloadWheel(command, wheel, partial, progress("TensorFlow", SIZE, log))
      .catch((error) => {
        throw error instanceof PipError ? refuse(error.message, error) : error;
      });
    say("Unpacking its libraries");
    await unpackWheel(command, path, unpacked);
    if (!await libraryIn(unpacked, host.os)) {
      throw refuse(`there is no library in the wheel of ${wheel.requirement}`);
    }
    await Deno.remove(targetFolder(host), { recursive: true }).catch(() => {});
    await Deno.rename(unpacked, targetFolder(host));
    await syncFolder(cache);
    return (await cachedLibrary(host))!;
  } catch (error) {
    throw error instanceof Failure ? error : unwritable(error);
  } finally {
    await Deno.remove(partial, { recursive: true }).catch(() => {});
  }
}

import { join } from "node:path";
import { writeFailure } from "../../files/atomic_write.ts";
import { Leases } from "../../files/lease.ts";
import { syncFolder } from "../../files/sync.ts";
import { Failure } from "../../values/failure.ts";
import type { Host } from "./host.ts";
import { type LibraryFiles, libraryIn } from "./layout.ts";
import { downloadWheel, unpackWheel, type Wheel } from "./pip.ts";
import { progress } from "./progress.ts";
import { waysOut } from "./ways_out.ts";

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

const targetFolder = ({ os, arch, cache }: Host) =>
  join(cache, `tensorflow-${downloadVersion}-${os}-${arch}`);

/** Returns the library of an earlier download. `undefined` if there is none. */
export function cachedLibrary(host: Host): Promise<LibraryFiles | undefined> {
  return libraryIn(targetFolder(host), host.os);
}

/** Creates an empty folder at `path` and removes what was there. */
async function makeEmpty(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(path);
}

/**
 * Downloads TensorFlow's wheel and keeps its libraries in the cache, completely or not at all. Of
 * several processes at once, one downloads and the others use its result. `log` receives the
 * messages. Default: standard error, with a bar on a terminal. Rejects with a `Failure` (exit 3) if
 * there is no wheel for the platform, no pip, no network or no disk space.
 */
export async function fetchLibrary(
  host: Host,
  log?: (line: string) => void,
): Promise<LibraryFiles> {
  const wheel = wheels[`${host.os}-${host.arch}`];
  if (!wheel) {
    throw new Failure(
      3,
      `There is no TensorFlow ${downloadVersion} to fetch for ${host.os} on ${host.arch}.\n${waysOut}`,
    );
  }
  const say = log ?? console.error;
  using _lease = await new Leases().wait(`${targetFolder(host)}.lock`, say);
  const cached = await cachedLibrary(host);
  if (cached) return cached;

  // All processes share this name. Only the holder of the lease writes there, so leftovers come from
  // a killed process.
  const partial = `${targetFolder(host)}.partial`;
  const unpacked = join(partial, "unpacked");
  try {
    await makeEmpty(partial);
    say(
      `Fetching TensorFlow ${downloadVersion} into ${host.cache}, once (RETORT_TENSORFLOW names one you have)`,
    );
    const path = await downloadWheel(
      host.python,
      wheel,
      partial,
      progress("TensorFlow", SIZE, log),
    );
    say("Unpacking its libraries");
    await unpackWheel(host.python, path, unpacked);
    if (!await libraryIn(unpacked, host.os)) {
      throw new Failure(3, `There is no library in the wheel of ${wheel.requirement}.\n${waysOut}`);
    }
    await Deno.remove(targetFolder(host), { recursive: true }).catch(() => {});
    await Deno.rename(unpacked, targetFolder(host));
    await syncFolder(host.cache);
    return (await cachedLibrary(host))!;
  } catch (error) {
    throw error instanceof Failure ? error : writeFailure(host.cache, error);
  } finally {
    await Deno.remove(partial, { recursive: true }).catch(() => {});
  }
}

import { join } from "node:path";
import { cannotWrite } from "../../files/atomic_write.ts";
import { Failure } from "../../values/failure.ts";
import type { Host } from "./host.ts";
import { type LibraryFiles, libraryIn } from "./layout.ts";
import { downloadWheel, unpackWheel, type Wheel } from "./pip.ts";
import { progress } from "./progress.ts";
import { waysOut } from "./ways_out.ts";

/** The version that is fetched. */
export const fetchedVersion = "2.21.0";

/** About what the wheels weigh, in bytes. */
const SIZE = 274e6;

// Where nobody makes a wheel with CUDA, the plain distribution is the one for the processor.
const wheels: Readonly<Record<string, Wheel>> = {
  "linux-x86_64": {
    requirement: `tensorflow-cpu==${fetchedVersion}`,
    platform: "manylinux_2_27_x86_64",
  },
  "linux-aarch64": {
    requirement: `tensorflow==${fetchedVersion}`,
    platform: "manylinux_2_27_aarch64",
  },
  "darwin-aarch64": { requirement: `tensorflow==${fetchedVersion}`, platform: "macosx_12_0_arm64" },
};

const target = ({ os, arch, cache }: Host) =>
  join(cache, `tensorflow-${fetchedVersion}-${os}-${arch}`);

/** The library that was fetched before, if there is one. */
export function cachedLibrary(host: Host): Promise<LibraryFiles | undefined> {
  return libraryIn(target(host), host.os);
}

/**
 * Holds the cache folder for this process alone; the system lets go of it when the process ends,
 * however it does.
 */
async function lock(cache: string, log: (line: string) => void): Promise<Deno.FsFile> {
  const folder = await Deno.mkdir(cache, { recursive: true }).then(() => Deno.open(cache)).catch(
    (error) => {
      throw cannotWrite(cache, error);
    },
  );
  if (!await folder.tryLock(true)) {
    log("Waiting for another process that is fetching TensorFlow");
    await folder.lock(true);
  }
  return folder;
}

/** Makes `path` an empty folder, whatever was there. */
async function makeEmpty(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(path);
}

/**
 * Fetches TensorFlow's wheel and keeps its libraries in the cache, whole or not at all; of several
 * processes at once one does it and the others use what it got. Messages go to `log`; without one
 * to standard error, with a bar on a terminal. Rejects with a `Failure` (exit 3) where there is no
 * wheel for the platform, no pip, no network or no room.
 */
export async function fetchLibrary(
  host: Host,
  log?: (line: string) => void,
): Promise<LibraryFiles> {
  const wheel = wheels[`${host.os}-${host.arch}`];
  if (!wheel) {
    throw new Failure(
      3,
      `There is no TensorFlow ${fetchedVersion} to fetch for ${host.os} on ${host.arch}.\n${waysOut}`,
    );
  }
  const say = log ?? console.error;
  using folder = await lock(host.cache, say);
  const fetched = await cachedLibrary(host);
  if (fetched) return fetched;

  // One name for all: who holds the lock is alone, so what lies there is from a process that was
  // killed.
  const partial = `${target(host)}.partial`;
  const unpacked = join(partial, "unpacked");
  try {
    await makeEmpty(partial);
    say(
      `Fetching TensorFlow ${fetchedVersion} into ${host.cache}, once (RETORT_TENSORFLOW names one you have)`,
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
    await Deno.remove(target(host), { recursive: true }).catch(() => {});
    await Deno.rename(unpacked, target(host));
    await folder.sync();
    return (await cachedLibrary(host))!;
  } catch (error) {
    throw error instanceof Failure ? error : cannotWrite(host.cache, error);
  } finally {
    await Deno.remove(partial, { recursive: true }).catch(() => {});
  }
}

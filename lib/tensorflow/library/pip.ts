import { join } from "node:path";
import { Failure } from "../../values/failure.ts";
import type { DownloadProgress } from "./progress.ts";

/** A wheel for pip to download, independent of the version and platform of the user's Python. */
export interface Wheel {
  /** Name and version of the distribution, e.g. `tensorflow-cpu==2.21.0`. */
  readonly requirement: string;
  /** Platform tag, e.g. `manylinux_2_27_x86_64`. */
  readonly platform: string;
}

/** Returns the size in bytes of the largest wheel below a folder while pip works there. */
async function largestWheel(folder: string): Promise<number> {
  let largest = 0;
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    // pip may move or delete its files in the meantime.
    const size = entry.isDirectory
      ? await largestWheel(path).catch(() => 0)
      : entry.name.endsWith(".whl")
      ? await Deno.stat(path).then((file) => file.size, () => 0)
      : 0;
    largest = Math.max(largest, size);
  }
  return largest;
}

/** Extracts pip's errors, or its last line if Python failed before pip started. */
function extractReason(stderr: Uint8Array): string {
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  const errors = lines.filter((line) => line.startsWith("ERROR: ")).map((line) =>
    line.slice("ERROR: ".length)
  );
  return errors.length > 0 ? errors.join("\n") : lines.at(-1) ?? "";
}

/** pip did not download the wheel: the message says why. */
export class PipError extends Error {}

/** Milliseconds without a byte after which pip counts as stuck. It tries a silent server again. */
const PATIENCE = 900_000;

/**
 * Downloads a wheel with the user's pip and its settings into an empty folder and returns its path.
 * `progress` receives the bytes so far. Rejects with a `PipError` that has pip's message if that
 * fails, or if no byte comes for `patience` milliseconds.
 */
export async function downloadWheel(
  python: string,
  { requirement, platform }: Wheel,
  folder: string,
  progress: DownloadProgress,
  patience: number = PATIENCE,
): Promise<string> {
  const target = [
    "--python-version",
    "3.12",
    "--implementation",
    "cp",
    "--abi",
    "cp312",
    "--platform",
    platform,
  ];
  const args = [
    "-m",
    "pip",
    "download",
    requirement,
    "--no-deps",
    "--only-binary=:all:",
    ...target,
    "-d",
    folder,
  ];
  const failure = (why: string) => new PipError(`${python} -m pip download ${requirement}: ${why}`);
  // pip collects the file in its temporary folder. Below `folder` its size is visible, and the file
  // disappears with the folder. Nothing is installed, so a virtual environment is not needed.
  const env = { TMPDIR: folder, PIP_REQUIRE_VIRTUALENV: "0" };
  const child = new Deno.Command(python, {
    args,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let last = { bytes: 0, at: performance.now() };
  let isStuck = false;
  let hasEnded = false;
  const watch = setInterval(async () => {
    const bytes = await largestWheel(folder).catch(() => 0);
    const at = performance.now();
    if (bytes !== last.bytes) last = { bytes, at };
    if (!hasEnded) progress.update(bytes);
    isStuck ||= at - last.at > patience;
    if (isStuck && !hasEnded) child.kill("SIGKILL");
  }, 250);
  try {
    const { success, stderr } = await child.output();
    if (isStuck) throw failure(`no data for ${patience / 1000} seconds`);
    if (!success) throw failure(extractReason(stderr));
  } finally {
    hasEnded = true;
    clearInterval(watch);
    progress.close();
  }

  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.endsWith(".whl")) return join(folder, entry.name);
  }
  throw failure("it left no wheel");
}

// Python reads the archive piece by piece and checks each file's CRC-32. Some wheels have a folder
// *.libs beside the package with dependencies of the libraries. The folders are kept, since the
// libraries use relative paths to find them. Some file systems have no fsync.
const UNPACK = String.raw`
import errno, os, re, sys, zipfile
wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if re.fullmatch(r"tensorflow/libtensorflow_(cc|framework)\.[^/]+|[^/]+\.libs/[^/]+", name):
            with open(archive.extract(name, folder), "rb") as file:
                try:
                    os.fsync(file.fileno())
                except OSError as error:
                    if error.errno in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
                        raise
`;

/**
 * Unpacks only the libraries of TensorFlow's wheel below `folder` and waits until they are on the
 * disk. Rejects with a `Failure` (exit 3) that names the problem with the wheel or the disk if this
 * fails.
 */
export async function unpackWheel(python: string, wheel: string, folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(python, {
    args: ["-c", UNPACK, wheel, folder],
  }).output();
  if (success) return;
  const why = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Failure(
    3,
    `${wheel} could not be unpacked: ${why}; run again for a new download`,
  );
}

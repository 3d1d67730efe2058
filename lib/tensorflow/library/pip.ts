import { join } from "node:path";
import { Failure } from "../../values/failure.ts";
import type { DownloadProgress } from "./progress.ts";
import { waysOut } from "./ways_out.ts";

/** A wheel as pip chooses it, whichever version and platform the user's Python has. */
export interface Wheel {
  /** The name and version of the distribution, e.g. `tensorflow-cpu==2.21.0`. */
  readonly requirement: string;
  /** The platform tag, e.g. `manylinux_2_27_x86_64`. */
  readonly platform: string;
}

/** The size in bytes of the largest wheel below a folder in which pip is at work. */
async function largestWheel(folder: string): Promise<number> {
  let largest = 0;
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    // What pip makes it also moves and deletes meanwhile.
    const size = entry.isDirectory
      ? await largestWheel(path).catch(() => 0)
      : entry.name.endsWith(".whl")
      ? await Deno.stat(path).then((file) => file.size, () => 0)
      : 0;
    largest = Math.max(largest, size);
  }
  return largest;
}

/**
 * What pip says went wrong: its errors, or its last line where Python did not get as far as pip.
 */
function reason(stderr: Uint8Array): string {
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  const errors = lines.filter((line) => line.startsWith("ERROR: ")).map((line) =>
    line.slice("ERROR: ".length)
  );
  return errors.length > 0 ? errors.join("\n") : lines.at(-1) ?? "";
}

/**
 * Downloads a wheel with the user's pip and its settings into an empty folder and returns its path;
 * `progress` gets the bytes so far. Rejects with a `Failure` (exit 3) without Python, without pip,
 * or with what pip says.
 */
export async function downloadWheel(
  python: string,
  { requirement, platform }: Wheel,
  folder: string,
  progress: DownloadProgress,
): Promise<string> {
  const pinned = [
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
    ...pinned,
    "-d",
    folder,
  ];
  const failed = (why: string) =>
    new Failure(
      3,
      `TensorFlow could not be fetched with ${python} -m pip download ${requirement}: ${why}\n${waysOut}`,
    );

  let running = true;
  const watch = setInterval(async () => {
    const done = await largestWheel(folder).catch(() => 0);
    if (running) progress.update(done);
  }, 250);
  try {
    // pip collects the file in its temporary folder: there it can be watched, and it goes when the
    // folder goes.
    const command = new Deno.Command(python, { args, env: { TMPDIR: folder }, stdin: "null" });
    const { success, stderr } = await command.output();
    if (!success) throw failed(reason(stderr));
  } catch (error) {
    throw error instanceof Deno.errors.NotFound ? failed("there is no such command") : error;
  } finally {
    running = false;
    clearInterval(watch);
    progress.close();
  }

  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.endsWith(".whl")) return join(folder, entry.name);
  }
  throw failed("it left no wheel");
}

// Python reads the archive a piece at a time and checks each file's CRC-32. A folder *.libs, which
// some wheels have beside the package, holds what the libraries need; the folders are kept, since
// they look for it relative to themselves.
const UNPACK = String.raw`
import os, re, sys, zipfile
wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if re.fullmatch(r"tensorflow/libtensorflow_(cc|framework)\.[^/]+|[^/]+\.libs/[^/]+", name):
            with open(archive.extract(name, folder), "rb") as file:
                os.fsync(file.fileno())
`;

/**
 * Unpacks the libraries of TensorFlow's wheel, and nothing else, below `folder` and waits until
 * they are on the disk. Rejects with a `Failure` (exit 3) that says what is wrong with the wheel or
 * the disk.
 */
export async function unpackWheel(python: string, wheel: string, folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(python, {
    args: ["-c", UNPACK, wheel, folder],
  }).output();
  if (success) return;
  const why = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Failure(
    3,
    `${wheel} could not be unpacked: ${why}; run the same again to download it anew`,
  );
}

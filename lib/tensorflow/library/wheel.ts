import { Failure } from "../../values/failure.ts";

// Python reads the archive a piece at a time and checks each file's CRC-32. A folder *.libs, which some wheels have
// beside the package, holds what the libraries need; the folders are kept, since they look for it relative to themselves.
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
 * Unpacks the libraries of TensorFlow's wheel, and nothing else, below `folder` and waits until they are on the disk.
 * Rejects with a `Failure` (exit 3) that says what is wrong with the wheel or the disk.
 */
export async function unpackWheel(python: string, wheel: string, folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(python, { args: ["-c", UNPACK, wheel, folder] }).output();
  if (success) return;
  const why = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Failure(3, `${wheel} could not be unpacked: ${why}; run the same again to download it anew`);
}

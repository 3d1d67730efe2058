import { Failure, systemMessageOf } from "../values/failure.ts";

/** A known number of bytes, read in parts. */
export interface ByteSource {
  /** Name in messages: its path. */
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  /**
   * Returns a copy of `length` bytes from `position`, with its own buffer. Throws a RangeError,
   * without allocating anything, if there are fewer.
   */
  read(position: number, length: number): Uint8Array<ArrayBuffer>;
}

/**
 * Opens a file as a source, which the caller disposes. Opening and `read` throw a `Failure` (exit
 * 3) if the system refuses.
 */
export function fileSource(path: string): ByteSource & Disposable {
  const readFailure = (error: unknown) =>
    new Failure(3, `cannot read ${path}: ${systemMessageOf(error)}`, { cause: error });
  let file: Deno.FsFile;
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
    if (!info.isFile) throw new Error(info.isDirectory ? "it is a folder" : "it is not a file");
    file = Deno.openSync(path);
  } catch (error) {
    throw readFailure(error);
  }
  return {
    name: path,
    size: info.size,
    read(position, length) {
      const bytes = new Uint8Array(checkLength(info.size, position, length));
      for (let have = 0; have < length;) {
        let got: number | null;
        try {
          if (have === 0) file.seekSync(position, Deno.SeekMode.Start);
          got = file.readSync(bytes.subarray(have));
        } catch (error) {
          throw readFailure(error);
        }
        if (got === null) throw new RangeError(`the file ends ${length - have} bytes early`);
        have += got;
      }
      return bytes;
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** Returns the length. Throws a RangeError if the source has fewer bytes. */
function checkLength(size: number, position: number, length: number): number {
  if (position >= 0 && length >= 0 && position + length <= size) return length;
  throw new RangeError(`the file ends ${position + length - size} bytes early`);
}

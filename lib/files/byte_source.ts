import { Failure, messageOf } from "../values/failure.ts";

/** Bytes of known number that are read in parts. */
export interface ByteSource {
  /** What messages call it: its path. */
  readonly name: string;
  /** How many bytes there are. */
  readonly size: number;
  /**
   * A copy of `length` bytes from `position` on, with a buffer of its own. Throws a RangeError
   * where there are fewer, and then allocates nothing.
   */
  read(position: number, length: number): Uint8Array<ArrayBuffer>;
}

/**
 * A file on the disk as a source, to be closed. It and its `read` throw a `Failure` (exit 3) where
 * the system refuses.
 */
export function fileSource(path: string): ByteSource & Disposable {
  const refused = (error: unknown) =>
    new Failure(3, `cannot read ${path}: ${plain(error)}`, { cause: error });
  let file: Deno.FsFile;
  let found: Deno.FileInfo;
  try {
    found = Deno.statSync(path);
    if (!found.isFile) throw new Error(found.isDirectory ? "it is a folder" : "it is not a file");
    file = Deno.openSync(path);
  } catch (error) {
    throw refused(error);
  }
  return {
    name: path,
    size: found.size,
    read(position, length) {
      const bytes = new Uint8Array(within(found.size, position, length));
      for (let have = 0; have < length;) {
        let got: number | null;
        try {
          if (have === 0) file.seekSync(position, Deno.SeekMode.Start);
          got = file.readSync(bytes.subarray(have));
        } catch (error) {
          throw refused(error);
        }
        if (got === null) throw new RangeError(`the file ends ${length - have} bytes early`);
        have += got;
      }
      return bytes;
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** What the system says, without its number and the path that the message has already. */
const plain = (error: unknown): string => messageOf(error).replace(/ \(os error.*/s, "");

/** Bytes in memory as a source. */
export function memorySource(name: string, bytes: Uint8Array<ArrayBuffer>): ByteSource {
  const size = bytes.length;
  return {
    name,
    size,
    read: (position, length) => bytes.slice(position, position + within(size, position, length)),
  };
}

/** The length, where so many bytes are there. */
function within(size: number, position: number, length: number): number {
  if (position >= 0 && length >= 0 && position + length <= size) return length;
  throw new RangeError(`the file ends ${position + length - size} bytes early`);
}

import { staysInside } from "../../lib/files/path_safety.ts";
import { syncOpenFile } from "../../lib/files/sync.ts";

/** The bytes of a tar's block. A header is one block, and contents are padded to whole blocks. */
const BLOCK = 512;

/** A file or a folder of a tar, whose bytes are taken next. */
interface Entry {
  readonly name: string;
  readonly size: number;
  /** `undefined` for anything else, such as a link. */
  readonly kind?: "file" | "folder";
}

/**
 * Unpacks the files of a `.tar.gz` into a folder. Entries other than files and folders are ignored.
 * Rejects with an Error that has the reason if the archive is damaged, ends early or has a name
 * that leads out of the folder.
 */
export async function untar(archive: string, folder: string): Promise<void> {
  await readEntries(archive, async ({ name, size, kind }, take) => {
    if (kind === "folder") await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    else await write(`${folder}/${name}`, size, take);
  });
}

/**
 * Reads the files of a `.tar.gz` into memory, by their names. Rejects as `untar` does. Only for an
 * archive that is known: nothing bounds its size.
 */
export async function readTar(archive: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  await readEntries(archive, async ({ name, size, kind }, take) => {
    if (kind === "folder") return;
    const content = new Uint8Array(size);
    let length = 0;
    await take(size, (bytes) => {
      content.set(bytes, length);
      length += bytes.length;
    });
    files.set(name, content);
  });
  return files;
}

/** Calls `read` for every file, whose bytes it has to take, and every folder of an archive. */
async function readEntries(
  archive: string,
  read: (entry: Entry, take: Take) => Promise<void>,
): Promise<void> {
  const gzip = (await Deno.open(archive)).readable;
  const chunks = gzip.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    const take = takeFrom(chunks);
    for (let entry = await readHeader(take); entry; entry = await readHeader(take)) {
      const { name, size, kind } = entry;
      if (!staysInside(name)) {
        throw new Error(`the name ${JSON.stringify(name)} in it leads out of its folder`);
      }
      if (kind) await read(entry, take);
      await take((kind === "file" ? 0 : size) + (BLOCK - size % BLOCK) % BLOCK, () => {});
    }
  } finally {
    await chunks.cancel().catch(() => {});
  }
}

/** Takes the next `length` bytes and passes them to `to`, piece by piece. */
type Take = (length: number, to: (bytes: Uint8Array) => void) => Promise<void>;

function takeFrom(chunks: ReadableStreamDefaultReader<Uint8Array>): Take {
  let rest = new Uint8Array();
  return async (length, to) => {
    for (let left = length; left > 0;) {
      while (rest.length === 0) {
        const { value, done } = await chunks.read();
        if (done) throw new Error("it ends early");
        rest = new Uint8Array(value);
      }
      const piece = rest.subarray(0, left);
      to(piece);
      rest = rest.subarray(piece.length);
      left -= piece.length;
    }
  };
}

/** Reads the next header (POSIX ustar); `undefined` at the block of zeros that ends an archive. */
async function readHeader(take: Take): Promise<Entry | undefined> {
  const block = new Uint8Array(BLOCK);
  let length = 0;
  await take(BLOCK, (bytes) => {
    block.set(bytes, length);
    length += bytes.length;
  });
  if (!block.some(Boolean)) return undefined;
  const text = (at: number, length: number) =>
    new TextDecoder().decode(block.subarray(at, at + length)).split("\0")[0];
  const octal = (at: number, length: number) => parseInt(text(at, length), 8);
  // The checksum counts its own field as spaces.
  const sum = block.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
  const size = octal(124, 12);
  if (sum !== octal(148, 8) || !(size >= 0)) throw new Error("a header in it is damaged");
  const prefix = text(257, 6) === "ustar" ? text(345, 155) : "";
  const flag = block[156];
  return {
    name: prefix ? `${prefix}/${text(0, 100)}` : text(0, 100),
    size,
    kind: flag === 0 || flag === 48 ? "file" : flag === 53 ? "folder" : undefined,
  };
}

async function write(path: string, size: number, take: Take): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  using file = await Deno.create(path);
  await take(size, (bytes) => {
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  });
  syncOpenFile(file, path);
}

import { staysInside } from "../../lib/files/path_safety.ts";

/** The unit of a tar: a header is one block, and what follows it fills whole blocks. */
const BLOCK = 512;

/**
 * Unpacks the files of a `.tar.gz` below a folder; whatever is neither file nor folder is passed
 * over. Rejects with an Error that says why where the archive is damaged, ends early or has a name
 * that leads out of the folder.
 */
export async function untar(archive: string, folder: string): Promise<void> {
  const gzip = (await Deno.open(archive)).readable;
  const chunks = gzip.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    const pour = pourer(chunks);
    for (let entry = await header(pour); entry; entry = await header(pour)) {
      const { name, size, kind } = entry;
      if (!staysInside(name)) {
        throw new Error(`the name ${JSON.stringify(name)} in it leads out of its folder`);
      }
      if (kind === "folder") await Deno.mkdir(`${folder}/${name}`, { recursive: true });
      if (kind === "file") await write(`${folder}/${name}`, size, pour);
      await pour((kind === "file" ? 0 : size) + (BLOCK - size % BLOCK) % BLOCK, () => {});
    }
  } finally {
    await chunks.cancel().catch(() => {});
  }
}

/** Hands the next `length` bytes on, piece by piece. */
type Pour = (length: number, to: (bytes: Uint8Array) => void) => Promise<void>;

function pourer(chunks: ReadableStreamDefaultReader<Uint8Array>): Pour {
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

/** The next entry's header (POSIX ustar); undefined at the block of zeros that ends an archive. */
async function header(
  pour: Pour,
): Promise<{ name: string; size: number; kind?: "file" | "folder" } | undefined> {
  const block = new Uint8Array(BLOCK);
  let have = 0;
  await pour(BLOCK, (bytes) => {
    block.set(bytes, have);
    have += bytes.length;
  });
  if (!block.some(Boolean)) return undefined;
  const text = (at: number, length: number) =>
    new TextDecoder().decode(block.subarray(at, at + length)).split("\0")[0];
  const octal = (at: number, length: number) => parseInt(text(at, length), 8);
  // The checksum is taken with its own field blank.
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

async function write(path: string, size: number, pour: Pour): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  using file = await Deno.create(path);
  await pour(size, (bytes) => {
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  });
  await file.sync();
}

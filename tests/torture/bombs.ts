/** Small files that would become large ones. */
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { latin, little } from "../support/torch_file.ts";
import type { Outcome } from "./campaign.ts";
import { lastLine } from "./subject.ts";

/** The most memory that a reader may take for a file of few kilobytes, and its time. */
const MOST_MEGABYTES = 1500;
const MOST_SECONDS = 60;

/** Unpacked bytes of a bomb. */
const SIZE = 3 * 2 ** 30;

const reader = fileURLToPath(new URL("read_bomb.ts", import.meta.url));

/** Reads each bomb in a process of its own, and measures its memory. */
export async function bombs(folder: string): Promise<Outcome> {
  const files = await writeBombs(folder);
  const faults: string[] = [];
  for (const path of files) {
    const end = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", reader, path],
      signal: AbortSignal.timeout(1000 * MOST_SECONDS),
    }).output();
    const name = path.slice(folder.length + 1);
    const megabytes = Number(new TextDecoder().decode(end.stdout));
    if (end.signal) faults.push(`${name}: ended by ${end.signal}`);
    else if (end.code !== 0) {
      faults.push(`${name}: ${lastLine(new TextDecoder().decode(end.stderr))}`);
    } else if (megabytes > MOST_MEGABYTES) faults.push(`${name}: ${megabytes} MB`);
  }
  const tried = files.length;
  return {
    title: "a zip or image that would unpack to gigabytes",
    tried,
    survived: tried - faults.length,
    faults,
  };
}

async function writeBombs(folder: string): Promise<string[]> {
  const zeros = await deflated(SIZE);
  const size = [0, 0, 0xea, 0x60];
  const files: Record<string, Uint8Array> = {
    "honest.zip": zip("a/train/x/1.png", zeros, SIZE),
    "lying.zip": zip("a/train/x/1.png", zeros, 1000),
    "honest.pth": zip("archive/data.pkl", zeros, SIZE),
    "lying.pth": zip("archive/data.pkl", zeros, 1000),
    "wide.png": concat(
      Uint8Array.of(0x89, ...latin("PNG\r\n\x1a\n")),
      chunk("IHDR", Uint8Array.of(...size, ...size, 8, 2, 0, 0, 0)),
      chunk("IDAT", concat(Uint8Array.of(0x78, 0x9c), zeros)),
      chunk("IEND", new Uint8Array()),
    ),
    "wide.jpg": Uint8Array.of(
      ...[0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0xff, 0xdc, 0xff, 0xdc, 3],
      ...[1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 0xff, 0xd9],
    ),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
  return Object.keys(files).map((name) => `${folder}/${name}`);
}

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}

/** So many zeros, deflated: a thousandth of their size. */
async function deflated(size: number): Promise<Uint8Array> {
  const piece = new Uint8Array(2 ** 20);
  let left = size;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(piece.subarray(0, left));
      left -= Math.min(left, piece.length);
      if (left === 0) controller.close();
    },
  });
  const packed = stream.pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** A zip with one deflated entry that claims a size. Its CRC is wrong. */
function zip(name: string, packed: Uint8Array, size: number): Uint8Array {
  const entry = [
    ...[...little(20, 2), ...little(0, 2), ...little(8, 2), ...little(0, 8)],
    ...[...little(packed.length, 4), ...little(size, 4), ...little(name.length, 2)],
  ];
  const local = concat(
    Uint8Array.of(...latin("PK\x03\x04"), ...entry, ...little(0, 2), ...latin(name)),
    packed,
  );
  const central = [
    ...[...latin("PK\x01\x02"), ...little(20, 2), ...entry, ...little(0, 16)],
    ...latin(name),
  ];
  const end = [
    ...[...latin("PK\x05\x06"), ...little(0, 4), ...little(1, 2), ...little(1, 2)],
    ...[...little(central.length, 4), ...little(local.length, 4), ...little(0, 2)],
  ];
  return concat(local, Uint8Array.from(central), Uint8Array.from(end));
}

/** A chunk of a PNG. */
function chunk(kind: string, bytes: Uint8Array): Uint8Array {
  const content = concat(Uint8Array.from(latin(kind)), bytes);
  const big = (value: number) => Uint8Array.from(little(value, 4)).reverse();
  return concat(big(bytes.length), content, big(crc32(content)));
}

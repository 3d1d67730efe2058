import { imageDecoder } from "../../datasets/images/image.ts";
import { openParquet } from "../../datasets/files/parquet.ts";
import { unpickle } from "../../datasets/files/pickle.ts";
import { untar } from "../../datasets/files/tar.ts";
import { readZip } from "../../lib/files/zip.ts";
import { readResult } from "../../lib/project/result.ts";
import { Failure } from "../../lib/values/failure.ts";
import { encode } from "../../lib/weights/safetensors.ts";
import { decodeWeights } from "../../lib/weights/weights_file.ts";
import encodeWebp from "@jsquash/webp/encode.js";
import fc from "fast-check";
import { encode as encodePng } from "fast-png";
import { parquetWriteBuffer } from "hyparquet-writer";
import jpeg from "jpeg-js";
import { memorySource } from "../support/memory_source.ts";
import { mutationOf } from "../support/mutations.ts";
import { pickleOf } from "../support/pickles.ts";
import { tarLayout } from "../support/tar_layout.ts";
import { gzip, tar } from "../support/tar_archive.ts";
import {
  call,
  code,
  dict,
  floats,
  latin,
  legacyFile,
  little,
  storage,
  tensor,
  text,
  zipFile,
} from "../support/torch_file.ts";
import { trial } from "../support/trial.ts";
import type { Limits, Outcome } from "./campaign.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A reader of files: a sound file, and a function that reads one or throws. */
interface Reader {
  readonly name: string;
  readonly sound: Bytes;
  read(bytes: Bytes): unknown;
}

const checkpoint = dict({
  model: code(
    call("collections", "OrderedDict"),
    "(",
    text("module.conv.weight"),
    tensor(storage("0", 12), [2, 3, 2]),
    "u",
  ),
});
const rows = { 0: floats(...Array.from({ length: 12 }, (_, i) => i)) };
/** The tags of a TIFF of two pixels whose strip begins at byte 8. */
const TIFF = [[256, 2], [257, 1], [258, 8], [259, 1], [262, 2], [273, 8], [277, 3], [278, 1], [
  279,
  6,
]] as const;
const field = (tag: number, value: number): number[] => [
  ...[...little(tag, 2), ...little(4, 2), ...little(1, 4), ...little(value, 4)],
];
const pixels = Uint8Array.from({ length: 16 * 16 * 4 }, (_, i) => i * 7);

/** Each reader with a sound file of its own format. */
async function readers(folder: string): Promise<Reader[]> {
  const weights = (bytes: Bytes) => decodeWeights(memorySource("mutated", bytes));
  const image = await imageDecoder();
  const result = `${folder}/mutated.json`;
  const image16 = new ImageData(Uint8ClampedArray.from(pixels), 16, 16);
  const parquet = `${folder}/mutated.parquet`;
  const archive = `${folder}/mutated.tar.gz`;
  const zipped = zipFile(checkpoint, rows, {}, 6);
  return [
    { name: "PyTorch's zip layout", sound: zipFile(checkpoint, rows), read: weights },
    {
      name: "PyTorch's older layout",
      sound: legacyFile(checkpoint, { 0: [12, rows[0]] }),
      read: weights,
    },
    {
      name: "safetensors",
      sound: encode(new Map([["a", { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) }]])),
      read: weights,
    },
    {
      name: "zip",
      sound: zipped,
      read(bytes) {
        const zip = readZip(memorySource("mutated", bytes));
        for (const name of zip.names) zip.read(name);
      },
    },
    {
      name: "tar",
      sound: tar({ "a/b.txt": floats(1, 2, 3), "a/c.txt": new Uint8Array(600) }) as Bytes,
      async read(bytes) {
        await Deno.writeFile(archive, await gzip(bytes));
        await Deno.remove(`${folder}/out`, { recursive: true }).catch(() => {});
        await untar(archive, `${folder}/out`);
      },
    },
    {
      name: "PNG",
      sound: encodePng({ width: 16, height: 16, data: pixels, channels: 4 }) as Bytes,
      read: image,
    },
    {
      name: "JPEG",
      sound: Uint8Array.from(jpeg.encode({ width: 16, height: 16, data: pixels }, 90).data),
      read: image,
    },
    {
      name: "WebP",
      sound: new Uint8Array(await encodeWebp(image16, { lossless: 1 })),
      read: image,
    },
    {
      name: "BMP",
      sound: Uint8Array.from([
        ...[...latin("BM"), ...little(54 + 12, 4), ...little(0, 4), ...little(54, 4)],
        ...[...little(40, 4), ...little(2, 4), ...little(2, 4), ...little(1, 2), ...little(24, 2)],
        ...[...little(0, 24), 1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0],
      ]),
      read: image,
    },
    {
      name: "PPM",
      sound: Uint8Array.from([...latin("P6\n2 1\n255\n"), 1, 2, 3, 4, 5, 6]),
      read: image,
    },
    {
      name: "TIFF",
      sound: Uint8Array.from([
        ...[...latin("II"), 42, 0, ...little(14, 4), 1, 2, 3, 4, 5, 6],
        ...[...little(9, 2), ...TIFF.flatMap(([tag, value]) => field(tag, value)), ...little(0, 4)],
      ]),
      read: image,
    },
    {
      name: "CIFAR's pickle",
      sound: pickleOf({
        data: { shape: [2, 3], bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) },
        fine_labels: [3, 4],
        names: ["a", "b"],
      }) as Bytes,
      read: unpickle,
    },
    { name: "PyTorch's layout of 2017", sound: tar(tarLayout) as Bytes, read: weights },
    {
      name: "parquet",
      sound: new Uint8Array(parquetWriteBuffer({
        columnData: [
          { name: "label", data: Array.from({ length: 20 }, (_, i) => i), type: "INT32" },
          { name: "img", data: Array(20).fill(new Uint8Array(9)), type: "BYTE_ARRAY" },
        ],
      })),
      async read(bytes) {
        await Deno.writeFile(parquet, bytes);
        using opened = await openParquet(parquet, "get it again");
        await Array.fromAsync(opened.rows(["label", "img"]));
      },
    },
    {
      name: "results",
      sound: new TextEncoder().encode(
        JSON.stringify({ experiment: "toy#student", trials: [trial(1, 50)] }, null, 2),
      ),
      async read(bytes) {
        await Deno.writeFile(result, bytes);
        await readResult(result, "toy#student");
      },
    },
  ];
}

/** Reads mutated files. Each is read, or is refused by one error that is no crash of the reader. */
export async function* mutations(
  folder: string,
  seed: number,
  limits: Limits,
): AsyncGenerator<Outcome> {
  for (const { name, sound, read } of await readers(folder)) {
    const faults: string[] = [];
    let tried = 0;
    await read(sound);
    const property = fc.asyncProperty(mutationOf(sound), async (bytes) => {
      tried++;
      const fault = await faultOf(() => read(bytes));
      if (fault) faults.push(fault);
    });
    await fc.assert(property, {
      numRuns: limits.tries,
      seed,
      interruptAfterTimeLimit: Math.max(1, limits.until - performance.now()),
      // A machine that is slow tries fewer, and says so.
      markInterruptAsFailure: false,
    });
    const title = `a mutated file, ${name}`;
    yield { title, tried, survived: tried - faults.length, faults: [...new Set(faults)] };
  }
}

/** What is wrong with the way in which a file is refused. `undefined` if nothing is. */
async function faultOf(read: () => unknown): Promise<string | undefined> {
  const began = performance.now();
  try {
    await read();
  } catch (error) {
    // The decoder of images throws Errors, to which its caller adds the file's name.
    const isPlain = error instanceof Failure ? error.exit === 3 : error?.constructor === Error;
    if (!isPlain) return `${error}`;
    if (/call stack|allocation|reading '|is not a function|is not iterable/i.test(`${error}`)) {
      return `${error}`;
    }
  }
  const seconds = (performance.now() - began) / 1000;
  return seconds > 5 ? `${seconds.toFixed(1)} s for one file` : undefined;
}

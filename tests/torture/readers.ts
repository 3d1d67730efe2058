import { imageDecoder } from "../../datasets/images/image.ts";
import { untar } from "../../datasets/files/tar.ts";
import { memorySource } from "../../lib/files/byte_source.ts";
import { readZip } from "../../lib/files/zip.ts";
import { readResult } from "../../lib/project/result.ts";
import { Failure } from "../../lib/values/failure.ts";
import { encode } from "../../lib/weights/safetensors.ts";
import { decodeWeights } from "../../lib/weights/weights_file.ts";
import fc from "fast-check";
import { encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";
import { mutationOf } from "../support/mutations.ts";
import { gzip, tar } from "../support/tar_archive.ts";
import {
  call,
  code,
  dict,
  floats,
  legacyFile,
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
const pixels = Uint8Array.from({ length: 16 * 16 * 4 }, (_, i) => i * 7);

/** Each reader with a sound file of its own format. */
async function readers(folder: string): Promise<Reader[]> {
  const weights = (bytes: Bytes) => decodeWeights(memorySource("mutated", bytes));
  const image = await imageDecoder();
  const result = `${folder}/mutated.json`;
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
      interruptAfterTimeLimit: Math.max(0, limits.until - performance.now()),
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

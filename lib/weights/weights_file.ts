import type { WeightsChoice } from "../experiment/weights.ts";
import { type ByteSource, fileSource } from "../files/byte_source.ts";
import { checksum } from "../files/checksum.ts";
import type { Shape } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { quoteText } from "../values/words.ts";
import { detectFormat, type WeightsFormat } from "./format.ts";
import { selectTensors } from "./names.ts";
import { readPyTorch } from "./pytorch/read_pytorch.ts";
import { FileRefused } from "./refused.ts";
import { decode } from "./safetensors.ts";
import { toValue, type Value } from "./value.ts";

/** The contents of a file, in any format. */
export interface DecodedWeights {
  readonly format: WeightsFormat;
  /**
   * The tensors of the state dict in the file's order and layout (PyTorch's: O,I,kh,kw and out,in),
   * by the network's own names: without `module.` and its like, and only the student's of a saved
   * distiller.
   */
  readonly tensors: ReadonlyMap<string, Value>;
  /** The numbers, strings and booleans beside the state dict, such as `epoch` and `best_acc`. */
  readonly facts: Readonly<Record<string, Json>>;
  /**
   * The shape of the images that the network learned, as Retort writes it. `undefined` if the file
   * does not say.
   */
  readonly image?: Shape;
  /** What came off the names of the tensors, without the names of wrappers. */
  readonly prefix: string;
  /** Says what was taken and how to take the rest, if there was a choice. */
  readonly notes: readonly string[];
}

/** A file of trained weights. */
export interface WeightsFile extends DecodedWeights {
  readonly path: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** Larger files are refused. No network here comes near this. */
const MAX_SIZE = 2 ** 32;

/**
 * Reads a file of weights, or the part of it that `choice` names. Rejects with a `Failure` (exit
 * 3) that names the file and its problem.
 */
export async function readWeights(path: string, choice: WeightsChoice = {}): Promise<WeightsFile> {
  using source = fileSource(path);
  return { path, ...decodeWeights(source, choice), sha256: await checksum(path, "sha256") };
}

/** Decodes a source's bytes. Throws a `Failure` (exit 3) as `readWeights` does. */
export function decodeWeights(source: ByteSource, choice: WeightsChoice = {}): DecodedWeights {
  const { name, size } = source;
  try {
    if (size > MAX_SIZE) {
      throw new FileRefused(
        `has ${
          (size / 2 ** 30).toFixed(1)
        } GiB, and files of more than 4 GiB are not read: save the weights alone`,
      );
    }
    const format = detectFormat(source);
    return format === "safetensors"
      ? readSafetensors(source, choice)
      : { format, ...readPyTorch(source, format, choice) };
  } catch (error) {
    if (error instanceof FileRefused) {
      throw new Failure(3, `${name} ${error.message}`, { cause: error });
    }
    if (error instanceof RangeError) {
      throw new Failure(
        3,
        `cannot read ${name} (${error.message}): it changed during the read, or there is too little memory`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

function readSafetensors(source: ByteSource, { key, prefix }: WeightsChoice): DecodedWeights {
  if (key !== undefined) {
    throw new FileRefused(`is safetensors, which has no keys such as ${quoteText(key)}`);
  }
  const contents = decode(source.read(0, source.size), source.name);
  const { tensors, ...selected } = selectTensors(contents.tensors, prefix);
  const values = Array.from(tensors, ([name, entry]) => [name, toValue(name, entry)] as const);
  const named = { tensors: new Map(values), facts: contents.metadata };
  return { format: "safetensors", image: imageOf(contents.metadata), ...named, ...selected };
}

/**
 * The image shape in the metadata of an export, which also names its network, or in those of a run.
 */
function imageOf(
  { network, image, retort }: Readonly<Record<string, string>>,
): Shape | undefined {
  const shape = network === undefined ? Object(parsed(retort)).image : parsed(image);
  const isShape = Array.isArray(shape) && shape.length === 3 &&
    shape.every((size) => Number.isSafeInteger(size) && size > 0);
  return isShape ? shape : undefined;
}

/** The value of a text that may be JSON: other programs may use the same names. */
function parsed(text = ""): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

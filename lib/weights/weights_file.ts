import { type ByteSource, fileSource } from "../files/byte_source.ts";
import { checksum } from "../files/checksum.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { detectFormat } from "./format.ts";
import { networkNames } from "./names.ts";
import { readPyTorch } from "./pytorch/read_pytorch.ts";
import { FileRefused } from "./refused.ts";
import { decode } from "./safetensors.ts";
import { toValue, type Value } from "./value.ts";

/** The contents of a file, in any format. */
export interface DecodedWeights {
  /** `pytorch-legacy` is the layout before PyTorch 1.6. */
  readonly format: "safetensors" | "pytorch" | "pytorch-legacy";
  /**
   * The tensors of the state dict in the file's order and layout (PyTorch's: O,I,kh,kw and out,in),
   * by the network's own names: without `module.`, and only the student's of a saved distiller.
   */
  readonly tensors: ReadonlyMap<string, Value>;
  /** The numbers, strings and booleans beside the state dict, such as `epoch` and `best_acc`. */
  readonly facts: Readonly<Record<string, Json>>;
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
 * Reads a file of weights. Rejects with a `Failure` (exit 3) that names the file and its problem.
 */
export async function readWeights(path: string): Promise<WeightsFile> {
  using source = fileSource(path);
  return { path, ...decodeWeights(source), sha256: await checksum(path, "sha256") };
}

/** Decodes a source's bytes. Throws a `Failure` (exit 3) as `readWeights` does. */
export function decodeWeights(source: ByteSource): DecodedWeights {
  const { name, size } = source;
  try {
    if (size > MAX_SIZE) {
      throw new FileRefused(
        `has ${(size / 2 ** 30).toFixed(1)} GiB, and files of more than 4 GiB are not read`,
      );
    }
    const format = detectFormat(source);
    return format === "safetensors"
      ? readSafetensors(source)
      : { format, ...readPyTorch(source, format) };
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

function readSafetensors(source: ByteSource): DecodedWeights {
  const { tensors, metadata } = decode(source.read(0, source.size), source.name);
  const values = Array.from(
    networkNames(tensors),
    ([name, entry]) => [name, toValue(name, entry)] as const,
  );
  return { format: "safetensors", tensors: new Map(values), facts: metadata };
}

/**
 * A run's state in one safetensors file: every variable, one JSON value with the rest, and a
 * checksum of both.
 *
 * @module
 */
import { atomicWrite } from "../files/atomic_write.ts";
import { Failure, systemMessageOf } from "../values/failure.ts";
import { canonical, type Json } from "../values/json.ts";
import { sha256 } from "../values/sha256.ts";
import { type Contents, decode, encode, type Entry } from "./safetensors.ts";
import type { Value } from "./value.ts";

/** The contents of a checkpoint. */
export interface Checkpoint {
  /** The variables' values by name. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** The rest of the run's state. */
  readonly metadata: Json;
}

/**
 * Writes a checkpoint, whole or not at all. Rejects with a `Failure` (exit 3) if the disk refuses
 * it.
 */
export async function saveCheckpoint(
  path: string,
  tensors: ReadonlyMap<string, Value>,
  metadata: Json,
): Promise<void> {
  const entries = new Map(Array.from(tensors, ([name, { shape, data }]): [string, Entry] => [
    name,
    data instanceof Float32Array ? { dtype: "F32", shape, data } : { dtype: "I32", shape, data },
  ]));
  const text = canonical(metadata);
  const checksum = await checksumOf(entries, text);
  await atomicWrite(path, encode(entries, { retort: text, checksum }));
}

/** The SHA-256 of a checkpoint's metadata and of each tensor's name, type, shape and elements. */
async function checksumOf(tensors: Contents["tensors"], metadata: string): Promise<string> {
  // The digest of digests needs no copy of all tensors in one array.
  const parts = [metadata];
  // Sorted, because a header in JSON does not keep the order of names that look like numbers.
  for (const [name, { dtype, shape, data }] of [...tensors].sort(([a], [b]) => a < b ? -1 : 1)) {
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    parts.push(name, dtype, String(shape), await sha256(bytes));
  }
  return await sha256(new TextEncoder().encode(JSON.stringify(parts)));
}

/**
 * Reads a checkpoint. Rejects with a `Failure` (exit 3) that names the file and the way out if the
 * file cannot be read, is damaged or is not a checkpoint of Retort.
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new Failure(
      3,
      `cannot read the checkpoint ${path}: ${systemMessageOf(cause)}; ${FRESH_HINT}`,
      {
        cause,
      },
    );
  });
  try {
    const contents = decode(bytes, path);
    await verifyChecksum(contents, path);
    return toCheckpoint(contents, path);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(3, `${error.message}; ${FRESH_HINT}`, { cause: error });
  }
}

/**
 * Throws a `Failure` (exit 3) if a file has other contents than were written. Files of earlier
 * versions have no checksum.
 */
async function verifyChecksum({ tensors, metadata }: Contents, path: string): Promise<void> {
  const { retort, checksum } = metadata;
  if (checksum === undefined || checksum === await checksumOf(tensors, retort)) return;
  throw new Failure(3, `${path} is damaged: its contents are not those that were written`);
}

/** How to continue if a checkpoint is of no use. */
export const FRESH_HINT = "run its experiment with --fresh to start again";

/** Converts a file's contents to a checkpoint, if `saveCheckpoint` wrote them. */
function toCheckpoint({ tensors, metadata }: Contents, path: string): Checkpoint {
  const values = new Map<string, Value>();
  for (const [name, { dtype, shape, data }] of tensors) {
    if (dtype !== "F32" && dtype !== "I32") {
      throw new Failure(
        3,
        `${path} is not a checkpoint of a run: its tensor "${name}" is ${dtype}`,
      );
    }
    values.set(name, { shape, data });
  }
  try {
    return { tensors: values, metadata: JSON.parse(metadata.retort) };
  } catch (cause) {
    throw new Failure(
      3,
      `${path} is not a checkpoint of a run: its metadata has no JSON called retort`,
      { cause },
    );
  }
}

/**
 * Checks that a checkpoint has exactly the expected variables, by name and shape. Throws a
 * `Failure` (exit 3) that lists every one that is missing, extra or of another shape.
 */
export function checkVariables(
  path: string,
  tensors: ReadonlyMap<string, Pick<Value, "shape">>,
  expected: ReadonlyMap<string, readonly number[]>,
): void {
  const problems = listMismatches(tensors, expected);
  if (problems.length === 0) return;
  throw new Failure(
    3,
    `${path} is a checkpoint of another network; ${FRESH_HINT}\n  ${problems.join("\n  ")}`,
  );
}

/** Lists every tensor that is missing, extra or of another shape than expected, a line each. */
export function listMismatches(
  tensors: ReadonlyMap<string, Pick<Value, "shape">>,
  expected: ReadonlyMap<string, readonly number[]>,
): string[] {
  const problems: string[] = [];
  for (const [name, shape] of expected) {
    const found = tensors.get(name)?.shape;
    if (!found) problems.push(`missing: ${name} [${shape}]`);
    else if (String(found) !== String(shape)) {
      problems.push(`another shape: ${name} is [${found}], not [${shape}]`);
    }
  }
  for (const [name, { shape }] of tensors) {
    if (!expected.has(name)) problems.push(`extra: ${name} [${shape}]`);
  }
  return problems;
}

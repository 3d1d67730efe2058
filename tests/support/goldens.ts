/**
 * Golden values, computed by the reference implementations. A case is a NAME.json and a
 * NAME.safetensors in the subfolder `models`, `losses`, `steps` or `misc` of the folder that
 * RETORT_GOLDENS names. Default: `tests/goldens` for `losses` and `misc`, and `shared/goldens`
 * beside the project for the others. Its subfolder `vit` is a folder of the same layout with the
 * cases of vision transformers. Its subfolder `detection` has a manifest and the cases of detection
 * themselves.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { decode, type Entry, toFloat32 } from "../../lib/weights/safetensors.ts";
import { everything, granted, needs, needsFile } from "./needs.ts";

/** Numbers with a shape in row-major order. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A case with its JSON and its tensors. */
export interface Golden<F> {
  /** Folder and name, e.g. `losses/kd`, `vit/losses/deit_hard` or `detection/ops_nms`. */
  readonly name: string;
  /** The JSON. */
  readonly facts: F;
  /** The names of the tensors. */
  names(): string[];
  has(tensor: string): boolean;
  /** Gives a tensor as float32. Throws if there is none of this name. */
  tensor(name: string): Numbers;
  /** Gives an int32 tensor. Throws if there is none of this name. */
  integers(name: string): Int32Array;
}

/** A check of the cases whose names match a pattern. */
export type Check<F> = readonly [
  pattern: RegExp,
  check: (golden: Golden<F>, t: Deno.TestContext) => void | Promise<void>,
];

/** A kind of cases: its subfolder. */
export type Kind = `${"" | "vit/"}${"models" | "losses" | "steps" | "misc"}` | "detection";

/** Gives the folder that has a kind's subfolder, or `undefined` without the permissions. */
async function folderOf(kind: Kind): Promise<URL | undefined> {
  if (!await granted(["read", "env"])) return undefined;
  const named = Deno.env.get("RETORT_GOLDENS");
  if (named) return pathToFileURL(`${resolve(named)}/`);
  return new URL(
    kind === "losses" || kind === "misc" ? "../goldens/" : "../../../shared/goldens/",
    import.meta.url,
  );
}

/** Reads a case, e.g. `losses/kd`. */
export async function readGolden<F>(name: `${Kind}/${string}`): Promise<Golden<F>> {
  const folder = await folderOf(name.slice(0, name.lastIndexOf("/")) as Kind);
  const facts = JSON.parse(await Deno.readTextFile(new URL(`${name}.json`, folder))) as F & {
    file?: string;
  };
  const file = facts.file && new URL(`${name}.safetensors`, folder);
  const tensors: ReadonlyMap<string, Entry> = file
    ? decode(await Deno.readFile(file), file.pathname).tensors
    : new Map();
  const entry = (tensor: string) => {
    const found = tensors.get(tensor);
    if (!found) throw new Error(`${name} has no tensor ${tensor}`);
    return found;
  };
  return {
    name,
    facts,
    names: () => [...tensors.keys()],
    has: (tensor) => tensors.has(tensor),
    tensor(tensor) {
      const found = entry(tensor);
      return { shape: found.shape, data: toFloat32(found) };
    },
    integers(tensor) {
      const { data } = entry(tensor);
      if (!(data instanceof Int32Array)) throw new Error(`${name}: ${tensor} is not int32`);
      return data;
    },
  };
}

/**
 * Registers a test for every case of a kind, which runs the first check that matches of each list.
 * A case that no check matches fails, and so does a kind without a case, so that nothing passes
 * unchecked.
 */
export async function goldens<F>(
  kind: Kind,
  ...lists: readonly (readonly Check<F>[])[]
): Promise<void> {
  const folder = await folderOf(kind);
  if (!folder) return needs(["read", "env"], `golden: ${kind}`, () => {});
  const subfolder = kind === "detection" ? "" : kind.match(/\w+$/)![0];
  const manifest = new URL(`${kind}/${subfolder && "../"}manifest.json`, folder);
  if (!await Deno.stat(manifest).then(() => true, () => false)) {
    return needsFile(
      `golden: ${kind}`,
      manifest,
      "the golden values, a folder that RETORT_GOLDENS names",
      () => {},
    );
  }
  const { cases } = JSON.parse(await Deno.readTextFile(manifest)) as { cases: { path: string }[] };
  const names = cases.flatMap(({ path }) => {
    const [, ofKind = "", name = "_"] = path.match(/^(?:(\w+)\/)?(.+)\.json$/) ?? [];
    return ofKind !== subfolder || name.startsWith("_") ? [] : [name];
  });
  if (names.length === 0) {
    return needs(["read", "env"], `golden: ${kind}`, () => {
      throw new Error(`${manifest.pathname} has no case of ${kind}: nothing was checked`);
    });
  }
  for (const name of names) {
    const ofCase = lists.flatMap((checks) =>
      checks.find(([pattern]) => pattern.test(name))?.[1] ?? []
    );
    await needs(everything, `golden: ${kind}/${name}`, async (t) => {
      if (ofCase.length === 0) throw new Error(`no check matches ${kind}/${name}`);
      const golden = await readGolden<F>(`${kind}/${name}`);
      for (const check of ofCase) await check(golden, t);
    });
  }
}

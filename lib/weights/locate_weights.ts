import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ExternalWeights } from "../experiment/weights.ts";
import { checksum } from "../files/checksum.ts";
import { download } from "../files/download.ts";
import { Failure } from "../values/failure.ts";
import { sha256 as digest } from "../values/sha256.ts";
import { readWeights, type WeightsFile } from "./weights_file.ts";

/** A teacher's weights that were trained elsewhere, with the path of their file. */
export interface ResolvedWeights extends ExternalWeights {
  /** Absolute. */
  readonly path: string;
  /** Whether the file exists. */
  readonly isThere: boolean;
}

/**
 * Resolves the path of weights: below the project's folder `root` or, for downloads, below the
 * folder `data` of the data sets.
 */
export async function resolveWeights(
  weights: ExternalWeights,
  root: string,
  data: string,
): Promise<ResolvedWeights> {
  const { source: { file, url } } = weights;
  const path = url !== undefined
    ? resolve(data, "weights", await nameOf(url, weights.sha256))
    : file instanceof URL || file.startsWith("file:")
    ? fileURLToPath(file)
    : resolve(root, file);
  return {
    ...weights,
    path,
    isThere: await Deno.stat(path).then(({ isFile }) => isFile, () => false),
  };
}

/**
 * Reads weights, and tells `log` which were taken if there was a choice. Downloads them first if
 * they are missing and have an address. Rejects with a `Failure` (exit 3) if there is no file, if it
 * is not the declared one or if it cannot be read.
 */
export async function openWeights(
  resolved: ResolvedWeights,
  log: (line: string) => void,
): Promise<WeightsFile> {
  const { network, source: { url }, sha256, path, isThere, key, prefix } = resolved;
  if (!isThere) {
    if (url === undefined) {
      throw new Failure(
        3,
        `there is no file ${path}, which weights(${network.id}, …) names: put it there, or ` +
          "correct `file`",
      );
    }
    await fetchWeights(url, sha256, path, log);
  }
  const again = url === undefined
    ? ""
    : `; it was downloaded from ${url}: remove it to download it anew`;
  if (sha256 !== null) {
    const found = await checksum(path, "sha256");
    if (found !== sha256) {
      throw new Failure(
        3,
        `${path} has SHA-256 ${found}, declared ${sha256}: it is another file, or damaged${again}`,
      );
    }
  }
  try {
    const file = await readWeights(path, { key, prefix });
    for (const note of file.notes) log(`${path}: ${note}`);
    return file;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.exit, error.message + again, { cause: error });
  }
}

async function fetchWeights(
  url: string,
  sha256: string | null,
  to: string,
  log: (line: string) => void,
): Promise<void> {
  const sum = sha256 === null ? undefined : { algorithm: "sha256", digits: sha256 } as const;
  await download(
    { url, sum, to, elsewhere: "`file` in place of `url` declares a file elsewhere" },
    log,
  );
}

/**
 * The file name of a download: the name in its address, after the first digits of its checksum or
 * else of its address's. Many downloads have the same name.
 */
async function nameOf(url: string, sha256: string | null): Promise<string> {
  const digits = sha256 ?? await digest(new TextEncoder().encode(url));
  const last = new URL(url).pathname.split("/").at(-1)!;
  return `${digits.slice(0, 8)}-${last.replaceAll(/[^\w.-]+/g, "_").slice(-100) || "weights"}`;
}

import { Failure } from "../values/failure.ts";
import type { Net } from "../nn/network.ts";

/** Where weights are: a file or an address, one of the two. */
export type WeightsSource =
  | {
    /**
     * The file, from the project's root folder where it is a relative path; or its URL, as of
     * `import.meta.url`.
     */
    readonly file: string | URL;
    /** Not beside a file. */
    readonly url?: undefined;
  }
  | {
    /**
     * The http or https address, from which they are downloaded once, into the data folder's
     * `weights`.
     */
    readonly url: string;
    /** Not beside an address. */
    readonly file?: undefined;
  };

/**
 * What is known of weights beforehand; what turns out otherwise stops the run before anything is
 * trained.
 */
export interface WeightsFacts {
  /** The SHA-256 of the file, in 64 lower-case hexadecimal digits. */
  readonly sha256?: string;
  /** Their top-1 on the data set's test images in percent, within a tenth. */
  readonly top1?: number;
}

/** A teacher whose weights were trained elsewhere: a network and the file that has them. */
export interface ExternalWeights<N extends Net = Net> {
  /** What tells it from a student of ours. */
  readonly kind: "given";
  /** The network they are the weights of. */
  readonly network: N;
  /** Where they are. */
  readonly source: WeightsSource;
  /** The SHA-256 that their file has to have; null where any will do. */
  readonly sha256: string | null;
  /** The top-1 that they have to reach, in percent; null where any will do. */
  readonly top1: number | null;
}

/**
 * Weights trained elsewhere as a teacher, in place of `from(experiment)`: a safetensors file or
 * PyTorch's, by our names or the reference implementations'. Opens no file. Throws a `Failure`
 * (exit 2) at a malformed address, sum or percentage.
 */
export function weights<N extends Net>(
  network: N,
  options: WeightsSource & WeightsFacts,
): ExternalWeights<N> {
  const { file, url, sha256 = null, top1 = null } = options;
  const refuse = (problem: string) => new Failure(2, `weights(${network.id}, …): ${problem}`);
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw refuse(`\`url\` has to be an http or https address, not ${url}; \`file\` names a file`);
  }
  if (file instanceof URL && file.protocol !== "file:") {
    throw refuse(
      `\`file\` has to be a path or a file's URL, not ${file}; \`url\` names an address`,
    );
  }
  if (sha256 !== null && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw refuse(`\`sha256\` has to be 64 hexadecimal digits in lower case, not ${sha256}`);
  }
  if (top1 !== null && !(top1 >= 0 && top1 <= 100)) {
    throw refuse(`\`top1\` is a percentage, 0 to 100, not ${top1}`);
  }
  return { kind: "given", network, source: url === undefined ? { file } : { url }, sha256, top1 };
}

import { Failure } from "../values/failure.ts";
import type { Net } from "../nn/network.ts";

/** The place of weights: either a file or an address. */
export type WeightsSource =
  | {
    /**
     * The path of the file, or its URL, e.g. relative to `import.meta.url`. A relative path is
     * relative to the project's root folder.
     */
    readonly file: string | URL;
    /** Excluded by `file`. */
    readonly url?: undefined;
  }
  | {
    /**
     * The http or https address, from which they are downloaded once, into the data folder's
     * `weights`.
     */
    readonly url: string;
    /** Excluded by `url`. */
    readonly file?: undefined;
  };

/**
 * Known facts about weights. A run stops before anything is trained if the weights do not match
 * them.
 */
export interface WeightsFacts {
  /** The SHA-256 of the file, in 64 lower-case hexadecimal digits. */
  readonly sha256?: string;
  /** Their top-1 on the data set's test images in percent, to within 0.1. */
  readonly top1?: number;
}

/** What to take of a file that holds more than one network. */
export interface WeightsChoice {
  /**
   * The keys that lead to the state dict in a file of PyTorch, joined by dots, such as
   * `state_dict_ema`. Default: the usual one, such as `model` or `state_dict`.
   */
  readonly key?: string;
  /**
   * The start of the names of the tensors to take, such as `teacher.`, which comes off them.
   * Default: `student.` if some names have it, else all names.
   */
  readonly prefix?: string;
}

/** A teacher whose weights were trained elsewhere: a network and the place of its weights. */
export interface ExternalWeights<N extends Net = Net> extends WeightsChoice {
  /** Distinguishes it from the student of an experiment. */
  readonly kind: "external";
  /** The network that has the weights. */
  readonly network: N;
  /** The place of the weights. */
  readonly source: WeightsSource;
  /** The SHA-256 that their file must have. `null` if it is not checked. */
  readonly sha256: string | null;
  /** The top-1 that they must have, in percent. `null` if it is not checked. */
  readonly top1: number | null;
}

/**
 * Makes a teacher of weights that were trained elsewhere, in place of `from(experiment)`. Their
 * file is safetensors or PyTorch's, with our names or the reference implementations'. `key`
 * and `prefix` choose one of several networks in it. Opens no file. Throws a `Failure` (exit 2) if
 * an option is malformed.
 *
 * @example
 * ```ts
 * import { experiment, kd, resnet20, resnet8, sgd, weights } from "@retort/retort";
 * import { cifar10 } from "@retort/retort/datasets";
 *
 * export default experiment(import.meta, {
 *   dataset: cifar10(),
 *   teacher: weights(resnet20, { file: "weights/resnet20.pth", top1: 92.6 }),
 *   student: resnet8,
 *   distiller: kd(),
 *   schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }),
 * });
 * ```
 */
export function weights<N extends Net>(
  network: N,
  options: WeightsSource & WeightsFacts & WeightsChoice,
): ExternalWeights<N> {
  const { file, url, sha256 = null, top1 = null, key, prefix } = options;
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
  if (key === "") throw refuse("`key` is empty: without it, the usual state dict is taken");
  if (prefix === "") {
    throw refuse(
      "`prefix` is empty: without it, the names below `student.` are taken, or else all",
    );
  }
  return {
    kind: "external",
    network,
    source: url === undefined ? { file } : { url },
    sha256,
    top1,
    ...key !== undefined && { key },
    ...prefix !== undefined && { prefix },
  };
}

/** What is taken of a file that has several networks, which may all be teachers of one run. */
export const chosenPart = ({ key, prefix }: ExternalWeights): string =>
  [key && ` key ${key}`, prefix && ` prefix ${prefix}`].filter(Boolean).join("");

/** The path or URL of a weights file, with what is taken of it. */
export const describeSource = (weights: ExternalWeights): string =>
  `${weights.source.file ?? weights.source.url}${chosenPart(weights)}`;

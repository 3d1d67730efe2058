import type { Dataset, Mix } from "../lib/data/dataset.ts";
import { type CifarFiles, openCifar } from "./files/cifar_files.ts";
import { declare, type ImageOptions } from "./declare.ts";

/** Options of `cifar10` and `cifar100`. */
export type CifarOptions<M extends Mix | undefined = undefined, V extends string = never> =
  ImageOptions<M, V>;

/**
 * CIFAR-10 as its authors publish it for C programs; the MD5s are theirs, who name no stronger
 * checksum.
 */
export const cifar10Files: CifarFiles = {
  folder: "cifar-10-batches-bin",
  archive: "cifar-10-binary.tar.gz",
  md5: "c32a1d4ab5d03f1284b67883e8d87530",
  url: "https://www.cs.toronto.edu/~kriz/",
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: ["test_batch.bin"],
  records: { train: 10_000, test: 10_000 },
  names: "batches.meta.txt",
  classes: 10,
  labels: 1,
};

/**
 * CIFAR-100 as its authors publish it for C programs: the coarse label's byte comes before the fine
 * one's, which is used.
 */
export const cifar100Files: CifarFiles = {
  folder: "cifar-100-binary",
  archive: "cifar-100-binary.tar.gz",
  md5: "03b5dce01913d631647c71ecec9e9cb8",
  url: "https://www.cs.toronto.edu/~kriz/",
  train: ["train.bin"],
  test: ["test.bin"],
  records: { train: 50_000, test: 10_000 },
  names: "fine_label_names.txt",
  classes: 100,
  labels: 2,
};

/**
 * CIFAR-10: 50,000 training and 10,000 test images of 32 × 32 pixels, ten classes. By default:
 * crops with 4 pixels of padding, flips, and the training images' own means and deviations per
 * channel. Two papers do otherwise: SAKD's code has the deviations .2023, .1994, .2010 (the mean of
 * each image's own), SLKD's the means and deviations of CIFAR-100.
 */
export const cifar10 = <M extends Mix | undefined = undefined, V extends string = never>(
  options: CifarOptions<M, V> = {},
): Dataset<M, V> =>
  declare(
    "cifar10",
    {},
    { crop: 4, flip: true, mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
    options,
    (folder, log = () => {}, dry) => openCifar(cifar10Files, folder, log, dry),
  );

/**
 * CIFAR-100 with its 100 fine classes: 50,000 training and 10,000 test images of 32 × 32 pixels. By
 * default: crops with 4 pixels of padding, flips, and the means and deviations that CRD and
 * everybody after it uses.
 */
export const cifar100 = <M extends Mix | undefined = undefined, V extends string = never>(
  options: CifarOptions<M, V> = {},
): Dataset<M, V> =>
  declare(
    "cifar100",
    {},
    { crop: 4, flip: true, mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
    options,
    (folder, log = () => {}, dry) => openCifar(cifar100Files, folder, log, dry),
  );

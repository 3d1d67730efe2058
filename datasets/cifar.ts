import type { Dataset, DatasetSizes, Mix } from "../lib/data/dataset.ts";
import { type CifarFiles, openCifar } from "./files/cifar_files.ts";
import { declare, type ImageOptions } from "./declare.ts";

/** Options of `cifar10` and `cifar100`. */
export type CifarOptions<M extends Mix | undefined = undefined, V extends string = never> =
  ImageOptions<M, V>;

/** The files of CIFAR-10 that its authors publish for C programs. MD5 is their only checksum. */
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
 * The files of CIFAR-100 that its authors publish for C programs. Records have the coarse label's
 * byte before that of the fine label, which is used.
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

/** The sizes of the data set in these files. */
function sizesOf({ train, records, classes }: CifarFiles): DatasetSizes {
  return { image: [32, 32, 3], classes, train: train.length * records.train };
}

/**
 * CIFAR-10: 50,000 training and 10,000 test images of 32 × 32 pixels, ten classes. Defaults: crops
 * with 4 pixels of padding, flips, and the training images' means and standard deviations per
 * channel. Two papers differ: SAKD's code has the deviations .2023, .1994, .2010 (averages of each
 * image's own), SLKD's code has the means and deviations of CIFAR-100.
 */
export const cifar10 = <M extends Mix | undefined = undefined, V extends string = never>(
  options: CifarOptions<M, V> = {},
): Dataset<M, V> => ({
  ...declare(
    "cifar10",
    {},
    { crop: 4, flip: true, mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
    options,
    (folder, log = () => {}, dry) => openCifar(cifar10Files, folder, log, dry),
    sizesOf(cifar10Files),
  ),
  hub: "uoft-cs/cifar10",
});

/**
 * CIFAR-100 with its 100 fine classes: 50,000 training and 10,000 test images of 32 × 32 pixels.
 * Defaults: crops with 4 pixels of padding, flips, and the means and standard deviations of CRD and
 * all papers after it.
 */
export const cifar100 = <M extends Mix | undefined = undefined, V extends string = never>(
  options: CifarOptions<M, V> = {},
): Dataset<M, V> => ({
  ...declare(
    "cifar100",
    {},
    { crop: 4, flip: true, mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
    options,
    (folder, log = () => {}, dry) => openCifar(cifar100Files, folder, log, dry),
    sizesOf(cifar100Files),
  ),
  hub: "uoft-cs/cifar100",
});

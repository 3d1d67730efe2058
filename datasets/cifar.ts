import type { Dataset, DatasetSizes, Mix } from "../lib/data/dataset.ts";
import type { CifarFiles } from "./files/cifar_files.ts";
import { cifar100Classes, cifar10Classes } from "./files/cifar_classes.ts";
import { openCifar } from "./files/open_cifar.ts";
import { declare, type ImageOptions } from "./declare.ts";

/** Options of `cifar10` and `cifar100`. */
export type CifarOptions<M extends Mix | undefined = undefined, V extends string = never> =
  ImageOptions<M, V>;

/**
 * The files of CIFAR-10: those that its authors publish, with MD5 as their only checksum, and those
 * of hubs.
 */
export const cifar10Files: CifarFiles = {
  folder: "cifar-10-batches-bin",
  archive: "cifar-10-binary.tar.gz",
  md5: "c32a1d4ab5d03f1284b67883e8d87530",
  url: "https://www.cs.toronto.edu/~kriz/",
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: ["test_batch.bin"],
  records: { train: 10_000, test: 10_000 },
  namesFile: "batches.meta.txt",
  classes: 10,
  labelBytes: 1,
  python: {
    folder: "cifar-10-batches-py",
    archive: "cifar-10-python.tar.gz",
    md5: "c58f30108f718f92721af3b95e74349a",
    train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`),
    test: ["test_batch"],
    labelsKey: "labels",
    namesFile: "batches.meta",
    namesKey: "label_names",
  },
  hub: {
    place: /cifar10(?!0)/,
    labelColumns: ["label"],
    classNames: cifar10Classes,
    firstLabels: {
      train: [
        [6, 9, 9, 4, 1, 1, 2, 7, 8, 3, 4, 7, 7, 2, 9, 9, 9, 3, 2, 6],
        [1, 6, 6, 8, 8, 3, 4, 6, 0, 6, 0, 3, 6, 6, 5, 4, 8, 3, 2, 6],
        [8, 5, 0, 6, 9, 2, 8, 3, 6, 2, 7, 4, 6, 9, 0, 0, 7, 3, 7, 2],
        [0, 6, 0, 2, 7, 2, 1, 2, 4, 1, 5, 6, 6, 3, 1, 3, 5, 5, 8, 1],
        [1, 8, 5, 1, 5, 7, 4, 3, 8, 2, 7, 2, 0, 1, 5, 9, 6, 2, 0, 8],
      ],
      test: [[3, 8, 8, 0, 6, 6, 1, 6, 3, 1, 0, 9, 5, 7, 9, 8, 5, 7, 8, 6]],
    },
  },
};

/**
 * The files of CIFAR-100. Everywhere the fine labels are used: in the version for C programs, the
 * coarse label's byte is before that of the fine label.
 */
export const cifar100Files: CifarFiles = {
  folder: "cifar-100-binary",
  archive: "cifar-100-binary.tar.gz",
  md5: "03b5dce01913d631647c71ecec9e9cb8",
  url: "https://www.cs.toronto.edu/~kriz/",
  train: ["train.bin"],
  test: ["test.bin"],
  records: { train: 50_000, test: 10_000 },
  namesFile: "fine_label_names.txt",
  classes: 100,
  labelBytes: 2,
  python: {
    folder: "cifar-100-python",
    archive: "cifar-100-python.tar.gz",
    md5: "eb9058c3a382ffc7106e4002c42a8d85",
    train: ["train"],
    test: ["test"],
    labelsKey: "fine_labels",
    namesFile: "meta",
    namesKey: "fine_label_names",
  },
  hub: {
    place: /cifar100/,
    labelColumns: ["fine_label", "label"],
    classNames: cifar100Classes,
    firstLabels: {
      train: [[19, 29, 0, 11, 1, 86, 90, 28, 23, 31, 39, 96, 82, 17, 71, 39, 8, 97, 80, 71]],
      test: [[49, 33, 72, 51, 71, 92, 15, 14, 23, 0, 71, 75, 81, 69, 40, 43, 92, 97, 70, 53]],
    },
  },
};

/** The sizes of the data set in these files. */
function sizesOf({ train, records, classes }: CifarFiles): DatasetSizes {
  return { image: [32, 32, 3], classes, train: train.length * records.train };
}

/**
 * CIFAR-10: 50,000 training and 10,000 test images of 32 × 32 pixels, ten classes. Defaults: crops
 * with 4 pixels of padding, flips, and the training images' means and standard deviations per
 * channel. Two papers differ: SAKD's code has the deviations .2023, .1994, .2010 (averages of each
 * image's own), SLKD's code has the means and deviations of CIFAR-100. Its files are found in every
 * form that `cifar100` names.
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
 * all papers after it. In the data folder, the first of these is taken: the authors' folder for C
 * programs or for Python (torchvision's), the `.tar.gz` of either, a hub's parquet files in a folder
 * of it. Images, order and names are the same in each. If there is none, the first is downloaded.
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

import { assertEquals } from "@std/assert";
import { cifar100 } from "../../datasets/cifar.ts";
import { imageFolder } from "../../datasets/image_folder.ts";
import { synthetic } from "../../datasets/synthetic.ts";
import { tinyImagenet } from "../../datasets/tiny_imagenet.ts";
import { dataKey, dataName } from "../../lib/experiment/data_name.ts";
import type { Experiment } from "../../lib/experiment/experiment.ts";

const keyOf = (dataset: Experiment["dataset"]): string => dataKey({ dataset });

Deno.test("data name: a data set's id, of a folder of images with the folder", () => {
  assertEquals(dataName({ dataset: cifar100() }), "cifar100");
  assertEquals(
    dataName({ dataset: imageFolder({ folder: "pets", size: 32 }) }),
    "imageFolder(pets)",
  );
});

Deno.test("data key: the same for one folder or equal synthetic images, whatever is done with them", () => {
  assertEquals(keyOf(cifar100({ holdout: 10, flip: false })), keyOf(cifar100()));
  assertEquals(keyOf(tinyImagenet({ size: 32 })), keyOf(tinyImagenet()));
  assertEquals(keyOf(synthetic({ crop: 2 })), keyOf(synthetic()));
  const others = [
    cifar100(),
    synthetic(),
    synthetic({ classes: 4 }),
    tinyImagenet(),
    tinyImagenet({ folder: "a-part" }),
    imageFolder({ folder: "pets", size: 32 }),
    imageFolder({ folder: "cars", size: 32 }),
  ];
  assertEquals(new Set(others.map(keyOf)).size, others.length);
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { cifar10, cifar100 } from "../../datasets/cifar.ts";
import { coco } from "../../datasets/coco.ts";
import { imageFolder } from "../../datasets/image_folder.ts";
import { imagenet } from "../../datasets/imagenet.ts";
import { synthetic } from "../../datasets/synthetic.ts";
import { tinyImagenet } from "../../datasets/tiny_imagenet.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { experiment } from "../../lib/experiment/experiment.ts";
import { weights } from "../../lib/experiment/weights.ts";
import { resnet20, resnet8 } from "../../lib/networks/resnet.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { sizesOf, stepMultiplyAdds, timeUntrainedStep } from "../../lib/run/untrained_step.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { status } from "../../lib/terminal/status.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { toyDetector } from "../support/toy_detector.ts";

const settings: Settings = {
  data: "/nowhere",
  fresh: false,
  status: status({ quiet: true }),
  interrupted: () => false,
};

Deno.test("untrained step: a data set's sizes are known without its files", async () => {
  for (
    const [dataset, side, classes, train] of [
      [cifar10(), 32, 10, 50_000],
      [cifar100({ take: 500, holdout: 100 }), 32, 100, 500],
      [tinyImagenet({ size: 32 }), 32, 200, 100_000],
      [imagenet(), 224, 1000, 1_281_167],
      [synthetic({ size: 8, classes: 5, train: 64, test: 32 }), 8, 5, 64],
    ] as const
  ) {
    assertEquals(await sizesOf(dataset, settings), { image: [side, side, 3], classes, train });
  }
});

Deno.test("untrained step: synthetic images have the sizes that they declare", async () => {
  const dataset = synthetic({ size: 8, classes: 5, train: 64, test: 32, take: 20 });
  const { image, classes, train } = await dataset.open("/nowhere");
  assertEquals(dataset.sizes, { image, classes: classes.length, train: train.size });
});

await needs(["read"], "untrained step: a folder of images has to be there", async () => {
  const dataset = imageFolder({ folder: "birds" });
  assertEquals((await assertRejects(() => sizesOf(dataset, settings), Failure)).exit, 3);
});

const taught = (size: number, batch: number) =>
  experiment({ url: "file:///p/a.ts" }, {
    dataset: synthetic({ size, classes: 10, train: 1000, test: 10 }),
    teacher: weights(resnet20, { file: "untrained" }),
    student: resnet8,
    distiller: kd(),
    schedule: sgd({ epochs: 2, batch, lr: 0.1 }),
  });

Deno.test("untrained step: the student counts forward and backward, its teacher forward", () => {
  const { dataset: { sizes }, ...rest } = taught(32, 4);
  // Those of 100 classes, which `networks_test.ts` holds, without 90 classes of 64 features.
  const [student, teacher] = [12_507_392, 40_818_944].map((all) => all - 90 * 64);
  const counted = stepMultiplyAdds({ ...rest, dataset: taught(32, 4).dataset }, sizes!);
  assertEquals(counted, 4 * (3 * student + teacher));
});

await needs(everything, "untrained step: it runs without data and weights", async () => {
  const { seconds, images } = await timeUntrainedStep(
    taught(8, 16),
    { image: [8, 8, 3], classes: 10, train: 1000 },
    settings,
  );
  assert(seconds > 0 && Number.isFinite(seconds));
  assertEquals(images, 16);
});

await needs(everything, "untrained step: of large images only some are timed", async () => {
  const sizes = { image: [256, 256, 3], classes: 10, train: 1000 } as const;
  const { images } = await timeUntrainedStep(taught(256, 16), sizes, settings);
  assertEquals(images, 4);
});

await needs(everything, "untrained step: a detector is timed on boxes in noise", async () => {
  const found = experiment({ url: "file:///p/a.ts" }, {
    dataset: coco({ shorter: 64, longer: 64 }),
    student: toyDetector(8),
    distiller: scratch(),
    schedule: sgd({ epochs: 1, batch: 2, lr: 0.01 }),
  });
  const sizes = await sizesOf(found.dataset, settings);
  assertEquals(sizes, { image: [64, 64, 3], classes: 81, train: 117_266 });
  const { seconds, images } = await timeUntrainedStep(found, sizes, settings);
  assert(seconds > 0);
  assertEquals(images, 2);
});

/** A detector that learns 16 photos by heart, and is scored on them. */
import { coco } from "../../datasets/coco.ts";
import { cosine, experiment, imagenet, scratch, sgd } from "../../mod.ts";
import { detectorOn } from "./setup.ts";

const photos = coco({ folder: "coco-mini", shorter: 256, longer: 256, mirror: false, take: 16 });

/** Photos whose test images are the training images. */
const dataset: typeof photos = {
  ...photos,
  id: "coco_by_heart",
  async open(...place) {
    const opened = await photos.open(...place);
    return { ...opened, test: opened.train };
  },
};

export default experiment(import.meta, {
  dataset,
  schedule: sgd({
    epochs: 150,
    batch: 2,
    lr: 0.01,
    clip: 10,
    weightDecay: 1e-4,
    rate: cosine({ every: "step", warmup: { epochs: 5, from: 1e-4 } }),
  }),
  student: detectorOn(imagenet.resnet18),
  distiller: scratch(),
});

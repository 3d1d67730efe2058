/**
 * Images of your own: PNG, JPEG or other files in a folder for each class, `data/flowers/train/<class>/`
 * and `data/flowers/test/<class>/`. They are cut to squares and scaled to `size`. `holdout`
 * reserves some training images, on which the best epoch is selected.
 *
 *     deno task exp experiments/examples/own_images.ts
 */
import { imageFolder } from "../../datasets/image_folder.ts";
import { experiment, resnet8, scratch, sgd } from "../../mod.ts";

export default experiment(import.meta, {
  dataset: imageFolder({ folder: "flowers", size: 16, holdout: 10 }),
  student: resnet8,
  distiller: scratch(),
  schedule: sgd({ epochs: 2, batch: 10, lr: 0.05 }),
});

/** Detectors on 160 photos of COCO. */
import { tables } from "../../mod.ts";
import overfit from "./overfit.ts";
import students, { teacher } from "./resnet34_resnet18.ts";

export default tables({
  title: "Detectors on 160 photos of COCO",
  tables: [
    {
      id: "coco-mini",
      title: "ResNet-34 teaches ResNet-18 on 77 photos, AP on 83 others: too few to judge a method",
      rows: { teacher, ...students },
    },
    {
      id: "coco-mini-overfit",
      title: "ResNet-18 on 16 photos, AP on the same 16",
      rows: { overfit },
    },
  ],
});

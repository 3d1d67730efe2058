/** A table of every method. */
import { tables } from "../../mod.ts";
import rows from "./resnet20_resnet8.ts";

export default tables({
  title: "Every method once",
  tables: [{
    id: "resnet20_resnet8",
    title:
      "ResNet-20 teaches ResNet-8: 3 epochs on 10,000 images of CIFAR-10 (JPEG), to show that each method trains",
    rows,
  }],
});

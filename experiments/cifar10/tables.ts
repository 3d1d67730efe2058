/** The gain of distillation on real images. */
import { tables } from "../../mod.ts";
import kd from "./kd.ts";
import resnet20 from "./resnet20.ts";
import scratch from "./scratch.ts";
import slkd from "./slkd.ts";

export default tables({
  title: "CIFAR-10",
  tables: [{
    id: "cifar10",
    title: "ResNet-20 teaches ResNet-8",
    rows: { teacher: resnet20, scratch, kd, slkd },
  }],
});

/** The tables that a CPU can fill. */
import { tables } from "../../mod.ts";
import resnet8, { teacher } from "./resnet20_resnet8.ts";
import shufflenetv2 from "./resnet20_shufflenetv2.ts";
import tiny, { teacher as tiny_teacher } from "./tiny_imagenet.ts";

export default tables({
  title: "What a CPU can fill",
  tables: [
    {
      id: "proxy-cifar10",
      title: "CIFAR-10 (JPEG), every image, 15 epochs: ResNet-20 teaches ResNet-8",
      rows: { teacher, ...resnet8 },
      against: [resnet8.scratch, resnet8.kd],
    },
    {
      id: "proxy-tiny-imagenet",
      title:
        "Tiny-ImageNet, 50 images of each class at 32×32, 30 epochs: ResNet-20 teaches ResNet-8",
      rows: { teacher: tiny_teacher, ...tiny },
      against: [tiny.scratch, tiny.kd],
    },
    {
      id: "proxy-shufflenetv2",
      title: "CIFAR-10 (JPEG), every image, 10 epochs: ResNet-20 teaches ShuffleNetV2",
      rows: { teacher, ...shufflenetv2 },
      against: [shufflenetv2.scratch, shufflenetv2.kd],
    },
  ],
});

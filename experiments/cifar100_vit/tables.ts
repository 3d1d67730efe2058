/** A transformer that a CPU can train, and other readings of SHAKE on it. */
import { tables } from "../../mod.ts";
import readings from "./readings.ts";
import students, { teacher } from "./resnet20_deit.ts";

export default tables({
  title: "A DeiT on CIFAR-100",
  tables: [
    {
      id: "cifar100-vit",
      title: "ResNet-20 teaches a DeiT of 0.7 million parameters for 30 epochs",
      rows: { teacher, ...students },
      against: [students.scratch, students.deit_hard],
    },
    {
      id: "cifar100-vit-readings",
      title: "What SHAKE's text leaves open, on the same pair",
      rows: { shake: students.shake, ...readings },
      against: students.shake,
    },
  ],
});

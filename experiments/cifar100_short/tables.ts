/** A column of CIFAR-100 that a CPU can train, with the papers' numbers beside. */
import { tables } from "../../mod.ts";
import { schedule } from "../shared/cifar100.ts";
import students, { teacher } from "./resnet56_resnet20.ts";

/** The papers' pair and schedule, and their name of the student alone. */
const papers = {
  epochs: schedule.epochs,
  teacher: "resnet56",
  student: "resnet20",
  rows: { scratch: "student" },
};

export default tables({
  title: "CIFAR-100 in 30 epochs",
  tables: [{
    id: "cifar100-short",
    title: "ResNet-56 teaches ResNet-20 for 30 epochs, an eighth of the papers' schedule, with " +
      "the papers' 240-epoch numbers beside",
    rows: { teacher, ...students },
    against: [students.scratch, students.kd],
    printed: [
      { ...papers, title: "SHAKE", paper: "../shake/paper.yaml", table: "shake-cifar100" },
      {
        ...papers,
        ...{ title: "SLKD", paper: "../slkd/paper.yaml", table: "slkd-table-5" },
        rows: {},
        note: "The paper's text at hand does not name this student; it is read from the numbers.",
      },
      {
        ...papers,
        ...{ title: "SAKD", paper: "../sakd/paper.yaml", table: "sakd-cifar100-same" },
        note: "Its fitnets, of weight 1, at and crd have the KL of KD, of weight 1, beside them; " +
          "ours are the methods alone.",
      },
    ],
  }],
});

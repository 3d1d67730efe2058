/**
 * A table of your own, with an experiment per row. Here: those of the example `ablation`, which has
 * to run first. `against` is the row with which the others are compared, seed by seed. This command
 * writes the table into the README in this folder:
 *
 *     deno task tables experiments/examples/table
 */
import { tables } from "../../../mod.ts";
import rows, { teacher } from "../ablation.ts";

export default tables({
  title: "Variants of KD",
  tables: [{
    id: "ablation",
    title: "ResNet-20 teaches ResNet-8",
    rows: { teacher, ...rows },
    against: rows.kd,
  }],
});

/**
 * A table of your own: an experiment per row, here those of the example `ablation`, which is run
 * first. `against` names the row that the others are compared with, seed by seed. The table is
 * written into the README beside this file:
 *
 * deno task tables experiments/examples/table
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

/** SLKD's tables, with our numbers where there are some. */
import { tables } from "../../mod.ts";
import vgg13 from "../teachers/vgg13.ts";
import vgg13_vgg8 from "./vgg13_vgg8.ts";

export default tables({
  paper: "./paper.yaml",
  tables: [{ ids: ["slkd-table-1", "slkd-table-2"], rows: { teacher: { vgg13 }, slkd: { vgg13_vgg8 } } }],
});

import { assertEquals } from "@std/assert";
import { csv } from "../../../lib/tables/formats/csv_tables.ts";
import { needs } from "../../support/needs.ts";
import { formatted } from "../../support/toy_tables.ts";

await needs(
  ["read", "write"],
  "csv: a line for each cell and epoch has our number, the paper's and its logs'",
  async () => {
    const lines = (await formatted("csv")).split("\n");
    assertEquals(lines, [
      "table,group,method,teacher,student,metric,epoch,mean,std,n,low,high,verdict,paper_mean,paper_std,paper_n,difference,logs_mean,logs_std,logs_n",
      't1,"old, 5%",student,resnet20,resnet8,top1,best,,,,,,,70.36,,,,,,',
      "t1,new,student,resnet56,resnet8,top1,best,,,,,,,70.36,,,,,,",
      't1,"old, 5%",kd,resnet20,resnet8,top1,best,73.5,1.414214,2,,,,72.98,0.1,3,0.52,,,',
      't1,"old, 5%",kd,resnet20,resnet8,top1,last,73,1.414214,2,,,,,,,,,,',
      't1,"old, 5%",slkd,resnet20,resnet8,top1,best,75.2,1.53948,3,,,,75.01,,,0.19,,,',
      't1,"old, 5%",slkd,resnet20,resnet8,top1,last,74.7,1.53948,3,,,,,,,,74.5,,1',
      "t1,new,slkd,resnet56,resnet8,top1,best,,,,,,,74,,,,,,",
      't1,"old, 5%",gain,resnet20,resnet8,top1,best,1.7,,,,,,2.03,,,-0.33,,,',
      't1,"old, 5%",gain,resnet20,resnet8,top1,last,1.7,,,,,,,,,,,,',
      "mine,,teacher,,resnet20,top1,last,80,,1,,,,,,,,,,",
      "mine,,teacher,,resnet20,top1,best,80.5,,1,,,,,,,,,,",
      "mine,,teacher,,resnet20,top5,last,90,,1,,,,,,,,,,",
      "mine,,kd,resnet20,resnet8,top1,last,73,1.414214,2,,,,,,,,,,",
      "mine,,kd,resnet20,resnet8,top1,best,73.5,1.414214,2,,,,,,,,,,",
      "mine,,kd,resnet20,resnet8,top5,last,83,1.414214,2,,,,,,,,,,",
      "mine,,hot_kd,resnet20,resnet8,top1,last,74.7,1.53948,3,,,,,,,,,,",
      "mine,,hot_kd,resnet20,resnet8,top1,best,75.2,1.53948,3,,,,,,,,,,",
      "mine,,hot_kd,resnet20,resnet8,top5,last,84.7,1.53948,3,,,,,,,,,,",
      "mine,,hot_kd,resnet20,resnet8,top1_minus_kd,last,1.05,0.070711,2,0.41469,1.68531,better,,,,,,,",
    ]);
  },
);

Deno.test("csv: fields with commas, quotes and line breaks are quoted, absent fields are empty", () => {
  const records = [{ a: 'x,"y"', b: 1.5 }, { b: "l\nm" }, { a: "wrn_40_2 ± Δ", b: 0 }, {}];
  assertEquals(csv(["a", "b"], records), 'a,b\n"x,""y""",1.5\n,"l\nm"\nwrn_40_2 ± Δ,0\n,');
  assertEquals(csv(["a", "b,c"], []), 'a,"b,c"');
});

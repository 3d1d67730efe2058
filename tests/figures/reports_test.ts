import { assertEquals } from "@std/assert";
import { selfTeacherReport, spotOfReport } from "../../lib/figures/reports.ts";

Deno.test("reports: SLKD's teachers by number, their fusion, and the measure", () => {
  assertEquals(selfTeacherReport("self1_top1"), { teacher: "SL-T 1", measure: "top1" });
  assertEquals(selfTeacherReport("self12_kl"), { teacher: "SL-T 12", measure: "kl" });
  assertEquals(selfTeacherReport("self_top1"), { teacher: "fused", measure: "top1" });
  for (const other of ["temperature", "spot_block2", "selfish", "self1", "itself1_top1"]) {
    assertEquals(selfTeacherReport(other), undefined, other);
  }
});

Deno.test("reports: SAKD's spots", () => {
  assertEquals(spotOfReport("spot_block2"), "block2");
  for (const other of ["self1_top1", "temperature", "block2", "spot_"]) {
    assertEquals(spotOfReport(other), undefined, other);
  }
});

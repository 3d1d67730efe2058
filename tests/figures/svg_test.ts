import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Picture } from "../../lib/figures/figure.ts";
import { lines } from "../../lib/figures/lines.ts";
import { drawSvg } from "../../lib/figures/svg.ts";
import { countIn, leftsIn } from "../support/svg.ts";
import { needs } from "../support/needs.ts";

const points = ["kd", "shake"].flatMap((line, i) =>
  [1, 2, 3].map((epoch) => ({ epoch, value: 10 * i + epoch, line, panel: "a <b> & c" }))
);

const picture: Picture = {
  title: "T² & more",
  caption: ["first line", "KL(a ‖ b)"],
  chart: lines(points, { y: "top-1 (%)", legend: "method" }),
};

await needs(
  ["read", "env"],
  "drawSvg: has the title, the caption, the axes and every mark",
  async () => {
    const svg = await drawSvg(picture);
    assertMatch(svg, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    for (const text of ["T² &amp; more", "first line", "KL(a ‖ b)", "a &lt;b&gt; &amp; c"]) {
      assertStringIncludes(svg, `>${text}</`);
    }
    for (const text of ["epoch", "top-1 (%)", "method", "kd", "shake"]) {
      assertStringIncludes(svg, `>${text}</`);
    }
    assertEquals(countIn(svg, "line mark"), 2);
    assertEquals(countIn(svg, "point"), 6);
    assertEquals(svg.match(/fill="white"/g)?.length, 1, "the background");
  },
);

await needs(
  ["read", "env"],
  "drawSvg: equal pictures have equal bytes, whatever was drawn before",
  async () => {
    const first = await drawSvg(picture);
    const other = await drawSvg({
      ...picture,
      chart: lines(points.slice(1), { y: "y", legend: "m" }),
    });
    assertNotEquals(other, first);
    assertEquals(await drawSvg(picture), first);
    const [again, twice] = await Promise.all([drawSvg(picture), drawSvg(picture)]);
    assertEquals([again === first, twice === first], [true, true], "two at the same time");
  },
);

await needs(
  ["read", "env"],
  "lines: two panels in a row, each with axes of its own where they are",
  async () => {
    const both = [...points, ...points.map((point) => ({ ...point, value: 900, panel: "d" }))];
    const ticksOf = async (own: boolean) =>
      (await drawSvg({ ...picture, chart: lines(both, { y: "y", legend: "m", own }) }))
        .match(/>800<\/text>/g)?.length ?? 0;
    assertEquals(await ticksOf(false), 1, "one axis at the left of the row");
    const svg = await drawSvg({
      ...picture,
      chart: lines(both, { y: "y", legend: "m", own: true }),
    });
    assertStringIncludes(svg, ">d</text>");
    assertEquals(countIn(svg, "point"), 12);
  },
);

await needs(["read", "env"], "lines: the panels of a column are in line", async () => {
  const panels = [1, 1e3, 1, 1e3, 1e3, 1].flatMap((scale, i) =>
    points.map((point) => ({ ...point, value: scale * point.value, panel: `panel ${i}` }))
  );
  const svg = await drawSvg({
    ...picture,
    chart: lines(panels, { y: "y", legend: "m", own: true }),
  });
  const [left, right, ...others] = leftsIn(svg, 260);
  assertEquals(others, [left, right, left, right]);
});

await needs(
  ["read", "env"],
  "lines: of dashed lines over each other an equal part shows",
  async () => {
    const over = ["a", "b", "c", "d"].flatMap((line) =>
      [1, 2].map((epoch) => ({ ...points[0], epoch, line }))
    );
    const dashesOf = async (dashed: boolean) => {
      const chart = lines(over, { y: "y", legend: "m", dashed });
      const marks = (await drawSvg({ ...picture, chart })).matchAll(/="line mark"[^>]*>/g);
      return Array.from(marks, ([mark]) => mark.match(/stroke-dasharray="([^"]+)"/)?.[1]);
    };
    assertEquals(await dashesOf(true), ["16,0", "12,4", "8,8", "4,12"]);
    assertEquals(await dashesOf(false), Array(4).fill(undefined));
  },
);

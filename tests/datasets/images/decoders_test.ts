import { assert, assertEquals, assertRejects } from "@std/assert";
import encodeJpeg, { init } from "@jsquash/jpeg/encode.js";
import { encode } from "fast-png";
import type { Cut } from "../../../datasets/images/cut.ts";
import { decoders } from "../../../datasets/images/decoders.ts";
import { openTensorflow } from "../../../lib/tensorflow/open_tensorflow.ts";
import { everything, needs } from "../../support/needs.ts";

const SIZE = 6;

const file = (grey: number): Uint8Array =>
  encode({
    width: SIZE,
    height: SIZE,
    channels: 3,
    data: new Uint8Array(SIZE * SIZE * 3).fill(grey),
  });

const cut = { kind: "square", size: SIZE } as const;

await needs(
  ["read"],
  "decoders: at most two files per worker are in memory, and each call gets its own pixels",
  async () => {
    const workers = decoders(2);
    let inMemory = 0;
    let most = 0;
    const pixels = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const decoded = await workers.decode(async () => {
        most = Math.max(most, ++inMemory);
        // Some reads finish after later ones.
        await new Promise((resolve) => setTimeout(resolve, i % 3));
        return file(i);
      }, cut);
      inMemory--;
      return decoded;
    }));
    pixels.forEach((data, i) =>
      assertEquals([data.length, new Set(data)], [SIZE * SIZE * 3, new Set([i])])
    );
    // A worker may take its next file just before `inMemory` goes down for the last one.
    assert(most >= 2 && most <= 6, `${most} files at once`);
    workers.close();
  },
);

await needs(
  ["read"],
  "decoders: broken and unreadable files fail, and the workers continue",
  async () => {
    const workers = decoders(1);
    const decode = (read: () => Promise<Uint8Array>) => workers.decode(read, cut);
    const all = await Promise.allSettled([
      decode(() => Promise.resolve(file(1).slice(0, 50))),
      decode(() => Promise.reject(new Error("no such file"))),
      decode(() => Promise.resolve(new Uint8Array(9))),
      decode(() => Promise.resolve(file(4))),
      decode(() => Promise.resolve(file(5))),
    ]);
    assertEquals(all.map(({ status }) => status), [
      "rejected",
      "rejected",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    assertEquals((all[1] as PromiseRejectedResult).reason.message, "no such file");
    assertEquals((all[4] as PromiseFulfilledResult<Uint8Array>).value[0], 5);
    workers.close();
    await assertRejects(() => decode(() => Promise.resolve(file(6))), Error, "closed");
  },
);

await needs(
  everything,
  "decoders: a JPEG has the same pixels with TensorFlow and without",
  async () => {
    await init();
    const data = Uint8ClampedArray.from({ length: 90 * 70 * 4 }, (_, i) => (i * 7919 >> 2) % 251);
    const jpeg = new Uint8Array(
      await encodeJpeg(new ImageData(data, 90, 70), { progressive: false }),
    );
    const workers = decoders(2);
    const part = {
      kind: "random",
      size: 24,
      area: [0.08, 1],
      ratio: [3 / 4, 4 / 3],
      seed: 1,
    } as const;
    const cuts: Cut[] = [
      cut,
      { kind: "centre", size: 24, shorter: 32 },
      ...["a", "b", "c"].map((stream) => ({ ...part, stream })),
    ];
    const all = () =>
      Promise.all(cuts.map((cut) => workers.decode(() => Promise.resolve(jpeg), cut)));
    const without = await all();
    await openTensorflow();
    assertEquals(await all(), without);
    await assertRejects(
      () => workers.decode(() => Promise.resolve(jpeg.slice(0, -99)), cut),
      Error,
      "cut off",
    );
    assertEquals(await all(), without);
    workers.close();
  },
);

Deno.test("decoders: unneeded workers are never started", () => decoders(64).close());

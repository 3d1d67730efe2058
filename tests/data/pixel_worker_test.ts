import { assertEquals, assertRejects } from "@std/assert";
import type { ChangeRequest } from "../../lib/data/change_images.ts";
import { pixelWorker } from "../../lib/data/pixel_worker.ts";
import { needs } from "../support/needs.ts";

const url = new URL("../../lib/data/change_worker.ts", import.meta.url);

const request = (value: number): ChangeRequest => ({
  pixels: Uint8Array.of(value, value, value),
  height: 1,
  width: 1,
  pictures: [{ crop: 0, flip: false }],
  fill: [0, 0, 0],
  seed: 1,
  names: ["1/0"],
});

await needs(
  ["read"],
  "pixelWorker: answers come in order, an error goes to its own request, and the thread goes on",
  async () => {
    const worker = pixelWorker<ChangeRequest>(url);
    const wrong = { ...request(2), names: undefined } as unknown as ChangeRequest;
    const answers = await Promise.allSettled(
      [request(1), wrong, request(3)].map((one) => worker.ask(one)),
    );
    assertEquals(answers.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
    assertEquals([answers[0], answers[2]].map((one) => "value" in one && one.value[0]), [1, 3]);
    const pixels = Uint8Array.of(4, 4, 4);
    await worker.ask({ ...request(4), pixels }, [pixels.buffer]);
    assertEquals(pixels.length, 0, "what is transferred is gone here");
    worker.close();
    await assertRejects(() => worker.ask(request(5)), Error, "the data set is closed");
  },
);

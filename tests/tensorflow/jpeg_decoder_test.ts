import { assertEquals, assertThrows } from "@std/assert";
import encode, { init } from "@jsquash/jpeg/encode.js";
import { jpegPartDecoder } from "../../lib/tensorflow/jpeg_decoder.ts";
import { openTensorflow, sharedTensorflow } from "../../lib/tensorflow/open_tensorflow.ts";
import { everything, needs } from "../support/needs.ts";

await needs(everything, "jpeg decoder: decodes a part, and says why it cannot", async () => {
  assertEquals(sharedTensorflow(), undefined);
  await openTensorflow();
  const decodePart = jpegPartDecoder(sharedTensorflow()!);
  await init();
  // Blocks of 8 × 8 pixels, whose colours JPEG keeps.
  const data = Uint8ClampedArray.from(
    { length: 32 * 16 * 4 },
    (_, i) => [40 * ((i >> 5) % 4), 100 * Math.floor(i / 1024), 77, 255][i % 4],
  );
  const options = { quality: 100, auto_subsample: false, chroma_subsample: 1 };
  const jpeg = new Uint8Array(await encode(new ImageData(data, 32, 16), options));
  for (let run = 0; run < 3; run++) {
    const part = decodePart(jpeg, { left: 15, top: 7, width: 2, height: 2 });
    const near = [...part].map((value, i) =>
      Math.abs(
        value - [[40, 80], [0, 100], [77]][i % 3][
          i % 3 === 0 ? Math.floor(i / 3) % 2 : i % 3 === 1 ? Math.floor(i / 6) : 0
        ],
      )
    );
    assertEquals([part.length, near.every((error) => error <= 2)], [12, true], `${part}`);
    assertThrows(
      () => decodePart(jpeg.subarray(0, 40), { left: 0, top: 0, width: 2, height: 2 }),
      Error,
      "DecodeAndCropJpeg",
    );
  }
});

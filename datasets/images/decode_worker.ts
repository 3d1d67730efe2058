import { answerRequests } from "../../lib/data/pixel_worker.ts";
import { jpegPartDecoder, type SharedTensorflow } from "../../lib/tensorflow/jpeg_decoder.ts";
import { type Cut, cutOut } from "./cut.ts";
import { formatOf } from "./formats/format.ts";
import { partialJpeg } from "./formats/jpeg.ts";
import { imageDecoder } from "./image.ts";

/** A request to the worker: the bytes of an image file and its cut. */
export interface DecodeRequest {
  readonly bytes: Uint8Array;
  readonly cut: Cut;
  /** The process's TensorFlow, which decodes JPEG faster, to the same pixels. Default: none. */
  readonly tensorflow?: SharedTensorflow;
}

let decoder = imageDecoder();
let decodePart: ReturnType<typeof jpegPartDecoder> | undefined;

answerRequests<DecodeRequest>(async ({ bytes, cut, tensorflow }) => {
  const decode = await decoder;
  try {
    if (tensorflow) decodePart ??= jpegPartDecoder(tensorflow);
    const image = formatOf(bytes) === "JPEG" && decodePart
      ? partialJpeg(bytes, decodePart, decode)
      : undefined;
    return cutOut(image ?? decode(bytes), cut);
  } catch (error) {
    // A decoder that fails keeps its memory, and works no more after some failures.
    decoder = imageDecoder();
    throw error;
  }
});

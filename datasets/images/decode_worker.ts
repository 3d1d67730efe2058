import { answerRequests } from "../../lib/data/pixel_worker.ts";
import { type Cut, cutOut } from "./cut.ts";
import { imageDecoder } from "./image.ts";

/** A request to the worker: the bytes of an image file and its cut. */
export interface DecodeRequest {
  readonly bytes: Uint8Array;
  readonly cut: Cut;
}

let decoder = imageDecoder();

answerRequests<DecodeRequest>(async ({ bytes, cut }) => {
  const decode = await decoder;
  try {
    return cutOut(decode(bytes), cut);
  } catch (error) {
    // A decoder that fails keeps its memory, and works no more after some failures.
    decoder = imageDecoder();
    throw error;
  }
});

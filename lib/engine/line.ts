import { encodeMessage, type Message } from "./wire.ts";

/** Kinds of messages. `beat`: the worker lives. `bye`: it needs the others no longer. */
const Kind = { beat: 1, data: 2, bye: 3 } as const;

/** The calls between this worker and another one: it speaks on one and hears on the other. */
export class Line {
  /** The other worker's number. */
  readonly rank: number;
  /** Counts the beats since the other worker was last heard. */
  silence = 0;
  /** Whether the other worker needs this one no longer. */
  hasLeft = false;
  readonly #speech: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #data: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  #arrived!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

  /** Speaks to worker `rank` on this stream. */
  constructor(rank: number, speech: WritableStream<Uint8Array<ArrayBuffer>>) {
    this.rank = rank;
    this.#speech = speech.getWriter();
    // Whoever hears the other worker end says so.
    this.#speech.closed.catch(() => {});
    this.#data = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        this.#arrived = controller;
      },
    }).getReader();
    this.#data.closed.catch(() => {});
  }

  /** Hears these messages until their call ends. */
  async hear(messages: AsyncIterable<Message>): Promise<void> {
    try {
      for await (const { kind, bytes } of messages) {
        if (kind === Kind.data) this.#arrived.enqueue(bytes);
        if (kind === Kind.bye) this.hasLeft = true;
      }
    } catch {
      // A call that is cut off has ended, too.
    }
  }

  /** Sends data. */
  async send(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#speak(encodeMessage(Kind.data, bytes));
  }

  /** Says that this worker lives. */
  async beat(): Promise<void> {
    await this.#speak(encodeMessage(Kind.beat));
  }

  /** Says that this worker needs the other one no longer. */
  async leave(): Promise<void> {
    await this.#speak(encodeMessage(Kind.bye));
  }

  /** Resolves to the data that was sent next, or rejects with the reason of `giveUp`. */
  async next(): Promise<Uint8Array<ArrayBuffer>> {
    const { value } = await this.#data.read();
    return value!;
  }

  /** Lets `next` reject. */
  giveUp(reason: Error): void {
    this.#arrived.error(reason);
  }

  async #speak(message: Uint8Array<ArrayBuffer>): Promise<void> {
    // A call that has ended swallows the rest: whoever hears the other worker end says so.
    await this.#speech.write(message).catch(() => {});
  }
}

// The readings that the test pushed: a history by the time of receipt, and whoever listens now. One stream first
// replays the history from its start time and then goes on with what comes, without a gap between the two.
export class Readings {
  #history = [];
  #streams = new Set();

  push(readings, received) {
    const at = received ? Date.parse(received) : Date.now();
    for (const reading of readings) this.#history.push({ at, reading });
    if (received) return;
    for (const stream of this.#streams) stream.add(readings);
  }

  forget() {
    this.#history = [];
  }

  endAll() {
    for (const stream of this.#streams) stream.end();
  }

  get subscriptions() {
    return this.#streams.size;
  }

  // `show` makes of a reading what the schema's fields are resolved from.
  subscribe(startTime, show) {
    const from = startTime ? Date.parse(startTime) : Infinity;
    const replay = this.#history.filter(({ at }) => at >= from).map(({ reading }) => reading);
    const stream = new Stream(replay, show, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }
}

class Stream {
  #queue;
  #wake = null;
  #ended = false;
  #show;
  #onEnd;

  constructor(queue, show, onEnd) {
    this.#queue = queue;
    this.#show = show;
    this.#onEnd = onEnd;
  }

  add(readings) {
    this.#queue.push(...readings);
    this.#wake?.();
  }

  end() {
    this.#ended = true;
    this.#wake?.();
  }

  async next() {
    while (this.#queue.length === 0 && !this.#ended) {
      await new Promise((resolve) => (this.#wake = resolve));
    }
    if (this.#queue.length === 0) return this.return();
    return { done: false, value: { meterReadings: this.#show(this.#queue.shift()) } };
  }

  async return() {
    this.#ended = true;
    this.#queue = [];
    this.#wake?.();
    this.#onEnd();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

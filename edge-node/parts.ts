/** Parts that were started one after the other and are stopped in reverse, also where a later one failed to start. */
export class Parts implements AsyncDisposable {
  readonly #started: AsyncDisposable[] = [];

  use<T extends AsyncDisposable>(part: T): T {
    this.#started.push(part);
    return part;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (const part of this.#started.splice(0).reverse()) {
      await Promise.resolve(part[Symbol.asyncDispose]()).catch((error: unknown) => void errors.push(error));
    }
    if (errors.length > 0) throw new AggregateError(errors, 'parts of the edge could not be stopped');
  }
}

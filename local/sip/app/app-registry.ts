import type { AppConnection } from './app-connection.ts';

/** Which applications want which requests. Those that want the same kind take turns. */
export class AppRegistry {
  readonly #apps = new Set<AppConnection>();
  /** by lower-case method, next to be asked first */
  readonly #turns = new Map<string, AppConnection[]>();

  get size(): number {
    return this.#apps.size;
  }

  add(app: AppConnection): void {
    this.#apps.add(app);
  }

  remove(app: AppConnection): void {
    this.#apps.delete(app);
    for (const method of app.routes) this.unroute(app, method);
  }

  route(app: AppConnection, method: string): void {
    const verb = method.toLowerCase();
    if (app.routes.has(verb)) return;
    app.routes.add(verb);
    this.#turns.set(verb, [...(this.#turns.get(verb) ?? []), app]);
  }

  unroute(app: AppConnection, method: string): void {
    const verb = method.toLowerCase();
    app.routes.delete(verb);
    this.#turns.set(
      verb,
      (this.#turns.get(verb) ?? []).filter((other) => other !== app),
    );
  }

  /** The application whose turn it is, or none. */
  next(method: string): AppConnection | undefined {
    const turns = this.#turns.get(method.toLowerCase());
    const app = turns?.shift();
    if (app) turns?.push(app);
    return app;
  }

  all(): IterableIterator<AppConnection> {
    return this.#apps.values();
  }
}

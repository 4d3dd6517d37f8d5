/** What an operator sees of the rtpengines, and may say to them. */
export interface EngineDesk {
  engines(): readonly { readonly engine: string }[];
  /** Undefined: there is no such engine. */
  drain(engine: string, draining: boolean): object | undefined;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  /** Whether it was asked on this very host. */
  readonly local: boolean;
}

/**
 * GET /media lists the engines. POST /media/HOST:PORT/drain takes one out of service for new calls, POST …/undrain back
 * in; only from this host, since nobody is asked for a name. Gives the HTTP status and the body.
 */
export function answerAboutMedia(desk: EngineDesk, { method, path, local }: Asked): [number, object] {
  if (path === '/media' && method === 'GET') return [200, { engines: desk.engines() }];
  const [, name, order] = /^\/media\/([^/]+)\/(drain|undrain)$/.exec(path) ?? [];
  if (name === undefined) {
    return [404, { error: 'there are GET /media and POST /media/HOST:PORT/drain and /undrain here' }];
  }
  if (method !== 'POST') return [405, { error: `send POST to ${order} an rtpengine, not ${method}` }];
  if (!local) return [403, { error: `an rtpengine is ${order}ed from the host of the edge only` }];
  const engine = unescaped(name);
  const status = desk.drain(engine, order === 'drain');
  if (status) return [200, status];
  const known = desk.engines().map((each) => each.engine);
  return [404, { error: `there is no rtpengine "${engine}": RTPENGINE_NG names ${known.join(', ')}` }];
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

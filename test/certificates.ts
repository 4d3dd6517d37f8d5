import { generate } from 'selfsigned';

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** For a DNS name or an IPv4 address; `expired`: until an hour ago. */
  issues(name: string, options?: { readonly expired?: boolean }): Promise<Certificate>;
}

const hour = 3_600_000;

/** Vouches for the certificates it issues, and nobody knows it who is not told. */
export async function authority(called = 'authority.test'): Promise<Authority> {
  const own = await generate([{ name: 'commonName', value: called }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const ca = { cert: own.cert, key: own.private };
  return {
    ...ca,
    async issues(name, { expired = false } = {}) {
      const until = expired ? -hour : 24 * hour;
      const made = await generate([{ name: 'commonName', value: name }], {
        ...{ keyType: 'ec', algorithm: 'sha256', ca },
        notBeforeDate: new Date(Date.now() - 48 * hour),
        notAfterDate: new Date(Date.now() + until),
        extensions: namesOf(name),
      });
      return { cert: made.cert, key: made.private };
    },
  };
}

/** Vouches for itself alone. */
export async function selfSigned(name: string): Promise<Certificate> {
  const options = { keyType: 'ec', algorithm: 'sha256', extensions: namesOf(name) } as const;
  const made = await generate([{ name: 'commonName', value: name }], options);
  return { cert: made.cert, key: made.private };
}

const namesOf = (name: string) => [
  {
    name: 'subjectAltName' as const,
    altNames: [
      /^[\d.]+$/.test(name) ? ({ type: 7, ip: name } as const) : ({ type: 2, value: name } as const),
    ],
  },
];

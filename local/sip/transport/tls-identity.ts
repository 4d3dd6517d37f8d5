import { isIP } from 'node:net';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { generate } from 'selfsigned';

/** PEM texts. */
export interface TlsSettings {
  /** with the certificates that lead to its root behind it; one is made where none is given */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** what peers' certificates are checked against; the well-known authorities where not given */
  readonly ca?: string | undefined;
  /** false: the certificates of peers we connect to are not checked */
  readonly verify?: boolean | undefined;
  /** true: who connects has to show a certificate that `ca` vouches for */
  readonly clients?: boolean | undefined;
}

/** What we show, and what we ask of others, in a TLS handshake. */
export interface TlsIdentity {
  /** to whom connects to us */
  readonly server: TlsOptions;
  /** for connections we open */
  readonly client: SecureContextOptions & { readonly rejectUnauthorized: boolean };
}

/** `hosts`: the addresses a certificate made here is valid for. Throws when certificate and key cannot be used. */
export async function tlsIdentity(settings: TlsSettings, hosts: readonly string[]): Promise<TlsIdentity> {
  const { cert, key, ca, verify, clients = false } = settings;
  if ((cert === undefined) !== (key === undefined))
    throw new Error('a TLS certificate and its private key are given together, or neither of them');
  if (clients && ca === undefined)
    throw new Error(
      "peers' certificates cannot be required without the authorities that vouch for them: give ca",
    );
  const shown = cert === undefined || key === undefined ? await selfSigned(hosts) : { cert, key };
  const minVersion = 'TLSv1.2' as const; // RFC 8996
  const trusted = ca === undefined ? {} : { ca };
  const own = cert === undefined ? {} : shown;
  try {
    createSecureContext({ ...shown, ...trusted });
    return {
      server: { ...shown, ...trusted, minVersion, requestCert: clients, rejectUnauthorized: clients },
      client: { ...own, ...trusted, minVersion, rejectUnauthorized: verify ?? true },
    };
  } catch (cause) {
    throw new Error(`the TLS certificate cannot be used: ${(cause as Error).message}`, { cause });
  }
}

async function selfSigned(hosts: readonly string[]): Promise<{ cert: string; key: string }> {
  const bare = new Set(hosts.map((host) => host.replace(/[[\]]/g, '')));
  const addresses = [...bare].filter((host) => isIP(host) !== 0).map((ip) => ({ type: 7 as const, ip }));
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }, ...addresses] },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** PEM texts of a SIP server's TLS contact. */
export interface SipTls {
  /** With the certificates that lead to its root behind it. */
  readonly cert: string;
  readonly key: string;
  /** Who vouches for peers; the well-known authorities where not given. */
  readonly ca?: string | undefined;
  /** True: who connects has to show a certificate that `ca` vouches for. */
  readonly clients?: boolean | undefined;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

export interface DrachtioPlan {
  readonly admin: Place & { readonly secret: string };
  readonly sip: Place;
  /** Undefined where there is no TLS. */
  readonly tls: (SipTls & Place) | undefined;
}

/** Writes drachtio-server's configuration, and the files it names, into the folder; its path. */
export async function writeDrachtioConfig(folder: string, plan: DrachtioPlan): Promise<string> {
  const at = (name: string) => join(folder, name);
  const write = async (name: string, text: string) => {
    await writeFile(at(name), text, { mode: 0o600 });
    return at(name);
  };
  const { cert = '', key = '', ca } = plan.tls ?? {};
  const files = plan.tls && {
    'key-file': await write('key.pem', key),
    'cert-file': await write('cert.pem', cert),
    // It starts no TLS without one: what follows the certificate in the handshake, and who vouches for peers.
    'chain-file': await write('chain.pem', ca === undefined ? cert : `${cert}\n${ca}`),
  };
  return write('drachtio.conf.xml', configuration(plan, files ?? {}));
}

function configuration({ admin, sip, tls }: DrachtioPlan, files: Readonly<Record<string, string>>): string {
  const contacts = [
    `sip:${sip.host}:${sip.port};transport=udp,tcp`,
    ...(tls ? [`sips:${tls.host}:${tls.port};transport=tls`] : []),
  ];
  const names = Object.entries(files).map(([name, path]) => `<${name}>${path}</${name}>`);
  return `<drachtio>
  <admin port="${admin.port}" secret="${admin.secret}">${admin.host}</admin>
  <sip>
    <contacts>${contacts.map((one) => `<contact>${one}</contact>`).join('')}</contacts>
    ${tls ? `<tls>${names.join('')}<min-tls-version>1.2</min-tls-version></tls>` : ''}
  </sip>
  <cdrs>false</cdrs>
  <logging><console/><sofia-loglevel>1</sofia-loglevel><loglevel>notice</loglevel></logging>
</drachtio>
`;
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ports } from '../contracts/fleet-ports.ts';
import type { Seat } from '../contracts/machine-plan.ts';

/** The secret of a certificate: PEM texts, the certificates that lead to its root behind `cert`. */
const Certificate = z.object({ cert: z.string().min(1), key: z.string().min(1), ca: z.string().optional() });
type Certificate = z.infer<typeof Certificate>;

/** @throws Error that names what is missing, never what is there. */
export function readCertificate(text: string): Certificate {
  try {
    return Certificate.parse(JSON.parse(text));
  } catch {
    throw new Error('the secret of the certificate must be JSON with the PEM texts "cert" and "key"');
  }
}

interface SipServerPlan {
  readonly seat: Seat;
  readonly secret: string;
  readonly certificate: Certificate | undefined;
}

/** Writes the configuration of the SIP server and the files that it names, for its user alone. */
export async function writeSipServerConfig(folder: string, plan: SipServerPlan): Promise<void> {
  const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 });
  const { certificate } = plan;
  if (certificate) {
    const { cert, key, ca } = certificate;
    await write('sip-key.pem', key);
    await write('sip-cert.pem', cert);
    // The server starts no TLS without a chain.
    await write('sip-chain.pem', ca === undefined ? cert : `${cert}\n${ca}`);
  }
  await write('drachtio.conf.xml', configuration(folder, plan));
}

function configuration(folder: string, { seat, secret, certificate }: SipServerPlan): string {
  const contact = (uri: string) => `<contact external-ip="${seat.publicAddress}">${uri}</contact>`;
  const file = (tag: string, name: string) => `<${tag}>${join(folder, name)}</${tag}>`;
  const tls = `<tls>${file('key-file', 'sip-key.pem')}${file('cert-file', 'sip-cert.pem')}${file('chain-file', 'sip-chain.pem')}<min-tls-version>1.2</min-tls-version></tls>`;
  return `<drachtio>
  <admin port="${ports.sipServerAdmin}" secret="${secret}">127.0.0.1</admin>
  <sip>
    <contacts>
      ${contact(`sip:${seat.privateAddress}:${ports.sip};transport=udp,tcp`)}
      ${certificate ? contact(`sips:${seat.privateAddress}:${ports.sipTls};transport=tls`) : ''}
    </contacts>
    ${certificate ? tls : ''}
  </sip>
  <cdrs>false</cdrs>
  <logging><console/><sofia-loglevel>1</sofia-loglevel><loglevel>notice</loglevel></logging>
</drachtio>
`;
}

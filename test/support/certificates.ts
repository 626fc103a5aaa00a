import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/*
 * Certificates for tests of TLS: node can read and check them, and not make them. Each is the ASN.1 of
 * RFC 5280, written down with the few types that it takes, with an elliptic key, which is quick to make.
 */

/** Who can prove what it says of itself. */
export interface Identity {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

/** One whose signature counts for those who trust it. */
export interface Authority extends Identity {
  issue(subject: { name: string; hosts?: readonly string[]; validUntil?: Date }): Identity;
}

export function newAuthority(name: string): Authority {
  const { privateKey, publicKey } = newKeys();
  const own = { name, publicKey, issuer: name, signer: privateKey, isAuthority: true };
  return {
    cert: certificate(own),
    key: pem(privateKey),
    issue({ name: subject, hosts, validUntil }) {
      const keys = newKeys();
      const parts = { name: subject, publicKey: keys.publicKey, issuer: name, signer: privateKey };
      return { cert: certificate({ ...parts, hosts, validUntil }), key: pem(keys.privateKey) };
    },
  };
}

interface Parts {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly issuer: string;
  readonly signer: KeyObject;
  readonly isAuthority?: boolean;
  /** Names and IPv4 addresses. */
  readonly hosts?: readonly string[] | undefined;
  readonly validUntil?: Date | undefined;
}

const DAY_MS = 86_400_000;
const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;

let serial = 0;

function certificate(parts: Parts): string {
  const { name, publicKey, issuer, signer, isAuthority = false, hosts = [] } = parts;
  const until = parts.validUntil ?? new Date(Date.now() + DAY_MS);
  const body = sequence(
    tagged(0xa0, integer(2)),
    integer((serial += 1)),
    ECDSA_WITH_SHA256,
    distinguished(issuer),
    sequence(time(new Date(until.getTime() - 2 * DAY_MS)), time(until)),
    distinguished(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(basicConstraints(isAuthority), ...alternativeNames(hosts))),
  );
  const signature = tagged(0x03, Buffer.concat([Buffer.of(0), sign('sha256', body, signer)]));
  const text = sequence(body, ECDSA_WITH_SHA256, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${text.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function tagged(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...contents: Buffer[]): Buffer => tagged(0x30, ...contents);
const integer = (value: number): Buffer => tagged(0x02, Buffer.of(value));
const identifier = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'));
const utf8 = (text: string): Buffer => tagged(0x0c, Buffer.from(text));
const time = (at: Date): Buffer =>
  tagged(0x18, Buffer.from(at.toISOString().replace(/[-:T]|\.\d+/g, '')));

const ECDSA_WITH_SHA256 = sequence(identifier('2a8648ce3d040302'));
const COMMON_NAME = identifier('550403');
const BASIC_CONSTRAINTS = identifier('551d13');
const ALTERNATIVE_NAMES = identifier('551d11');

const distinguished = (name: string): Buffer =>
  sequence(tagged(0x31, sequence(COMMON_NAME, utf8(name))));

const basicConstraints = (isAuthority: boolean): Buffer =>
  sequence(
    BASIC_CONSTRAINTS,
    tagged(0x01, Buffer.of(0xff)),
    tagged(0x04, sequence(...(isAuthority ? [tagged(0x01, Buffer.of(0xff))] : []))),
  );

function alternativeNames(hosts: readonly string[]): Buffer[] {
  if (hosts.length === 0) return [];
  const names = hosts.map((host) =>
    /^[\d.]+$/.test(host)
      ? tagged(0x87, Buffer.from(host.split('.').map(Number)))
      : tagged(0x82, Buffer.from(host)),
  );
  return [sequence(ALTERNATIVE_NAMES, tagged(0x04, sequence(...names)))];
}

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';

import { issueCertificate } from '#src/sandbox/api-server/http/x509.ts';

const now = new Date('2026-03-14T03:00:00Z');

test('an authority signs certificates for a user and for a server', () => {
  const own = issueCertificate({ commonName: 'authority', usages: [], isAuthority: true, now });
  const issuer = { commonName: 'authority', ...own };
  const authority = new X509Certificate(own.cert);
  assert.equal(authority.ca, true);

  const user = new X509Certificate(
    issueCertificate({ commonName: 'jo', organizations: ['a', 'b'], usages: ['client'], issuer, now }).cert,
  );
  assert.equal(user.subject, 'O=a\nO=b\nCN=jo');
  assert.equal(user.ca, false);
  assert.deepEqual(user.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(user.checkIP('127.0.0.1'), undefined);

  const server = new X509Certificate(
    issueCertificate({ commonName: 'api', usages: ['server', 'client'], isLoopback: true, issuer, now }).cert,
  );
  assert.equal(server.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(server.checkHost('localhost'), 'localhost');
  for (const signed of [user, server]) {
    assert.ok(signed.checkIssued(authority));
    assert.ok(signed.verify(authority.publicKey));
    assert.equal(signed.validFromDate.toISOString(), '2026-03-14T02:00:00.000Z');
  }
});

test('certificates of any length can be parsed', () => {
  for (let length = 1; length <= 64; length++) {
    const { cert } = issueCertificate({ commonName: 'x'.repeat(length), usages: [], now });
    assert.equal(new X509Certificate(cert).subject, `CN=${'x'.repeat(length)}`);
  }
});

/** PURE. Finds the proxy for a server. */
import { BlockList, isIP } from 'node:net';

import type { Environment } from './find-kubeconfig.ts';

/**
 * Returns the kubeconfig's `proxy-url`, else the proxy from the environment as Go reads it (never for
 * loopback).
 */
export function proxyFor(server: string, proxyUrl: string | undefined, env: Environment): string | undefined {
  if (proxyUrl !== undefined && proxyUrl !== '') return proxyUrl;
  const { protocol, hostname, port } = new URL(server);
  const name = protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = env[name.toUpperCase()] || env[name] || '';
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (proxy === '' || isLoopback(host)) return undefined;
  const exempt = (env['NO_PROXY'] || env['no_proxy'] || '')
    .split(',')
    .map((item) => item.trim().toLowerCase());
  if (exempt.some((item) => matches(item, host, port))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function matches(item: string, host: string, port: string): boolean {
  if (item === '') return false;
  if (item === '*') return true;
  const [address, bits] = item.split('/');
  if (address !== undefined && bits !== undefined) return inRange(address, Number(bits), host);
  const [name = '', wantedPort] = isIP(item) === 6 ? [item] : item.split(':');
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const suffix = name.replace(/^\*?\./, '');
  return host.endsWith(`.${suffix}`) || (host === suffix && !/^\*?\./.test(name));
}

function inRange(address: string, bits: number, host: string): boolean {
  const family = isIP(host);
  const widest = family === 4 ? 32 : 128;
  if (family === 0 || family !== isIP(address) || !(bits >= 0 && bits <= widest)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, bits, type);
  return list.check(host, type);
}

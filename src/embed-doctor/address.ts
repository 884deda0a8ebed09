// Addresses, as they are typed, or stand in headers and attributes.

/** Undefined for what is no address. */
export function resolveAddress(text: string, base: URL): URL | undefined {
  return URL.parse(text, base.href) ?? undefined;
}

/** Addresses of this machine, which browsers trust without TLS (W3C Secure Contexts, 3.1). */
export function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
